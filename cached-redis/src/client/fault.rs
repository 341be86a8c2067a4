//! Why there is no answer that can be used.
//!
//! In: what the driver or the server said. Out: a kind and a text of our own: the server's code, and of its words only
//! what cannot repeat a key, a value or a secret.

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use redis::{ErrorKind, RedisError, ServerError};

use crate::location::Address;

/// An exchange that failed, and with whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The server; none where no single one is to blame.
    pub(crate) at: Option<Address>,
    pub(crate) why: Why,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The server answered with an error.
    Refused { code: String, detail: String },
    /// Nothing came in time.
    Late { what: &'static str, limit: Duration },
    /// The connection could not be made, or broke.
    Broken(String),
    /// The answer is none that such a server gives.
    Strange,
    /// So many exchanges are under way already.
    Crowded(usize),
    /// The thread that asks could not start, or lost the question.
    Lost,
}

/// What the codes of a server mean here, and what to do.
const MEANINGS: &[(&str, &str)] = &[
    ("ASK", "its slots are being moved; try again"),
    ("BUSY", "a script has been running there for too long"),
    ("CLUSTERDOWN", "the cluster does not serve all slots"),
    ("LOADING", "it is still reading its data"),
    ("MASTERDOWN", "it is a replica that has lost its primary"),
    ("MISCONF", "it cannot save its data, and takes no writes"),
    ("MOVED", "it is a node of a cluster, and the key is on another; `cluster = true` has it found there"),
    ("NOAUTH", "it wants a `password`"),
    ("NOPERM", "its user may not do this; it has to be allowed the commands, the keys and the channels `cached:*`"),
    ("OOM", "it has no memory left; raise its `maxmemory`, or give it a `maxmemory-policy` that evicts"),
    ("READONLY", "it is a replica; `location` has to name its primary"),
    ("TRYAGAIN", "its slots are being moved; try again"),
    ("WRONGPASS", "`username` or `password` is wrong"),
    ("WRONGTYPE", "somebody else stores another kind of value under the key"),
];

impl Fault {
    pub(super) fn at(address: &Address, why: Why) -> Self {
        Self { at: Some(address.clone()), why }
    }
}

impl Why {
    /// Of what the driver says; `limit` is how long it waited.
    pub(super) fn of(error: &RedisError, what: &'static str, limit: Duration) -> Self {
        if error.is_timeout() {
            return Why::Late { what, limit };
        }
        if let ErrorKind::Parse | ErrorKind::UnexpectedReturnType = error.kind() {
            return Why::Strange;
        }
        match error.kind() {
            // Where its driver has ended, it says no more than that.
            ErrorKind::Io if error.source().is_none() => Why::Broken("the connection was lost".to_owned()),
            ErrorKind::AuthenticationFailed => Why::of_code("WRONGPASS", ""),
            // Of the system, of TLS, of names: words about addresses and certificates.
            _ => Why::Broken(error.to_string()),
        }
    }

    /// Of an error reply.
    pub(super) fn refused(error: &ServerError) -> Self {
        Why::of_code(error.code(), error.details().unwrap_or_default())
    }

    /// Of a code of the server, and its own words.
    pub(super) fn of_code(code: &str, words: &str) -> Self {
        let is_code = !code.is_empty() && code.len() <= 32 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        let code = if is_code { code } else { "ERR" };
        Why::Refused { code: code.to_owned(), detail: detail(code, words) }
    }

    /// Whether the server is not a primary any more.
    pub(super) fn is_of_replica(&self) -> bool {
        matches!(self, Why::Refused { code, .. } if code == "READONLY" || code == "MASTERDOWN")
    }

    /// Whether the connection is of no use any more.
    pub(super) fn is_of_connection(&self) -> bool {
        matches!(self, Why::Broken(_) | Why::Strange)
    }
}

/// What to say of a code. The server's own words are used for `ERR` alone, and no further than to the first thing that
/// they quote, which may have come from us.
fn detail(code: &str, words: &str) -> String {
    if let Ok(found) = MEANINGS.binary_search_by_key(&code, |row| row.0) {
        return MEANINGS[found].1.to_owned();
    }
    if code != "ERR" {
        return "an error reply".to_owned();
    }
    let quotes = [" '", " \"", "`", ":", ","];
    let end = quotes.iter().filter_map(|quote| words.find(quote)).min().unwrap_or(words.len());
    let plain: String = words[..end].chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(100).collect();
    if plain.is_empty() { "an error reply".to_owned() } else { plain }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Refused { code, detail } => write!(f, "{code}: {detail}"),
            Why::Late { what, limit } => write!(f, "{what} within {limit:?}"),
            Why::Broken(what) => f.write_str(what),
            Why::Strange => f.write_str("the answer is none of a Redis server"),
            Why::Crowded(limit) => write!(f, "{limit} exchanges are under way already"),
            Why::Lost => f.write_str("the thread `cached-redis` could not ask"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meanings_are_in_order_so_that_they_are_found() {
        assert!(MEANINGS.is_sorted_by_key(|row| row.0));
    }

    #[test]
    fn what_a_server_quotes_is_not_repeated() {
        for (code, words, said) in [
            ("ERR", "unknown command 'UNLINK', with args beginning with: 'canary'", "ERR: unknown command"),
            ("ERR", "unknown command `UNLINK`, with args beginning with: `canary`", "ERR: unknown command "),
            ("ERR", "DB index is out of range", "ERR: DB index is out of range"),
            ("ERR", "", "ERR: an error reply"),
            ("canary", "x", "ERR: x"),
            ("NEW", "canary", "NEW: an error reply"),
            ("WRONGPASS", "canary", "WRONGPASS: `username` or `password` is wrong"),
        ] {
            assert_eq!(Why::of_code(code, words).to_string(), said);
        }
    }
}
