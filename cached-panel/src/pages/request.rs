//! One request: the cache panel of Django's toolbar, line by line.
//!
//! In: the number of a request. Out: title and sums, the calls by method, and each call with its time and its place
//! in the request. A request that is not kept is explained; what is no number is refused.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use cached_core::backends;
use cached_core::recorder::Recording;
use maud::{Markup, html};

use super::calls::{Row, rows};
use super::frame::{self, Here};
use super::{notice, requests};
use crate::gate::Visit;
use crate::log::Finished;
use crate::text;

pub(super) async fn page(visit: Visit, Path(id): Path<String>) -> Response {
    let Some(id) = number(&id) else { return notice::no_number(&visit) };
    let Some(request) = visit.shared.log.find(id) else { return notice::gone(&visit, id) };
    let recording = &request.recording;
    let title = recording.title(backends().len());
    let body = html! {
        p.crumb { (requests::title(&request)) }
        (frame::heading(&title, &html! { (recording.subtitle()) }))
        (frame::figures(&summary(&request)))
        section aria-labelledby="methods" {
            h2 id="methods" { "By method" }
            (methods(recording))
        }
        @if !recording.calls.is_empty() {
            section aria-labelledby="calls" {
                h2 id="calls" { "Calls" }
                @let found: Vec<_> = (0..recording.calls.len()).map(|place| Row::of_request(&request, place)).collect();
                (rows(&visit, "The calls of the request, in the order in which they began", &found))
            }
        }
        @if recording.dropped > 0 {
            p.hint { "And " (text::count(recording.dropped)) " more, for which there was no room." }
        }
    };
    frame::page(&visit, Here::Elsewhere, &title, &body).into_response()
}

/// The number of a request, written as we write it.
pub(super) fn number(id: &str) -> Option<u64> {
    let is_plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    id.parse().ok().filter(|number| is_plain && *number > 0)
}

fn summary(request: &Finished) -> [(&'static str, String); 6] {
    let totals = request.recording.totals();
    let status = request.status.map_or("given up".to_owned(), |status| status.to_string());
    [
        ("Total calls", text::count(totals.calls)),
        ("Total time", format!("{} ms", text::millis(totals.time))),
        ("Hits", text::count(totals.hits)),
        ("Misses", text::count(totals.misses)),
        ("Request", text::time(request.took())),
        ("Status", status),
    ]
}

/// How many calls of each method there were, zeros too.
fn methods(recording: &Recording) -> Markup {
    let counts = recording.totals().counts;
    html! {
        dl.methods {
            @for (method, count) in &counts {
                div.zero[*count == 0] { dt { (method) } dd { (count) } }
            }
        }
    }
}
