//! The configured backends.
//!
//! In: what each is configured to be, and what was asked of it. Out: one section for each alias. A value that may be
//! a secret is never in what the core gives, so it cannot be here.

use cached_core::{BackendReport, Setting, backends};
use maud::{Markup, html};

use super::frame::{self, Here};
use super::{address, live};
use crate::chart;
use crate::gate::Visit;
use crate::text;

pub(super) async fn page(visit: Visit) -> Markup {
    let news = live::now(&visit.shared, false);
    let all = backends();
    let below = html! { (text::plural(all.len() as u64, "alias").replace("aliass", "aliases")) " configured" };
    let body = html! {
        (frame::heading("Backends", &below))
        div.region.cards data-region="backends" data-news=(news) { @for backend in &all { (card(&visit, backend)) } }
    };
    frame::page(&visit, Here::Backends, "Backends", &body)
}

fn card(visit: &Visit, backend: &BackendReport) -> Markup {
    let sites = address(visit, "/sites", &[("alias", &backend.alias)]);
    html! {
        section.card {
            h2 { (backend.alias) " " span.kind { (backend.kind) } }
            dl.figures {
                div { dt { "Sites" } dd { a href=(sites) { (text::count(backend.sites as u64)) } } }
                @if let Some(entries) = backend.entries { div { dt { "Entries" } dd { (text::count(entries)) } } }
                @if let Some(bytes) = backend.bytes.filter(|bytes| *bytes > 0) { div { dt { "Weight" } dd { (text::size(bytes)) } } }
            }
            @if backend.is_broken {
                p.verdict { "Left alone for now: it failed too often in a row. One operation each half second sees whether it is back." }
            }
            table.plain {
                caption { "Operations" }
                tbody {
                    @for (name, count) in &backend.operations { (operation(name, *count)) }
                    (operation("times left alone", backend.broke))
                }
            }
            (chart::latency(&backend.latency))
            @if !backend.options.is_empty() { (options(&backend.options)) }
        }
    }
}

fn operation(name: &str, count: u64) -> Markup {
    html! { tr { th scope="row" { (name) } td.figure.zero[count == 0] { (text::count(count)) } } }
}

fn options(options: &[Setting]) -> Markup {
    html! {
        table.plain {
            caption { "Options" }
            tbody { @for option in options {
                tr {
                    th scope="row" { (option.name) }
                    td { (value(option)) span.below { (option.source) } }
                }
            } }
        }
    }
}

/// A value as it is written, or that it is not shown.
pub(super) fn value(setting: &Setting) -> Markup {
    match &setting.value {
        Some(value) => html! { code { (value) } },
        None => html! { span.none { "not shown: it may be a secret" } },
    }
}
