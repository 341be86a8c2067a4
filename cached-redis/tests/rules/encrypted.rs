//! Connections by TLS, to a server whose certificate is made for the test.
//!
//! Which authorities are trusted is a matter of the environment, so each half is a process of its own: of this test
//! binary, started once more.

use std::env;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use cached_core::ErrorKind;
use cached_core::backend::When;
use cached_testkit::servers::Server;

use crate::support::{get, on, set, value};

const LOCATION: &str = "CACHED_REDIS_TESTS_LOCATION";

/// Runs `openssl` in a folder.
fn openssl(folder: &Path, words: &str) {
    let mut command = Command::new("openssl");
    command.current_dir(folder).args(words.split(' '));
    let output = command.output().unwrap_or_else(|error| panic!("openssl (Debian: `openssl`): {error}"));
    assert!(output.status.success(), "openssl {words}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A server that speaks TLS only to whoever trusts `ca.pem` in `folder`, and its port.
fn server(folder: &Path) -> (Server, u16) {
    const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
    openssl(folder, &format!("req -x509 {KEY} -keyout ca.key -out ca.pem -subj /CN=test-authority"));
    let names = "-subj /CN=test -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE";
    openssl(folder, &format!("req -x509 {KEY} -keyout own.key -out own.pem -CA ca.pem -CAkey ca.key {names}"));
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (port, certificate, key, authority) = (free.to_string(), file("own.pem"), file("own.key"), file("ca.pem"));
    let options = ["--tls-port", &port, "--tls-cert-file", &certificate, "--tls-key-file", &key];
    let options = [&options[..], &["--tls-ca-cert-file", &authority, "--tls-auth-clients", "no"]].concat();
    (Server::redis_with(&options), free)
}

#[test]
fn a_server_is_reached_by_tls_where_its_certificate_is_trusted_and_only_there() {
    if let Ok(location) = env::var(LOCATION) {
        return ask(&location);
    }
    let folder = tempfile::tempdir().unwrap();
    let (server, port) = server(folder.path());
    let run = |host: &str, trusted: &Path| {
        let mut command = Command::new(env::current_exe().unwrap());
        let test = "encrypted::a_server_is_reached_by_tls_where_its_certificate_is_trusted_and_only_there";
        command.args(["--exact", test, "--nocapture"]).env(LOCATION, format!("rediss://{host}:{port}"));
        let output = command.env("SSL_CERT_FILE", trusted).env_remove("SSL_CERT_DIR").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let trusting = run("127.0.0.1", &folder.path().join("ca.pem"));
    assert!(trusting.contains("stored and found"), "{trusting}");
    assert_eq!(server.ask(&["EXISTS", "n:k"]), "1");
    // An authority that has nothing to do with the server, and a name that its certificate does not have.
    openssl(folder.path(), "req -x509 -newkey rsa:2048 -nodes -days 2 -keyout no.key -out no.pem -subj /CN=stranger");
    for refused in [run("127.0.0.1", &folder.path().join("no.pem")), run("localhost", &folder.path().join("ca.pem"))] {
        assert!(refused.contains("refused: ") && refused.contains("certificate"), "{refused}");
    }
}

fn ask(location: &str) {
    let backend = on(location);
    match set(&backend, "n:k", value(1, "v"), When::Always) {
        Ok(stored) => {
            assert!(stored && get(&backend, "n:k").unwrap() == Some(value(1, "v")));
            println!("stored and found");
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Backend);
            println!("refused: {error}");
        }
    }
}
