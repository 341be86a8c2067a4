//! R78 and R79: closed by default, and no secret anywhere.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use cached_core::backend::Backend;
use cached_core::{Config, Error, Kind, Options, cached, recorder, report};
use cached_panel::Panel;
use cached_testkit::Shelf;
use http::{Request, StatusCode};

use crate::support::{TOKEN, alone, ask, send};

fn make(options: &Options) -> Result<Arc<dyn Backend>, Error> {
    options.text("password")?;
    Ok(Arc::new(Shelf::new()))
}

inventory::submit! { Kind::new("vault", &["password", "location"], make) }

/// What must not be seen, each with a word of its own.
const CANARIES: [&str; 20] = [
    "canary-argument",
    "canary-owned",
    "canary-nested",
    "canary-bytes",
    "canary-self",
    "canary-value",
    "canary-option",
    "canary-error",
    "canary-panic",
    "canary-query",
    "canary-fragment-user",
    "canary-environment",
    "canary-header",
    "canary-cookie",
    "canary-authorization",
    "canary-body",
    "canary-response",
    "canary-password",
    "canary-location",
    TOKEN,
];

struct Shop {
    key: String,
}

#[cached]
impl Shop {
    #[cached(key = (self.key, n))]
    fn price(&self, n: u64) -> u64 {
        n
    }
}

#[cached]
fn told(argument: &str, owned: String, nested: Option<(u8, &str)>, bytes: Vec<u8>) -> String {
    format!("canary-value {}", argument.len() + owned.len() + bytes.len() + usize::from(nested.is_some()))
}

#[cached]
fn failing(word: &str) -> Result<u8, String> {
    Err(format!("canary-error {word}"))
}

#[cached]
fn panicking(word: &str) -> u8 {
    panic!("canary-panic {word}")
}

#[cached(name = "closed::vaulted")]
fn vaulted(word: String) -> Option<String> {
    Some(format!("canary-option {word}"))
}

async fn handler() -> ([(&'static str, &'static str); 1], String) {
    told("canary-argument", "canary-owned".into(), Some((1, "canary-nested")), b"canary-bytes".to_vec());
    Shop { key: "canary-self".into() }.price(1);
    let _ = failing("canary-argument");
    let _ = std::panic::catch_unwind(|| panicking("canary-argument"));
    vaulted("canary-owned".into());
    ([("x-response", "canary-response")], "fine".into())
}

/// Everything that the panel and the report can emit about the service.
async fn everything(app: &Router, panel: &Panel, page: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let paths = [
        "/__cached/sites",
        "/__cached/requests",
        "/__cached/backends",
        "/__cached/configuration",
        "/__cached/login",
        "/__cached/nowhere",
        "/__cached/api/sites.json",
        "/__cached/api/requests.json",
        "/__cached/api/backends.json",
        "/__cached/api/configuration.json",
        page,
    ];
    let mut paths: Vec<_> = paths.map(str::to_owned).into();
    paths.push(format!("/__cached/api/requests/{}.json", page.rsplit('/').next().unwrap()));
    paths.extend((0..5).map(|call| format!("{page}/calls/{call}")));
    for site in report().sites() {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("name", site.name).finish();
        paths.push(format!("/__cached/site?{query}"));
    }
    for path in paths {
        let request =
            Request::get(&path).header("host", "localhost").header("authorization", format!("Bearer {TOKEN}"));
        let answer = send(app, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status.is_success(), path != "/__cached/nowhere", "{path}: {}", answer.text);
        all.push((path, format!("{:?}\n{}", answer.headers, answer.text)));
    }
    let metrics = send(&panel.metrics(), Request::get("/metrics").body(Body::empty()).unwrap()).await;
    all.push(("metrics".into(), metrics.text));
    let mut texts = format!("{}{}", report(), report().wide());
    write!(texts, "{panel:?}{:?}{:?}{:?}", panel.layer(), report(), cached_core::settings()).unwrap();
    write!(texts, "{:?}{:?}", cached_core::backends(), Panel::new().token("short").unwrap_err()).unwrap();
    all.push(("texts and Debug".into(), texts));
    all
}

/// A secret as it is, and in what it might be dressed.
fn dresses(secret: &str) -> Vec<String> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let base64 = |text: &[u8]| -> String {
        let bits: Vec<_> = text.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
        bits.chunks_exact(6)
            .map(|six| char::from(DIGITS[six.iter().fold(0, |n, bit| n * 2 + usize::from(*bit))]))
            .collect()
    };
    let bytes = secret.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let percent: String = bytes.iter().map(|byte| format!("%{byte:02X}")).collect();
    let mut all = vec![secret.into(), hex.to_uppercase(), hex, percent, secret.replace('-', "%2D")];
    // A text inside another begins at any of three places of it.
    all.extend((0..3).map(|skip| base64(&bytes[skip..bytes.len() - (bytes.len() - skip) % 3])));
    let list: Vec<_> = bytes.iter().map(u8::to_string).collect();
    all.push(list.join(", "));
    all
}

