//! The lines E1 to E27: what django-debug-toolbar's cache panel does, and what this one does instead. The table is
//! in CHECKLIST.md.

use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::middleware::{Next, from_fn};
use axum::routing::get;
use cached_core::recorder::Method;
use cached_core::{Config, cached, recorder};
use cached_panel::Panel;
use http::StatusCode;

use crate::support::{Answer, alone, ask, cube, recorded, service, square};

/// A service with one route, and its panel.
fn with<H, T>(panel: &Panel, handler: H) -> Router
where
    H: axum::handler::Handler<T, ()>,
    T: 'static,
{
    Router::new().route("/", get(handler)).layer(panel.layer()).merge(panel.router())
}

/// A figure of the head of the page.
fn figure(page: &Answer, name: &str) -> String {
    let names = page.all(".figures dt");
    let place = names.iter().position(|other| other == name).unwrap_or_else(|| panic!("{name} in {names:?}"));
    page.all(".figures dd")[place].clone()
}

fn rows(page: &Answer) -> Vec<String> {
    page.all("table.calls tbody")
}

#[tokio::test]
async fn e1_calls_are_counted_by_method_always_all_and_in_one_order() {
    let _alone = alone().await;
    let page = recorded(&service(&Panel::new()), "/twice/100").await;
    let order = "add get set get_or_set touch delete clear get_many set_many delete_many has_key incr decr incr_version \
                 decr_version call";
    assert_eq!(page.all(".methods dt"), order.split_whitespace().collect::<Vec<_>>());
    let counts: Vec<_> = Method::ALL.iter().map(|method| if *method == Method::Call { "2" } else { "0" }).collect();
    assert_eq!(page.all(".methods dd"), counts);
}

#[tokio::test]
async fn e2_every_call_on_every_alias_is_recorded() {
    #[cached(name = "django::elsewhere")]
    fn elsewhere(n: u64) -> u64 {
        n
    }
    let _alone = alone().await;
    let config = Config::new().option("elsewhere", "kind", "dummy").site("django::elsewhere", "backend", "elsewhere");
    config.install().unwrap();
    let app = with(&Panel::new(), async || {
        (square(101) + elsewhere(1)).to_string();
        elsewhere::site().clear().unwrap();
    });
    let page = recorded(&app, "/").await;
    let rows = rows(&page);
    assert!(rows[2].contains("clear") && rows[2].contains("done"), "{rows:?}");
    assert!(rows[0].contains("default") && rows[0].contains("miss (cold)"), "{rows:?}");
    assert!(rows[1].contains("elsewhere") && rows[1].contains("bypass"), "{rows:?}");
    Config::new().install().unwrap();
}

#[tokio::test]
async fn e3_a_call_inside_a_body_stands_beneath_it_and_its_time_counts_once() {
    #[cached]
    fn outer(n: u64) -> u64 {
        cached_testkit::advance(Duration::from_millis(2));
        inner(n) + 1
    }
    #[cached]
    fn inner(n: u64) -> u64 {
        cached_testkit::advance(Duration::from_millis(5));
        n
    }
    let _alone = alone().await;
    let _frozen = cached_testkit::freeze();
    let page = recorded(&with(&Panel::new(), async || outer(1).to_string()), "/").await;
    assert_eq!((figure(&page, "Total calls"), figure(&page, "Total time")), ("2".into(), "7.0000 ms".into()));
    assert_eq!(page.all("table.calls td.figure:nth-child(2)"), ["7.0000", "5.0000"]);
    assert_eq!(page.all("table.calls th.depth-1").len(), 1);
}

#[tokio::test]
async fn e4_a_stored_none_is_a_hit_as_the_cache_tells_it() {
    #[cached]
    fn none(n: u64) -> Option<u64> {
        n.checked_sub(1_000)
    }
    let _alone = alone().await;
    let page = recorded(&with(&Panel::new(), async || format!("{:?}{:?}", none(1), none(1))), "/").await;
    assert_eq!(page.all(".outcome"), ["miss (cold)", "hit"]);
    assert_eq!((figure(&page, "Hits"), figure(&page, "Misses")), ("1".into(), "1".into()));
}

#[tokio::test]
async fn e5_what_was_computed_is_a_miss() {
    let _alone = alone().await;
    let page = recorded(&service(&Panel::new()), "/square/105").await;
    assert_eq!((figure(&page, "Hits"), figure(&page, "Misses")), ("0".into(), "1".into()));
}

#[tokio::test]
async fn e7_what_changes_an_entry_counts_neither_as_hit_nor_as_miss() {
    let _alone = alone().await;
    let app = with(&Panel::new(), async || {
        square::entry(&107).put(1).unwrap();
        square::entry(&107).invalidate().unwrap();
        square::site().clear().unwrap();
    });
    let page = recorded(&app, "/").await;
    assert_eq!(page.all("td.method"), ["set", "delete", "clear"]);
    assert_eq!((figure(&page, "Hits"), figure(&page, "Misses")), ("0".into(), "0".into()));
    assert_eq!(page.all(".outcome"), ["done", "done", "done"]);
}

