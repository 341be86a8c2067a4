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
                    frame.of = whose(&frame.function, frame.file.as_deref());
                }
            } else if let Some((number, function)) = line.split_once(": ")
                && number.parse::<u32>().is_ok()
            {
                let (function, of) = (function.to_owned(), whose(function, None));
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

/// Whose code a frame is: by its file, since where lines are all that is known a function may have no path; where there
/// is no file, by its path.
fn whose(function: &str, file: Option<&str>) -> FrameOf {
    let of_crate = |name: &str| match name {
        name if OURS.contains(&name) => Some(FrameOf::Cached),
        name if RUNTIMES.contains(&name) => Some(FrameOf::Runtime),
        _ => None,
    };
    let Some(file) = file else {
        // `<tokio::task::Task as core::future::Future>::poll` is tokio's; what has no path is the loader's.
        let path = function.trim_start_matches(['<', '&', '*', '(']);
        return match path.split_once("::") {
            Some((head, _)) => of_crate(head).unwrap_or(FrameOf::User),
            None => FrameOf::Runtime,
        };
    };
    if file.starts_with("/rustc/") || file.contains("/nptl/") || file.contains("/sysdeps/") {
        return FrameOf::Runtime;
    }
    let mut folders = file.split(['/', '\\']);
    // `tokio-1.2.3` where packages of a registry lie; ours also in a workspace.
    if folders.any(|folder| folder == "registry") {
        let versioned = |folder: &str| of_crate(&folder.rsplit_once('-')?.0.replace('-', "_"));
        return folders.find_map(versioned).unwrap_or(FrameOf::User);
    }
    let is_ours = |folder: &str| OURS.contains(&folder.replace('-', "_").as_str());
    if file.split(['/', '\\']).any(is_ours) { FrameOf::Cached } else { FrameOf::User }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trace")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_belongs_to_whom_its_file_says() {
        let of = |file| whose("poll", Some(file));
        assert_eq!(of("/rustc/59807616e1/library/core/src/ops/function.rs"), FrameOf::Runtime);
        assert_eq!(of("/home/me/.cargo/registry/src/index/tokio-1.54.1/src/task.rs"), FrameOf::Runtime);
        assert_eq!(of("/home/me/.cargo/registry/src/index/cached-core-0.1.0/src/rt.rs"), FrameOf::Cached);
        assert_eq!(of("./cached-core/src/rt.rs"), FrameOf::Cached);
        assert_eq!(of("/home/me/.cargo/registry/src/index/sqlx-0.9.0/src/pool.rs"), FrameOf::User);
        assert_eq!(of("/home/me/core-2/src/lib.rs"), FrameOf::User, "a folder of the user's, whatever it is called");
        assert_eq!(of("C:\\me\\.cargo\\registry\\src\\index\\axum-0.8.9\\src\\lib.rs"), FrameOf::Runtime);
        assert_eq!(whose("<tokio::task::Task as core::future::Future>::poll", None), FrameOf::Runtime);
        assert_eq!(whose("shop::price", None), FrameOf::User);
        assert_eq!(whose("__libc_start_main", None), FrameOf::Runtime);
    }

    #[test]
    fn a_place_is_read_from_its_end() {
        assert_eq!(placed("src/lib.rs:12:5"), (Some("src/lib.rs".into()), Some(12)));
        assert_eq!(placed("C:\\src\\lib.rs:12:5"), (Some("C:\\src\\lib.rs".into()), Some(12)));
        assert_eq!(placed("somewhere"), (Some("somewhere".into()), None));
    }
}
