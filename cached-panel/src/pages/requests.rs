//! The last recorded requests.
//!
//! In: the log. Out: a table, the newest first unless the address asks for another order.

use std::sync::Arc;

use axum::extract::RawQuery;
use cached_core::recorder;
use cached_core::recorder::Totals;
use maud::{Markup, html};

use super::frame::{self, Here};
use super::table::{Column, Table};
use super::{Query, act, address, live, mark};
use crate::chart;
use crate::gate::Visit;
use crate::log::Finished;
use crate::text;

/// A request, with the sums of its calls.
pub(super) struct Row {
    request: Arc<Finished>,
    totals: Totals,
}

const COLUMNS: [Column<Row>; 7] = [
    Column {
        key: "request",
        title: "Request",
        class: "",
        order: Some(|a, b| a.request.head.path.cmp(&b.request.head.path)),
        cell: |visit, row| {
            let page = address(visit, &format!("/requests/{}", row.request.id), &[]);
            html! { a.request href=(page) data-keep={ "request " (row.request.id) } { (title(&row.request)) } }
        },
    },
    Column {
        key: "when",
        title: "When",
        class: "wide figure",
        order: Some(|a, b| a.request.recording.began.cmp(&b.request.recording.began)),
        cell: |_, row| when(&row.request),
    },
    Column {
        key: "status",
        title: "Status",
        class: "figure",
        order: Some(|a, b| a.request.status.cmp(&b.request.status)),
        cell: |_, row| status(&row.request),
    },
    Column {
        key: "calls",
        title: "Calls",
        class: "figure",
        order: Some(|a, b| a.totals.calls.cmp(&b.totals.calls)),
        cell: |_, row| html! { (text::count(row.totals.calls)) },
    },
    Column {
        key: "hits",
        title: "Hits",
        class: "figure",
        order: Some(|a, b| share(&a.totals).total_cmp(&share(&b.totals))),
        cell: |_, row| chart::share(row.totals.hits, row.totals.misses),
    },
    Column {
        key: "cache",
        title: "In cache",
        class: "figure",
        order: Some(|a, b| a.totals.time.cmp(&b.totals.time)),
        cell: |_, row| html! { (text::time(row.totals.time)) },
    },
    Column {
        key: "took",
        title: "Total",
        class: "figure wide",
        order: Some(|a, b| a.request.took().cmp(&b.request.took())),
        cell: |_, row| html! { (text::time(row.request.took())) },
    },
];

pub(super) async fn page(visit: Visit, query: RawQuery) -> Markup {
    let query = Query::read(query);
    let log = &visit.shared.log;
    let news = live::now(&visit.shared, true);
    let rows: Vec<_> =
        log.newest().into_iter().map(|request| Row { totals: request.recording.totals(), request }).collect();
    let (dropped, bytes) = log.figures();
    let below = html! {
        (text::plural(rows.len() as u64, "request")) " kept, " (text::size(bytes as u64))
        @if dropped > 0 { "; " (text::count(dropped)) " older gone" }
    };
    let empty = match recorder().is_enabled() {
        true => "No request has ended since recording began.",
        false => "Recording is off. Switch it on above, and ask the service for something.",
    };
    let table =
        Table { visit: &visit, query: &query, path: "/requests", caption: "Recorded requests", columns: &COLUMNS };
    let body = html! {
        div.region data-region="requests" data-news=(news) {
            (frame::heading("Requests", &below))
            (act::done(&query))
            (table.show(rows, empty))
        }
        form.tune method="post" action=(address(&visit, "/act/forget", &[])) {
            (mark(&visit))
            button { "Forget all" }
        }
    };
    frame::page(&visit, Here::Requests, "Requests", &body)
}

/// `GET /path?query`.
pub(super) fn title(request: &Finished) -> Markup {
    let head = &request.head;
    html! {
        span.method { (head.method) } " " (head.path)
        @if let Some(query) = &head.query { span.path { "?" (query) } }
    }
}

/// When a request began.
pub(super) fn when(request: &Finished) -> Markup {
    let began = request.recording.began;
    html! { time datetime=(humantime::format_rfc3339_millis(began)) { (text::ago(began)) } }
}

/// The status, or that nobody waited for it.
pub(super) fn status(request: &Finished) -> Markup {
    match request.status {
        Some(status) => html! { span.status data-class=(status / 100) { (status) } },
        None => html! { span.status data-class="0" { "given up" } },
    }
}

fn share(totals: &Totals) -> f64 {
    totals.hits as f64 / (totals.hits + totals.misses).max(1) as f64
}
