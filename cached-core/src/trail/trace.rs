//! The calls that led to a call.
//!
//! In: a stack, captured raw. Out: its frames, resolved when somebody looks: that takes some ten thousand times as
//! long. Which are whose is told by their paths.

use std::backtrace::Backtrace;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::clock;

/// How many stacks may be captured in a second; `u32::MAX` is all.
static RATE: AtomicU32 = AtomicU32::new(0);
/// The second that is counted in, and how many it has had.
static TAKEN: AtomicU64 = AtomicU64::new(0);

/// Captures so many stacks in a second, and no more.
pub(crate) fn sample(per_second: u32) {
    RATE.store(per_second, Ordering::Relaxed);
}

/// This thread's stack, if it is its turn. Costs a few microseconds, more with each frame.
pub(super) fn capture() -> Option<Trace> {
    let rate = RATE.load(Ordering::Relaxed);
    if rate == 0 || (rate < u32::MAX && !is_due(rate)) {
        return None;
    }
    Some(Trace(Arc::new(Backtrace::force_capture())))
}

fn is_due(rate: u32) -> bool {
    let second = (clock::now() / 1_000_000_000) << 32;
    let count = |taken: u64| match taken {
        taken if taken & !0xffff_ffff != second => Some(second + 1),
        taken if taken & 0xffff_ffff < u64::from(rate) => Some(taken + 1),
        _ => None,
    };
    TAKEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count).is_ok()
}

/// The calls that led to a call, as addresses until somebody looks.
#[derive(Clone)]
pub struct Trace(Arc<Backtrace>);

/// One call on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame {
    /// The path of the function.
    pub function: String,
    /// The file that it stands in, where that is known.
    pub file: Option<String>,
    /// The line there.
    pub line: Option<u32>,
    /// Whose it is.
    pub of: FrameOf,
}

/// Whose code a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameOf {
    /// The program's, or of a library that it uses.
    User,
    /// Of the crates of this workspace, or what they made of a cached function.
    Cached,
    /// Of the standard library, or of a runtime that polls futures.
    Runtime,
}

/// Crates whose frames say nothing of the program.
const RUNTIMES: [&str; 15] = [
    "std",
    "core",
    "alloc",
    "backtrace",
    "test",
    "tokio",
    "futures",
    "futures_util",
    "futures_executor",
    "hyper",
    "hyper_util",
    "tower",
    "tower_service",
    "axum",
    "axum_core",
];
const OURS: [&str; 6] =
    ["cached_core", "cached_file", "cached_panel", "cached_tracing", "cached_testkit", "cached_macros"];

impl Trace {
    /// The frames, from where the call was made back to where the thread began.
    ///
    /// Resolves the addresses: at the first look this reads the program's debug information, which may take a second.
    pub fn frames(&self) -> Vec<Frame> {
        let text = self.0.to_string();
        let mut frames: Vec<Frame> = Vec::new();
        for line in text.lines() {
            let line = line.trim_start();
            if let Some(place) = line.strip_prefix("at ") {
                if let Some(frame) = frames.last_mut() {
                    (frame.file, frame.line) = placed(place);
                }
            } else if let Some((number, function)) = line.split_once(": ")
                && number.parse::<u32>().is_ok()
            {
                let (function, of) = (function.to_owned(), whose(function));
                frames.push(Frame { function, file: None, line: None, of });
            }
        }
        frames
    }
}

/// `src/lib.rs:12:5` as file and line.
fn placed(place: &str) -> (Option<String>, Option<u32>) {
    let mut parts = place.rsplitn(3, ':');
    let (_column, line, file) = (parts.next(), parts.next(), parts.next());
    match (file, line.and_then(|line| line.parse().ok())) {
        (Some(file), Some(line)) => (Some(file.to_owned()), Some(line)),
        _ => (Some(place.to_owned()), None),
    }
}

fn whose(function: &str) -> FrameOf {
    // `<tokio::task::Task as core::future::Future>::poll` is tokio's.
    let path = function.trim_start_matches(['<', '&', '*', '(']).trim_start_matches("mut ").trim_start_matches("dyn ");
    let head = path.split("::").next().unwrap_or_default();
    // What has no path is the loader's or the C library's.
    if !path.contains("::") || RUNTIMES.contains(&head) {
        return FrameOf::Runtime;
    }
    if OURS.contains(&head) { FrameOf::Cached } else { FrameOf::User }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trace")
    }
}
