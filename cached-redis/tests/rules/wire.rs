//! What reaches the wire: which commands, how many, with which keys.

use std::collections::BTreeMap;

use cached_core::backend::{Backend, When, Write};
use cached_core::{Config, cached};
use cached_testkit::servers::{Server, Wire};

use crate::support::{alone, keys, on, prefix, ready, scaled, stamp, value};

/// How often each command was called, without what the test itself and the greeting ask.
fn calls(wire: &mut Wire) -> BTreeMap<String, u64> {
    let info = wire.ask(&["INFO", "commandstats"]);
    let line = |line: &str| {
        let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        let count = rest.split(',').next()?.parse().ok()?;
        let is_ours = !["info", "config|resetstat", "client|setname"].contains(&name);
        is_ours.then(|| (name.to_owned(), count))
    };
    info.lines().filter_map(line).collect()
}

/// How often the server has read from anybody.
fn reads(wire: &mut Wire) -> u64 {
    let info = wire.ask(&["INFO", "stats"]);
    let line = info.lines().find_map(|line| line.strip_prefix("total_reads_processed:")).unwrap();
    line.trim().parse().unwrap()
}

#[test]
fn a_batch_is_one_round_trip_and_says_its_changes_in_it() {
    let server = Server::redis();
    let backend = on(&server.url());
    let names: [_; 100] = keys(&prefix());
    ready(backend.get_many(&names[..1])).unwrap();
    let write = |n: usize, when| Write::new(names[n].clone(), value(1, "v"), None, when);
    // Over one connection, so that each question of the test itself is read once.
    let mut wire = server.wire();
    let mut with_own = |ask: &dyn Fn()| {
        assert_eq!(wire.ask(&["CONFIG", "RESETSTAT"]), "OK");
        let before = reads(&mut wire);
        ask();
        (reads(&mut wire) - before - 1, calls(&mut wire))
    };
    let of = |counts: &[(&str, u64)]| counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    let asked =
        with_own(&|| drop(ready(backend.set_many((0..100).map(|n| write(n, When::Always)).collect())).unwrap()));
    assert_eq!(asked, (1, of(&[("set", 100), ("publish", 1)])));
    let asked =
        with_own(&|| drop(ready(backend.set_many((0..100).map(|n| write(n, When::Absent)).collect())).unwrap()));
    assert_eq!(asked, (1, of(&[("set", 100)])));
    let asked = with_own(&|| drop(ready(backend.get_many(&names)).unwrap()));
    assert_eq!(asked, (1, of(&[("mget", 1)])));
    let asked = with_own(&|| drop(ready(backend.get_many(&names[..1])).unwrap()));
    assert_eq!(asked, (1, of(&[("get", 1)])));
    let if_it_is = When::Stamp(stamp(1));
    let asked = with_own(&|| drop(ready(backend.set_many((0..10).map(|n| write(n, if_it_is)).collect())).unwrap()));
    assert_eq!(asked, (1, of(&[("eval", 10), ("getrange", 10), ("set", 10), ("publish", 10)])));
    let removals = |when| names.iter().map(|key| (key.clone(), when)).collect();
    let asked = with_own(&|| drop(ready(backend.delete_many(removals(When::Always))).unwrap()));
    assert_eq!(asked, (1, of(&[("unlink", 100), ("publish", 1)])));
    let asked = with_own(&|| drop(ready(backend.delete_many(removals(When::Absent))).unwrap()));
    assert_eq!(asked, (0, of(&[])), "what is absent cannot be removed");
}

#[test]
fn r60_clear_reads_in_steps_and_never_asks_for_all_keys_at_once() {
    let server = Server::redis();
    let backend = on(&server.url());
    let write = |n: usize| Write::new(format!("n:{n}").into(), value(1, "v"), None, When::Absent);
    ready(backend.set_many((0..2_500).map(write).collect())).unwrap();
    assert_eq!(server.ask(&["SET", "theirs", "v"]), "OK");
    assert_eq!(server.ask(&["CONFIG", "RESETSTAT"]), "OK");
    ready(backend.clear("n:")).unwrap();
    let calls = calls(&mut server.wire());
    assert_eq!(calls.keys().map(String::as_str).collect::<Vec<_>>(), ["publish", "scan", "unlink"]);
    assert!((3..10).contains(&calls["scan"]) && (3..10).contains(&calls["unlink"]), "{calls:?}");
    assert_eq!(server.ask(&["DBSIZE"]), "1");
}

