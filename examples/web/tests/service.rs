//! The service and its load as they run: real processes, a real port, this workspace's own files.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running service, with its files on disk in a folder of its own.
struct Service {
    child: Child,
    address: String,
    folder: Arc<TempDir>,
}

impl Service {
    fn start(words: &[&str]) -> Self {
        Self::start_in(&Arc::new(tempfile::tempdir().expect("there is room for a directory")), words)
    }

    /// Starts it beside what another one keeps.
    fn start_in(folder: &Arc<TempDir>, words: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_web"));
        command.arg("--port=0").args(words).env("TMPDIR", folder.path());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the service starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("it writes a line");
        let address = line.trim().strip_prefix("listening on http://").expect("it says where").to_owned();
        Self { child, address, folder: Arc::clone(folder) }
    }

    /// Status and body.
    fn ask(&self, method: &str, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        write!(stream, "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address)
            .expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers in UTF-8");
        let (head, body) = answer.split_once("\r\n\r\n").expect("head and body");
        (head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status"), body.to_owned())
    }

    fn get(&self, path: &str) -> String {
        let (status, body) = self.ask("GET", path);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    fn json(&self, path: &str) -> serde_json::Value {
        serde_json::from_str(&self.get(path)).expect("it is JSON")
    }

    /// Sends a signal, and gives what was written and how long the end took.
    fn end(mut self, signal: &str) -> (Output, Duration) {
        let begun = now();
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("there is `kill`");
        assert!(sent.success(), "the service is still there");
        self.child.wait().expect("it ends");
        let took = begun.elapsed();
        // `wait` has closed what was not taken.
        let mut stderr = Vec::new();
        self.child.stderr.take().expect("it is piped").read_to_end(&mut stderr).expect("it can be read");
        let status = self.child.wait().expect("it ended");
        (Output { status, stdout: Vec::new(), stderr }, took)
    }
}

/// A test that fails leaves no service behind.
impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "a process takes real time to end")]
fn now() -> Instant {
    Instant::now()
}

fn load(words: &[&str], service: &Service) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_load"));
    command.args(words).arg(format!("http://{}", service.address)).output().expect("the load runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it writes UTF-8")
}

#[test]
fn every_page_says_what_the_workspace_has() {
    let service = Service::start(&[]);
    let manifest = std::fs::read_to_string("Cargo.toml").expect("a test runs in its package");
    assert!(service.get("/").contains("packages"));
    assert!(
        service.get("/search?q=every_page_says_what").contains("examples/web/tests/service.rs"),
        "it finds this file"
    );
    let figures = service.json("/files/examples/web/Cargo.toml");
    assert_eq!(figures["lines"], manifest.lines().count());
    assert_eq!(figures["bytes"], manifest.len());
    let files = service.json("/files");
    assert!(files["files"].as_array().expect("a list").iter().any(|file| file["path"] == "examples/web/Cargo.toml"));
    let core = service.json("/crates/cached-core");
    assert!(core[0]["total"].as_u64().expect("a number") > 10, "{core}");
    assert!(core[0]["needed_by"].as_array().expect("a list").iter().any(|user| user == "cached-web-example 0.1.0"));
    assert!(service.json("/crates")["count"].as_u64().expect("a number") > 100);
    let chain = service.json("/crates/cached-core/needs/proc-macro2");
    assert_eq!(chain[1], "cached-macros 0.1.0", "{chain}");
}

#[test]
fn the_visits_of_the_first_page_are_counted_over_all_runs() {
    let service = Service::start(&[]);
    assert!(service.get("/").contains("Visits of this page: 1."));
    assert!(service.get("/").contains("Visits of this page: 2."));
    let again = Service::start_in(&service.folder, &[]);
    assert!(again.get("/").contains("Visits of this page: 3."));
}

#[test]
fn bad_input_is_an_error_that_names_the_remedy() {
    let service = Service::start(&[]);
    let long = format!("/search?q={}", "a".repeat(65));
    let wrong = [
        ("GET", "/search", 400),
        ("GET", "/search?q=a", 400),
        ("GET", &*long, 400),
        ("GET", "/search?q=a&q=b", 400),
        ("GET", "/files/no/such/file.rs", 404),
        ("GET", "/files/%FF", 400),
        ("GET", "/crates/no-such-crate", 404),
        ("GET", "/crates/syn/needs/axum", 404),
        ("GET", "/nowhere", 404),
        ("POST", "/files", 405),
        ("GET", "/forget/Cargo.toml", 405),
        ("POST", "/forget/no/such/file.rs", 404),
    ];
    for (method, path, expected) in wrong {
        let (status, body) = service.ask(method, path);
        assert_eq!(status, expected, "{path}: {body}");
        let fault: serde_json::Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{path}: {body}"));
        assert!(
            fault["error"].is_string() && fault["remedy"].as_str().is_some_and(|text| text.contains('/')),
            "{path}: {body}"
        );
    }
}

