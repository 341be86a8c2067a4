//! Ports for servers.
//!
//! In: whether a second one is needed, and where. Out: a port of the loopback interface that was free a moment ago.
//! All lie below those that the system gives to outgoing connections: a client that tries and tries a server that is
//! down could otherwise be given that very port, and talk to itself.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

const PORTS: Range<u16> = 11_000..21_000;

/// The next to be tried. Test processes that run at the same time begin at different places.
static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| {
    let drawn = RandomState::new().hash_one(std::process::id());
    AtomicU16::new(u16::try_from(drawn % 10_000).unwrap_or(0))
});

/// A port that nobody listens on, nor on the one so far above it.
pub(super) fn free(above: u16) -> u16 {
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    for _ in PORTS {
        let port = PORTS.start + NEXT.fetch_add(1, Ordering::Relaxed) % (PORTS.end - PORTS.start);
        if is_free(port) && (above == 0 || is_free(port + above)) {
            return port;
        }
    }
    panic!("no port of {PORTS:?} is free")
}
