//! The pages, and where they are.
//!
//! In: the prefix. Out: a router. A page only reads; what changes something is in `act`, by POST, behind the gate.

use std::sync::Arc;

use axum::Router;
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use cached_core::report;
use http::{StatusCode, header};
use maud::{Markup, html};

use crate::gate::Visit;
use crate::state::Shared;

mod act;
mod backends;
mod calls;
mod configuration;
mod frame;
mod json;
mod live;
mod login;
mod notice;
mod request;
mod requests;
mod site;
mod sites;
mod table;

/// All pages, not yet behind the gate.
pub(crate) fn router(prefix: &str) -> Router<Arc<Shared>> {
    let pages = Router::new()
        .route("/sites", get(sites::page))
        .route("/site", get(site::page))
        .route("/requests", get(requests::page))
        .route("/requests/{id}", get(request::page))
        .route("/requests/{id}/calls/{call}", get(calls::page))
        .route("/backends", get(backends::page))
        .route("/configuration", get(configuration::page))
        .route("/login", get(login::page).post(login::log_in))
        .route("/live", get(live::stream))
        .route("/act/site", post(act::site))
        .route("/act/record", post(act::record))
        .route("/act/forget", post(act::forget))
        .route("/api/sites.json", get(json::sites))
        .route("/api/requests.json", get(json::requests))
        .route("/api/requests/{id}", get(json::request))
        .route("/api/backends.json", get(json::backends))
        .route("/api/configuration.json", get(json::configuration))
        .route("/style.css", get(async || file("text/css; charset=utf-8", include_str!("../style.css"))))
        .route("/script.js", get(async || file("text/javascript; charset=utf-8", include_str!("../script.js"))))
        .route("/icon.svg", get(async || file("image/svg+xml", include_str!("../icon.svg"))))
        .route("/{*rest}", get(async |visit: Visit| notice::not_found(&visit)));
    let first = get(async |visit: Visit| Redirect::to(&format!("{}/sites", visit.shared.options.prefix)));
    Router::new().route(&format!("{prefix}/"), first.clone()).nest(prefix, pages.route("/", first))
}

/// The report for Prometheus, on its own.
pub(crate) fn metrics() -> Router {
    let text =
        async || ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], report().to_prometheus());
    Router::new().route("/metrics", get(text))
}

fn file(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// What follows the `?` of an address.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    fn read(RawQuery(query): RawQuery) -> Self {
        Query(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// The value of a name; empty if it is not there.
    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The same with other values, as it is written after `?`.
    fn with(&self, changes: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (key, value) in self.0.iter().filter(|(key, _)| changes.iter().all(|(changed, _)| changed != key)) {
            query.append_pair(key, value);
        }
        for (key, value) in changes.iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(key, value);
        }
        query.finish()
    }
}

/// The address of a page below the prefix.
fn address(visit: &Visit, path: &str, query: &[(&str, &str)]) -> String {
    let mut address = format!("{}{path}", visit.shared.options.prefix);
    if !query.is_empty() {
        let written = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        address.push('?');
        address.push_str(&written);
    }
    address
}

/// What every form carries that changes something.
fn mark(visit: &Visit) -> Markup {
    html! { input type="hidden" name="mark" value=(visit.mark); }
}

/// A page with another status than 200.
fn with(status: StatusCode, page: Markup) -> Response {
    (status, page).into_response()
}
