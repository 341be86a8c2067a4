//! A service of cached functions: it searches, measures and weighs this workspace's own sources.
//!
//! In: `[--port=PORT] [--root=FOLDER]`, `cached.toml` and the environment. Out: pages on the loopback address, whose port
//! is printed, and the report on stderr when SIGTERM or ctrl-c ends it.

mod answer;
mod crates;
mod files;
mod pages;
mod search;
mod tree;
mod work;

use std::future::IntoFuture;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use std::{env, io};

use cached_core::{Config, Watch, report_at_exit};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio::time::timeout;

cached_core::link!(cached_file);

const PORT: u16 = 3000;
/// How long requests may still run after the signal to end; then they are dropped.
const GRACE: Duration = Duration::from_millis(500);

struct Args {
    port: u16,
    root: PathBuf,
}

fn main() -> ExitCode {
    let Err(message) = run() else { return ExitCode::SUCCESS };
    eprintln!("web: {message}");
    ExitCode::from(2)
}

fn run() -> Result<(), String> {
    let args = Args::read(env::args().skip(1))?;
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    let handle = runtime.handle().clone();
    let _watch = configure(move |task| drop(handle.spawn(task))).map_err(|error| error.to_string())?;
    let _report = report_at_exit();
    let served = runtime.block_on(serve(args)).map_err(|error| error.to_string());
    // A thread that still computes is not waited for: what it would store is not missed.
    runtime.shutdown_background();
    served
}

impl Args {
    fn read(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let workspace = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let mut args = Self { port: PORT, root: workspace.into() };
        for word in words {
            match word.split_once('=') {
                Some(("--port", port)) => {
                    args.port = port.parse().map_err(|_| format!("no port: {port}; 0 takes a free one"))?
                }
                Some(("--root", root)) => args.root = root.into(),
                _ => return Err(format!("no such flag: {word}; there are --port=PORT and --root=FOLDER")),
            }
        }
        let shown = args.root.display().to_string();
        args.root = args.root.canonicalize().map_err(|error| format!("{shown}: {error}"))?;
        Ok(args)
    }
}

/// The file says the kinds, the code where entries lie and how a task is started; the environment has the last word.
fn configure(spawn: impl Fn(cached_core::Task) + Clone + Send + Sync + 'static) -> Result<Watch, cached_core::Error> {
    let location = env::temp_dir().join("cached-web-example");
    Config::watch(concat!(env!("CARGO_MANIFEST_DIR"), "/cached.toml"), move |config| {
        let config = config.option("disk", "location", location.to_string_lossy());
        config.spawner(spawn.clone()).env("CACHED")
    })
}

/// Answers until somebody asks for the end, and then at most [`GRACE`] longer.
async fn serve(args: Args) -> io::Result<()> {
    let (mut term, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let listener = TcpListener::bind(("127.0.0.1", args.port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let end = Arc::new(Notify::new());
    let ended = Arc::clone(&end);
    let server = axum::serve(listener, pages::service(args.root));
    let server = tokio::spawn(server.with_graceful_shutdown(async move { ended.notified().await }).into_future());
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    end.notify_one();
    timeout(GRACE, server).await.map_or(Ok(()), |served| served.map_err(io::Error::other)?)
}
