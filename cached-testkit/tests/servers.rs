//! The servers start, answer, end and come back, and end with the process that started them.

#![allow(missing_docs, reason = "tests")]

use std::env;
use std::process::Command;
use std::thread;
use std::time::Duration;

use cached_testkit::servers::{Cluster, Server, Wire};

fn is_alive(pid: u32) -> bool {
    let found = Command::new("sh").args(["-c", &format!("kill -0 {pid}")]).output().expect("a shell");
    found.status.success()
}

#[test]
fn a_server_answers_ends_and_comes_back_empty_on_its_port() {
    for mut server in [Server::redis(), Server::valkey()] {
        assert_eq!(server.ask(&["SET", "k", "v\r\nw"]), "OK");
        assert_eq!(server.ask(&["GET", "k"]), "v\r\nw");
        assert_eq!(server.url(), format!("redis://127.0.0.1:{}", server.port()));
        let pid = server.pid();
        server.kill();
        assert!(!is_alive(pid) && Wire::open(server.port()).is_err());
        server.restart();
        assert_eq!(server.ask(&["GET", "k"]), "(nil)");
        assert_ne!(server.pid(), pid);
        let pid = server.pid();
        drop(server);
        assert!(!is_alive(pid));
    }
}

#[test]
fn a_password_is_wanted_and_known() {
    let server = Server::redis_with(&["--requirepass", "x"]);
    let mut stranger = Wire::open(server.port()).unwrap();
    assert!(stranger.ask(&["GET", "k"]).starts_with("NOAUTH"));
    assert_eq!(server.ask(&["GET", "k"]), "(nil)");
}

#[test]
fn a_frozen_server_answers_once_it_goes_on() {
    let server = Server::redis();
    server.stop();
    let port = server.port();
    let asked = thread::spawn(move || Wire::open(port).unwrap().ask(&["PING"]));
    thread::sleep(Duration::from_millis(50));
    assert!(!asked.is_finished());
    server.cont();
    assert_eq!(asked.join().unwrap(), "PONG");
}

#[test]
fn the_nodes_of_a_cluster_share_all_slots() {
    let cluster = Cluster::start(3);
    assert_eq!(cluster.nodes().len(), 3);
    let answers: Vec<_> = cluster.nodes().iter().map(|node| node.ask(&["SET", "k", "v"])).collect();
    assert_eq!(answers.iter().filter(|answer| *answer == "OK").count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.starts_with("MOVED")).count(), 2);
}

#[test]
fn a_replica_takes_over() {
    let mut cluster = Cluster::with_replicas();
    assert!(cluster.nodes()[..3].iter().all(|node| node.ask(&["ROLE"]).starts_with("master")));
    assert!(cluster.nodes()[3..].iter().all(|node| node.ask(&["ROLE"]).starts_with("slave")));
    cluster.nodes_mut()[0].kill();
    let masters = || cluster.nodes()[1..].iter().filter(|node| node.ask(&["ROLE"]).starts_with("master")).count();
    let is_back = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(100));
        masters() == 3 && cluster.nodes()[1].ask(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
    });
    assert!(is_back, "{}", cluster.nodes()[1].said());
}

/// Which half of the test below a process is.
const CHILD: &str = "CACHED_TESTKIT_CHILD";

#[test]
fn a_server_ends_with_the_process_that_started_it() {
    if env::var_os(CHILD).is_some() {
        // Nobody drops this one, and the process ends without unwinding.
        println!("pid={}.", Box::leak(Box::new(Server::redis())).pid());
        std::process::abort();
    }
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", "a_server_ends_with_the_process_that_started_it", "--nocapture"]).env(CHILD, "1");
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let pid = said.split("pid=").nth(1).and_then(|rest| rest.split('.').next()).expect("it says its pid");
    let pid = pid.parse().unwrap();
    let is_gone = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(20));
        !is_alive(pid)
    });
    assert!(is_gone, "{pid} lives on");
}
