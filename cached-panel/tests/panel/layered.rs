//! What the layer records, and what it says in a response.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use cached_core::recorder;
use cached_core::recorder::Scope;
use cached_panel::Panel;
use cached_testkit::poll_n;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use tower::{ServiceBuilder, ServiceExt, service_fn};

use crate::support::{alone, ask, mark, post, recorded, send, service, square};

#[tokio::test]
async fn nothing_is_recorded_and_nothing_said_while_recording_is_off() {
    let _alone = alone().await;
    let app = service(&Panel::new().record(false));
    let answer = ask(&app, "/square/2").await;
    assert_eq!((answer.status, &*answer.text), (StatusCode::OK, "4"));
    assert_eq!((answer.header("server-timing"), answer.header("x-cached-panel")), ("", ""));
    assert!(ask(&app, "/__cached/requests").await.text.contains("Recording is off"));
}

#[tokio::test]
async fn the_panel_does_not_record_itself() {
    let _alone = alone().await;
    let panel = Panel::new();
    // Its routes are inside of the layer here.
    let app = Router::new().merge(panel.router()).layer(panel.layer());
    for path in ["/__cached/sites", "/__cached/requests", "/__cached/nowhere", "/__cached"] {
        assert_eq!(ask(&app, path).await.header("x-cached-panel"), "", "{path}");
    }
    assert!(ask(&app, "/__cachedx").await.header("x-cached-panel").starts_with("/__cached/requests/"));
}

#[tokio::test]
async fn what_the_application_says_in_server_timing_stays() {
    let _alone = alone().await;
    let panel = Panel::new();
    let own = get(async || ([("server-timing", "db;dur=53.2")], square(41).to_string()));
    let app = Router::new().route("/", own).layer(panel.layer()).merge(panel.router());
    let answer = ask(&app, "/").await;
    let said: Vec<_> = answer.headers.get_all("server-timing").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(said[0], "db;dur=53.2");
    assert!(said[1].starts_with("CachePanel_total_time;dur="), "{said:?}");
    assert!(said[1].ends_with(";desc=\"Cache 1 Calls\", CachePanel_hits;desc=\"0\", CachePanel_misses;desc=\"1\""));
}

#[tokio::test]
async fn headers_can_be_left_out_and_requests_chosen() {
    let _alone = alone().await;
    let panel = Panel::new().headers(false).only(|_, uri, _| uri.path().starts_with("/square"));
    let app = service(&panel);
    assert_eq!(ask(&app, "/square/2").await.header("x-cached-panel"), "");
    ask(&app, "/twice/2").await;
    let requests = ask(&app, "/__cached/requests").await;
    assert_eq!(requests.all("a.request"), ["GET /square/2"]);
}

/// A body that asks a cache each time it is polled.
struct Lazy(u64);

impl http_body::Body for Lazy {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        self.0 -= 1;
        let data = || Some(Ok(http_body::Frame::data(Bytes::from(square(9_000 + self.0).to_string()))));
        Poll::Ready(if self.0 == 0 { None } else { data() })
    }
}

#[tokio::test]
async fn what_a_body_asks_while_it_is_sent_belongs_to_its_request() {
    let _alone = alone().await;
    let panel = Panel::new();
    let lazy = get(async || Response::new(Body::new(Lazy(4))));
    let app = Router::new().route("/", lazy).layer(panel.layer()).merge(panel.router());
    let page = recorded(&app, "/").await;
    assert_eq!(page.all("table.calls tbody").len(), 3);
}

#[tokio::test]
async fn any_service_of_http_can_be_wrapped() {
    let _alone = alone().await;
    let panel = Panel::new();
    let plain = service_fn(async |request: Request<String>| {
        square(77);
        Ok::<_, Infallible>(Response::new(http_body_util::Full::new(Bytes::from(request.into_body()))))
    });
    let mut service = ServiceBuilder::new().layer(panel.layer()).service(plain);
    let answer = service.ready().await.unwrap().oneshot(Request::new("hello".to_owned())).await.unwrap();
    assert!(answer.headers().contains_key("server-timing"));
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "hello");
    let requests = ask(&panel.router(), "/__cached/api/requests.json").await;
    assert!(requests.text.contains("\"total_calls\":1"), "{}", requests.text);
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_is_kept_as_given_up() {
    let _alone = alone().await;
    let panel = Panel::new();
    let stuck = get(async || {
        square(78);
        std::future::pending::<()>().await;
    });
    let app = Router::new().route("/", stuck).layer(panel.layer()).merge(panel.router());
    let future = app.clone().oneshot(Request::get("/").body(Body::empty()).unwrap());
    let Err(pending) = poll_n(future, 1) else { panic!("it never ends") };
    drop(pending);
    let requests = ask(&app, "/__cached/requests").await;
    assert_eq!(requests.one(".status"), "given up");
}

