//! What is changed from the pages: sites cleared, switched and retuned while the program runs.

use cached_core::cached;
use cached_panel::Panel;
use http::StatusCode;

use crate::support::{alone, ask, mark, post, service};

const SITE: &str = "/__cached/act/site";

#[cached(name = "acts::cleared")]
fn cleared(n: u64) -> u64 {
    n + 1
}

#[cached(name = "acts::switched")]
fn switched(n: u64) -> u64 {
    n + 2
}

#[cached(name = "acts::tuned", ttl = "1h")]
fn tuned(n: u64) -> u64 {
    n + 3
}

#[tokio::test]
async fn a_site_is_cleared_by_its_button_and_the_way_back_keeps_the_order_and_the_filter() {
    let _alone = alone().await;
    let app = service(&Panel::new());
    cleared(1);
    assert_eq!(cleared::site().stats().entries, 1);
    let page = ask(&app, "/__cached/sites?q=acts&sort=calls&dir=down").await;
    let (mark, back) = (page.mark(), page.attribute("input[name=back]", "value"));
    assert!(page.text.contains("name=\"clear\" value=\"acts::cleared\""));
    let answer = post(&app, SITE, &[("clear", "acts::cleared"), ("back", &back), ("mark", &mark)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    assert_eq!(answer.header("location"), "/__cached/sites?q=acts&sort=calls&dir=down&done=clear");
    assert_eq!(cleared::site().stats().entries, 0);
    assert!(ask(&app, answer.header("location")).await.one("[role=status]").starts_with("Cleared"));
}

#[tokio::test]
async fn a_site_is_switched_off_and_on_again() {
    let _alone = alone().await;
    let app = service(&Panel::new());
    let mark = mark(&app).await;
    post(&app, SITE, &[("disable", "acts::switched"), ("mark", &mark)]).await;
    assert_eq!(switched::with_outcome(1).1, cached_core::Outcome::Bypass);
    let page = ask(&app, "/__cached/site?name=acts::switched").await;
    assert_eq!(page.one("p.verdict"), "disabled");
    assert!(page.text.contains("name=\"enable\""));
    post(&app, SITE, &[("enable", "acts::switched"), ("mark", &mark)]).await;
    switched(1);
    assert_eq!(switched::with_outcome(1).1, cached_core::Outcome::Hit);
}

#[tokio::test]
async fn a_site_is_retuned_at_once_and_that_is_taken_back() {
    let _alone = alone().await;
    let app = service(&Panel::new());
    let page = ask(&app, "/__cached/site?name=acts::tuned").await;
    let (mark, at) = (page.mark(), page.attribute("input[name=at]", "value"));
    let set = [("set", "acts::tuned"), ("option", "ttl"), ("value", "30s"), ("at", &*at), ("mark", &*mark)];
    let answer = post(&app, SITE, &set).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let page = ask(&app, answer.header("location")).await;
    assert!(
        page.all(".policy li").iter().any(|value| value.contains("30s") && value.contains("retuned")),
        "{}",
        page.text
    );
    tuned(1);
    cached_testkit::advance(std::time::Duration::from_secs(31));
    assert!(matches!(tuned::with_outcome(1).1, cached_core::Outcome::Miss(cached_core::Reason::Expired)));
    let unset = [("unset", "acts::tuned"), ("option", "ttl"), ("at", &*at), ("mark", &*mark)];
    let page = ask(&app, post(&app, SITE, &unset).await.header("location")).await;
    assert!(!page.text.contains("retuned)"), "{}", page.text);
}

#[tokio::test]
async fn what_cannot_be_set_says_why_and_changes_nothing() {
    let _alone = alone().await;
    let app = service(&Panel::new());
    let mark = mark(&app).await;
    let rows = [
        ([("set", "acts::tuned"), ("option", "ttl"), ("value", "soon")], "ttl"),
        ([("set", "acts::tuned"), ("option", "tll"), ("value", "1s")], "a page sets ttl, max_entries, backend"),
        ([("set", "acts::tuned"), ("option", "backend"), ("value", "nowhere")], "nowhere"),
        ([("clear", "acts::clared"), ("option", ""), ("value", "")], "did you mean"),
    ];
    for (fields, says) in rows {
        let answer = post(&app, SITE, &[&fields[..], &[("mark", &mark)]].concat()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(answer.one("main").contains(says), "{}", answer.one("main"));
    }
    let answer = post(&app, SITE, &[("mark", &mark)]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(tuned::site().alias(), "default");
}
