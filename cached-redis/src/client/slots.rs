//! Which server of a cluster has which keys.
//!
//! In: what `CLUSTER SLOTS` answers. Out: the owner of a key's slot, and all owners.

use redis::Value;

use crate::location::Address;

/// The number of slots of every cluster.
const SLOTS: usize = 16_384;

/// The owners of all slots, as they were told last.
pub(super) struct Slots {
    nodes: Vec<Address>,
    /// An index into `nodes`; beyond them where nobody has the slot.
    owners: Vec<u16>,
}

impl Slots {
    /// Reads an answer of `CLUSTER SLOTS`, which the server at `asked` gave.
    pub(super) fn read(value: &Value, asked: &Address) -> Option<Self> {
        let mut slots = Self { nodes: Vec::new(), owners: vec![u16::MAX; SLOTS] };
        for range in list(value)? {
            let [first, last, owner, ..] = list(range)? else { return None };
            let (first, last) = (slot(first)?, slot(last)?);
            // A node that does not know its own name is left out: its slots are asked of another, which tells.
            if let Some(owner) = address(owner, asked)? {
                let owner = slots.number(&owner);
                slots.owners.get_mut(first..=last)?.fill(owner);
            }
        }
        Some(slots)
    }

    /// The owner of a key's slot, where one is known.
    pub(super) fn owner(&self, key: &str) -> Option<&Address> {
        self.nodes.get(usize::from(self.owners[slot_of(key)]))
    }

    /// Notes that a key's slot has moved.
    pub(super) fn moved(&mut self, key: &str, to: &Address) {
        self.owners[slot_of(key)] = self.number(to);
    }

    /// All who own a slot, each once.
    pub(super) fn owners(&self) -> Vec<Address> {
        let owns = |number: usize| self.owners.iter().any(|owner| usize::from(*owner) == number);
        let owners = self.nodes.iter().enumerate().filter(|(number, _)| owns(*number));
        owners.map(|(_, node)| node.clone()).collect()
    }

    fn number(&mut self, node: &Address) -> u16 {
        let found = self.nodes.iter().position(|known| known == node).unwrap_or_else(|| {
            self.nodes.push(node.clone());
            self.nodes.len() - 1
        });
        // A cluster has at most a thousand nodes or so; one that cannot be numbered owns nothing.
        u16::try_from(found).unwrap_or(u16::MAX)
    }
}

/// `host:port` as a node names another; an empty host is that of the node that names it.
pub(super) fn named(text: &str, asked: &Address) -> Option<Address> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port.parse().ok().filter(|port| *port > 0)?;
    let Address::Tcp { host: own, tls, .. } = asked else { return None };
    let host = host.trim_matches(['[', ']']);
    let host = if host.is_empty() { own.clone() } else { host.into() };
    Some(Address::Tcp { host, port, tls: *tls })
}

/// A node of a range: `[host, port, …]`. None inside: it is not known where it is.
fn address(node: &Value, asked: &Address) -> Option<Option<Address>> {
    let [host, Value::Int(port), ..] = list(node)? else { return None };
    let host = match host {
        Value::Nil => "",
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok()?,
        _ => return None,
    };
    if host == "?" {
        return Some(None);
    }
    named(&format!("{host}:{port}"), asked).map(Some)
}

fn list(value: &Value) -> Option<&[Value]> {
    if let Value::Array(values) = value { Some(values) } else { None }
}

fn slot(value: &Value) -> Option<usize> {
    if let Value::Int(number) = value { usize::try_from(*number).ok().filter(|slot| *slot < SLOTS) } else { None }
}

/// The slot of a key: CRC-16/XMODEM of all of it, since our keys have no braces.
fn slot_of(key: &str) -> usize {
    let crc = key.bytes().fold(0_u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 })
    });
    usize::from(crc) % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16) -> Address {
        Address::Tcp { host: host.into(), port, tls: false }
    }

    fn text(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    fn range(first: i64, last: i64, host: Value, port: i64) -> Value {
        let node = Value::Array(vec![host, Value::Int(port), text("id"), Value::Array(vec![])]);
        Value::Array(vec![Value::Int(first), Value::Int(last), node])
    }

    #[test]
    fn slots_are_those_of_the_servers() {
        // As `CLUSTER KEYSLOT` says.
        for (key, slot) in [("123456789", 12_739), ("foo", 12_182), ("", 0), ("a:b_c.d-E", 12_194)] {
            assert_eq!(slot_of(key), slot, "{key}");
        }
    }

    #[test]
    fn owners_are_read_and_change() {
        let (asked, other) = (tcp("own", 1), tcp("b", 2));
        let ranges = vec![
            range(0, 6_000, Value::Nil, 1),
            range(6_001, 12_181, text("b"), 2),
            range(12_182, 12_182, text(""), 3),
            range(12_183, 16_383, text("?"), 4),
        ];
        let mut slots = Slots::read(&Value::Array(ranges), &asked).unwrap();
        assert_eq!(slots.owner(""), Some(&asked));
        assert_eq!(slots.owner("foo"), Some(&tcp("own", 3)));
        assert_eq!(slots.owner("123456789"), None);
        assert_eq!(slots.owners(), [asked.clone(), other.clone(), tcp("own", 3)]);
        slots.moved("foo", &other);
        assert_eq!(slots.owner("foo"), Some(&other));
        assert_eq!(slots.owners(), [asked, other], "who owns nothing any more is none");
    }

    #[test]
    fn an_answer_that_is_none_is_refused() {
        let asked = tcp("own", 1);
        for value in [
            Value::Nil,
            Value::Array(vec![Value::Nil]),
            Value::Array(vec![Value::Array(vec![Value::Int(0), Value::Int(1)])]),
            Value::Array(vec![range(0, 16_384, text("a"), 1)]),
            Value::Array(vec![range(-1, 2, text("a"), 1)]),
            Value::Array(vec![range(3, 1, text("a"), 1)]),
            Value::Array(vec![range(0, 1, text("a"), 0)]),
            Value::Array(vec![range(0, 1, text("a"), 65_536)]),
            Value::Array(vec![range(0, 1, Value::Int(1), 1)]),
        ] {
            assert!(Slots::read(&value, &asked).is_none(), "{value:?}");
        }
    }

    #[test]
    fn a_node_is_named_by_host_and_port() {
        let asked = Address::Tcp { host: "own".into(), port: 1, tls: true };
        let tls = |host: &str, port| Some(Address::Tcp { host: host.into(), port, tls: true });
        assert_eq!(named("h:7", &asked), tls("h", 7));
        assert_eq!(named(":7", &asked), tls("own", 7));
        assert_eq!(named("::1:7", &asked), tls("::1", 7));
        assert_eq!(named("[::1]:7", &asked), tls("::1", 7));
        assert_eq!(named("h", &asked), None);
        assert_eq!(named("h:0", &asked), None);
        assert_eq!(named("h:x", &asked), None);
    }
}
