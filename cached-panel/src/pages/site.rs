//! One cached site: its policy, its figures, its last calls, and how it is retuned.
//!
//! In: its name and its place. Out: all that is known of it, and a form for each value that may be changed while the
//! program runs.

use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use cached_core::recorder::Call;
use cached_core::{SiteReport, Stats, backends, report};
use maud::{Markup, html};

use super::calls::{Row, rows};
use super::frame::{self, Here};
use super::{Query, act, address, live, mark, notice};
use crate::chart;
use crate::gate::Visit;
use crate::text;

/// How many of its last calls are shown.
const LAST: usize = 50;

pub(super) async fn page(visit: Visit, query: RawQuery) -> Response {
    let query = Query::read(query);
    let (name, at) = (query.get("name"), query.get("at"));
    let news = live::now(&visit.shared, false);
    let report = report();
    let found = report.sites().iter().find(|site| site.name == name && (at.is_empty() || *site.at == *at));
    let Some(site) = found else { return notice::no_site(&visit) };
    let below =
        html! { (site.at) " · on " a href=(address(&visit, "/backends", &[])) { (site.alias) } " (" (site.kind) ")" };
    let history = visit.shared.log.histories.of(&site.at, site.name);
    let body = html! {
        (frame::heading(site.name, &below))
        (act::done(&query))
        div.region data-region="site" data-news=(news) {
            @if !site.verdict.is_empty() { p.verdict { (site.verdict) } }
            (frame::figures(&summary(&site.stats)))
            section aria-labelledby="recent" {
                h2 id="recent" { "Last 5 minutes" }
                (chart::history(&history, "large"))
                p.legend { span.key.hit { "served" } span.key.miss { "computed" } }
            }
        }
        div.columns {
            section aria-labelledby="tune" {
                h2 id="tune" { "Retune" }
                (tune(&visit, site))
            }
            section aria-labelledby="policy" {
                h2 id="policy" { "Policy" }
                @if site.policy.is_empty() { p.empty { "All values are the defaults." } }
                @else { ul.policy { @for value in &site.policy { li { (value) } } } }
            }
            section aria-labelledby="figures" {
                h2 id="figures" { "All figures" }
                (figures(&site.stats))
            }
        }
        section aria-labelledby="last" {
            h2 id="last" { "Last calls" }
            (last(&visit, site))
        }
    };
    frame::page(&visit, Here::Elsewhere, site.name, &body).into_response()
}

fn summary(stats: &Stats) -> [(&'static str, String); 6] {
    let served = stats.hits + stats.stale + stats.joined;
    [
        ("Calls", text::count(stats.calls)),
        ("Hits", text::share(served, stats.calls.saturating_sub(served))),
        ("Misses", text::count(stats.misses)),
        ("Body", text::time(stats.mean_body())),
        ("Lookup", text::time(stats.mean_lookup())),
        ("Saved, about", text::time(stats.saved())),
    ]
}

/// Every figure that a site counts, in groups that add up.
fn figures(stats: &Stats) -> Markup {
    let rows = [
        ("Calls", stats.calls, 0),
        ("Hits", stats.hits, 1),
        ("Stale hits", stats.stale, 1),
        ("Joined another's computation", stats.joined, 1),
        ("Misses", stats.misses, 1),
        ("cold", stats.cold, 2),
        ("expired", stats.expired, 2),
        ("invalidated", stats.invalidated, 2),
        ("undecodable", stats.undecodable, 2),
        ("Bypassed", stats.bypassed, 1),
        ("Errors", stats.errors, 1),
        ("panicked", stats.panicked, 2),
        ("cancelled", stats.cancelled, 2),
        ("Entries", stats.entries, 0),
        ("Evicted", stats.evictions, 0),
        ("Not stored", stats.not_stored, 0),
        ("Waits that ended", stats.waits_ended, 0),
        ("Faults of the backend", stats.backend_errors, 0),
        ("Verified hits", stats.verified, 0),
        ("of them different", stats.differences, 1),
    ];
    html! {
        table.plain {
            caption.hidden { "All figures of the site since the start" }
            tbody {
                @for (name, figure, depth) in rows {
                    tr { th scope="row" class={ "depth-" (depth) } { (name) } td.figure.zero[figure == 0] { (text::count(figure)) } }
                }
                tr { th scope="row" { "Weight" } td.figure { (text::size(stats.bytes)) } }
                tr { th scope="row" { "In bodies" } td.figure { (text::time(stats.body_time)) } }
            }
        }
    }
}

fn tune(visit: &Visit, site: &SiteReport) -> Markup {
    let action = address(visit, "/act/site", &[]);
    let (verb, title) = if site.is_enabled { ("disable", "Disable") } else { ("enable", "Enable") };
    let head = |option: Option<&str>| {
        html! {
            (mark(visit))
            input type="hidden" name="at" value=(site.at);
            @if let Some(option) = option { input type="hidden" name="option" value=(option); }
        }
    };
    let buttons = html! {
        button name="set" value=(site.name) { "Set" }
        button.quiet name="unset" value=(site.name) formnovalidate { "Take back" }
    };
    html! {
        form.tune method="post" action=(action) {
            (head(None))
            button name="clear" value=(site.name) { "Clear" }
            button name=(verb) value=(site.name) { (title) }
        }
        @for (option, like) in act::OPTIONS {
            form.tune method="post" action=(action) {
                (head(Some(option)))
                label { span { (option) }
                    @if option == "backend" { select name="value" {
                        @for backend in backends() { option value=(backend.alias) selected[*backend.alias == *site.alias] { (backend.alias) } }
                    } } @else { input name="value" required autocomplete="off" placeholder=(like); }
                }
                (buttons)
            }
        }
        p.hint { "Over what configuration and attribute say, at once; until it is taken back, or another configuration is installed." }
    }
}

/// The last recorded calls of the site, each with its request.
fn last(visit: &Visit, site: &SiteReport) -> Markup {
    let mut found = Vec::new();
    for request in visit.shared.log.newest() {
        let calls = request.recording.calls.iter().enumerate().rev();
        let is_its =
            |call: &Call| call.site.is_some_and(|origin| origin.name() == site.name && origin.location() == *site.at);
        found.extend(calls.filter(|(_, call)| is_its(call)).map(|(place, _)| (request.clone(), place)));
        if found.len() >= LAST {
            break;
        }
    }
    found.truncate(LAST);
    if found.is_empty() {
        return html! { p.empty { "None in the requests that are kept." } };
    }
    rows(
        visit,
        "The last recorded calls of the site, the newest first",
        &found.iter().map(|(request, place)| Row::of_site(request, *place)).collect::<Vec<_>>(),
    )
}
