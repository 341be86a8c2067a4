//! Work that blocks.
//!
//! In: a closure that reads files, or computes for long. Out: a task on a thread for that. What it asks of the caches
//! belongs to the request that started it.

use cached_core::recorder::Scope;
use tokio::task::{JoinHandle, spawn_blocking};

/// Runs `work` away from the threads that answer requests, in the recorder's scope of whoever asks.
pub(crate) fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let scope = Scope::here();
    spawn_blocking(move || scope.run(work))
}