#[tokio::test]
async fn r79_of_twenty_secrets_none_is_anywhere() {
    let _alone = alone().await;
    let env = [("CACHED_BACKENDS__VAULT__PASSWORD", "canary-environment")];
    Config::new()
        .option("default", "kind", "memory")
        .option("vault", "kind", "vault")
        .option("vault", "password", "canary-password")
        .option("vault", "location", "vault://canary-fragment-user:canary-location@host")
        .site("closed::vaulted", "backend", "vault")
        .env_from("CACHED", env)
        .unwrap()
        .install()
        .unwrap();
    let panel = Panel::new().locked().token(TOKEN).unwrap().record(true).headers(true).traces(u32::MAX);
    let app = Router::new().route("/", get(handler).post(handler)).layer(panel.layer()).merge(panel.router());
    let request = Request::post("/?password=canary-query")
        .header("host", "localhost")
        .header("x-secret", "canary-header")
        .header("cookie", "session=canary-cookie")
        .header("authorization", "Basic canary-authorization");
    let answer = send(&app, request.body(Body::from("canary-body")).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK);
    let page = answer.header("x-cached-panel").to_owned();
    let all = everything(&app, &panel, &page).await;
    // What is looked for would be found: the pages do show these calls.
    assert!(all.iter().any(|(path, text)| *path == page && text.contains("told</a>") && text.contains("vaulted</a>")));
    for (path, text) in &all {
        for canary in CANARIES {
            for dress in dresses(canary) {
                assert!(!text.contains(&dress), "{canary} as {dress} in {path}");
            }
        }
    }
    Config::new().install().unwrap();
}

#[tokio::test]
async fn keys_are_shown_to_this_machine_in_a_debug_build_and_not_to_who_may_be_elsewhere() {
    let _alone = alone().await;
    let panel = Panel::new().token(TOKEN).unwrap();
    let app = Router::new().route("/", get(handler)).layer(panel.layer()).merge(panel.router());
    let page = ask(&app, "/").await.header("x-cached-panel").to_owned();
    let here = ask(&app, &page).await.text;
    assert!(here.contains("canary-argument"), "{here}");
    let json = page.replace("/requests", "/api/requests") + ".json";
    for path in [&page, &json] {
        // Nothing says who is connected: nobody is let in without the token, and it does not open keys.
        let request = || Request::get(path).header("host", "localhost");
        let stranger = send(&app, request().body(Body::empty()).unwrap()).await;
        let known = request().header("authorization", format!("Bearer {TOKEN}"));
        let known = send(&app, known.body(Body::empty()).unwrap()).await;
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(known.status.is_success() && known.text.contains("told"), "{path}: {}", known.text);
        assert!(!(stranger.text + &known.text).contains("canary-"), "{path}");
    }
}

#[tokio::test]
async fn values_are_shown_only_where_the_application_says_so() {
    let _alone = alone().await;
    let shows = cached_core::recorder::Show::Values;
    for (panel, expected) in [(Panel::new(), false), (Panel::new().show(shows), true)] {
        let app = Router::new().route("/", get(handler)).layer(panel.layer()).merge(panel.router());
        let page = ask(&app, "/").await.header("x-cached-panel").to_owned();
        assert_eq!(ask(&app, &page).await.text.contains("canary-value"), expected);
    }
}

#[tokio::test]
async fn r78_a_locked_panel_records_nothing_and_listens_nowhere_until_it_is_told_to() {
    let _alone = alone().await;
    // Those that listen: other tests open others meanwhile, which are none of the panel's.
    let sockets = || {
        let fds = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
        let links: Vec<_> =
            fds.filter_map(|fd| Some(std::fs::read_link(fd.path()).ok()?.display().to_string())).collect();
        let tables = ["tcp", "tcp6"].map(|name| std::fs::read_to_string(format!("/proc/self/net/{name}")));
        let listens = |row: &str| {
            let columns: Vec<&str> = row.split_whitespace().collect();
            let is_ours = |inode: &&str| links.contains(&format!("socket:[{inode}]"));
            columns.get(3) == Some(&"0A") && columns.get(9).is_some_and(is_ours)
        };
        tables.iter().flatten().flat_map(|table| table.lines()).filter(|row| listens(row)).count()
    };
    let before = sockets();
    let panel = Panel::new().locked().token(TOKEN).unwrap();
    let app = Router::new().route("/", get(handler)).layer(panel.layer()).merge(panel.router());
    assert_eq!(ask(&app, "/").await.header("x-cached-panel"), "");
    assert!(!recorder().is_enabled());
    assert_eq!(sockets(), before);
    assert_eq!(ask(&app, "/__cached/sites").await.status, StatusCode::UNAUTHORIZED, "also for this machine");
}