#[tokio::test]
async fn work_that_a_request_hands_its_scope_to_is_its_own() {
    let _alone = alone().await;
    let panel = Panel::new();
    let spawns = get(async || {
        let scope = Scope::here();
        tokio::spawn(scope.wrap(async { square(79) })).await.unwrap();
        tokio::spawn(async { square(80) }).await.unwrap();
    });
    let app = Router::new().route("/", spawns).layer(panel.layer()).merge(panel.router());
    assert_eq!(recorded(&app, "/").await.all("table.calls tbody").len(), 1);
}

#[tokio::test]
async fn the_log_keeps_so_many_requests_and_can_be_emptied() {
    let _alone = alone().await;
    let app = service(&Panel::new().keep(3));
    for n in 0..5 {
        ask(&app, &format!("/square/{n}")).await;
    }
    let requests = ask(&app, "/__cached/requests").await;
    assert_eq!(requests.all("a.request"), ["GET /square/4", "GET /square/3", "GET /square/2"], "the newest first");
    assert!(requests.one(".heading p").contains("2 older gone"));
    let mark = mark(&app).await;
    assert_eq!(post(&app, "/__cached/act/forget", &[("mark", &mark)]).await.status, StatusCode::SEE_OTHER);
    assert!(ask(&app, "/__cached/requests").await.all("a.request").is_empty());
}

#[tokio::test]
async fn a_query_is_shown_only_where_the_application_says_so() {
    let _alone = alone().await;
    for shown in [false, true] {
        let panel = Panel::new().query(shown);
        let app = service(&panel);
        let answer = ask(&app, "/square/2?password=open-sesame").await;
        let mut all = ask(&app, "/__cached/requests").await.text;
        all += &ask(&app, "/__cached/api/requests.json").await.text;
        all += &ask(&app, answer.header("x-cached-panel")).await.text;
        assert_eq!(all.contains("open-sesame"), shown);
    }
}

#[tokio::test]
async fn recording_is_switched_on_the_page_and_only_then_begins() {
    let _alone = alone().await;
    let app = service(&Panel::new().record(false));
    let mark = mark(&app).await;
    post(&app, "/__cached/act/record", &[("on", "true"), ("mark", &mark)]).await;
    assert!(recorder().is_enabled());
    assert!(!ask(&app, "/square/2").await.header("x-cached-panel").is_empty());
    post(&app, "/__cached/act/record", &[("on", "false"), ("mark", &mark)]).await;
    assert_eq!(ask(&app, "/square/2").await.header("x-cached-panel"), "");
}

#[tokio::test]
async fn which_requests_are_recorded_is_what_the_application_chose_before_and_stays_so() {
    let _alone = alone().await;
    recorder().enable_for(|label| label.starts_with("GET /twice"));
    let app = service(&Panel::new());
    let recorded = async || {
        let page = async |path| !ask(&app, path).await.header("x-cached-panel").is_empty();
        (page("/twice/85").await, page("/square/85").await)
    };
    assert_eq!(recorded().await, (true, false), "when it is mounted");
    let mark = mark(&app).await;
    for on in ["false", "true"] {
        post(&app, "/__cached/act/record", &[("on", on), ("mark", &mark)]).await;
    }
    assert_eq!(recorded().await, (true, false), "and when the button stopped it and began it again");
}

#[tokio::test]
async fn metrics_are_the_report_in_the_format_of_prometheus() {
    let _alone = alone().await;
    square(1);
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let answer = send(&Panel::new().metrics(), request).await;
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert!(answer.text.contains("# TYPE cached_calls_total counter") && answer.text.contains("square"));
}
