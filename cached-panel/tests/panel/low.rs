//! The lines E1 to E8 and E23 once more, for the low-level cache: the fifteen methods of Django's.

use axum::Router;
use axum::routing::get;
use cached_core::{Ttl, caches};
use cached_panel::Panel;

use crate::support::{Answer, alone, recorded};

/// The outcomes of the calls of one request, by the sync face, or the async one.
fn service(panel: &Panel) -> Router {
    Router::new()
        .route("/all", get(all))
        .route("/all_async", get(all_async))
        .route("/none", get(none))
        .route("/fill", get(fill))
        .route("/many", get(many))
        .layer(panel.layer())
        .merge(panel.router())
}

async fn all() {
    let cache = caches().get("default").unwrap();
    cache.clear().unwrap();
    cache.add("a", &1, Ttl::Default).unwrap();
    cache.get::<i64>("a").unwrap();
    cache.set("b", &2, Ttl::Default).unwrap();
    cache.get_or_set("c", Ttl::Default, || 3).unwrap();
    cache.touch("a", Ttl::Default).unwrap();
    cache.delete("b").unwrap();
    cache.get_many::<_, i64>(["a", "b"]).unwrap();
    cache.set_many([("d", &4)], Ttl::Default).unwrap();
    cache.delete_many(["c", "d"]).unwrap();
    cache.has_key("a").unwrap();
    cache.incr("a", 1).unwrap();
    cache.decr("a", 1).unwrap();
    cache.incr_version("a", 1).unwrap();
    cache.version(2).decr_version("a", 1).unwrap();
}

async fn all_async() {
    let cache = caches().get("default").unwrap().as_async();
    cache.clear().await.unwrap();
    cache.add("a", &1, Ttl::Default).await.unwrap();
    cache.get::<i64>("a").await.unwrap();
    cache.set("b", &2, Ttl::Default).await.unwrap();
    cache.get_or_set("c", Ttl::Default, async || 3).await.unwrap();
    cache.touch("a", Ttl::Default).await.unwrap();
    cache.delete("b").await.unwrap();
    cache.get_many::<_, i64>(["a", "b"]).await.unwrap();
    cache.set_many([("d", &4)], Ttl::Default).await.unwrap();
    cache.delete_many(["c", "d"]).await.unwrap();
    cache.has_key("a").await.unwrap();
    cache.incr("a", 1).await.unwrap();
    cache.decr("a", 1).await.unwrap();
    cache.incr_version("a", 1).await.unwrap();
    cache.version(2).decr_version("a", 1).await.unwrap();
}

async fn none() {
    let cache = caches().get("default").unwrap();
    cache.set("none", &None::<u8>, Ttl::Default).unwrap();
    assert_eq!(cache.get::<Option<u8>>("none").unwrap(), Some(None));
    assert!(cache.get::<u8>("never stored").unwrap().is_none());
}

async fn fill() {
    let cache = caches().get("default").unwrap();
    cache.delete("filled").unwrap();
    for _ in 0..2 {
        cache.get_or_set("filled", Ttl::Default, || 1).unwrap();
    }
}

async fn many() {
    let cache = caches().get("default").unwrap();
    cache.set_many([("one", &1), ("two", &2)], Ttl::Default).unwrap();
    // Keys that are given twice count once; an iterator is as good as a list.
    cache.get_many::<_, i64>(["one", "two", "three", "one"].iter().filter(|key| !key.is_empty())).unwrap();
    cache.incr("no such number", 1).unwrap_err();
}

fn sums(page: &Answer) -> (String, String) {
    let figures = page.all(".figures dd");
    (figures[2].clone(), figures[3].clone())
}

#[tokio::test]
async fn e1_each_of_the_fifteen_methods_is_one_call_whatever_it_asks_inside() {
    let _alone = alone().await;
    let page = recorded(&service(&Panel::new()), "/all").await;
    let mut expected = vec!["1"; 15];
    expected.push("0");
    assert_eq!(page.all(".methods dd"), expected, "{:?}", page.all("td.method"));
    let order = ["clear", "add", "get", "set", "get_or_set", "touch", "delete", "get_many", "set_many", "delete_many"];
    assert_eq!(page.all("td.method")[..10], order, "in the order in which they were made");
}

#[tokio::test]
async fn e4_a_stored_none_is_a_hit_and_nothing_stored_is_a_miss() {
    let _alone = alone().await;
    let page = recorded(&service(&Panel::new()), "/none").await;
    assert_eq!(page.all(".outcome"), ["done", "hit", "miss (cold)"]);
    assert_eq!(sums(&page), ("1".into(), "1".into()));
}

#[tokio::test]
async fn e5_a_value_that_get_or_set_computed_is_a_miss() {
    let _alone = alone().await;
    let page = recorded(&service(&Panel::new()), "/fill").await;
    assert_eq!(page.all("td.method"), ["delete", "get_or_set", "get_or_set"]);
    assert_eq!(page.all(".outcome")[1..], ["miss (cold)", "hit"]);
    assert_eq!(sums(&page), ("1".into(), "1".into()));
}

#[tokio::test]
async fn e6_many_keys_are_counted_each_once_and_what_fails_is_recorded() {
    let _alone = alone().await;
    let page = recorded(&service(&Panel::new()), "/many").await;
    assert_eq!(sums(&page), ("2".into(), "1".into()));
    assert_eq!(page.all("td.method"), ["set_many", "get_many", "incr"]);
    assert!(page.all(".outcome")[2].starts_with("failed ("), "{:?}", page.all(".outcome"));
}

#[tokio::test]
async fn e23_the_async_twin_of_each_method_is_the_same_row() {
    let _alone = alone().await;
    let app = service(&Panel::new());
    let shape = |page: &Answer| (page.all("td.method"), page.all(".outcome"), page.all(".key-text"), sums(page));
    let (sync, asynchronous) = (recorded(&app, "/all").await, recorded(&app, "/all_async").await);
    assert_eq!(shape(&sync), shape(&asynchronous));
    assert!(sync.all("td.wide code").iter().all(|line| line.contains("low.rs:")), "{:?}", sync.all("td.wide code"));
}