#[test]
fn r55_hostile_arguments_reach_the_wire_as_clean_keys_of_known_commands() {
    #[cached(name = "wire.hostile", ttl = "1h")]
    fn hostile(text: &str, bytes: &[u8]) -> usize {
        text.len() + bytes.len()
    }
    let server = Server::redis();
    let mut monitor = server.wire();
    assert_eq!(monitor.ask(&["MONITOR"]), "OK");
    let _alone = alone();
    let config = Config::new().namespace("hos tile\r\n*").option("shared", "kind", "redis");
    let config = config.option("shared", "location", server.url()).option("shared", "op_timeout", "20s");
    let config =
        config.option("shared", "key_prefix", "a*b?[c] \r\nFLUSHALL").site("wire.hostile", "backend", "shared");
    config.install().unwrap();
    let long = "x".repeat(10 << 20);
    let nasty = ["\r\nFLUSHALL\r\n", "a b", "\0", "../../etc", "*?[]", "%25", "'\"`$(x)", "ünïcode", "", long.as_str()];
    let calls = scaled(10_000);
    for n in 0..calls {
        let bytes = n.to_be_bytes();
        let text = format!("{}{n}", nasty[n % (nasty.len() - 1)]);
        assert_eq!(hostile(&text, &bytes), text.len() + bytes.len());
    }
    assert_eq!(hostile(&long, b"\xff\xfe"), long.len() + 2);
    hostile::entry("a b", b"x").invalidate().unwrap();
    hostile::site().clear().unwrap();
    assert_eq!(server.ask(&["ECHO", "the end"]), "the end");
    let (mut seen, mut wrong) = (0, Vec::new());
    loop {
        let line = monitor.next().unwrap();
        if line.contains("\"ECHO\" \"the end\"") {
            break;
        }
        seen += 1;
        if !is_expected(&line) {
            wrong.push(line);
        }
    }
    println!("R55 {calls} hostile calls: {seen} commands seen, {} of them not as expected", wrong.len());
    assert!(seen > calls && wrong.is_empty(), "{seen} {wrong:?}");
}

/// Whether a line of `MONITOR` is a command of ours on a key of ours: `time [db source] "COMMAND" "key" …`.
fn is_expected(line: &str) -> bool {
    let Some((_, command)) = line.split_once("] ") else { return false };
    let words: Vec<_> = command.split_inclusive("\" ").map(|word| word.trim().trim_matches('"')).collect();
    let is_key = |key: &&str| {
        let is_of_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'.' | b'-');
        (1..=200).contains(&key.len()) && key.bytes().all(is_of_key)
    };
    match words.as_slice() {
        ["CLIENT", "SETNAME", "cached-redis"] => true,
        ["GET" | "UNLINK", keys @ ..] => !keys.is_empty() && keys.iter().all(is_key),
        ["SET", key, _, rest @ ..] => is_key(key) && matches!(rest, [.., "PX", _]),
        ["EVAL", script, "1", key, ..] => script.starts_with("if redis.call('GETRANGE'") && is_key(key),
        ["PUBLISH", channel, _] => is_key(channel),
        // Of a stamp, and of a value that is no longer than an alias allows.
        ["GETRANGE", key, "0", "15" | "1048576"] => is_key(key),
        ["SCAN", _, "MATCH", pattern, "COUNT", "1000"] => {
            let prefix = pattern.strip_suffix('*').map(|prefix| prefix.replace("\\\\", ""));
            prefix.is_some_and(|prefix| is_key(&&*prefix))
        }
        _ => false,
    }
}

#[test]
fn what_is_expected_on_the_wire_is_not_everything() {
    for line in [
        "1.0 [0 127.0.0.1:1] \"FLUSHALL\"",
        "1.0 [0 127.0.0.1:1] \"KEYS\" \"*\"",
        "1.0 [0 127.0.0.1:1] \"GET\" \"a b\"",
        "1.0 [0 127.0.0.1:1] \"GET\" \"a\\r\\nb\"",
        "1.0 [0 127.0.0.1:1] \"UNLINK\"",
        "1.0 [0 127.0.0.1:1] \"SET\" \"a*\" \"v\" \"PX\" \"1\"",
        "GET k",
    ] {
        assert!(!is_expected(line), "{line}");
    }
    assert!(is_expected("1.0 [0 127.0.0.1:1] \"SET\" \"a:b\" \"v\\x00\" \"NX\" \"PX\" \"1\""));
}
