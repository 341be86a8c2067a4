//! Pages that say why there is nothing else.
//!
//! In: what was asked for. Out: a status, what there is, and what to do.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, StatusCode, header};
use maud::{Markup, html};

use super::frame::{self, Here};
use super::{address, with};
use crate::gate::{Refusal, Visit};
use crate::panel::Shared;

/// What somebody is told who is not let in: nothing of the service.
pub(crate) fn refused(shared: &Shared, refusal: &Refusal, is_login: bool) -> Response {
    let (status, title, why) = match refusal {
        Refusal::Host => (
            StatusCode::FORBIDDEN,
            "Not under this name",
            "The panel answers under localhost, 127.0.0.1 and [::1]; the application allows others by Panel::allow_host.",
        ),
        Refusal::Origin => (
            StatusCode::FORBIDDEN,
            "Not from another page",
            "Only the panel's own pages may ask this. Over plain HTTP a browser can change things on this machine only; \
             elsewhere use HTTPS, or the token in the header Authorization.",
        ),
        Refusal::Token => (
            StatusCode::UNAUTHORIZED,
            "A token is needed",
            "Log in, or send the token in the header Authorization, as a Bearer.",
        ),
        Refusal::Mark => (
            StatusCode::FORBIDDEN,
            "This form is out of date",
            "It belongs to another session, or to an earlier run of the service. Load the page again.",
        ),
        Refusal::Form => (StatusCode::PAYLOAD_TOO_LARGE, "Too much", "A form of the panel has at most 16 KiB."),
    };
    let prefix = &shared.options.prefix;
    let body = html! {
        h1 { (title) }
        p { (why) }
        @if matches!(refusal, Refusal::Token) && !is_login { p { a href={ (prefix) "/login" } { "Log in" } } }
    };
    let page = with(status, frame::bare(prefix, title, &body));
    match refusal {
        Refusal::Token => ([(header::WWW_AUTHENTICATE, "Bearer realm=\"cached\"")], page).into_response(),
        _ => page,
    }
}

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
