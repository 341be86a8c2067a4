//! Where a server is, as people write it.
//!
//! In: a URL. Out: its parts, or what is wrong with it, in words that repeat nothing of it: it may hold a password.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// The port of a server that names none.
const PORT: u16 = 6379;

/// What a URL has to look like.
pub(crate) const EXPECTED: &str = "it is a URL like redis://host:6379/0, rediss://user:password@host, or \
                                   unix:///run/redis.sock?db=0; with commas between several, the nodes of a cluster";

/// One server, and what its URL says of the way in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) address: Address,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) database: u16,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Address {
    Tcp { host: Arc<str>, port: u16, tls: bool },
    Unix(PathBuf),
}

/// A password. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp { host, port, .. } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Address::Tcp { host, port, .. } => write!(f, "{host}:{port}"),
            Address::Unix(path) => path.display().fmt(f),
        }
    }
}

impl Location {
    /// The parts of a URL, or what is wrong with it.
    pub(crate) fn parse(url: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = url.split_once("://").ok_or("has no scheme")?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        if rest.contains('#') || query.contains('#') {
            return Err("has a part behind `#`, which means nothing here");
        }
        match scheme {
            "redis" | "valkey" => Self::tcp(rest, query, false),
            "rediss" | "valkeys" => Self::tcp(rest, query, true),
            "unix" | "redis+unix" | "valkey+unix" => Self::unix(rest, query),
            _ => Err("has an unknown scheme"),
        }
    }

    fn tcp(rest: &str, query: &str, tls: bool) -> Result<Self, &'static str> {
        if tls && !cfg!(feature = "tls") {
            return Err("asks for TLS, which needs the feature `tls` of cached-redis");
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (username, password) = login_of(login)?;
        let (host, port) = host_of(host)?;
        if !query.is_empty() {
            return Err("has parameters, which mean nothing here");
        }
        let database = if path.is_empty() { 0 } else { database_of(path)? };
        Ok(Self { address: Address::Tcp { host: host.into(), port, tls }, username, password, database })
    }

    fn unix(path: &str, query: &str) -> Result<Self, &'static str> {
        if !path.starts_with('/') || path.contains('\0') {
            return Err("has no absolute path behind `unix://`");
        }
        let database = match query.strip_prefix("db=") {
            Some(number) => database_of(number)?,
            None if query.is_empty() => 0,
            None => return Err("has parameters other than `db`"),
        };
        Ok(Self { address: Address::Unix(path.into()), username: None, password: None, database })
    }
}

