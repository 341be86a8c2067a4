//! What TLS needs before the first connection.
//!
//! In: nothing. Out: a provider of cryptography for the process, if none was chosen.

/// Lets the program's own choice stand.
#[cfg(feature = "tls")]
pub(super) fn prepare() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error says that somebody chose one just now.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

/// Without the feature no location asks for TLS.
#[cfg(not(feature = "tls"))]
pub(super) fn prepare() {}
