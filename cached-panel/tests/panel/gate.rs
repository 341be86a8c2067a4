//! R81: who may look, and who may change things.

use std::io::{BufRead, BufReader, Write as _};
use std::process::{Command, Stdio};

use axum::Router;
use axum::body::Body;
use cached_core::recorder;
use cached_panel::Panel;
use http::{Method, Request, StatusCode};

use crate::support::{Answer, TOKEN, alone, ask, send, service};

const RECORD: &str = "/__cached/act/record";

/// How somebody proves who they are.
#[derive(Clone, Copy, PartialEq)]
enum Proof {
    Nothing,
    Bearer,
    WrongBearer,
    /// The cookie, and in a form its mark.
    Session,
    /// The cookie alone.
    NoMark,
    /// The cookie, and the mark of another session.
    WrongMark,
}

use Proof::{Bearer, NoMark, Nothing, Session, WrongBearer, WrongMark};

/// What is sent: method, host, origin, what the browser says of the page that asks, proof; and the status of the answer.
type Row = (Method, &'static str, &'static str, &'static str, Proof, u16);

const ROWS: [Row; 30] = [
    // Looking.
    (Method::GET, "localhost:3000", "", "", Bearer, 200),
    (Method::GET, "localhost:3000", "", "none navigate", Session, 200),
    (Method::GET, "[::1]:3000", "", "same-origin navigate", Session, 200),
    (Method::GET, "127.0.0.1", "http://127.0.0.1", "same-origin cors", Session, 200),
    (Method::GET, "localhost:3000", "", "", Nothing, 401),
    (Method::GET, "localhost:3000", "", "", WrongBearer, 401),
    (Method::GET, "panel.evil.example", "", "", Bearer, 403),
    (Method::GET, "localhost.evil.example:3000", "", "", Session, 403),
    (Method::GET, "localhost:3000@evil.example", "", "", Session, 403),
    (Method::GET, "", "", "", Bearer, 403),
    (Method::GET, "localhost:3000", "http://evil.example", "cross-site cors", Session, 403),
    (Method::GET, "localhost:3000", "http://localhost:4000", "same-site cors", Session, 403),
    (Method::GET, "localhost:3000", "", "cross-site no-cors", Session, 403),
    (Method::GET, "localhost:3000", "null", "cross-site cors", Session, 403),
    (Method::GET, "localhost:3000", "", "cross-site navigate", Session, 200),
    // Changing.
    (Method::POST, "localhost:3000", "http://localhost:3000", "", Session, 303),
    (Method::POST, "localhost:3000", "null", "same-origin navigate", Session, 303),
    (Method::POST, "localhost:3000", "", "", Bearer, 303),
    (Method::POST, "localhost:3000", "http://localhost:3000", "", NoMark, 403),
    (Method::POST, "localhost:3000", "http://localhost:3000", "", WrongMark, 403),
    (Method::POST, "localhost:3000", "http://localhost:3000", "", Nothing, 401),
    (Method::POST, "localhost:3000", "http://localhost:3000", "", WrongBearer, 401),
    (Method::POST, "localhost:3000", "", "", Session, 403),
    (Method::POST, "localhost:3000", "null", "", Session, 403),
    (Method::POST, "localhost:3000", "http://localhost:4000", "same-site navigate", Session, 403),
    (Method::POST, "localhost:3000", "http://evil.example", "cross-site navigate", Session, 403),
    (Method::POST, "localhost:3000", "http://evil.example", "cross-site cors", Bearer, 403),
    (Method::POST, "panel.evil.example", "http://panel.evil.example", "same-origin navigate", Session, 403),
    (Method::PUT, "localhost:3000", "http://localhost:3000", "", Bearer, 405),
    (Method::OPTIONS, "localhost:3000", "http://evil.example", "cross-site cors", Nothing, 403),
];

/// A session of this panel: its cookie, and the mark of its forms.
async fn log_in(app: &Router) -> (String, String) {
    let request = Request::post("/__cached/login").header("host", "localhost").header("origin", "http://localhost");
    let answer = send(app, request.body(Body::from(format!("token={TOKEN}"))).unwrap()).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    let request = Request::get("/__cached/sites").header("host", "localhost").header("cookie", &cookie);
    let mark = send(app, request.body(Body::empty()).unwrap()).await.mark();
    (cookie, mark)
}

async fn send_row(app: &Router, row: &Row, sessions: &[(String, String); 2]) -> Answer {
    let (method, host, origin, site, proof, _) = row;
    let path = if *method == Method::GET { "/__cached/sites" } else { RECORD };
    let mut request = Request::builder().method(method).uri(path);
    let mut headers = vec![("host", *host), ("origin", *origin)];
    if let Some((site, mode)) = site.split_once(' ') {
        headers.extend([("sec-fetch-site", site), ("sec-fetch-mode", mode)]);
    }
    for (name, value) in headers.into_iter().filter(|(_, value)| !value.is_empty()) {
        request = request.header(name, value);
    }
    let [own, other] = sessions;
    request = match proof {
        Nothing => request,
        Bearer => request.header("authorization", format!("Bearer {TOKEN}")),
        WrongBearer => request.header("authorization", format!("Bearer {}", TOKEN.replace('6', "7"))),
        Session | NoMark | WrongMark => request.header("cookie", &own.0),
    };
    let mark = match proof {
        Session => &own.1,
        WrongMark => &other.1,
        _ => "",
    };
    send(app, request.body(Body::from(format!("on=true&mark={mark}"))).unwrap()).await
}

#[tokio::test]
async fn r81_of_thirty_ways_to_ask_only_the_good_ones_are_answered_and_only_a_post_changes_anything() {
    let _alone = alone().await;
    let panel = Panel::new().locked().token(TOKEN).unwrap();
    let app = service(&panel);
    let sessions = [log_in(&app).await, log_in(&app).await];
    for (place, row) in ROWS.iter().enumerate() {
        recorder().disable();
        let answer = send_row(&app, row, &sessions).await;
        assert_eq!(answer.status.as_u16(), row.5, "row {place}: {}", answer.text);
        assert_eq!(recorder().is_enabled(), row.5 == 303, "row {place} changes something");
        let headers = &answer.headers;
        assert!(headers.keys().all(|name| !name.as_str().starts_with("access-control-")), "row {place}: {headers:?}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none';") && policy.contains("frame-ancestors 'none'"), "row {place}");
        assert!(policy.contains("base-uri 'none'") && policy.contains("form-action 'self'"), "row {place}");
        assert!(!policy.contains("unsafe"), "row {place}");
        assert_eq!(answer.header("cache-control"), "no-store", "row {place}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "row {place}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "row {place}");
    }
}