/// `user:password`, `:password` or nothing.
fn login_of(text: &str) -> Result<(Option<String>, Option<Secret>), &'static str> {
    let (username, password) = text.split_once(':').unwrap_or((text, ""));
    let some = |text: &str| Some(decoded(text)).filter(|_| !text.is_empty()).transpose();
    match (some(username)?, some(password)?) {
        (Some(_), None) => Err("has a user name without a password"),
        (username, password) => Ok((username, password.map(Secret))),
    }
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`.
fn host_of(text: &str) -> Result<(&str, u16), &'static str> {
    let (host, port) = match text.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((host, port))) if host.contains(':') => (host, port),
        Some(_) => return Err("has a `[` without an IPv6 address and a `]`"),
        None => text.find(':').map_or((text, ""), |at| text.split_at(at)),
    };
    let is_of_host = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
    if host.is_empty() || !host.chars().all(is_of_host) {
        return Err("has no host, or one that cannot be");
    }
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => Some(PORT),
        None => None,
        Some(port) => number(port).filter(|port| *port > 0),
    };
    port.map(|port| (host, port)).ok_or("has a port that is no number from 1 to 65535")
}

fn database_of(text: &str) -> Result<u16, &'static str> {
    number(text).ok_or("has a database that is no number")
}

/// Digits and nothing else: `parse` would take a sign.
fn number(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// A text in which `%` and two digits stand for a byte.
fn decoded(text: &str) -> Result<String, &'static str> {
    const WRONG: &str = "has a `%` that does not stand for a character";
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at_checked(2).ok_or(WRONG)?;
        if !code.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(WRONG);
        }
        bytes.push(u8::from_str_radix(code, 16).map_err(|_| WRONG)?);
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).map_err(|_| WRONG)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16) -> Address {
        Address::Tcp { host: host.into(), port, tls: false }
    }

    #[test]
    fn every_part_of_a_url_is_read() {
        let of = |address, username: Option<&str>, password: Option<&str>, database| {
            let (username, password) = (username.map(str::to_owned), password.map(|text| Secret(text.to_owned())));
            Ok(Location { address, username, password, database })
        };
        for (url, location) in [
            ("redis://h", of(tcp("h", 6379), None, None, 0)),
            ("valkey://127.0.0.1:7/", of(tcp("127.0.0.1", 7), None, None, 0)),
            ("redis://h:7/15", of(tcp("h", 7), None, None, 15)),
            ("redis://:p@h", of(tcp("h", 6379), None, Some("p"), 0)),
            ("redis://u:p%40%3a%2C%C3%A9@h/1", of(tcp("h", 6379), Some("u"), Some("p@:,é"), 1)),
            ("redis://u:a@b:c@h", of(tcp("h", 6379), Some("u"), Some("a@b:c"), 0)),
            ("redis://[::1]:7", of(tcp("::1", 7), None, None, 0)),
            ("redis://[fe80::1%eth0]", of(tcp("fe80::1%eth0", 6379), None, None, 0)),
            ("unix:///run/r.sock", of(Address::Unix("/run/r.sock".into()), None, None, 0)),
            ("redis+unix:///run/r.sock?db=3", of(Address::Unix("/run/r.sock".into()), None, None, 3)),
        ] {
            assert_eq!(Location::parse(url), location, "{url}");
        }
        assert_eq!(tcp("::1", 7).to_string(), "[::1]:7");
    }

    #[test]
    fn a_wrong_url_is_refused_in_words_that_do_not_repeat_it() {
        for (url, why) in [
            ("", "has no scheme"),
            ("canary:6379", "has no scheme"),
            ("http://canary", "has an unknown scheme"),
            ("redis://", "has no host, or one that cannot be"),
            ("redis://u:canary@", "has no host, or one that cannot be"),
            ("redis://u:canary@h h", "has no host, or one that cannot be"),
            ("redis://u:can/ary@h", "has a port that is no number from 1 to 65535"),
            ("redis://canary@h", "has a user name without a password"),
            ("redis://u:canary%2@h", "has a `%` that does not stand for a character"),
            ("redis://u:canary%zz@h", "has a `%` that does not stand for a character"),
            ("redis://u:canary%+f@h", "has a `%` that does not stand for a character"),
            ("redis://u:canary%ff@h", "has a `%` that does not stand for a character"),
            ("redis://u:canary@h:0", "has a port that is no number from 1 to 65535"),
            ("redis://u:canary@h:65536", "has a port that is no number from 1 to 65535"),
            ("redis://u:canary@h:+7", "has a port that is no number from 1 to 65535"),
            ("redis://u:canary@[::1]7", "has a port that is no number from 1 to 65535"),
            ("redis://u:canary@[::1", "has a `[` without an IPv6 address and a `]`"),
            ("redis://u:canary@[h]", "has a `[` without an IPv6 address and a `]`"),
            ("redis://u:canary@h/x", "has a database that is no number"),
            ("redis://u:canary@h/-1", "has a database that is no number"),
            ("redis://u:canary@h/1/2", "has a database that is no number"),
            ("redis://u:canary@h?db=1", "has parameters, which mean nothing here"),
            ("redis://u:canary@h#insecure", "has a part behind `#`, which means nothing here"),
            ("unix://canary", "has no absolute path behind `unix://`"),
            ("unix:///canary?x=1", "has parameters other than `db`"),
        ] {
            assert_eq!(Location::parse(url), Err(why), "{url}");
            assert!(!why.contains("canary"));
        }
    }

    #[test]
    fn a_password_is_not_in_what_is_shown() {
        let location = Location::parse("redis://u:canary@h").unwrap();
        assert!(!format!("{location:?}").contains("canary"));
    }
}
