//! The same program on five configurations, each twice: the second run is warm wherever values outlive a process.

use std::path::Path;
use std::process::Command;

use cached_testkit::servers::{Cluster, Server};

/// What the report says of the one site: its alias, and its hits in a hundred.
fn run(configuration: &str, alias: &str, location: Option<&str>) -> (String, f64) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("configurations").join(configuration);
    let mut program = Command::new(env!("CARGO_BIN_EXE_stores"));
    program.arg(file).env("CACHED_BACKENDS__NUMBERS__OP_TIMEOUT", "5s").env_remove("CACHED_TOML");
    if alias == "SERVER" {
        program.env_remove("CACHED_BACKENDS__NUMBERS__OP_TIMEOUT").env("CACHED_BACKENDS__SERVER__OP_TIMEOUT", "5s");
    }
    if let Some(location) = location {
        program.env(format!("CACHED_BACKENDS__{alias}__LOCATION"), location);
    }
    let output = program.output().expect("the example is built");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("\n0 values were not written"), "{configuration}: {said}");
    let row =
        said.lines().find(|line| line.trim_start().starts_with("stores.highest")).expect("the report has the site");
    println!("{configuration}: {row}");
    // Site, place, alias, calls, hits in a hundred.
    let hits = row.split_whitespace().nth(4).and_then(|hits| hits.parse().ok());
    (row.to_owned(), hits.unwrap_or_else(|| panic!("no share of hits in: {said}")))
}

fn twice(configuration: &str, alias: &str, location: Option<&str>, is_warm: bool) {
    let (first, second) = (run(configuration, alias, location), run(configuration, alias, location));
    assert!((first.1 - 50.0).abs() < 0.1, "cold: {}", first.0);
    let share = if is_warm { 100.0 } else { 50.0 };
    assert!((second.1 - share).abs() < 0.1, "the second run: {}", second.0);
}

#[test]
fn in_memory_every_run_is_cold() {
    twice("memory.toml", "NUMBERS", None, false);
}

#[test]
fn on_files_the_second_run_is_warm() {
    let scratch = tempfile::tempdir().unwrap();
    twice("file.toml", "NUMBERS", scratch.path().to_str(), true);
}

#[test]
fn on_a_server_and_behind_memory_the_second_run_is_warm() {
    let server = Server::redis();
    twice("redis.toml", "NUMBERS", Some(&server.url()), true);
    let asked = reads(&server);
    assert_eq!(server.ask(&["FLUSHALL"]), "OK");
    twice("tiered.toml", "SERVER", Some(&server.url()), true);
    let spared = reads(&server) - asked;
    println!("{asked} reads of the server, {spared} from behind memory");
    // Copies that were made before changes were heard are made once more.
    assert!(spared <= asked * 4 / 5, "of two calls of a key the second is given a copy");
}

/// How often the server was asked for a value.
fn reads(server: &Server) -> u64 {
    let told = server.ask(&["INFO", "commandstats"]);
    let line = told.lines().find_map(|line| line.strip_prefix("cmdstat_getrange:calls="));
    line.and_then(|line| line.split(',').next()?.parse().ok()).expect("it was asked")
}

#[test]
fn on_a_cluster_the_second_run_is_warm() {
    let cluster = Cluster::start(3);
    twice("cluster.toml", "NUMBERS", Some(&cluster.urls().join(",")), true);
}