#[tokio::test]
async fn a_get_changes_nothing_wherever_it_goes() {
    let _alone = alone().await;
    let panel = Panel::new().locked().token(TOKEN).unwrap();
    let app = service(&panel);
    for path in [RECORD, "/__cached/act/site?clear=x", "/__cached/act/forget", "/__cached/login?code=x&token=x"] {
        let request = Request::get(path).header("host", "localhost").header("authorization", format!("Bearer {TOKEN}"));
        let answer = send(&app, request.body(Body::empty()).unwrap()).await;
        let expected = if path.contains("login") { StatusCode::OK } else { StatusCode::METHOD_NOT_ALLOWED };
        assert_eq!(answer.status, expected, "{path}");
        assert_eq!(answer.header("set-cookie"), "", "{path}");
        assert!(!recorder().is_enabled());
    }
}

#[tokio::test]
async fn the_cookie_is_kept_from_scripts_and_from_other_sites_and_paths() {
    let _alone = alone().await;
    let app = service(&Panel::new().locked().token(TOKEN).unwrap());
    let request = Request::post("/__cached/login").header("host", "localhost").header("origin", "http://localhost");
    let answer = send(&app, request.body(Body::from(format!("token={TOKEN}"))).unwrap()).await;
    let cookie = answer.header("set-cookie");
    for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/__cached"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "this machine has no certificate");
    assert!(!cookie.contains(TOKEN) && !answer.header("location").contains(TOKEN));
    let panel = || Panel::new().locked().token(TOKEN).unwrap().allow_host("panel.shop.example").unwrap();
    // What is asked for, what comes with it, whether a proxy is known to stand before the service, and whether the
    // connection is then known to be encrypted.
    let origin = ("origin", "http://panel.shop.example");
    let rows = [
        ("/__cached/login", vec![("origin", "null"), ("sec-fetch-site", "same-origin")], false, true),
        ("/__cached/login", vec![origin], false, false),
        ("https://panel.shop.example/__cached/login", vec![origin], false, true),
        ("http://panel.shop.example/__cached/login", vec![origin], false, false),
        ("/__cached/login", vec![origin, ("x-forwarded-proto", "https")], false, false),
        ("/__cached/login", vec![origin, ("x-forwarded-proto", "https")], true, true),
        ("/__cached/login", vec![origin, ("x-forwarded-proto", "http")], true, false),
        ("/__cached/login", vec![origin], true, false),
    ];
    for (uri, headers, is_proxied, is_secure) in rows {
        let panel = if is_proxied { panel().behind_proxy() } else { panel() };
        let mut request = Request::post(uri).header("host", "panel.shop.example").header("sec-fetch-mode", "navigate");
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let answer = send(&service(&panel), request.body(Body::from(format!("token={TOKEN}"))).unwrap()).await;
        let cookie = answer.header("set-cookie");
        assert!(cookie.starts_with("cached_panel_"), "{uri} {headers:?}: {}", answer.text);
        assert_eq!(cookie.ends_with("; Secure"), is_secure, "{uri} {headers:?} {is_proxied}: {cookie}");
    }
}