#[tokio::test]
async fn e8_a_call_that_fails_is_recorded_and_so_are_those_after_it() {
    #[cached]
    fn failing(n: u64) -> Result<u64, String> {
        Err(format!("no {n}"))
    }
    #[cached]
    fn panicking(n: u64) -> u64 {
        assert!(n > 1_000, "as it should");
        n
    }
    let _alone = alone().await;
    let app = with(&Panel::new(), async || {
        let failed = failing(1).is_err();
        let panicked = std::panic::catch_unwind(|| panicking(1)).is_err();
        format!("{failed} {panicked} {}", square(108))
    });
    let page = recorded(&app, "/").await;
    assert_eq!(page.all(".outcome"), ["error", "error", "miss (cold)"]);
    assert_eq!(page.all("table.calls th.depth-0").len(), 3, "the depth is let go of by a panic");
}

#[tokio::test]
async fn e9_a_time_is_that_of_the_call_alone_and_the_total_is_the_sum() {
    #[cached]
    fn slow(n: u64) -> u64 {
        cached_testkit::advance(Duration::from_micros(1_250));
        n
    }
    let _alone = alone().await;
    let _frozen = cached_testkit::freeze();
    let app = with(&Panel::new(), async || {
        slow(1);
        cached_testkit::advance(Duration::from_secs(1));
        slow(2).to_string()
    });
    let page = recorded(&app, "/").await;
    assert_eq!(page.all("table.calls td.figure:nth-child(2)"), ["1.2500", "1.2500"]);
    assert_eq!(figure(&page, "Total time"), "2.5000 ms");
    assert_eq!(page.one(".heading p"), "2 calls in 2.50ms");
}

#[tokio::test]
async fn e10_a_row_has_site_key_time_method_backend_outcome_size_and_line() {
    let _alone = alone().await;
    let page = recorded(&service(&Panel::new()), "/square/110").await;
    let row = rows(&page).remove(0);
    let location = square::site().location();
    for part in [square::site().name(), "(110)", "call", "default", "memory", "miss (cold)", &*location] {
        assert!(row.contains(part), "{part} in {row}");
    }
    let headers = ["Call", "Time (ms)", "Method", "Backend", "Outcome", "Bytes", "In its request"];
    assert_eq!(page.all("table.calls thead th"), headers);
    assert!(page.one("table.calls tbody tr.line td").contains(&*location), "below it, at every width");
}

#[tokio::test]
async fn e11_a_key_is_shown_as_it_was_when_it_was_asked_for() {
    #[cached]
    fn length(word: String) -> usize {
        word.len()
    }
    let _alone = alone().await;
    let app = with(&Panel::new(), async || {
        let mut word = "before".to_owned();
        length(word.clone());
        word.replace_range(.., "after");
        length(word).to_string()
    });
    let page = recorded(&app, "/").await;
    assert_eq!(page.all(".key-text"), ["(\"before\")", "(\"after\")"]);
}

#[tokio::test]
async fn e12_a_page_has_no_content_before_its_request_ended_and_escapes_what_it_shows() {
    #[cached]
    fn length(word: &str) -> usize {
        word.len()
    }
    let _alone = alone().await;
    let panel = Panel::new();
    let pages = panel.router();
    let app = with(&panel, async move || {
        length("<b>größe</b> & \"日本\"");
        ask(&pages, "/__cached/requests/1").await.text
    });
    let answer = ask(&app, "/").await;
    assert!(answer.text.contains("This request is not kept") && !answer.text.contains("größe"));
    let page = ask(&app, answer.header("x-cached-panel")).await;
    assert_eq!(page.one(".key-text"), "(\"<b>größe</b> & \\\"日本\\\"\")");
    assert!(page.text.contains("&lt;b&gt;größe&lt;/b&gt; &amp; ") && !page.text.contains("<b>"));
}

#[tokio::test]
async fn e13_titles_are_worded_for_none_one_and_many() {
    let _alone = alone().await;
    Config::new().option("default", "kind", "memory").option("other", "kind", "dummy").install().unwrap();
    let app = service(&Panel::new());
    let none = recorded(&app, "/none").await;
    assert_eq!(
        (none.one("h1"), none.one(".heading p")),
        ("Cache calls from 2 backends".into(), "0 calls in 0.00ms".into())
    );
    Config::new().option("default", "kind", "memory").install().unwrap();
    let one = recorded(&app, "/square/113").await;
    assert_eq!(one.one("h1"), "Cache calls from 1 backend");
    let below = one.one(".heading p");
    let millis = below.strip_prefix("1 call in ").and_then(|rest| rest.strip_suffix("ms")).expect(&below);
    assert_eq!(millis.split_once('.').map(|(_, decimals)| decimals.len()), Some(2), "{below}");
    assert!(recorded(&app, "/twice/113").await.one(".heading p").starts_with("2 calls in "));
    Config::new().install().unwrap();
}

