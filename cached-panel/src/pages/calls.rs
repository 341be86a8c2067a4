//! Calls, and the stack of one of them.
//!
//! In: requests and places in them. Out: rows, and for one call the frames that led to it. Frames are looked up when
//! somebody opens them, on a thread that may block.

use std::sync::Arc;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use cached_core::recorder::{Call, Frame, FrameOf};
use maud::{Markup, html};

use super::frame::{self, Here};
use super::{address, notice, request, requests, sites};
use crate::chart;
use crate::gate::Visit;
use crate::log::Finished;
use crate::stack::FRAMES;
use crate::text;

/// One call, where it is shown.
pub(super) struct Row<'a> {
    request: &'a Arc<Finished>,
    place: usize,
    /// Among the calls of a site: then its request says more than its name.
    of_site: bool,
}

impl<'a> Row<'a> {
    pub(super) fn of_request(request: &'a Arc<Finished>, place: usize) -> Self {
        Row { request, place, of_site: false }
    }

    pub(super) fn of_site(request: &'a Arc<Finished>, place: usize) -> Self {
        Row { request, place, of_site: true }
    }

    fn call(&self) -> &Call {
        &self.request.recording.calls[self.place]
    }
}

/// A table of calls: each is a group of two rows.
pub(super) fn rows(visit: &Visit, caption: &str, rows: &[Row<'_>]) -> Markup {
    html! {
        div.scroll { table.calls {
            caption.hidden { (caption) }
            thead { tr {
                th scope="col" { "Call" }
                th.figure scope="col" { "Time (ms)" }
                th.wide scope="col" { "Method" }
                th.wide scope="col" { "Backend" }
                th scope="col" { "Outcome" }
                th.figure.wider scope="col" { "Bytes" }
                th.wider.chart scope="col" { "In its request" }
            } }
            @for row in rows { tbody {
                @let call = row.call();
                @let depth = format!("depth-{}", call.depth.min(6));
                tr {
                    th scope="rowgroup" class=(depth) { (what(visit, row)) }
                    td.figure { (text::millis(call.took)) }
                    td.wide.method { (call.method) }
                    td.wide { (call.alias) span.below { (call.kind) } }
                    td { span class={ "outcome " (chart::class(call.ended)) } { (call.ended) } }
                    td.figure.wider { @if let Some(bytes) = call.bytes { (text::count(bytes)) } @else { "–" } }
                    td.wider.chart { (chart::fall(call, row.request.took())) }
                }
                // A row of its own: at every width there is room for the line, and for the stack that opens below it.
                tr.line { td class=(depth) colspan="7" { span.hidden { "At " } (line(visit, row)) } }
            } }
        } }
    }
}

/// The site and the key, or how many keys; each only where it may be shown.
fn what(visit: &Visit, row: &Row<'_>) -> Markup {
    let call = row.call();
    let key = call.key.as_deref().filter(|_| visit.keys);
    html! {
        @if row.of_site {
            a href=(address(visit, &format!("/requests/{}", row.request.id), &[])) { (requests::title(row.request)) }
        } @else if let Some(site) = call.site {
            @let query = [("name", site.name()), ("at", &*site.location())];
            a.site href=(address(visit, "/site", &query)) { (sites::path(site.name())) }
        }
        @match key {
            Some(key) => code.key-text { (key) },
            None if call.site.is_none() => span { (text::plural(u64::from(call.keys), "key")) },
            None => {},
        }
        @if let Some(value) = call.value.as_deref().filter(|_| visit.keys) { code.value-text { "= " (value) } }
    }
}

/// The line that made the call; with a stack, it opens.
fn line(visit: &Visit, row: &Row<'_>) -> Markup {
    let call = row.call();
    let place = format!("{}:{}", call.file, call.line);
    if !row.request.has_stack(row.place) {
        return path(&place);
    }
    let page = address(visit, &format!("/requests/{}/calls/{}", row.request.id, row.place), &[]);
    let keep = format!("trace {} {}", row.request.id, row.place);
    html! {
        details.trace data-trace=(page) data-keep=(keep) {
            summary { (path(&place)) }
            a href=(page) { "The stack of this call" }
        }
    }
}

/// A path that breaks where its parts do.
fn path(path: &str) -> Markup {
    html! { code.line { @for part in path.split_inclusive('/') { (part) wbr; } } }
}

/// The page of one call, with its stack.
pub(super) async fn page(visit: Visit, Path((id, place)): Path<(String, String)>) -> Response {
    let (Some(id), Ok(place)) = (request::number(&id), place.parse::<usize>()) else {
        return notice::no_number(&visit);
    };
    let Some(request) = visit.shared.log.find(id) else { return notice::gone(&visit, id) };
    let Some(call) = request.recording.calls.get(place) else { return notice::no_number(&visit) };
    let frames = {
        let (log, request) = (Arc::clone(&visit.shared.log), Arc::clone(&request));
        // The first look reads the debug information of the whole program.
        tokio::task::spawn_blocking(move || log.look(&request, place)).await.unwrap_or_default()
    };
    let below = html! { a href=(address(&visit, &format!("/requests/{id}"), &[])) { (requests::title(&request)) } };
    let title = format!("{} at {}:{}", call.method, call.file, call.line);
    let body = html! {
        (frame::heading(&title, &below))
        (rows(&visit, "The call", &[Row::of_request(&request, place)]))
        div.stack data-stack { (stack(&frames)) }
    };
    frame::page(&visit, Here::Elsewhere, &title, &body).into_response()
}

/// The frames, the nearest first: the user's stand open, runs of others are folded.
fn stack(frames: &[Frame]) -> Markup {
    if frames.is_empty() {
        return html! { p.empty { "No stack was captured of this call." } };
    }
    let runs = frames.chunk_by(|a, b| (a.of == FrameOf::User) == (b.of == FrameOf::User));
    html! {
        @for run in runs {
            @if run[0].of == FrameOf::User { (list(run)) }
            @else {
                details.folded {
                    summary { (text::plural(run.len() as u64, "frame")) " of " (owners(run)) }
                    (list(run))
                }
            }
        }
        @if frames.len() == FRAMES { p.hint { "The nearest " (FRAMES) " frames are kept." } }
    }
}

fn owners(run: &[Frame]) -> &'static str {
    match (run.iter().any(|frame| frame.of == FrameOf::Cached), run.iter().any(|frame| frame.of == FrameOf::Runtime)) {
        (true, true) => "the cache and the runtime",
        (true, false) => "the cache",
        _ => "the runtime",
    }
}

fn list(run: &[Frame]) -> Markup {
    html! {
        ol.frames {
            @for frame in run {
                li {
                    code { (frame.function) }
                    @if let Some(file) = &frame.file {
                        span.below { (file) @if let Some(line) = frame.line { ":" (line) } }
                    }
                }
            }
        }
    }
}
