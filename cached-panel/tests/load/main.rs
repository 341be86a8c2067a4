//! R34 and R82: what the panel holds has a bound, and looking at it costs a busy program little.
//!
//! In: a thousand sites that are called a million times (a tenth of it unless `R_SCALE` says 1), while the panel is
//! asked ten times a second. Out: the figures, and a failure where one is over its bound. On its own, since it counts
//! the heap of the process.
#![expect(unsafe_code, reason = "a counting allocator")]

mod sites;

use std::alloc::{GlobalAlloc, Layout, System};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::routing::get;
use cached_core::recorder::Show;
use cached_core::report;
use cached_panel::Panel;
use http::Request;
use http_body_util::BodyExt;
use tower::ServiceExt;

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to `System` as it came; counting neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Relaxed);
        // SAFETY: the caller's promise, handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise, handed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Calls in one request.
const BATCH: usize = 100;
/// How often each page is asked for.
const POLLS: usize = 10;

const LARGEST: usize = 2 << 20;
/// What a machine that does much else besides still keeps; the figure to look at is the one that is printed.
const SLOWEST: Duration = Duration::from_secs(2);
const PER_SITE: usize = 2_048;
const RING: u64 = 8 << 20;

fn scaled(count: usize) -> usize {
    let tenths = std::env::var("R_SCALE").ok().and_then(|scale| scale.parse::<f64>().ok()).unwrap_or(0.1);
    count * (tenths * 10.0).max(0.1) as usize / 10
}

fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// A program of a thousand sites: `/n` asks a hundred of them, each for a key that is new.
fn service(panel: &Panel) -> Router {
    let batch = get(async |Path(n): Path<u64>| {
        let calls = (0..BATCH as u64).map(|step| sites::call((n * BATCH as u64 + step) as usize, n));
        calls.fold(0, u64::wrapping_add).to_string()
    });
    Router::new().route("/{n}", batch).layer(panel.layer()).merge(panel.router())
}

async fn ask(app: &Router, path: &str) -> String {
    let here = axum::extract::ConnectInfo(std::net::SocketAddr::from(([127, 0, 0, 1], 50_000)));
    let request = Request::get(path).header("host", "localhost").extension(here);
    let request = request.body(Body::empty()).unwrap_or_default();
    match app.clone().oneshot(request).await {
        Ok(answer) => {
            let bytes = answer.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        }
        Err(never) => match never {},
    }
}

