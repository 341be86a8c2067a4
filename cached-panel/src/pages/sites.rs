//! Every cached site of the program, also those that nobody called.
//!
//! In: the report, and what the address asks for. Out: a table, sorted and filtered by the server, with the ways to
//! clear a site and to switch it off.

use axum::extract::RawQuery;
use cached_core::{SiteReport, report};
use maud::{Markup, html};

use super::frame::{self, Here};
use super::table::{Column, Table};
use super::{Query, act, address, live, mark};
use crate::chart;
use crate::gate::Visit;
use crate::text;

const COLUMNS: [Column<SiteReport>; 10] = [
    Column { key: "site", title: "Site", class: "", order: Some(|a, b| a.name.cmp(b.name)), cell: name },
    Column {
        key: "backend",
        title: "Backend",
        class: "wide",
        order: Some(|a, b| a.alias.cmp(&b.alias)),
        cell: |visit, site| html! { a href=(address(visit, "/backends", &[])) { (site.alias) } span.below { (site.kind) } },
    },
    Column {
        key: "calls",
        title: "Calls",
        class: "figure",
        order: Some(|a, b| a.stats.calls.cmp(&b.stats.calls)),
        cell: |_, site| html! { (text::count(site.stats.calls)) },
    },
    Column {
        key: "hits",
        title: "Hits",
        class: "figure",
        order: Some(|a, b| a.stats.hit_share().total_cmp(&b.stats.hit_share())),
        cell: |_, site| chart::share(served(site), site.stats.calls.saturating_sub(served(site))),
    },
    Column {
        key: "",
        title: "Last 5 minutes",
        class: "chart",
        order: None,
        cell: |visit, site| chart::history(&visit.shared.log.histories.of(&site.at, site.name), "small"),
    },
    Column {
        key: "body",
        title: "Body",
        class: "figure wide",
        order: Some(|a, b| a.stats.mean_body().cmp(&b.stats.mean_body())),
        cell: |_, site| html! { (text::time(site.stats.mean_body())) },
    },
    Column {
        key: "saved",
        title: "Saved",
        class: "figure wide",
        order: Some(|a, b| a.stats.saved().cmp(&b.stats.saved())),
        cell: |_, site| html! { (text::time(site.stats.saved())) },
    },
    Column {
        key: "entries",
        title: "Entries",
        class: "figure wider",
        order: Some(|a, b| a.stats.entries.cmp(&b.stats.entries)),
        cell: |_, site| html! { (text::count(site.stats.entries)) },
    },
    Column {
        key: "verdict",
        title: "Remark",
        class: "remark wider",
        order: Some(|a, b| a.verdict.cmp(b.verdict)),
        cell: |_, site| html! { (site.verdict) },
    },
    Column { key: "", title: "Actions", class: "actions wide", order: None, cell: actions },
];

pub(super) async fn page(visit: Visit, query: RawQuery) -> Markup {
    visit.shared.log.begin_sampling();
    let query = Query::read(query);
    let news = live::now(&visit.shared, false);
    let report = report();
    let all = report.sites();
    let shown: Vec<_> = all.iter().filter(|site| is_wanted(site, &query)).cloned().collect();
    let never = all.iter().filter(|site| site.stats.calls == 0).count() as u64;
    let below = html! { (text::plural(all.len() as u64, "site")) " linked into this program, " (text::count(never)) " never called" };
    let totals = report.totals();
    let saved = all.iter().map(|site| site.stats.saved()).sum();
    let figures = [
        ("Calls", text::count(totals.calls)),
        (
            "Hits",
            text::share(totals.hits + totals.stale + totals.joined, totals.misses + totals.errors + totals.bypassed),
        ),
        ("Joined", text::count(totals.joined)),
        ("Misses", text::count(totals.misses)),
        ("In bodies", text::time(totals.body_time)),
        ("Saved, about", text::time(saved)),
    ];
    let table = Table {
        visit: &visit,
        query: &query,
        path: "/sites",
        caption: "Cached sites, with their figures since the start",
        columns: &COLUMNS,
    };
    let empty = if all.is_empty() { "No function of this program is #[cached]." } else { "No site is like that." };
    let body = html! {
        (frame::heading("Sites", &below))
        (filter(&visit, &query, all))
        form id="act" method="post" action=(address(&visit, "/act/site", &[])) {
            (mark(&visit))
            input type="hidden" name="back" value=(query.with(&[("done", "")]));
        }
        div.region data-region="sites" data-news=(news) {
            (act::done(&query))
            (frame::figures(&figures))
            (table.show(shown, empty))
        }
    };
    frame::page(&visit, Here::Sites, "Sites", &body)
}

