//! What a backend tells of the changes of others.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use cached_core::backend::{Backend, Key, Listener, News, When, Write};
use cached_redis::RedisBackend;
use cached_testkit::servers::{Cluster, Server};

use crate::support::{REDIS, delete, everywhere, on, prefix, ready, set, set_for, stamp, until, value};

/// What a listener was told, in words.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    fn listener(&self) -> Listener {
        let diary = self.clone();
        Arc::new(move |news| diary.note(&news))
    }

    fn note(&self, news: &News<'_>) {
        assert_eq!(thread::current().name(), Some("cached-redis-news"));
        let text = match news {
            News::Changed(keys) => keys.iter().map(|key| key.rsplit(':').next().unwrap()).collect::<Vec<_>>().join(" "),
            News::Cleared(prefix) => format!("cleared {}", prefix.rsplit_once(':').unwrap_or(("", prefix)).1),
            News::Lost => "lost".into(),
            News::Heard => "heard".into(),
            _ => "else".into(),
        };
        self.0.lock().unwrap().push(text);
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    #[track_caller]
    fn is(&self, expected: &[&str]) {
        until(|| self.all().len() >= expected.len());
        assert_eq!(self.all(), expected);
    }
}

/// Listens on `backend`, from the moment on in which it hears.
fn listening(backend: &RedisBackend, prefix: &str) -> Diary {
    let diary = Diary::default();
    ready(backend.subscribe(prefix, diary.listener())).unwrap();
    diary.is(&["heard"]);
    diary
}

#[test]
fn others_changes_are_told_and_own_ones_and_those_of_what_was_absent_are_not() {
    for ((place, here), (_, there)) in everywhere().into_iter().zip(everywhere()) {
        let prefix = prefix();
        let key = |name: &str| format!("{prefix}{name}");
        let diary = listening(&here, &prefix);
        assert!(set(&here, &key("own"), value(1, "v"), When::Always).unwrap());
        ready(here.clear(&prefix)).unwrap();
        assert!(set(&there, &key("a"), value(1, "v"), When::Absent).unwrap());
        assert!(set(&there, &key("a"), value(2, "v"), When::Always).unwrap());
        assert!(!set(&there, &key("a"), value(3, "v"), When::Stamp(stamp(1))).unwrap());
        assert!(set(&there, &key("b"), value(3, "v"), When::Always).unwrap());
        assert!(set(&there, &key("b"), value(4, "v"), When::Stamp(stamp(3))).unwrap());
        assert!(!delete(&there, &key("b"), When::Stamp(stamp(3))).unwrap());
        assert!(delete(&there, &key("b"), When::Stamp(stamp(4))).unwrap());
        assert!(delete(&there, &key("a"), When::Always).unwrap());
        assert!(set_for(&there, &key("c"), value(1, "v"), Some(Duration::ZERO), When::Always).unwrap());
        ready(there.clear(&prefix)).unwrap();
        ready(there.clear(&key("d"))).unwrap();
        let told = ["heard", "a", "b", "b", "b", "a", "c", "cleared ", "cleared d"];
        if place == "cluster" {
            // What nodes tell one another keeps no order between them.
            until(|| diary.all().len() >= told.len());
            let (mut heard, mut told) = (diary.all(), told);
            heard.sort();
            told.sort_unstable();
            assert_eq!(heard, told);
        } else {
            diary.is(&told);
        }
    }
}

#[test]
fn a_batch_is_told_at_once_and_only_to_who_listens_to_its_keys() {
    let (here, there) = (on(&REDIS.url()), on(&REDIS.url()));
    let prefix = prefix();
    let [narrow, wide, other] = [format!("{prefix}a:"), prefix.clone(), format!("{prefix}b:")];
    let diaries = [&narrow, &wide, &other].map(|prefix| listening(&here, prefix));
    let write = |name: &str| Write::new(format!("{prefix}{name}").into(), value(1, "v"), None, When::Always);
    ready(there.set_many(vec![write("a:1"), write("c:2"), write("a:3")])).unwrap();
    ready(there.clear(&prefix)).unwrap();
    diaries[0].is(&["heard", "1 3", "cleared "]);
    diaries[1].is(&["heard", "1 2 3", "cleared "]);
    diaries[2].is(&["heard", "cleared "]);
}

#[test]
fn a_prefix_without_a_whole_segment_is_heard_too() {
    let server = Server::redis();
    let (here, there) = (on(&server.url()), on(&server.url()));
    let (part, all) = (listening(&here, "na"), listening(&here, ""));
    for key in ["name:k", "nb:k", "nak"] {
        assert!(set(&there, key, value(1, "v"), When::Always).unwrap());
    }
    ready(there.clear("n")).unwrap();
    part.is(&["heard", "k", "nak", "cleared n"]);
    all.is(&["heard", "k", "k", "nak", "cleared n"]);
}

#[test]
fn a_message_that_nobody_understands_may_concern_everything() {
    let here = on(&REDIS.url());
    let prefix = prefix();
    let diary = listening(&here, &prefix);
    let channel = format!("cached:{}", prefix.split(':').next().unwrap());
    for message in [&b"someone touched k"[..], b"\xff\xfe", b""] {
        assert_eq!(REDIS.ask(&[b"PUBLISH", channel.as_bytes(), message]), "1");
    }
    diary.is(&["heard", "cleared ", "cleared ", "cleared "]);
}