#[tokio::test]
async fn e14_a_table_of_calls_is_there_only_if_there_were_calls() {
    let _alone = alone().await;
    let app = service(&Panel::new());
    let none = recorded(&app, "/none").await;
    assert!(none.all("table.calls").is_empty());
    assert_eq!(none.all(".methods dd").len(), Method::ALL.len());
    assert_eq!(none.all(".figures dt")[..4], ["Total calls", "Total time", "Hits", "Misses"]);
    let some = recorded(&app, "/square/114").await;
    let time = some.one("table.calls td.figure");
    assert_eq!(time.split('.').nth(1).unwrap().len(), 4, "{time}");
}

#[tokio::test]
async fn e15_every_recorded_response_says_its_time_in_server_timing_also_for_no_calls() {
    let _alone = alone().await;
    let app = service(&Panel::new());
    let none = "CachePanel_total_time;dur=0.000;desc=\"Cache 0 Calls\", CachePanel_hits;desc=\"0\", CachePanel_misses;desc=\"0\"";
    assert_eq!(ask(&app, "/none").await.header("server-timing"), none);
    let one = ask(&app, "/square/115").await;
    assert!(one.header("server-timing").contains(";desc=\"Cache 1 Calls\""), "never singular");
    let missing = ask(&app, "/no/such/page").await;
    assert_eq!(
        (missing.status, missing.header("server-timing")),
        (StatusCode::NOT_FOUND, ""),
        "not inside of the layer"
    );
}

#[tokio::test]
async fn e17_a_cached_function_is_one_call_whether_it_was_there_or_not() {
    let _alone = alone().await;
    let app = service(&Panel::new());
    for outcome in ["miss (cold)", "hit"] {
        assert_eq!(recorded(&app, "/square/117").await.all(".outcome"), [outcome]);
    }
}

#[tokio::test]
async fn e18_what_is_asked_outside_of_the_layer_is_not_recorded() {
    let _alone = alone().await;
    let panel = Panel::new();
    let app = Router::new()
        .route("/", get(async || square(1_180).to_string()))
        .layer(panel.layer())
        .layer(from_fn(async |request: axum::extract::Request, next: Next| {
            square(1_181);
            let response = next.run(request).await;
            square(1_182);
            response
        }))
        .merge(panel.router());
    let page = recorded(&app, "/").await;
    assert_eq!(page.all(".key-text"), ["(1180)"]);
}

#[tokio::test]
async fn e19_what_is_switched_on_twice_records_once_and_a_panic_ends_its_request() {
    let _alone = alone().await;
    let panel = Panel::new();
    recorder().enable();
    assert_eq!(rows(&recorded(&service(&panel), "/square/119").await).len(), 1);
    let app = with(&panel, async || {
        square(1_190);
        assert!(square(1_191) == 0, "as it should");
    });
    let thrown = tokio::spawn({
        let app = app.clone();
        async move { ask(&app, "/").await.status }
    });
    assert!(thrown.await.unwrap_err().is_panic());
    let last = ask(&app, "/__cached/requests?sort=when&dir=down").await;
    assert_eq!(last.one(".status"), "given up");
    square(1_192);
    let json = ask(&app, "/__cached/api/requests.json").await.text;
    assert!(json.contains("\"total_calls\":2"), "{json}");
    recorder().disable();
    recorder().disable();
    assert!(!recorder().is_enabled());
}

