//! What the pages show, and that they are sound.

use std::sync::Arc;

use cached_core::{Config, cached};
use cached_panel::Panel;
use cached_testkit::{Fault, Faulty, Shelf};
use http::StatusCode;
use scraper::{Html, Selector};

use crate::support::{Answer, alone, ask, recorded, service, square};

#[cached(name = "pages::busy")]
fn busy(n: u64) -> u64 {
    n
}

/// Nobody calls it, and it is in the table all the same.
#[cached(name = "pages::idle")]
#[expect(dead_code, reason = "that is its part")]
fn idle(n: u64) -> u64 {
    n
}

const PAGES: [&str; 8] = [
    "/__cached/sites",
    "/__cached/sites?q=pages&sort=calls&dir=down&verdict=any",
    "/__cached/site?name=pages::busy",
    "/__cached/requests",
    "/__cached/backends",
    "/__cached/configuration",
    "/__cached/login",
    "/__cached/nowhere",
];

#[tokio::test]
async fn every_page_is_sound_html_that_loads_nothing_from_elsewhere() {
    let _alone = alone().await;
    let app = service(&Panel::new());
    let mut pages = vec![recorded(&app, "/twice/5").await];
    for path in PAGES {
        pages.push(ask(&app, path).await);
    }
    for page in &pages {
        let document = page.page();
        assert!(document.errors.is_empty(), "{:?} in {}", document.errors, page.text);
        is_accessible(&document);
    }
}

/// What somebody needs who does not see the page, and that nothing is loaded from elsewhere.
fn is_accessible(page: &Html) {
    let all = |selector: &str| Selector::parse(selector).unwrap();
    for link in page.select(&all("[href], [src], [action]")) {
        for name in ["href", "src", "action"] {
            let inside = link.attr(name).is_none_or(|address| address.starts_with("/__cached") || address == "#main");
            assert!(inside, "{:?}", link.html());
        }
    }
    for attribute in page.select(&all("*")).flat_map(|element| element.value().attrs()) {
        assert!(!attribute.0.starts_with("on") && attribute.0 != "style", "{attribute:?}");
    }
    assert!(page.select(&all("script:not([src]), style")).next().is_none());
    assert_eq!(page.select(&all("h1")).count(), 1);
    assert_eq!(page.select(&all("main")).count(), 1);
    for table in page.select(&all("table")) {
        assert!(table.select(&all("caption")).next().is_some(), "{}", table.html());
        assert!(table.select(&all("th:not([scope])")).next().is_none(), "{}", table.html());
    }
    for field in page.select(&all("input:not([type=hidden]), select")) {
        let is_named = field.ancestors().any(|node| node.value().as_element().is_some_and(|e| e.name() == "label"));
        assert!(is_named, "{}", field.html());
    }
    for button in page.select(&all("button, a")) {
        let name = button.attr("aria-label").map_or_else(|| button.text().collect(), str::to_owned);
        assert!(!name.trim().is_empty(), "{}", button.html());
    }
    let mut ids: Vec<_> = page.select(&all("[id]")).filter_map(|element| element.attr("id")).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "ids are there once");
}

fn sites(page: &Answer) -> Vec<String> {
    page.all("a.site").into_iter().filter(|name| name.starts_with("pages::")).collect()
}

#[tokio::test]
async fn the_sites_are_sorted_and_filtered_by_the_server_alone() {
    let _alone = alone().await;
    busy(1);
    let app = service(&Panel::new());
    let all = ask(&app, "/__cached/sites").await;
    assert_eq!(sites(&all), ["pages::busy", "pages::idle"], "by file and line");
    assert!(all.one("tr:has(a[href*='pages%3A%3Aidle'])").contains("never called"));
    let link = all.attribute("a.sort[href*='sort=calls']", "href");
    assert_eq!(link, "/__cached/sites?sort=calls&dir=down", "figures begin with the largest");
    assert_eq!(sites(&ask(&app, &link).await), ["pages::busy", "pages::idle"]);
    let up = ask(&app, "/__cached/sites?sort=calls&dir=up").await;
    assert_eq!(sites(&up), ["pages::idle", "pages::busy"]);
    assert_eq!(up.attribute("th:has(a[href*='sort=calls'])", "aria-sort"), "ascending");
    assert_eq!(sites(&ask(&app, "/__cached/sites?q=GES::Bu").await), ["pages::busy"]);
    assert_eq!(sites(&ask(&app, "/__cached/sites?q=pages.rs").await).len(), 2, "by the file as well");
    assert_eq!(sites(&ask(&app, "/__cached/sites?verdict=never+called&q=pages::").await), ["pages::idle"]);
    assert!(sites(&ask(&app, "/__cached/sites?alias=elsewhere").await).is_empty());
    let odd = ask(&app, "/__cached/sites?sort=nothing&dir=sideways&page=-7&q=%FF%00").await;
    assert_eq!(odd.status, StatusCode::OK);
}