/// Calls that were served without a run of the body of their own.
fn served(site: &SiteReport) -> u64 {
    site.stats.hits + site.stats.stale + site.stats.joined
}

fn is_wanted(site: &SiteReport, query: &Query) -> bool {
    let text = query.get("q").trim().to_lowercase();
    let has = |part: &str| part.to_lowercase().contains(&text);
    let verdict = match query.get("verdict") {
        "" => true,
        "any" => !site.verdict.is_empty(),
        verdict => site.verdict == verdict,
    };
    let alias = query.get("alias");
    verdict && (alias.is_empty() || *site.alias == *alias) && (text.is_empty() || has(site.name) || has(&site.at))
}

fn filter(visit: &Visit, query: &Query, sites: &[SiteReport]) -> Markup {
    let sorted = |texts: Vec<&str>| {
        let mut texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).map(str::to_owned).collect();
        texts.sort_unstable();
        texts.dedup();
        texts
    };
    let aliases = sorted(sites.iter().map(|site| &*site.alias).collect());
    let verdicts = sorted(sites.iter().map(|site| site.verdict).collect());
    let option =
        |value: &str, name: &str, chosen: &str| html! { option value=(value) selected[value == chosen] { (name) } };
    html! {
        form.filter method="get" action=(address(visit, "/sites", &[])) data-filter {
            label { span { "Name or file" } input type="search" name="q" value=(query.get("q")) autocomplete="off" spellcheck="false"; }
            label { span { "Backend" } select name="alias" {
                (option("", "all", query.get("alias")))
                @for alias in &aliases { (option(alias, alias, query.get("alias"))) }
            } }
            label { span { "Remark" } select name="verdict" {
                (option("", "with or without", query.get("verdict")))
                (option("any", "any", query.get("verdict")))
                @for verdict in &verdicts { (option(verdict, verdict, query.get("verdict"))) }
            } }
            input type="hidden" name="sort" value=(query.get("sort"));
            input type="hidden" name="dir" value=(query.get("dir"));
            button { "Filter" }
            a href=(address(visit, "/sites", &[])) { "Reset" }
        }
    }
}

/// A name whose last part stands out: it is what tells sites apart.
pub(super) fn path(name: &str) -> Markup {
    match name.rsplit_once("::") {
        Some((path, last)) => html! { span.path { (path) "::" } wbr; (last) },
        None => html! { (name) },
    }
}

fn name(visit: &Visit, site: &SiteReport) -> Markup {
    let query = [("name", site.name), ("at", &site.at)];
    html! {
        a.site href=(address(visit, "/site", &query)) data-keep={ "site " (site.name) } {
            (path(site.name))
        }
        span.below { (site.at) }
    }
}

fn actions(_: &Visit, site: &SiteReport) -> Markup {
    let (verb, title) = if site.is_enabled { ("disable", "Disable") } else { ("enable", "Enable") };
    html! {
        button form="act" name="clear" value=(site.name) data-keep={ "clear " (site.name) } aria-label={ "Clear " (site.name) } { "Clear" }
        button form="act" name=(verb) value=(site.name) data-keep={ "switch " (site.name) } aria-label={ (title) " " (site.name) } { (title) }
    }
}
