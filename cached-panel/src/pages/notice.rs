//! Pages that say why there is nothing else.
//!
//! In: what was asked for. Out: a status, what there is, and what to do.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, StatusCode};
use maud::{Markup, html};

use super::frame::{self, Here};
use super::{address, with};
use crate::gate::Visit;

/// A request that is not kept is no error: it may have been, a moment ago.
pub(super) fn gone(visit: &Visit, id: u64) -> Response {
    let body = html! {
        (frame::heading("This request is not kept", &html! { "Request " (id) }))
        p { "The newest requests are kept, and this is not one of them: it made room for others, has not ended yet, or belongs to an earlier run of the service." }
        p { a href=(address(visit, "/requests", &[])) { "The requests that are kept" } }
    };
    // For whoever asks by script, without reading the page.
    let kept = [(HeaderName::from_static("x-cached-kept"), "false")];
    (kept, frame::page(visit, Here::Requests, "Not kept", &body)).into_response()
}

pub(super) fn no_number(visit: &Visit) -> Response {
    let why = "A request has a number, as its response said in x-cached-panel, and its calls are counted from 0.";
    with(StatusCode::BAD_REQUEST, say(visit, "No such request", why))
}

pub(super) fn no_site(visit: &Visit) -> Response {
    let why = "No cached site of this program has this name. Sites of crates that are not linked are not here.";
    with(StatusCode::NOT_FOUND, say(visit, "No such site", why))
}

pub(super) fn not_found(visit: &Visit) -> Response {
    with(StatusCode::NOT_FOUND, say(visit, "No such page", "The panel has the pages named above."))
}

/// What went wrong with a change, in the words of the core.
pub(super) fn failed(visit: &Visit, status: StatusCode, title: &str, why: &str) -> Response {
    with(status, say(visit, title, why))
}

fn say(visit: &Visit, title: &str, why: &str) -> Markup {
    let body = html! {
        h1 { (title) }
        @for line in why.lines() { p { (line) } }
        p { a href=(address(visit, "/sites", &[])) { "All sites" } }
    };
    frame::page(visit, Here::Elsewhere, title, &body)
}
