//! News, for pages that are open.
//!
//! In: a page that listens, and the number of what it shows. Out: a server-sent event when there is something new, at
//! most once a second. Nothing runs while nobody listens, and no more may than there are seats.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::RawQuery;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use cached_core::sites;
use futures::{Stream, stream};
use http::StatusCode;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::sleep;

use super::Query;
use crate::gate::Visit;
use crate::state::Shared;

/// How long nothing is said after something was.
const PAUSE: Duration = Duration::from_secs(1);

struct Listener {
    shared: Arc<Shared>,
    of_requests: bool,
    said: u64,
    _seat: OwnedSemaphorePermit,
}

pub(super) async fn stream(visit: Visit, query: RawQuery) -> Response {
    let Ok(seat) = Arc::clone(&visit.shared.seats).try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "as many pages listen as may").into_response();
    };
    let query = Query::read(query);
    let of_requests = query.get("of") == "requests";
    // What came between the page and its listening is news too.
    let said = query.get("since").parse().unwrap_or_else(|_| now(&visit.shared, of_requests));
    let listener = Listener { shared: visit.shared, of_requests, said, _seat: seat };
    Sse::new(news(listener)).keep_alive(KeepAlive::default()).into_response()
}

fn news(listener: Listener) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(listener, |mut listener| async {
        let mut closed = listener.shared.closed.subscribe();
        tokio::select! {
            _ = closed.wait_for(|closed| *closed) => None,
            said = listener.next() => {
                listener.said = said;
                Some((Ok(Event::default().event("news").data(said.to_string())), listener))
            }
        }
    })
}

impl Listener {
    /// Waits for something new: another number than was said.
    async fn next(&self) -> u64 {
        sleep(PAUSE).await;
        if self.of_requests {
            let mut changed = self.shared.log.watch();
            let number = changed.wait_for(|number| *number != self.said).await.map(|number| *number);
            // It fails when the log is gone, and this holds it.
            return number.unwrap_or_default();
        }
        loop {
            let now = calls();
            if now != self.said {
                return now;
            }
            sleep(PAUSE).await;
        }
    }
}

/// The number of what a page shows that is written now, for the attribute of its region: to be asked before the rest.
pub(super) fn now(shared: &Shared, of_requests: bool) -> u64 {
    if of_requests { shared.log.version() } else { calls() }
}

/// How many calls all sites had: it moves with everything that a table of sites shows.
fn calls() -> u64 {
    sites().iter().map(|site| site.stats().calls).fold(0, u64::wrapping_add)
}
