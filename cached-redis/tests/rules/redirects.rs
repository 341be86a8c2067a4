//! Slots of a cluster that move.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cached_core::backend::{Backend, When, Write};
use cached_testkit::servers::{Cluster, Server};

use crate::support::{get, on, ready, set, until, value};

/// One cluster for one test at a time: they count what its nodes say.
fn cluster() -> MutexGuard<'static, Cluster> {
    static CLUSTER: LazyLock<Mutex<Cluster>> = LazyLock::new(|| Mutex::new(Cluster::start(3)));
    CLUSTER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How often a node has said that a key is elsewhere.
fn said(node: &Server, code: &str) -> u64 {
    let info = node.ask(&["INFO", "errorstats"]);
    let line = info.lines().find_map(|line| line.strip_prefix(&format!("errorstat_{code}:count=")));
    line.map_or(0, |count| count.trim().parse().unwrap())
}

/// A key, its slot, the node that has it, and another one.
fn homes<'a>(cluster: &'a Cluster, key: &str) -> (String, &'a Server, &'a Server) {
    let nodes = cluster.nodes();
    let slot = nodes[0].ask(&["CLUSTER", "KEYSLOT", key]);
    let home = nodes.iter().position(|node| !node.ask(&["GET", key]).starts_with("MOVED")).unwrap();
    (slot, &nodes[home], &nodes[(home + 1) % nodes.len()])
}

#[test]
fn a_slot_that_has_moved_or_is_on_its_way_is_followed_and_remembered() {
    let cluster = cluster();
    let backend = on(&cluster.urls().join(","));
    let key = "n:wanderer";
    assert_eq!(get(&backend, key).unwrap(), None);
    let (slot, from, to) = homes(&cluster, key);
    let (old_id, new_id) = (from.ask(&["CLUSTER", "MYID"]), to.ask(&["CLUSTER", "MYID"]));

    // On its way: what the old home does not have, the new one is asked for, and told that we know.
    assert_eq!(to.ask(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &old_id]), "OK");
    assert_eq!(from.ask(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &new_id]), "OK");
    let write = |n: u128, when| Write::new(key.into(), value(n, "v"), Some(Duration::from_secs(60)), when);
    let stored = ready(backend.set_many(vec![write(1, When::Absent), write(2, When::Absent), write(3, When::Always)]));
    assert_eq!(stored.unwrap(), [true, false, true]);
    assert_eq!(get(&backend, key).unwrap(), Some(value(3, "v")));
    assert!(said(from, "ASK") >= 4, "{}", said(from, "ASK"));

    // Moved: it is asked where it is told, and from then on at once.
    for node in [to, from].into_iter().chain(cluster.nodes()) {
        assert_eq!(node.ask(&["CLUSTER", "SETSLOT", &slot, "NODE", &new_id]), "OK");
    }
    let before = said(from, "MOVED");
    assert_eq!(get(&backend, key).unwrap(), Some(value(3, "v")));
    assert_eq!(said(from, "MOVED"), before + 1);
    for _ in 0..10 {
        assert_eq!(get(&backend, key).unwrap(), Some(value(3, "v")));
    }
    assert_eq!(said(from, "MOVED"), before + 1);

    // One batch over all of them, in which one key has moved again. A node gives no slot away in which it has keys.
    assert_eq!(to.ask(&["DEL", key]), "1");
    for node in [from, to].into_iter().chain(cluster.nodes()) {
        assert_eq!(node.ask(&["CLUSTER", "SETSLOT", &slot, "NODE", &old_id]), "OK");
    }
    let keys: Vec<_> = (0..50).map(|n| format!("n:{n}")).chain([key.to_owned()]).collect();
    let writes =
        keys.iter().zip(0..).map(|(key, n)| Write::new(key.as_str().into(), value(n, key), None, When::Always));
    assert_eq!(ready(backend.set_many(writes.collect())).unwrap(), [true; 51]);
    let asked: Vec<_> = keys.iter().map(|key| key.as_str().into()).collect();
    let found = ready(backend.get_many(&asked)).unwrap();
    assert!(keys.iter().zip(0..).zip(found).all(|((key, n), found)| found == Some(value(n, key))));
    assert!(from.ask(&["GET", key]).ends_with("wanderer"), "it is where its slot is");
}

#[test]
fn a_change_that_is_passed_on_is_told_when_it_is_done() {
    let cluster = cluster();
    let (here, there) = (on(&cluster.urls().join(",")), on(&cluster.urls().join(",")));
    let key = "n:hiker";
    assert!(set(&here, key, value(1, "v"), When::Always).unwrap());
    assert_eq!(get(&there, key).unwrap(), Some(value(1, "v")));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let diary = Arc::clone(&heard);
    let listener = Arc::new(move |news: cached_core::backend::News<'_>| {
        diary.lock().unwrap().push(format!("{news:?}"));
    });
    ready(there.subscribe("n:", listener)).unwrap();
    until(|| heard.lock().unwrap().len() == 1);
    assert!(set(&here, key, value(1, "v"), When::Always).unwrap());
    until(|| heard.lock().unwrap().len() == 2);
    let (slot, from, to) = homes(&cluster, key);
    assert_eq!(from.ask(&["DEL", key]), "1");
    let new_id = to.ask(&["CLUSTER", "MYID"]);
    for node in [to, from].into_iter().chain(cluster.nodes()) {
        assert_eq!(node.ask(&["CLUSTER", "SETSLOT", &slot, "NODE", &new_id]), "OK");
    }
    assert!(set(&here, key, value(2, "v"), When::Always).unwrap());
    assert_eq!(get(&there, key).unwrap(), Some(value(2, "v")));
    until(|| heard.lock().unwrap().len() >= 3);
    assert!(heard.lock().unwrap().last().unwrap().contains("hiker"));
}
