//! What holds for an alias of kind `redis`.

use cached_core::backend::{Backend, When};
use cached_core::{Config, ErrorKind, cached, check_connections, report, settings};
use cached_redis::RedisBackend;
use cached_testkit::servers::Server;

use crate::support::{CLUSTER, REDIS, alone, get, on, prefix, set, value};

const CANARY: &str = "canary-5f1d";

/// The faults of an alias whose options are `options`.
fn faults(options: &str) -> String {
    let config = Config::from_toml(&format!("[backends.shared]\nkind = \"redis\"\n{options}")).unwrap();
    let error = config.install().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let text = error.faults().join("\n");
    for shown in [error.to_string(), format!("{error:?}"), text.clone()] {
        assert!(!shown.contains(CANARY), "{shown}");
    }
    text
}

#[test]
fn an_option_that_cannot_be_is_named_with_its_alias_and_what_is_expected() {
    let _alone = alone();
    for (options, what) in [
        ("", "backends.shared.location is missing; it is a URL like redis://host:6379/0"),
        ("location = \"\"", "backends.shared.location has no scheme; it is a URL like"),
        ("location = 7", "backends.shared.location is not a text, or a list of texts"),
        ("location = []", "backends.shared.location is empty"),
        ("location = [\"redis://a\", 7]", "backends.shared.location is not a text, or a list of texts"),
        ("location = \"redis://a,,redis://b\"", "backends.shared.location has no scheme"),
        ("location = \"http://u:canary-5f1d@h\"", "backends.shared.location has an unknown scheme"),
        ("location = \"redis://u:canary-5f1d@h:x\"", "backends.shared.location has a port that is no number"),
        ("location = \"redis://:canary-5f1d@a, redis://:canary-5f1d2@b\"", "a login that is not that of its first"),
        ("location = \"redis://a/1,redis://b/2\"", "backends.shared.location names several databases"),
        ("location = \"redis://a/1,redis://b/1\"", "names a database, and a cluster has but one"),
        ("location = \"redis://a/1\"\ncluster = true", "names a database, and a cluster has but one"),
        ("location = \"redis://a,unix:///b\"", "has a socket among the nodes of a cluster"),
        ("location = \"redis://a,redis://b\"\ncluster = false", "backends.shared.cluster is false, and `location`"),
        ("location = \"redis://h\"\ncluster = \"canary-5f1d\"", "backends.shared.cluster is not true or false"),
        ("location = \"redis://h\"\nusername = \"u\"", "backends.shared.username is given without a `password`"),
        ("location = \"redis://h\"\npassword = 7", "backends.shared.password is not a text"),
        ("location = \"redis://:canary-5f1d@h\"\npassword = \"canary-5f1d\"", "beside those of the location"),
        ("location = \"redis://h\"\nconnect_timeout = \"0s\"", "backends.shared.connect_timeout is not a duration"),
        ("location = \"redis://h\"\npasword = \"canary-5f1d\"", "did you mean `password`?"),
    ] {
        let text = faults(options);
        assert!(text.contains(what), "{options}: {text}");
    }
}

#[cfg(not(feature = "tls"))]
#[test]
fn tls_that_was_not_built_says_which_feature_it_needs() {
    let _alone = alone();
    assert!(faults("location = \"rediss://h\"").contains("needs the feature `tls` of cached-redis"));
}

#[test]
fn install_connects_to_nothing_and_a_check_finds_what_is_wrong() {
    let _alone = alone();
    let config = Config::new().option("fine", "kind", "redis").option("fine", "location", REDIS.url());
    let config = config.option("gone", "kind", "redis").option("gone", "location", "redis://127.0.0.1:9");
    ["fine", "gone"].iter().fold(config, |config, alias| config.option(alias, "op_timeout", "20s")).install().unwrap();
    let checks = check_connections();
    let of = |alias: &str| checks.iter().find(|(name, _)| name == alias).map(|(_, result)| result.clone()).unwrap();
    assert_eq!(of("fine"), Ok(()));
    let text = of("gone").unwrap_err().to_string();
    assert!(text.starts_with("backend \"gone\" (redis, 127.0.0.1:9): Connection refused"), "{text}");
}

