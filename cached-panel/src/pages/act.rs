//! What changes something.
//!
//! In: the fields of a form that the gate let through. Out: the change, and the way back to the page; or what is wrong,
//! and nothing changed. One line on stderr says what was done: whoever runs the service should know.

use axum::response::{IntoResponse, Redirect, Response};
use cached_core::{Error, ErrorKind, recorder, retune, site as find};
use http::StatusCode;
use maud::{Markup, html};

use super::{Query, address, notice};
use crate::gate::Visit;
use crate::state::say;

/// What a page may set, with what that looks like: never what is shown, nor what runs a body more often.
pub(super) const OPTIONS: [(&str, &str); 3] =
    [("ttl", "30s, 5m, forever"), ("max_entries", "10000, unbounded"), ("backend", "")];

/// What can be done, with what is said when it has been.
const DONE: [(&str, &str); 6] = [
    ("clear", "Cleared: the next calls compute."),
    ("disable", "Disabled: every call runs its body."),
    ("enable", "Enabled."),
    ("set", "Set, at once."),
    ("unset", "Taken back: what configuration and attribute say holds again."),
    ("forget", "Forgotten."),
];

/// Clears, switches or retunes the site that the button names.
pub(super) async fn site(visit: Visit) -> Response {
    let field = |name: &str| visit.fields.get(name).map(String::as_str);
    let Some((verb, name)) = DONE.iter().find_map(|(verb, _)| Some((*verb, field(verb)?))) else {
        let why = "A form of this page has a button for what it does: clear, disable, enable, set or unset.";
        return notice::failed(&visit, StatusCode::BAD_REQUEST, "Nothing to do", why);
    };
    let (option, value) = (field("option").unwrap_or_default(), field("value").unwrap_or_default().trim());
    // A backend may block while it forgets.
    let job = {
        let [name, option, value] = [name, option, value].map(str::to_owned);
        move || change(verb, &name, &option, &value)
    };
    match tokio::task::spawn_blocking(job).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            return notice::failed(&visit, StatusCode::UNPROCESSABLE_ENTITY, "Nothing has changed", &error.to_string());
        }
        Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
    let what = if option.is_empty() { String::new() } else { format!(" {option}") };
    say(&format!("{verb}{} of {} by the panel", what.escape_debug(), name.escape_debug()));
    match field("at") {
        Some(at) => Redirect::to(&address(&visit, "/site", &[("name", name), ("at", at), ("done", verb)])),
        None => {
            let back = Query::read(axum::extract::RawQuery(field("back").map(str::to_owned)));
            Redirect::to(&format!("{}?{}", address(&visit, "/sites", &[]), back.with(&[("done", verb)])))
        }
    }
    .into_response()
}

fn change(verb: &str, name: &str, option: &str, value: &str) -> Result<(), Error> {
    match verb {
        "clear" => find(name)?.clear(),
        "disable" => find(name).map(|site| site.disable()),
        "enable" => find(name).map(|site| site.enable()),
        _ if OPTIONS.iter().all(|(offered, _)| *offered != option) => {
            let message = format!("`{}` is not set from a page", option.escape_debug());
            let offered = OPTIONS.map(|(offered, _)| offered).join(", ");
            let offered = format!("a page sets {offered}; configuration and attribute say the rest");
            Err(Error::new(ErrorKind::Config, message).note(offered))
        }
        "set" => retune(name, option, Some(value)),
        _ => retune(name, option, None),
    }
}

/// Switches recording on or off.
pub(super) async fn record(visit: Visit) -> Response {
    let on = visit.fields.get("on").is_some_and(|on| on == "true");
    if on {
        // Which scopes are recorded is for the application to say: what it chose stays chosen.
        recorder().resume();
    } else {
        recorder().disable();
    }
    say(&format!("recording switched {} by the panel", if on { "on" } else { "off" }));
    Redirect::to(&address(&visit, "/requests", &[])).into_response()
}

/// Forgets the requests that are kept.
pub(super) async fn forget(visit: Visit) -> Response {
    visit.shared.log.clear();
    Redirect::to(&address(&visit, "/requests", &[("done", "forget")])).into_response()
}

/// What has just been done, if the address says so.
pub(super) fn done(query: &Query) -> Markup {
    let done = DONE.iter().find(|(verb, _)| *verb == query.get("done"));
    html! { @if let Some((_, text)) = done { p.done role="status" { (text) } } }
}
