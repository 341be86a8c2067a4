//! Names of hosts, as browsers send them.
//!
//! In: the headers `Host` and `Origin`. Out: whether they name us. A page that was led to a loopback address by its
//! own name server sends its own name, and is refused.

use http::{HeaderMap, Uri, header};

/// Where the panel answers unless more is allowed, on any port.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The hosts that may be asked for.
#[derive(Clone, Debug)]
pub(crate) struct Hosts(Vec<(String, Option<u16>)>);

impl Default for Hosts {
    fn default() -> Self {
        Hosts(LOOPBACK.map(|name| (name.to_owned(), None)).into())
    }
}

impl Hosts {
    /// Allows `name` on any port, or `name:port`; false if it is neither.
    pub(crate) fn allow(&mut self, host: &str) -> bool {
        let Some((name, port)) = split(host) else { return false };
        self.0.push((name.to_ascii_lowercase(), port));
        true
    }

    pub(crate) fn allows(&self, host: &str) -> bool {
        split(host).is_some_and(|(name, port)| {
            self.0.iter().any(|(own, only)| own.eq_ignore_ascii_case(name) && (only.is_none() || *only == port))
        })
    }
}

/// The one host that a request is for; none if it names none, or two.
pub(crate) fn asked<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    match (one(headers, header::HOST), uri.authority()) {
        (Ok(Some(host)), None) => Some(host),
        (Ok(None), Some(authority)) => Some(authority.as_str()),
        (Ok(Some(host)), Some(authority)) if host.eq_ignore_ascii_case(authority.as_str()) => Some(host),
        _ => None,
    }
}

/// The value of a header that may be there once.
pub(crate) fn one(headers: &HeaderMap, name: header::HeaderName) -> Result<Option<&str>, ()> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| ()),
        (Some(_), Some(_)) => Err(()),
    }
}

/// Whether an origin is the one of the host that was asked.
pub(crate) fn is_same(origin: &str, host: &str) -> bool {
    let schemes = [("http://", 80), ("https://", 443)];
    schemes.iter().any(|(scheme, port)| {
        let (Some(own), Some(asked)) = (origin.strip_prefix(scheme).and_then(split), split(host)) else {
            return false;
        };
        own.0.eq_ignore_ascii_case(asked.0) && own.1.unwrap_or(*port) == asked.1.unwrap_or(*port)
    })
}

/// `name`, `name:port`, `[address]` or `[address]:port`, and nothing else: no user, no path, no space.
fn split(host: &str) -> Option<(&str, Option<u16>)> {
    let end = if host.starts_with('[') { host.find(']')? + 1 } else { host.find(':').unwrap_or(host.len()) };
    let (name, rest) = host.split_at(end);
    let inside = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let is_name = match inside {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')),
    };
    let port = match rest.strip_prefix(':') {
        None if rest.is_empty() => None,
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => Some(port.parse().ok()?),
        _ => return None,
    };
    is_name.then_some((name, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_that_were_named_are_allowed() {
        let mut hosts = Hosts::default();
        for good in ["localhost", "LocalHost:3000", "127.0.0.1:80", "[::1]", "[::1]:8080"] {
            assert!(hosts.allows(good), "{good}");
        }
        let bad = [
            "",
            "localhost.",
            "evil.example",
            "localhost:3000@evil.example",
            "evil.example#localhost",
            "localhost:",
            "localhost:99999",
            "localhost:80:80",
            "127.0.0.1.evil.example",
            "127.1",
            "0.0.0.0",
            "[::2]",
            "[::1",
            "::1",
            "localhost/",
            " localhost",
            "localhost:+80",
        ];
        for bad in bad {
            assert!(!hosts.allows(bad), "{bad}");
        }
        assert!(hosts.allow("panel.shop.example") && hosts.allow("10.0.0.3:9000"));
        assert!(hosts.allows("PANEL.shop.example:443") && hosts.allows("10.0.0.3:9000"));
        assert!(!hosts.allows("10.0.0.3") && !hosts.allows("10.0.0.3:9001"));
        assert!(!hosts.allow("https://shop.example") && !hosts.allow("*"));
    }

    #[test]
    fn an_origin_is_the_same_in_name_and_port() {
        assert!(is_same("http://localhost:3000", "localhost:3000"));
        assert!(is_same("https://shop.example", "shop.example") && is_same("https://shop.example", "shop.example:443"));
        for other in
            ["null", "http://localhost", "http://localhost:3001", "http://127.0.0.1:3000", "ftp://localhost:3000"]
        {
            assert!(!is_same(other, "localhost:3000"), "{other}");
        }
    }
}