#[tokio::test]
async fn a_one_time_link_lets_one_browser_in_and_only_by_its_button() {
    let _alone = alone().await;
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "gate::follows_its_link", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut to, from) = (child.stdin.take().unwrap(), child.stderr.take().unwrap());
    let mut said = Vec::new();
    for line in BufReader::new(from).lines() {
        let line = line.unwrap();
        if let Some(link) = line.split_whitespace().find(|word| word.contains("/login?code=")) {
            writeln!(to, "{link}").unwrap();
        }
        said.push(line);
    }
    assert!(child.wait().unwrap().success(), "{said:#?}");
    let count = |part: &str| said.iter().filter(|line| line.contains(part)).count();
    // The locked panel warns; the other one is open to this machine, and says how somebody else gets in.
    assert_eq!((count("built into this program"), count("/login?code=")), (1, 2), "one warning, two links: {said:#?}");
    assert_eq!(count("open to this machine where the service says who is connected"), 1, "{said:#?}");
    assert_eq!((count("recording is off"), count("recording is on")), (1, 1), "{said:#?}");
}

/// Prints its links, is told them by the test above, and follows them: of a locked panel, and of one in a debug build
/// whose service does not say who is connected.
#[tokio::test]
#[ignore = "run by a_one_time_link_lets_one_browser_in_and_only_by_its_button"]
async fn follows_its_link() {
    for panel in [Panel::new().locked(), Panel::new()] {
        let app = service(&panel.at("http://127.0.0.1:3000"));
        let get = async |path: &str, cookie: &str| {
            let request = Request::get(path).header("host", "127.0.0.1:3000").header("cookie", cookie);
            send(&app, request.body(Body::empty()).unwrap()).await
        };
        let mut link = String::new();
        std::io::stdin().read_line(&mut link).unwrap();
        let path = link.trim().strip_prefix("http://127.0.0.1:3000").unwrap().to_owned();
        let code = path.split_once("code=").unwrap().1.to_owned();
        assert_eq!(get("/__cached/sites", "").await.status, StatusCode::UNAUTHORIZED);
        // However often it is looked at, by a preview too, it is not used up.
        for _ in 0..3 {
            let page = get(&path, "").await;
            assert_eq!((page.status, page.header("set-cookie")), (StatusCode::OK, ""));
            assert_eq!(page.attribute("input[name=code]", "value"), code);
        }
        let mut cookie = String::new();
        for expected in [StatusCode::SEE_OTHER, StatusCode::UNAUTHORIZED] {
            let request = Request::post("/__cached/login").header("host", "127.0.0.1:3000");
            let request = request.header("origin", "http://127.0.0.1:3000");
            let answer = send(&app, request.body(Body::from(format!("code={code}"))).unwrap()).await;
            assert_eq!(answer.status, expected, "it works once");
            cookie.push_str(answer.header("set-cookie").split(';').next().unwrap());
        }
        assert_eq!(get("/__cached/sites", &cookie).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_wrong_token_lets_nobody_in_and_the_login_page_tells_nothing_of_the_service() {
    let _alone = alone().await;
    let app = service(&Panel::new().service("very-secret-service").locked().token(TOKEN).unwrap());
    for body in ["token=", "token=no", "code=no", ""] {
        let request = Request::post("/__cached/login").header("host", "localhost").header("origin", "http://localhost");
        let answer = send(&app, request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{body}");
        assert_eq!(answer.header("set-cookie"), "", "{body}");
    }
    for path in ["/__cached/login", "/__cached/sites", "/__cached/nowhere"] {
        let answer = ask(&app, path).await;
        assert!(!answer.text.contains("very-secret-service"), "{path}");
        assert!(!answer.text.contains(env!("CARGO_PKG_VERSION")), "{path}");
    }
}

#[tokio::test]
async fn a_debug_build_answers_this_machine_and_asks_everybody_else_for_a_token() {
    let _alone = alone().await;
    let app = service(&Panel::new());
    assert_eq!(ask(&app, "/__cached/sites").await.status, StatusCode::OK);
    let from = |ip: [u8; 4]| Some(std::net::SocketAddr::from((ip, 4_000)));
    // Who is connected, as the service says; what a proxy adds; the answer.
    let rows = [
        (from([127, 0, 0, 1]), "", StatusCode::OK),
        (from([10, 0, 0, 9]), "", StatusCode::UNAUTHORIZED),
        // Where nobody says who is connected, nobody is known to be here.
        (None, "", StatusCode::UNAUTHORIZED),
        // Behind a proxy everybody seems to be here.
        (from([127, 0, 0, 1]), "forwarded", StatusCode::UNAUTHORIZED),
        (from([127, 0, 0, 1]), "x-forwarded-for", StatusCode::UNAUTHORIZED),
        (from([127, 0, 0, 1]), "x-forwarded-proto", StatusCode::UNAUTHORIZED),
        (from([127, 0, 0, 1]), "x-real-ip", StatusCode::UNAUTHORIZED),
        (from([127, 0, 0, 1]), "via", StatusCode::UNAUTHORIZED),
        (None, "forwarded", StatusCode::UNAUTHORIZED),
    ];
    for (connected, forwarded, expected) in rows {
        let mut request = Request::get("/__cached/sites").header("host", "localhost");
        if let Some(connected) = connected {
            request = request.extension(axum::extract::ConnectInfo(connected));
        }
        if !forwarded.is_empty() {
            request = request.header(forwarded, "10.0.0.9");
        }
        let answer = send(&app, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, expected, "{connected:?} {forwarded}");
        assert_eq!(answer.text.contains("support::square"), expected == StatusCode::OK, "{connected:?} {forwarded}");
    }
    // Also behind one that adds nothing, where the application says that it is there.
    let app = service(&Panel::new().behind_proxy());
    assert_eq!(ask(&app, "/__cached/sites").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_is_shown_and_how_often_bodies_run_is_not_set_from_a_page() {
    #[cached_core::cached(name = "gate.tuned")]
    fn tuned(word: &str) -> String {
        format!("canary-value of {word}")
    }
    let _alone = alone().await;
    let panel = Panel::new().locked().token(TOKEN).unwrap().record(true).headers(true);
    let app = Router::new()
        .route("/", axum::routing::get(async || tuned("canary-key").len().to_string()))
        .layer(panel.layer())
        .merge(panel.router());
    let bearer = |request: http::request::Builder, body: String| {
        let request = request.header("host", "localhost").header("authorization", format!("Bearer {TOKEN}"));
        request.body(Body::from(body)).unwrap()
    };
    for (option, value) in [
        ("show", "keys"),
        ("show", "values"),
        ("verify", "100%25"),
        ("refresh", "off"),
        ("flight", "off"),
        ("Show", "values"),
        ("ttl ", "1s"),
        ("", "values"),
    ] {
        for verb in ["set", "unset"] {
            let form = format!("{verb}=gate.tuned&option={option}&value={value}");
            let answer = send(&app, bearer(Request::post("/__cached/act/site"), form)).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{verb} {option}");
            assert!(answer.text.contains("is not set from a page"), "{verb} {option}: {}", answer.text);
        }
    }
    // Nothing of the call is shown that nobody opted in to.
    let page = ask(&app, "/").await.header("x-cached-panel").to_owned();
    let page = send(&app, bearer(Request::get(page), String::new())).await;
    assert!(page.text.contains("gate.tuned") && !page.text.contains("canary-"), "{}", page.text);
    let site = send(&app, bearer(Request::get("/__cached/site?name=gate.tuned"), String::new())).await;
    assert!(!site.text.contains("retuned)"), "{}", site.text);
    // And what the page offers is what can be set.
    let offered = scraper::Selector::parse("input[name=option]").unwrap();
    let document = site.page();
    let offered: Vec<_> = document.select(&offered).filter_map(|field| field.attr("value")).collect();
    assert_eq!(offered, ["ttl", "max_entries", "backend"]);
}

#[tokio::test]
async fn only_a_debug_build_tells_every_client_of_its_caches_unless_the_application_says_so() {
    let _alone = alone().await;
    let locked = || Panel::new().locked().token(TOKEN).unwrap().record(true);
    let rows =
        [(Panel::new(), true), (Panel::new().headers(false), false), (locked(), false), (locked().headers(true), true)];
    for (place, (panel, told)) in rows.into_iter().enumerate() {
        let answer = ask(&service(&panel), "/square/81").await;
        assert_eq!(answer.text, "6561");
        for name in ["server-timing", "x-cached-panel"] {
            assert_eq!(!answer.header(name).is_empty(), told, "row {place}: {name}");
        }
    }
}

#[tokio::test]
async fn a_form_that_is_too_large_is_refused() {
    let _alone = alone().await;
    let app = service(&Panel::new());
    let answer = crate::support::post(&app, RECORD, &[("on", &"x".repeat(20_000))]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_remedy() {
    let weak = Panel::new().token("hunter2").unwrap_err().to_string();
    assert!(weak.contains("128") && weak.contains("openssl rand -hex 16") && !weak.contains("hunter2"), "{weak}");
    for prefix in ["", "/", "cached", "/a/", "/{x}", "/a b", "/../x", "/a//b", "/a?b"] {
        assert!(Panel::new().prefix(prefix).is_err(), "{prefix}");
    }
    assert!(Panel::new().prefix("/admin/cache").is_ok());
    assert!(Panel::new().allow_host("https://x").unwrap_err().to_string().contains("no host"));
}

#[tokio::test]
async fn r78_a_panel_for_everybody_is_not_served_without_a_token() {
    let everywhere = "0.0.0.0:0".parse().unwrap();
    let error = Panel::new().serve(everywhere).await.unwrap_err().to_string();
    assert!(error.contains("without a token") && error.contains("Panel::token"), "{error}");
}