#[tokio::test]
async fn a_site_shows_its_policy_its_figures_and_its_last_calls() {
    let _alone = alone().await;
    let app = service(&Panel::new());
    ask(&app, "/twice/12").await;
    let name = square::site().name();
    let page = ask(&app, &format!("/__cached/site?name={name}")).await;
    assert_eq!(page.one("h1"), name);
    assert!(page.one(".heading p").contains("support.rs"));
    assert_eq!(page.all("table.calls tbody").len(), 2);
    assert!(page.all("table.calls tbody")[0].contains("GET /twice/12"));
    assert!(page.one("table.plain").contains("Faults of the backend"));
    assert_eq!(ask(&app, "/__cached/site?name=no::such").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_backend_that_is_left_alone_says_so_and_how_long_its_answers_took() {
    #[cached(name = "backends::far")]
    fn far(n: u64) -> u64 {
        n
    }
    let _alone = alone().await;
    let backend = Arc::new(Faulty::new(Arc::new(Shelf::new())));
    let config = Config::new().backend("far", Arc::clone(&backend) as _).site("backends::far", "backend", "far");
    config.install().unwrap();
    let app = service(&Panel::new());
    assert!(ask(&app, "/__cached/backends").await.all(".latency").is_empty(), "nothing was answered yet");
    far(1);
    backend.set_fault(Fault::Fail);
    for n in 2..9 {
        far(n);
    }
    let page = ask(&app, "/__cached/backends").await;
    assert!(page.one(".verdict").contains("Left alone"));
    assert_eq!(page.all(".latency figcaption").len(), 1, "of stores in this process it is not measured");
    let label = page.attribute(".latency svg", "aria-label");
    assert!(label.starts_with("Answers by how long they took: ") && label.contains("µs: "), "{label}");
    let json = ask(&app, "/__cached/api/backends.json").await;
    let value: serde_json::Value = serde_json::from_str(&json.text).unwrap();
    let far = value["backends"].as_array().unwrap().iter().find(|backend| backend["alias"] == "far").unwrap();
    assert_eq!((&far["is_broken"], &far["broke"]), (&true.into(), &1.into()));
    let steps = far["latency"]["steps"].as_array().unwrap();
    assert_eq!((steps.len(), &steps[0]["longest_ns"], &steps[10]["longest_ns"]), (11, &10_000.into(), &().into()));
    // A read and a write that were answered, and five reads that were refused.
    assert_eq!(steps.iter().map(|step| step["count"].as_u64().unwrap()).sum::<u64>(), 7);
    Config::new().install().unwrap();
}

#[tokio::test]
async fn the_configuration_shows_each_value_with_its_source_and_what_there_is_to_warn_of() {
    let _alone = alone().await;
    let config = Config::from_toml(
        "namespace = \"pages\"\n[backends.default]\nkind = \"memory\"\nmax_entries = 500\n\
         [backends.second]\nkind = \"dummy\"\n[sites.\"pages::gone\"]\nttl = \"1m\"\n",
    );
    config.unwrap().install().unwrap();
    let app = service(&Panel::new());
    let page = ask(&app, "/__cached/configuration").await;
    let rows = page.all("tbody tr");
    assert!(
        rows.iter().any(|row| row.contains("backends.default") && row.contains("max_entries") && row.contains("500"))
    );
    assert!(page.one(".warnings").contains("pages::gone"), "{}", page.one(".warnings"));
    let backends = ask(&app, "/__cached/backends").await;
    assert_eq!(backends.all(".card h2"), ["default memory", "second dummy"]);
    let json = ask(&app, "/__cached/api/configuration.json").await;
    assert_eq!(json.header("content-type"), "application/json");
    let value: serde_json::Value = serde_json::from_str(&json.text).unwrap();
    assert!(value["values"].as_array().unwrap().iter().all(|value| !value["source"].as_str().unwrap().is_empty()));
    Config::new().install().unwrap();
}

#[tokio::test]
async fn what_is_shown_is_there_as_json_too() {
    let _alone = alone().await;
    let app = service(&Panel::new());
    let id = ask(&app, "/twice/7").await.header("x-cached-panel").rsplit('/').next().unwrap().to_owned();
    let json = async |path: String| {
        let answer = ask(&app, &format!("/__cached/api/{path}")).await;
        assert_eq!(answer.header("content-type"), "application/json");
        (answer.status, serde_json::from_str::<serde_json::Value>(&answer.text).unwrap())
    };
    let (_, request) = json(format!("requests/{id}.json")).await;
    assert_eq!((&request["path"], &request["total_calls"]), (&"/twice/7".into(), &2.into()));
    assert_eq!(request["calls"][1]["outcome"], "hit");
    assert_eq!(request["counts"].as_object().unwrap().len(), cached_core::recorder::Method::ALL.len());
    assert_eq!(json("requests.json".into()).await.1["requests"][0]["id"].to_string(), id);
    let (_, sites) = json("sites.json".into()).await;
    assert!(sites["sites"].as_array().unwrap().iter().any(|site| site["site"] == "pages::idle"));
    assert!(json("backends.json".into()).await.1["backends"][0]["alias"].is_string());
    assert_eq!(
        json("requests/999999.json".into()).await,
        (StatusCode::OK, serde_json::json!({ "id": 999_999, "kept": false }))
    );
    assert_eq!(json("requests/one.json".into()).await.0, StatusCode::BAD_REQUEST);
}