#[test]
fn no_path_leads_out_of_the_workspace() {
    let folder = tempfile::tempdir().expect("there is room for a directory");
    let root = folder.path().join("root");
    std::fs::create_dir_all(root.join(".git")).expect("a folder");
    for file in ["root/inside.md", "root/.git/hidden.md", "outside.md"] {
        std::fs::write(folder.path().join(file), "a canary\n").expect("a file");
    }
    std::os::unix::fs::symlink(folder.path().join("outside.md"), root.join("link.md")).expect("a link");
    std::os::unix::fs::symlink(folder.path(), root.join("links")).expect("a link");
    let service = Service::start(&[&format!("--root={}", root.display())]);
    assert_eq!(service.json("/files/inside.md")["words"], 2);
    let outside = folder.path().join("outside.md").display().to_string();
    let absolute = format!("/files/{outside}");
    let encoded = format!("/files/{}", outside.replace('/', "%2F"));
    for path in [
        "/files/../outside.md",
        "/files/..%2Foutside.md",
        "/files/%2e%2e/outside.md",
        "/files/links/outside.md",
        "/files/link.md",
        "/files/.git/hidden.md",
        "/files/./inside.md",
        "/files/..%5Coutside.md",
        &absolute,
        &encoded,
    ] {
        let (status, body) = service.ask("GET", path);
        assert!(status == 400 || status == 404, "{path}: {status} {body}");
    }
    assert!(service.get("/search?q=canary").contains("1 lines in 1 files"), "only the file inside is found");
}

#[test]
fn a_file_that_changed_is_forgotten_by_its_tag() {
    let root = tempfile::tempdir().expect("there is room for a directory");
    let note = root.path().join("note.md");
    std::fs::write(&note, "the first words\n").expect("a file");
    let service = Service::start(&[&format!("--root={}", root.path().display())]);
    assert!(service.get("/search?q=words").contains("the first words"));
    std::fs::write(&note, "the other words\n").expect("a file");
    assert!(service.get("/search?q=words").contains("the first words"), "nobody has told it");
    assert_eq!(service.ask("POST", "/forget/note.md"), (204, String::new()));
    assert!(service.get("/search?q=words").contains("the other words"));
}

#[test]
fn a_signal_ends_it_though_a_client_never_finishes_and_with_one_report() {
    for signal in ["-TERM", "-INT"] {
        let service = Service::start(&[]);
        service.get("/files/Cargo.toml");
        // A client that never finishes its request must not hold the end up.
        let mut slow = TcpStream::connect(&service.address).expect("it listens");
        write!(slow, "GET /files HTTP/1.1\r\nhost: x\r\n").expect("it reads");
        let (output, took) = service.end(signal);
        let report = text(&output.stderr);
        assert!(output.status.success(), "{signal}: {:?} {report}", output.status);
        // The client would wait for ever; half a second is what it is given, and a busy machine takes its time.
        assert!(took < Duration::from_secs(20), "{signal}: {took:?}");
        assert_eq!(report.matches(" sites of web: ").count(), 1, "{report}");
        assert!(report.contains("web::files::measure") && report.contains("disk"), "{report}");
        let chain = report.lines().find(|line| line.contains("Graph::chain")).expect("every site is reported");
        assert!(chain.contains("never called"), "{chain}");
    }
}

#[test]
fn the_load_meets_only_expected_answers() {
    let service = Service::start(&[]);
    // Few and long: what a slow machine does not send in time is not sent.
    let output = load(&["--rate=50", "--seconds=6", "--at-once=4", "--seed=7"], &service);
    let table = text(&output.stdout);
    assert!(output.status.success(), "{table}{}", text(&output.stderr));
    assert!(table.contains("0 unexpected answers"), "{table}");
    for page in ["/files/{path}", "/crates/{name}", "/search", "wrong", "all", "p99 ms"] {
        assert!(table.contains(page), "no {page} in\n{table}");
    }
    let report = text(&service.end("-TERM").0.stderr);
    let asked = |site: &str| report.lines().any(|line| line.contains(site) && !line.contains("never called"));
    for site in ["tree::sources", "tree::text", "files::measure", "search::search", "search::matches", "Graph::total"] {
        assert!(asked(site), "nobody asked for {site}:\n{report}");
    }
}

#[test]
fn the_load_fails_where_an_answer_is_not_the_expected_one() {
    let root = tempfile::tempdir().expect("there is room for a directory");
    let lock = root.path().join("Cargo.lock");
    std::fs::copy("../../Cargo.lock", &lock).expect("a workspace has one");
    std::fs::write(root.path().join("bytes.md"), [0xff; 8]).expect("a file");
    let service = Service::start(&[&format!("--root={}", root.path().display())]);
    let output = load(&["--rate=100", "--seconds=1"], &service);
    assert_eq!(output.status.code(), Some(1), "a source that is no text cannot be measured");
    assert!(text(&output.stdout).contains("/files/bytes.md: 500 instead of 200"), "{}", text(&output.stdout));
    std::fs::write(lock, "this is no lock file").expect("it is ours");
    let output = load(&["--rate=100", "--seconds=1"], &service);
    assert_eq!(output.status.code(), Some(2), "there is no package to ask for");
    assert!(text(&output.stderr).contains("/crates lists nothing"), "{}", text(&output.stderr));
}

#[test]
fn wrong_words_are_refused_with_those_there_are() {
    let web = Command::new(env!("CARGO_BIN_EXE_web")).arg("--prot=1").output().expect("it runs");
    assert_eq!(web.status.code(), Some(2));
    assert_eq!(text(&web.stderr), "web: no such flag: --prot=1; there are --port=PORT and --root=FOLDER\n");
    let load =
        Command::new(env!("CARGO_BIN_EXE_load")).args(["--rate=0", "http://127.0.0.1:1"]).output().expect("it runs");
    assert_eq!(load.status.code(), Some(2));
    assert!(text(&load.stderr).contains("--rate is from 1 to 100000"));
}
