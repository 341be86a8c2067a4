//! A service with its panel, and somebody who asks it.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path};
use axum::routing::get;
use cached_core::recorder::Show;
use cached_core::{cached, recorder};
use cached_panel::Panel;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use scraper::{Html, Selector};
use tokio::sync::{Mutex, MutexGuard};
use tower::ServiceExt;

/// A token that is long enough.
pub(crate) const TOKEN: &str = "6f1d0c2b9a8e7f5d4c3b2a190817f6e5";

static ALONE: Mutex<()> = Mutex::const_new(());

/// While it lives, no other test switches the recorder.
pub(crate) struct Alone(#[expect(dead_code, reason = "held")] MutexGuard<'static, ()>);

impl Drop for Alone {
    fn drop(&mut self) {
        let recorder = recorder();
        // And nothing stays chosen.
        recorder.enable();
        recorder.disable();
        recorder.traces(0);
        recorder.show(Show::Nothing);
        recorder.keep(1_000);
    }
}

pub(crate) async fn alone() -> Alone {
    Alone(ALONE.lock().await)
}

#[cached]
pub(crate) fn square(n: u64) -> u64 {
    n * n
}

#[cached]
pub(crate) async fn cube(n: u64) -> u64 {
    tokio::task::yield_now().await;
    n * n * n
}

/// A service: `/square/3` asks once, `/twice/3` twice, `/cube/3` an async function, `/none` nothing.
pub(crate) fn service(panel: &Panel) -> Router {
    Router::new()
        .route("/square/{n}", get(async |Path(n): Path<u64>| square(n).to_string()))
        .route("/twice/{n}", get(async |Path(n): Path<u64>| (square(n) + square(n)).to_string()))
        .route("/cube/{n}", get(async |Path(n): Path<u64>| cube(n).await.to_string()))
        .route("/none", get(async || "nothing"))
        .layer(panel.layer())
        .merge(panel.router())
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn page(&self) -> Html {
        Html::parse_document(&self.text)
    }

    /// The texts of all elements that match.
    pub(crate) fn all(&self, selector: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        let text = |texts: scraper::element_ref::Text<'_>| texts.collect::<String>().trim().to_owned();
        self.page().select(&selector).map(|element| text(element.text())).collect()
    }

    /// The text of the first that matches.
    pub(crate) fn one(&self, selector: &str) -> String {
        self.all(selector).into_iter().next().unwrap_or_else(|| panic!("no {selector} in {}", self.text))
    }

    /// An attribute of the first that matches.
    pub(crate) fn attribute(&self, selector: &str, name: &str) -> String {
        let found = Selector::parse(selector).unwrap();
        let page = self.page();
        let value = page.select(&found).next().and_then(|element| element.attr(name));
        value.unwrap_or_else(|| panic!("no {name} of {selector} in {}", self.text)).to_owned()
    }

    /// The mark of the page's forms.
    pub(crate) fn mark(&self) -> String {
        self.attribute("input[name=mark]", "value")
    }
}

pub(crate) async fn send(app: &Router, request: Request<Body>) -> Answer {
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

/// Asks as a browser on this machine does, whose connection is known to come from here.
pub(crate) async fn ask(app: &Router, path: &str) -> Answer {
    let request = Request::get(path).header("host", "localhost:3000").extension(here());
    send(app, request.body(Body::empty()).unwrap()).await
}

/// Sends a form as a page of the panel does.
pub(crate) async fn post(app: &Router, path: &str, fields: &[(&str, &str)]) -> Answer {
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = Request::post(path)
        .header("host", "localhost:3000")
        .header("origin", "http://localhost:3000")
        .header("content-type", "application/x-www-form-urlencoded")
        .extension(here());
    send(app, request.body(Body::from(form)).unwrap()).await
}

/// The mark that is in this panel's forms.
pub(crate) async fn mark(app: &Router) -> String {
    ask(app, "/__cached/sites").await.mark()
}

pub(crate) fn here() -> ConnectInfo<SocketAddr> {
    ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 50_000)))
}

/// Asks the service for something, and gives the page of that request.
pub(crate) async fn recorded(app: &Router, path: &str) -> Answer {
    let answer = ask(app, path).await;
    let page = answer.header("x-cached-panel").to_owned();
    assert!(!page.is_empty(), "{path} was recorded");
    ask(app, &page).await
}
