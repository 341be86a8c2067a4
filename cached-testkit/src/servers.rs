//! Real servers for tests, each on a port and in a directory of its own.
//!
//! In: which program, with which options. Out: a server that answers, and that ends with its value or with the
//! process of the test, however that ends.
//!
//! Nothing here is a stand-in: a program that is missing is a panic that names the package which has it.
//!
//! # Example: a server that is stopped, and started again where it was
//! ```no_run
//! use cached_testkit::servers::Server;
//!
//! let mut server = Server::redis();
//! assert_eq!(server.ask(&["SET", "k", "v"]), "OK");
//! let port = server.port();
//! server.kill();
//! server.restart();
//! assert_eq!((server.port(), server.ask(&["GET", "k"]).as_str()), (port, "(nil)"));
//! ```

mod cluster;
mod port;
mod program;
mod wire;

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub use self::cluster::Cluster;
pub use self::wire::Wire;

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many ports are tried.
const ATTEMPTS: usize = 16;

/// What a server says once the port is its own.
const READY: &str = "eady to accept connections";

/// What a server says when its port is somebody else's.
const TAKEN: &str = "Address already in use";

/// A server that this process started, on the loopback interface. It keeps nothing on disk, and ends when it is dropped.
#[derive(Debug)]
pub struct Server {
    program: PathBuf,
    options: Vec<String>,
    password: Option<String>,
    port: u16,
    /// Its working directory, and what it says; removed with it.
    directory: TempDir,
    running: Option<Running>,
}

/// The process of a server, and the one that ends it when this process is no more.
#[derive(Debug)]
struct Running {
    server: Child,
    guard: Child,
}

impl Server {
    /// A Redis without options.
    ///
    /// # Panics
    /// As [`Server::redis_with`].
    pub fn redis() -> Self {
        Self::redis_with(&[])
    }

    /// A Redis with options of its command line, as `["--requirepass", "x"]`.
    ///
    /// # Panics
    /// If there is no `redis-server` on the path (Debian: `redis-server`), or if it does not answer within ten
    /// seconds; then with what it said.
    pub fn redis_with(options: &[&str]) -> Self {
        Self::start(program::redis_server(), options, 0)
    }

    /// A Valkey without options.
    ///
    /// # Panics
    /// If there is no `valkey-server`, neither below `target/valkey` nor on the path, or if it does not answer
    /// within ten seconds; then with what it said.
    pub fn valkey() -> Self {
        Self::start(program::valkey_server(), &[], 0)
    }

    /// A server on a free port; `above` is how far above it there has to be another one that is free.
    fn start(program: PathBuf, options: &[&str], above: u16) -> Self {
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        let after = |name: &str| options.iter().position(|option| option == name).map(|at| options.get(at + 1));
        let password = after("--requirepass").flatten().cloned();
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut server = Self { program, options, password, port: 0, directory, running: None };
        for _ in 0..ATTEMPTS {
            server.port = port::free(above);
            match server.run() {
                Ok(()) => return server,
                Err(said) if said.contains(TAKEN) => {}
                Err(said) => panic!("{}: {said}", server.program.display()),
            }
        }
        panic!("{}: none of {ATTEMPTS} ports was to be had", server.program.display())
    }

    /// Where it is, without a password.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its port, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The id of its process.
    ///
    /// # Panics
    /// If it was killed.
    pub fn pid(&self) -> u32 {
        self.running.as_ref().expect("the server was killed").server.id()
    }

    /// A connection to it, with its password where it has one.
    ///
    /// # Panics
    /// If it cannot be reached.
    pub fn wire(&self) -> Wire {
        let mut wire = Wire::open(self.port).unwrap_or_else(|error| panic!("port {}: {error}", self.port));
        if let Some(password) = &self.password {
            assert_eq!(wire.ask(&["AUTH", password]), "OK");
        }
        wire
    }

    /// One command over a connection of its own, and the reply as text.
    ///
    /// # Panics
    /// If it cannot be reached, or does not answer.
    pub fn ask<W: AsRef<[u8]>>(&self, words: &[W]) -> String {
        self.wire().ask(words)
    }

    /// Ends it at once, as a crash would (SIGKILL). Its port stays its own for [`Server::restart`].
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.end();
        }
    }

    /// Starts it again, on its port and empty; kills it before, if it runs.
    ///
    /// # Panics
    /// If it does not answer within ten seconds.
    #[expect(clippy::disallowed_methods, reason = "a process takes real time")]
    pub fn restart(&mut self) {
        self.kill();
        let begun = Instant::now();
        while let Err(said) = self.run() {
            let may_wait = said.contains(TAKEN) && begun.elapsed() < PATIENCE;
            assert!(may_wait, "{} on port {} again: {said}", self.program.display(), self.port);
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Freezes it: it keeps its connections and answers nothing (SIGSTOP).
    ///
    /// # Panics
    /// If it was killed.
    pub fn stop(&self) {
        self.signal("STOP");
    }

    /// Lets it go on after [`Server::stop`] (SIGCONT).
    ///
    /// # Panics
    /// If it was killed.
    pub fn cont(&self) {
        self.signal("CONT");
    }

    /// What it has said so far.
    pub fn said(&self) -> String {
        let said = fs::read(self.log()).unwrap_or_default();
        String::from_utf8_lossy(&said).into_owned()
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("said")
    }

    fn signal(&self, name: &str) {
        // The shell's own command: a package for `kill` need not be there.
        let command = format!("kill -{name} {}", self.pid());
        let status = Command::new("sh").args(["-c", &command]).status().expect("a shell");
        assert!(status.success(), "{command}: {status}");
    }

    /// One attempt; what the server said where it failed.
    fn run(&mut self) -> Result<(), String> {
        let log = File::create(self.log()).expect("a file in a directory of our own");
        let mut command = Command::new(&self.program);
        command.current_dir(self.directory.path()).args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"]);
        command.args(["--save", "", "--appendonly", "no", "--daemonize", "no"]).args(&self.options);
        command.stdin(Stdio::null()).stderr(log.try_clone().expect("a second handle")).stdout(log);
        let server = command.spawn().map_err(|error| error.to_string())?;
        let mut running = Running::new(server);
        match self.wait(&mut running) {
            Ok(()) => self.running = Some(running),
            Err(why) => {
                running.end();
                return Err(format!("{why}; it said:\n{}", self.said()));
            }
        }
        Ok(())
    }

    /// Waits until it has its port and answers there.
    #[expect(clippy::disallowed_methods, reason = "a process takes real time")]
    fn wait(&self, running: &mut Running) -> Result<(), String> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(status) = running.server.try_wait().map_err(|error| error.to_string())? {
                return Err(format!("it ended, {status}"));
            }
            // A stranger on its port would answer too: only with its own word is the port its own.
            if self.said().contains(READY)
                && let Ok(mut wire) = Wire::open(self.port)
                && wire.inline("PING").is_ok_and(|answer| answer == "PONG" || answer.starts_with("NOAUTH"))
            {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Err(format!("no answer within {PATIENCE:?}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Running {
    /// Sets a guard beside a server. It waits for the end of its input, which comes when this process ends, also
    /// where nothing is dropped: a server in a `static`, a test that is killed.
    fn new(server: Child) -> Self {
        let mut guard = Command::new("sh");
        guard.args(["-c", "read -r _; kill -9 \"$0\"", &server.id().to_string()]);
        let guard = guard.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a shell");
        Self { server, guard }
    }

    /// Ends both, the guard first: once the server is waited for, its number may be somebody else's.
    fn end(&mut self) {
        for child in [&mut self.guard, &mut self.server] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
