//! What is around every page.
//!
//! In: a title and a body. Out: the whole document: who and where the service is, the way to the other pages, and
//! the switch of the recorder.

use cached_core::{recorder, report};
use maud::{DOCTYPE, Markup, html};

use super::{address, mark};
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

/// A document that tells nothing of the service.
pub(super) fn bare(prefix: &str, title: &str, body: &Markup) -> Markup {
    document(prefix, title, &html! {}, &html! { main.notice id="main" { (body) } })
}

fn document(prefix: &str, title: &str, way: &Markup, rest: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) " · cached" }
                link rel="stylesheet" href={ (prefix) "/style.css" };
                link rel="icon" href={ (prefix) "/icon.svg" } type="image/svg+xml";
                script src={ (prefix) "/script.js" } defer {}
            }
            body data-base=(prefix) {
                a.skip href="#main" { "Skip to the content" }
                header.top {
                    a.name href={ (prefix) "/sites" } { (logo()) "cached" }
                    (way)
                }
                (rest)
            }
        }
    }
}

/// A key in its ring: what is kept, and what it is kept under.
fn logo() -> Markup {
    html! {
        svg.logo viewBox="0 0 20 20" aria-hidden="true" {
            rect.back x="2" y="2" width="11" height="11" rx="3" {}
            rect.front x="7" y="7" width="11" height="11" rx="3" {}
        }
    }
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
