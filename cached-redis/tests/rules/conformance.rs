//! What every backend owes, on each kind of server.

use std::sync::Arc;
use std::time::Duration;

use cached_redis::RedisBackend;
use cached_testkit::conformance::{Store, Subject, check};
use cached_testkit::servers::{Cluster, Server};

/// Rules about limits that are too far to try, and about backends that hear nothing.
const NOT_OURS: [&str; 3] =
    ["the_longest_value_comes_back", "a_value_over_the_limit_is_never_cut", "without_news_it_says_so"];

const PATIENCE: Duration = Duration::from_secs(5);

/// Holds one server, or all masters of a cluster, against every rule.
fn keeps_every_rule(location: String, empty: impl Fn() + 'static) {
    let open = move || Arc::new(RedisBackend::with_timeouts(&location, PATIENCE, PATIENCE).expect("it is an address"));
    let report = check(&Subject::new(move || {
        empty();
        let another = open.clone();
        Store::new(open()).another(move || another())
    }));
    println!("{report}");
    report.assert();
    assert_eq!(report.not_applicable(), NOT_OURS);
}

#[test]
fn a_redis_keeps_every_rule() {
    let server = Server::redis();
    keeps_every_rule(server.url(), move || assert_eq!(server.ask(&["FLUSHALL"]), "OK"));
}

#[test]
fn a_valkey_keeps_every_rule() {
    let server = Server::valkey();
    keeps_every_rule(server.url(), move || assert_eq!(server.ask(&["FLUSHALL"]), "OK"));
}

#[test]
fn a_cluster_keeps_every_rule() {
    let cluster = Cluster::start(3);
    keeps_every_rule(cluster.urls().join(","), move || {
        for node in cluster.nodes() {
            assert_eq!(node.ask(&["FLUSHALL"]), "OK");
        }
    });
}
