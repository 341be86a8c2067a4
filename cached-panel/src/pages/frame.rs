//! What is around every page.
//!
//! In: a title and a body. Out: the whole document: who and where the service is, the way to the other pages, and
//! the switch of the recorder.

use cached_core::{recorder, report};
use maud::{Markup, html};

use super::{address, mark};
use crate::document::document;
use crate::gate::Visit;
use crate::text;

/// The pages that the navigation names.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Here {
    Sites,
    Requests,
    Backends,
    Configuration,
    Elsewhere,
}

const PAGES: [(Here, &str, &str); 4] = [
    (Here::Sites, "Sites", "/sites"),
    (Here::Requests, "Requests", "/requests"),
    (Here::Backends, "Backends", "/backends"),
    (Here::Configuration, "Configuration", "/configuration"),
];

/// A document, for somebody who may look.
pub(super) fn page(visit: &Visit, here: Here, title: &str, body: &Markup) -> Markup {
    let on = recorder().is_enabled();
    let way = html! {
        nav aria-label="Pages" {
            @for (page, name, path) in PAGES {
                a href=(address(visit, path, &[])) aria-current=[(page == here).then_some("page")] { (name) }
            }
        }
        form.switch method="post" action=(address(visit, "/act/record", &[])) {
            (mark(visit))
            span.state data-state=(if on { "on" } else { "off" }) { "Recording " (if on { "on" } else { "off" }) }
            button name="on" value=(if on { "false" } else { "true" }) { (if on { "Stop" } else { "Record" }) }
        }
    };
    document(&visit.shared.options.prefix, title, &way, &html! { (facts(visit)) main id="main" { (body) } })
}

/// Which process this is.
fn facts(visit: &Visit) -> Markup {
    let (options, report) = (&visit.shared.options, report());
    let (pid, up) = (std::process::id().to_string(), text::span(visit.shared.secrets.age()));
    let host = host();
    let facts = [
        ("service", options.service.as_str()),
        ("namespace", report.namespace()),
        ("version", &options.version),
        ("host", &host),
        ("pid", &pid),
        ("up", &up),
    ];
    html! {
        dl.facts {
            @for (name, value) in facts.into_iter().filter(|(_, value)| !value.is_empty()) {
                div { dt { (name) } dd { (value) } }
            }
        }
    }
}

/// The name of the machine, if the system tells it.
fn host() -> String {
    #[cfg(unix)]
    return rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

/// The head of a page: its title, and a line below it.
pub(super) fn heading(title: &str, below: &Markup) -> Markup {
    html! { div.heading { h1 { (title) } p { (below) } } }
}

/// Figures in a row, each with its name.
pub(super) fn figures(figures: &[(&str, String)]) -> Markup {
    html! {
        dl.figures {
            @for (name, value) in figures { div { dt { (name) } dd { (value) } } }
        }
    }
}
