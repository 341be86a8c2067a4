//! What a response says of its calls: the header `Server-Timing`.
//!
//! In: the totals of a request. Out: three entries, appended to what the application says itself.

use cached_core::recorder::Totals;
use http::{HeaderMap, HeaderName, HeaderValue};

const NAME: HeaderName = HeaderName::from_static("server-timing");

/// Adds `CachePanel_total_time`, with the milliseconds, then hits and misses, which have no duration.
pub(crate) fn append(headers: &mut HeaderMap, totals: &Totals) {
    let Totals { calls, time, hits, misses, .. } = totals;
    let entries = format!(
        "CachePanel_total_time;dur={:.3};desc=\"Cache {calls} Calls\", CachePanel_hits;desc=\"{hits}\", \
         CachePanel_misses;desc=\"{misses}\"",
        time.as_secs_f64() * 1_000.0,
    );
    if let Ok(entries) = HeaderValue::from_str(&entries) {
        headers.append(NAME, entries);
    }
}
