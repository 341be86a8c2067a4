//! A service of cached functions: it searches, measures and weighs this workspace's own sources.
//!
//! In: `[--port=PORT] [--root=FOLDER]`, `cached.toml` and the environment. Out: pages on the loopback address, whose port
//! is printed, the panel below `/__cached`, and the report on stderr when SIGTERM or ctrl-c ends it.

mod answer;
mod crates;
mod files;
mod pages;
mod search;
mod tree;
mod visits;
mod work;

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use std::{env, io};

use cached_core::{Config, Watch, report_at_exit};
use cached_panel::Panel;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
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
    // Nothing else runs yet: from here on the workspace is where paths begin.
    env::set_current_dir(&args.root).map_err(|error| format!("{}: {error}", args.root.display()))?;
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    let handle = runtime.handle().clone();
    let _watch = configure(move |task| drop(handle.spawn(task))).map_err(|error| error.to_string())?;
    let _report = report_at_exit();
    let served = runtime.block_on(serve(args.port));
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
async fn serve(port: u16) -> Result<(), String> {
    let said = |error: io::Error| error.to_string();
    let term = signal(SignalKind::terminate()).map_err(said)?;
    let interrupt = signal(SignalKind::interrupt()).map_err(said)?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(said)?;
    let address = format!("http://{}", listener.local_addr().map_err(said)?);
    let panel = panel(&address).map_err(|error| error.to_string())?;
    println!("listening on {address}");
    let service = pages::service().layer(panel.layer()).merge(panel.router());
    let (end, ended) = (Arc::new(Notify::new()), panel.closer());
    let until = Arc::clone(&end);
    let server = axum::serve(listener, service.into_make_service_with_connect_info::<SocketAddr>());
    let server = tokio::spawn(server.with_graceful_shutdown(async move { until.notified().await }).into_future());
    asked_to_end(term, interrupt).await;
    ended();
    end.notify_one();
    match timeout(GRACE, server).await {
        Ok(served) => served.map_err(|error| error.to_string())?.map_err(said),
        Err(_) => Ok(()),
    }
}

/// The panel: open to this machine in a debug build; with `WEB_PANEL_TOKEN` as in a build for release, closed to
/// everybody who does not have it, and if it is empty, to everybody but who opens the link on stderr. A secret stands in
/// no list of processes, so it is no argument.
fn panel(address: &str) -> Result<Panel, cached_core::Error> {
    let panel = Panel::new().headers(true).service("web example").version(env!("CARGO_PKG_VERSION")).at(address);
    match env::var("WEB_PANEL_TOKEN") {
        Ok(token) if token.is_empty() => Ok(panel.locked()),
        Ok(token) => Ok(panel.token(&token)?.locked()),
        Err(_) => Ok(panel),
    }
}

async fn asked_to_end(mut term: Signal, mut interrupt: Signal) {
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
}