/// The share of hits that took longest, in nanoseconds: one in a hundred.
fn hit_p99() -> u64 {
    let mut times: Vec<u64> = (0..50_000)
        .map(|_| {
            let began = now();
            std::hint::black_box(sites::call(7, 1));
            u64::try_from((now() - began).as_nanos()).unwrap_or(u64::MAX)
        })
        .collect();
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

struct Verdict(bool);

impl Verdict {
    fn at_most<T: PartialOrd + std::fmt::Debug>(&mut self, what: &str, figure: T, bound: T) {
        let good = figure <= bound;
        println!("{} {what}: {figure:?}, at most {bound:?}", if good { "ok  " } else { "FAIL" });
        self.0 &= good;
    }

    /// That something was measured at all.
    fn at_least<T: PartialOrd + std::fmt::Debug>(&mut self, what: &str, figure: T, bound: T) {
        let good = figure >= bound;
        println!("{} {what}: {figure:?}, at least {bound:?}", if good { "ok  " } else { "FAIL" });
        self.0 &= good;
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let mut verdict = Verdict(true);
    let events = scaled(1_000_000).max(10_000);
    println!("{} sites, {events} events", report().sites().len());
    let panel = Arc::new(Panel::new().show(Show::Keys));
    let app = service(&panel);
    let before = hit_p99();

    // The program works on threads of its own while its panel is polled.
    let done = Arc::new(AtomicBool::new(false));
    let worker = {
        let (app, done) = (app.clone(), Arc::clone(&done));
        tokio::spawn(async move {
            for n in 0..events / BATCH {
                ask(&app, &format!("/{n}")).await;
            }
            done.store(true, Relaxed);
        })
    };
    let (mut times, mut largest) = (Vec::new(), (0, String::new()));
    let mut during = Vec::new();
    for poll in 0.. {
        if done.load(Relaxed) && poll >= POLLS * 6 {
            break;
        }
        let newest = report().totals().calls as usize / BATCH;
        let pages = [
            "sites",
            "sites?sort=calls&dir=down&page=3",
            "requests",
            "backends",
            "api/sites.json",
            "api/requests.json",
        ];
        let mut path = format!("/__cached/{}", pages[poll % pages.len()]);
        if poll % 7 == 6 {
            path = format!("/__cached/requests/{}", newest.saturating_sub(5).max(1));
        }
        let began = now();
        let text = ask(&app, &path).await;
        times.push(now() - began);
        if text.len() > largest.0 {
            largest = (text.len(), path);
        }
        if poll % 10 == 0 {
            during.push(tokio::task::spawn_blocking(hit_p99).await.unwrap_or(u64::MAX));
        }
        tokio::time::sleep(Duration::from_millis(100).saturating_sub(now() - began)).await;
    }
    let _ = worker.await;
    times.sort_unstable();
    during.sort_unstable();
    let p99 = times[(times.len() * 99).div_ceil(100) - 1];
    println!("     {} polls, median {:?}", times.len(), times[times.len() / 2]);
    let polled = during[during.len() / 2];
    println!(
        "     a hit's p99: {before} ns before, {polled} ns while polled (median of {}), {:.2} times",
        during.len(),
        polled as f64 / before.max(1) as f64
    );
    verdict.at_most("p99 of a response", p99, SLOWEST);
    verdict.at_least("largest response", largest.0, 10_000);
    verdict.at_most(&format!("largest response ({})", largest.1), largest.0, LARGEST);
    bounds(&app, &mut verdict).await;
    histories(&mut verdict);
    if verdict.0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What is kept of requests, and how many series there are.
async fn bounds(app: &Router, verdict: &mut Verdict) {
    let json: serde_json::Value =
        serde_json::from_str(&ask(app, "/__cached/api/requests.json").await).unwrap_or_default();
    let kept = json["requests"].as_array().map_or(0, Vec::len);
    verdict.at_least("requests that are kept", kept, 1);
    verdict.at_most("requests that are kept", kept, 100);
    verdict.at_most("bytes of all of them", json["bytes"].as_u64().unwrap_or(u64::MAX), RING);
    let id = json["requests"][0]["id"].to_string();
    let request: serde_json::Value =
        serde_json::from_str(&ask(app, &format!("/__cached/api/requests/{id}.json")).await).unwrap_or_default();
    let calls = request["calls"].as_array().cloned().unwrap_or_default();
    verdict.at_least("calls of the newest request", calls.len(), BATCH);
    verdict.at_most(
        "a call as JSON",
        calls.iter().map(|call| call.to_string().len()).max().unwrap_or(usize::MAX),
        4_096,
    );
    let metrics = report().to_prometheus();
    let series = metrics.lines().filter(|line| line.starts_with("cached_calls_total{")).count();
    verdict.at_least("series of calls", series, sites::COUNT);
    verdict.at_most("series of calls (sites × outcomes)", series, report().sites().len() * 6);
}

/// The heap that the histories of a thousand sites take, when all their stretches are full.
fn histories(verdict: &mut Verdict) {
    let grown = std::thread::spawn(|| {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build() else {
            return usize::MAX;
        };
        runtime.block_on(async {
            let panel = Panel::new().record(false);
            let app = service(&panel);
            let before = LIVE.load(Relaxed);
            // The first look begins the sampling; then it is the time of this runtime that moves.
            ask(&app, "/__cached/backends").await;
            let idle = LIVE.load(Relaxed).saturating_sub(before);
            ask(&app, "/__cached/sites?page=5").await;
            tokio::time::sleep(Duration::from_secs(5 * 65)).await;
            LIVE.load(Relaxed).saturating_sub(before + idle)
        })
    });
    let grown = grown.join().unwrap_or(usize::MAX);
    println!("     {grown} bytes for the histories of {} sites", sites::COUNT);
    // Sixty stretches of two figures each: less, and they were not kept.
    verdict.at_least("heap of a site's history", grown / sites::COUNT, 60 * size_of::<[u32; 2]>());
    verdict.at_most("heap of a site's history", grown / sites::COUNT, PER_SITE);
}