#[test]
fn every_way_of_naming_servers_reaches_them() {
    let _alone = alone();
    #[cached(name = "config.ways", ttl = "1h")]
    fn ways(way: usize, n: u64) -> u64 {
        way as u64 + n
    }
    let socket = tempfile::tempdir().unwrap();
    let path = socket.path().join("redis.sock");
    let local = Server::redis_with(&["--unixsocket", path.to_str().unwrap()]);
    let locked = Server::redis_with(&["--requirepass", CANARY]);
    assert_eq!(locked.ask(&["ACL", "SETUSER", "u", "on", &format!(">{CANARY}"), "~*", "&*", "+@all"]), "OK");
    let nodes = CLUSTER.urls();
    let (url, port) = (REDIS.url(), locked.port());
    for (way, options) in [
        format!("location = \"{url}\""),
        format!("location = \"{}/3\"", url.replace("redis://", "valkey://")),
        format!("location = [\"{url}\"]"),
        format!("location = \"unix://{}?db=2\"", path.display()),
        format!("location = \"redis://:{CANARY}@127.0.0.1:{port}\""),
        format!("location = \"redis://127.0.0.1:{port}/1\"\npassword = \"{CANARY}\""),
        format!("location = \"redis://127.0.0.1:{port}\"\nusername = \"u\"\npassword = \"{CANARY}\""),
        format!("location = \"{}\"", nodes.join(", ")),
        format!("location = [\"{}\"]", nodes.join("\", \"")),
        format!("location = \"{}\"\ncluster = true", nodes[0]),
    ]
    .into_iter()
    .enumerate()
    {
        let toml = format!(
            "[backends.shared]\nkind = \"redis\"\nop_timeout = \"20s\"\n{options}\n[sites.\"config.ways\"]\nbackend = \"shared\""
        );
        Config::from_toml(&toml).unwrap().install().unwrap();
        let before = ways::site().stats();
        for n in (0..30).chain(0..30) {
            assert_eq!(ways(way, n), way as u64 + n);
        }
        let after = ways::site().stats();
        assert_eq!((after.runs - before.runs, after.hits - before.hits), (30, 30), "{options}");
        assert_eq!(after.backend_errors, 0, "{options}");
        let shown = format!("{}{:?}{:?}", report(), report(), settings());
        assert!(!shown.contains(CANARY), "{options}: {shown}");
    }
    assert_eq!(REDIS.ask(&["-"]).split(' ').next(), Some("ERR"));
    let mut third = REDIS.wire();
    assert_eq!(third.ask(&["SELECT", "3"]), "OK");
    assert_ne!(third.ask(&["DBSIZE"]), "0", "the database of the URL has entries");
    assert_ne!(local.ask(&["INFO", "keyspace"]).matches("db2:").count(), 0);
}

#[test]
fn a_location_in_code_is_judged_alike() {
    for (url, what) in [
        ("", "the location has no scheme; it is a URL like"),
        ("redis://:canary-5f1d@h:0", "the location has a port that is no number from 1 to 65535"),
        ("redis://a/1,redis://b/1", "the location names a database, and a cluster has but one"),
    ] {
        let error = RedisBackend::new(url).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().starts_with(what) && !format!("{error:?}").contains(CANARY), "{error}");
    }
}

#[test]
fn r64_what_is_shown_of_a_backend_is_its_servers_and_database() {
    let url = format!("redis://user-{CANARY}:{CANARY}@127.0.0.1:9/7");
    let backend = RedisBackend::new(&url).unwrap();
    assert_eq!(format!("{backend:?}"), "RedisBackend(127.0.0.1:9/7)");
    assert_eq!(backend.to_string(), "backend (redis, 127.0.0.1:9/7)");
    let error = get(&backend, "n:k").unwrap_err();
    assert!(!format!("{error} {error:?}").contains(CANARY), "{error}");
    let cluster = RedisBackend::new(&format!("redis://:{CANARY}@a:1, redis://b:2")).unwrap();
    assert_eq!(cluster.to_string(), "backend (redis, a:1, b:2)");
}

#[test]
fn databases_of_one_server_are_apart() {
    let (one, two) = (on(&REDIS.url()), on(&format!("{}/1", REDIS.url())));
    let key = format!("{}k", prefix());
    assert!(set(&one, &key, value(1, "v"), When::Always).unwrap());
    assert_eq!(get(&two, &key).unwrap(), None);
    assert!(one.capabilities().conditional && one.capabilities().notifies && !one.capabilities().blocking);
}
