//! How often a page was asked for.
//!
//! In: its path. Out: a number that outlives the process, counted by the low-level cache on disk. A disk that does not
//! answer costs the number, not the page.

use cached_core::{Error, Ttl, caches};

/// Counts one more visit, and gives how many there were; nothing where they cannot be counted.
pub(crate) async fn count(page: &str) -> Option<i64> {
    let key = format!("visits of {page}");
    let counted = async {
        let disk = caches().get("disk")?.as_async();
        disk.add(&key, &0, Ttl::Forever).await?;
        disk.incr(&key, 1).await
    };
    counted.await.inspect_err(|error: &Error| eprintln!("web: {key}: {error}")).ok()
}
