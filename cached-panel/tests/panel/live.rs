//! News for open pages: server-sent events, bounded in number and rate.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use cached_panel::Panel;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tokio::time::timeout;
use tower::ServiceExt;

use crate::support::{alone, ask, here, mark, post, service, square};

/// Begins to listen, as `of` says: `requests`, or `sites&since=7`.
async fn listen(app: &Router, of: &str) -> (StatusCode, Body) {
    let request = Request::get(format!("/__cached/live?of={of}")).header("host", "localhost").extension(here());
    let answer = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    (answer.status(), answer.into_body())
}

async fn next(body: &mut Body) -> Option<Bytes> {
    let frame = body.frame().await?.unwrap();
    Some(frame.into_data().unwrap())
}

#[tokio::test(start_paused = true)]
async fn an_open_page_is_told_when_a_request_has_ended_and_at_most_once_a_second() {
    let _alone = alone().await;
    let app = service(&Panel::new());
    let (status, mut body) = listen(&app, "requests").await;
    assert_eq!(status, StatusCode::OK);
    // Time is moved by the runtime, when everybody waits: nothing comes before there is something.
    assert!(timeout(Duration::from_secs(10), next(&mut body)).await.is_err());
    for _ in 0..5 {
        ask(&app, "/square/1").await;
    }
    let since = tokio::time::Instant::now();
    let news = next(&mut body).await.unwrap();
    assert_eq!(news, "event: news\ndata: 5\n\n");
    ask(&app, "/square/1").await;
    assert_eq!(next(&mut body).await.unwrap(), "event: news\ndata: 6\n\n");
    assert!(since.elapsed() >= Duration::from_secs(1), "{:?}", since.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_ends_between_a_page_and_its_listening_is_news_and_so_is_what_ends_after_all_was_forgotten() {
    let _alone = alone().await;
    let app = service(&Panel::new());
    for (path, of) in [("/__cached/requests", "requests"), ("/__cached/sites", "sites")] {
        let since = ask(&app, path).await.attribute("[data-region]", "data-news");
        let (_, mut nothing) = listen(&app, &format!("{of}&since={since}")).await;
        assert!(timeout(Duration::from_secs(5), next(&mut nothing)).await.is_err(), "{of}: nothing has happened");
        ask(&app, "/square/82").await;
        let (_, mut body) = listen(&app, &format!("{of}&since={since}")).await;
        assert!(
            timeout(Duration::from_secs(5), next(&mut body)).await.is_ok(),
            "{of}: it ended before anybody listened"
        );
    }
    // As many requests have ended since the log was emptied as the page has seen.
    let mark = mark(&app).await;
    let forget = async || assert!(post(&app, "/__cached/act/forget", &[("mark", &mark)]).await.status.is_redirection());
    forget().await;
    ask(&app, "/square/83").await;
    let since = ask(&app, "/__cached/requests").await.attribute("[data-region]", "data-news");
    forget().await;
    ask(&app, "/square/84").await;
    let (_, mut body) = listen(&app, &format!("requests&since={since}")).await;
    assert!(timeout(Duration::from_secs(5), next(&mut body)).await.is_ok(), "another request is shown by now");
}

#[tokio::test(start_paused = true)]
async fn the_table_of_sites_is_told_of_calls_outside_of_requests_too() {
    let _alone = alone().await;
    let app = service(&Panel::new());
    let (_, mut body) = listen(&app, "sites").await;
    assert!(timeout(Duration::from_secs(5), next(&mut body)).await.is_err());
    square(1);
    assert!(next(&mut body).await.unwrap().starts_with(b"event: news\n"));
}

#[tokio::test]
async fn no_more_than_sixteen_pages_listen_and_a_seat_is_free_again_when_one_leaves() {
    let _alone = alone().await;
    let app = service(&Panel::new());
    let mut open = Vec::new();
    for _ in 0..16 {
        let (status, body) = listen(&app, "sites").await;
        assert_eq!(status, StatusCode::OK);
        open.push(body);
    }
    assert_eq!(listen(&app, "sites").await.0, StatusCode::SERVICE_UNAVAILABLE);
    open.pop();
    assert_eq!(listen(&app, "sites").await.0, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn open_streams_end_when_the_service_does() {
    let _alone = alone().await;
    let panel = Panel::new();
    let (app, end) = (service(&panel), panel.closer());
    let (_, mut body) = listen(&app, "requests").await;
    end();
    assert!(next(&mut body).await.is_none());
    // And who comes later is not held.
    assert!(next(&mut listen(&app, "sites").await.1).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_history_is_sampled_once_somebody_has_looked() {
    let _alone = alone().await;
    let app = service(&Panel::new());
    let site = format!("/__cached/site?name={}", square::site().name());
    ask(&app, "/__cached/sites").await;
    assert!(ask(&app, &site).await.all("svg.history").is_empty());
    // The first look was taken; what is called now is in the next stretch.
    tokio::time::sleep(Duration::from_millis(10)).await;
    let sum: u64 = (0..5).map(|_| square(9_999_999)).sum();
    assert!(sum > 0);
    tokio::time::sleep(Duration::from_secs(6)).await;
    let label = ask(&app, &site).await.attribute("svg.history", "aria-label");
    assert_eq!(label, "4 hits and 1 misses in the last 5 minutes");
}