#[tokio::test]
async fn e20_a_backend_that_is_first_configured_during_a_request_is_seen_too() {
    #[cached(name = "django::late")]
    fn late(n: u64) -> u64 {
        n
    }
    let _alone = alone().await;
    let app = with(&Panel::new(), async || {
        let config = Config::new().option("late", "kind", "memory").site("django::late", "backend", "late");
        config.install().unwrap();
        (late(1) + late(1)).to_string()
    });
    let page = recorded(&app, "/").await;
    assert_eq!(page.all(".outcome"), ["miss (cold)", "hit"]);
    Config::new().install().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn e21_requests_at_the_same_time_never_mix() {
    let _alone = alone().await;
    let panel = Panel::new().keep(1_000);
    let app = Router::new()
        .route(
            "/{n}",
            get(async |Path(n): Path<u64>| {
                for step in 0..5 {
                    cube(n * 10 + step).await;
                    tokio::task::yield_now().await;
                    square(n * 10 + step);
                }
            }),
        )
        .layer(panel.layer())
        .merge(panel.router());
    // The backend has been opened before, in no scope.
    cube(0).await;
    let requests = (1_000..1_100).map(|n| {
        let app = app.clone();
        tokio::spawn(async move { (n, recorded(&app, &format!("/{n}")).await) })
    });
    for request in requests.collect::<Vec<_>>() {
        let (n, page) = request.await.unwrap();
        let expected: Vec<_> =
            (0..5).flat_map(|step| [format!("({})", n * 10 + step), format!("({})", n * 10 + step)]).collect();
        assert_eq!(page.all(".key-text"), expected);
    }
}

#[tokio::test]
async fn e22_a_thread_of_its_own_is_recorded_where_the_scope_is_handed_to_it() {
    let _alone = alone().await;
    let app = with(&Panel::new(), async || {
        let scope = cached_core::recorder::Scope::here();
        std::thread::spawn(move || scope.run(|| square(1_220))).join().unwrap();
        std::thread::spawn(|| square(1_221)).join().unwrap().to_string()
    });
    assert_eq!(recorded(&app, "/").await.all(".key-text"), ["(1220)"]);
}

#[tokio::test]
async fn e23_an_async_call_is_one_row_as_its_sync_twin_is() {
    let _alone = alone().await;
    let app = service(&Panel::new());
    let (sync, asynchronous) = (recorded(&app, "/square/123").await, recorded(&app, "/cube/123").await);
    assert_eq!(rows(&asynchronous).len(), 1);
    let shape =
        |page: &Answer| (page.all(".outcome"), page.all(".key-text"), page.all("td.method"), figure(page, "Misses"));
    assert_eq!(shape(&sync), shape(&asynchronous));
}

#[inline(never)]
fn the_users_own_function(n: u64) -> u64 {
    std::hint::black_box(square(n)) + 1
}

#[tokio::test]
async fn e24_a_stack_begins_with_the_users_own_line_and_folds_ours() {
    let _alone = alone().await;
    let panel = Panel::new().traces(u32::MAX);
    let app = with(&panel, async || the_users_own_function(124).to_string());
    let page = recorded(&app, "/").await;
    let stack = ask(&app, &page.attribute("details.trace a", "href")).await;
    let folded = stack.all("[data-stack] > details.folded li");
    let open = stack.all("[data-stack] > ol.frames li");
    assert!(folded.iter().any(|frame| frame.contains("cached_core::")), "{folded:#?}");
    assert!(open.iter().all(|frame| !frame.contains("cached_core::rt")), "{open:#?}");
    assert!(open.iter().take(2).any(|frame| frame.contains("the_users_own_function")), "{open:#?}");
    assert!(folded.iter().any(|frame| frame.contains("tokio::") || frame.contains("std::")), "{folded:#?}");
}

#[tokio::test]
async fn e25_stacks_can_be_switched_off_and_lines_are_there_all_the_same() {
    let _alone = alone().await;
    let app = with(&Panel::new().traces(0), async || square(125).to_string());
    let page = recorded(&app, "/").await;
    assert!(page.all("details.trace").is_empty());
    assert!(rows(&page)[0].contains("support.rs:"));
    let stack = ask(&app, "/__cached/requests/1/calls/0").await;
    assert!(stack.one("[data-stack]").contains("No stack was captured"), "{}", stack.text);
}

#[tokio::test]
async fn e26_requests_of_one_client_are_recorded_where_the_application_chooses_so() {
    let _alone = alone().await;
    let panel = Panel::new().only(|_, _, headers| headers.get("cookie").is_some_and(|cookie| cookie == "cache=on"));
    let app = service(&panel);
    assert_eq!(ask(&app, "/square/126").await.header("x-cached-panel"), "");
    let request = http::Request::get("/square/126").header("cookie", "cache=on").body(axum::body::Body::empty());
    assert!(!crate::support::send(&app, request.unwrap()).await.header("x-cached-panel").is_empty());
}

#[tokio::test]
async fn e27_the_oldest_go_first_and_asking_for_one_of_them_is_no_error() {
    let _alone = alone().await;
    let app = service(&Panel::new().keep(2));
    let first = ask(&app, "/square/127").await.header("x-cached-panel").to_owned();
    assert_eq!(ask(&app, &first).await.header("x-cached-kept"), "");
    ask(&app, "/square/128").await;
    ask(&app, "/square/129").await;
    let gone = ask(&app, &first).await;
    assert_eq!((gone.status, gone.header("x-cached-kept")), (StatusCode::OK, "false"));
    assert!(gone.one("h1").contains("not kept"));
    for id in ["x", "0", "-1", "1e3", "99999999999999999999999", "%31x", "+1"] {
        let answer = ask(&app, &format!("/__cached/requests/{id}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{id}");
    }
    assert_eq!(ask(&app, "/__cached/requests/3/calls/7").await.status, StatusCode::BAD_REQUEST);
}