#[test]
fn a_listener_that_panics_hears_what_comes_next_and_keeps_nobody_from_it() {
    let (here, there) = (on(&REDIS.url()), on(&REDIS.url()));
    let prefix = prefix();
    let diary = Diary::default();
    let told = diary.listener();
    let clumsy: Listener = Arc::new(move |news| {
        told(news);
        assert!(!matches!(news, News::Changed(_)), "this listener is clumsy");
    });
    ready(here.subscribe(&prefix, clumsy)).unwrap();
    diary.is(&["heard"]);
    let beside = listening(&here, &prefix);
    for name in ["a", "b"] {
        assert!(set(&there, &format!("{prefix}{name}"), value(1, "v"), When::Always).unwrap());
    }
    beside.is(&["heard", "a", "b"]);
    diary.is(&["heard", "a", "b"]);
}

#[test]
fn a_listener_may_ask_the_backend_and_wait_for_the_answer() {
    let (here, there) = (Arc::new(on(&REDIS.url())), on(&REDIS.url()));
    let prefix = prefix();
    let diary = Diary::default();
    let (told, asked) = (diary.listener(), Arc::downgrade(&here));
    let curious: Listener = Arc::new(move |news| {
        told(news);
        if let (News::Changed(keys), Some(backend)) = (news, asked.upgrade()) {
            ready(backend.delete_many(vec![(Key::clone(&keys[0]), When::Always)])).unwrap();
        }
    });
    ready(here.subscribe(&prefix, curious)).unwrap();
    diary.is(&["heard"]);
    assert!(set(&there, &format!("{prefix}a"), value(1, "v"), When::Always).unwrap());
    until(|| crate::support::get(&there, &format!("{prefix}a")).unwrap().is_none());
}

#[test]
fn r47_a_lost_connection_is_told_and_so_is_the_next() {
    let mut server = Server::redis();
    let (here, there) = (on(&server.url()), on(&server.url()));
    let diary = listening(&here, "n:");
    server.kill();
    diary.is(&["heard", "lost"]);
    server.restart();
    diary.is(&["heard", "lost", "heard"]);
    until(|| set(&there, "n:k", value(1, "v"), When::Always).is_ok());
    until(|| diary.all().len() > 3);
    assert_eq!(server.ask(&["CLIENT", "KILL", "TYPE", "pubsub"]), "1");
    until(|| diary.all().ends_with(&["lost".into(), "heard".into()]));
    assert!(set(&there, "n:k", value(1, "v"), When::Always).unwrap());
    until(|| diary.all().ends_with(&["heard".into(), "k".into()]));
}

#[test]
fn r47_a_server_that_stands_still_is_noticed_within_a_second() {
    let server = Server::redis();
    let here = on(&server.url());
    let diary = listening(&here, "n:");
    // Longer than any silence: nothing is lost while it answers.
    thread::sleep(Duration::from_millis(1_300));
    diary.is(&["heard"]);
    server.stop();
    let begun = crate::support::now();
    until(|| diary.all().len() > 1);
    let took = begun.elapsed();
    println!("R47 a server that stands still: noticed after {took:?}");
    assert!(took < Duration::from_millis(1_500), "{took:?}");
    server.cont();
    diary.is(&["heard", "lost", "heard"]);
}

#[test]
fn what_is_heard_ends_with_the_backend_and_when_it_is_closed() {
    let server = Server::redis();
    let here = on(&server.url());
    let diary = listening(&here, "n:");
    ready(here.close(Duration::from_secs(10))).unwrap();
    diary.is(&["heard", "lost"]);
    until(|| server.ask(&["CLIENT", "LIST"]).lines().count() == 1);
    let again = listening(&here, "n:");
    drop(here);
    again.is(&["heard", "lost"]);
    until(|| server.ask(&["CLIENT", "LIST"]).lines().count() == 1);
    assert_eq!(diary.all(), ["heard", "lost"]);
}

#[test]
fn all_who_listen_to_a_backend_do_so_over_one_connection() {
    let server = Server::redis();
    let here = on(&server.url());
    let _diaries = [0; 10].map(|_| listening(&here, &prefix()));
    assert_eq!(server.ask(&["CLIENT", "LIST", "TYPE", "pubsub"]).lines().count(), 1);
}

#[test]
fn in_a_cluster_another_node_is_heard_when_one_dies() {
    let mut cluster = Cluster::with_replicas();
    let here = on(&cluster.urls().join(","));
    let diary = listening(&here, "n:");
    let listens = |node: &Server| !node.ask(&["CLIENT", "LIST", "TYPE", "pubsub"]).trim().is_empty();
    let heard_at = cluster.nodes().iter().position(listens).unwrap();
    cluster.nodes_mut()[heard_at].kill();
    diary.is(&["heard", "lost", "heard"]);
    let teller = (heard_at + 1) % 6;
    assert_ne!(cluster.nodes()[teller].ask(&["PUBLISH", "cached:n", "someone changed n:k"]), "");
    diary.is(&["heard", "lost", "heard", "k"]);
}
