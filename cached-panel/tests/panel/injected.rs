//! R80: whatever stands in a name, a key, a path or an option, it is text.

use axum::Router;
use axum::body::Body;
use axum::routing::{any, get};
use cached_core::recorder::Show;
use cached_core::{Config, cached};
use cached_panel::Panel;
use http::Request;
use scraper::{ElementRef, Html};

use crate::support::{Answer, alone, ask, here, mark, post, send};

/// What tries to leave a text, by what it leaves.
const BREAKS: [&str; 10] =
    ["", "\"", "'", "\">", "'>", "</td>", "</code></table>", "--><!-- ", "</title></head>", "&#34;&gt;"];

/// What tries to run, or to load something.
const TRIES: [&str; 20] = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    " onmouseover=alert(1) autofocus onfocus=alert(1) x=",
    "<a href=javascript:alert(1)>x</a>",
    "javascript:alert(1)//",
    "<style>*{background:url(//evil.example)}</style>",
    "<link rel=stylesheet href=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<base href=//evil.example/>",
    "<form action=//evil.example><button>x</button></form>",
    "<math><mtext><img src=x onerror=alert(1)></mtext></math>",
    "<template><script>alert(1)</script></template>",
    "<textarea><script>alert(1)</script>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<![CDATA[<script>alert(1)</script>]]>",
    "{{constructor.constructor('alert(1)')()}}${alert(1)}",
    "\u{202e}\u{0}\u{feff}<b>\u{ff1c}script\u{ff1e}alert(1)",
];

#[cached(name = "injected::told")]
fn told(word: &str) -> String {
    format!("{word}!")
}

/// A site whose own name is an attempt.
#[cached(name = "injected::<img src=x onerror=alert(1)>\"'&amp;")]
fn named(word: &str) -> usize {
    word.len()
}

/// The pages that show something of a payload, after a request that carries it everywhere.
async fn pages(payload: &str) -> Vec<(&'static str, Answer)> {
    let word = payload.to_owned();
    let _ = Config::new()
        .namespace(payload)
        .option("default", "kind", "memory")
        .option("default", "key_prefix", payload)
        // Before `default` in the alphabet, whatever it is.
        .option(&format!("a {payload}"), "kind", "dummy")
        .site(&format!("{payload}::x"), "ttl", "1m")
        .install()
        .unwrap();
    // Each call has its stack: which are sampled is a matter of time.
    let panel = Panel::new().service(payload).version(payload).query(true).show(Show::Values).traces(u32::MAX);
    let handler = any(async move || {
        told(&word);
        named(&word);
    });
    let app = Router::new().route("/{*path}", handler).layer(panel.layer()).merge(panel.router());
    let written: String = form_urlencoded::byte_serialize(payload.as_bytes()).collect();
    // As much of it raw as an address may hold.
    let raw: String = payload.chars().filter(|c| c.is_ascii_graphic() && !"#?<>\"^`{|}\\".contains(*c)).collect();
    let request = Request::builder().method("PUSH").uri(format!("/{raw}/{written}?{written}&{raw}")).extension(here());
    let page = send(&app, request.body(Body::empty()).unwrap()).await.header("x-cached-panel").to_owned();
    let at = |path: &str| format!("/__cached/{path}");
    let mark = mark(&app).await;
    vec![
        ("sites", ask(&app, &at("sites?q=injected::&alias=default")).await),
        (
            "filtered",
            ask(&app, &at(&format!("sites?q={written}&alias={written}&verdict={written}&sort={written}"))).await,
        ),
        ("site", ask(&app, &at("site?name=injected::told")).await),
        ("named", ask(&app, &at("site?name=injected%3A%3A%3Cimg+src%3Dx+onerror%3Dalert(1)%3E%22%27%26amp%3B")).await),
        ("no site", ask(&app, &at(&format!("site?name={written}"))).await),
        ("requests", ask(&app, &at("requests")).await),
        ("request", ask(&app, &page).await),
        ("call", ask(&app, &format!("{page}/calls/0")).await),
        ("backends", ask(&app, &at("backends")).await),
        ("configuration", ask(&app, &at("configuration")).await),
        ("login", ask(&app, &at(&format!("login?code={written}"))).await),
        ("nowhere", ask(&app, &at(&written)).await),
        (
            "refused",
            post(&app, &at("act/site"), &[("set", payload), ("option", payload), ("value", payload), ("mark", &mark)])
                .await,
        ),
        ("host", {
            let request = Request::get("/__cached/sites").header("host", raw.replace(',', "")).extension(here());
            send(&app, request.body(Body::empty()).unwrap()).await
        }),
    ]
}

/// The elements of a page in their order, each with the attributes whose values are no text of somebody else's, nor a
/// number that moves.
/// Pictures and lists of choices have as many parts as there are figures, and are looked through one by one.
fn skeleton(page: &Html) -> Vec<String> {
    const TEXTS: [&str; 9] =
        ["href", "value", "aria-label", "data-keep", "data-news", "data-trace", "datetime", "class", "selected"];
    let is_counted = |element: &ElementRef<'_>| {
        let of_picture = |name: &str| ["svg", "path", "rect", "option"].contains(&name);
        !of_picture(element.value().name())
    };
    let elements = page.root_element().descendants().filter_map(ElementRef::wrap);
    elements
        .filter(is_counted)
        .map(|element| {
            let mut attributes: Vec<_> = element
                .value()
                .attrs()
                .map(|(name, value)| {
                    if TEXTS.contains(&name) || name == "content" && value.len() > 100 {
                        name.to_owned()
                    } else {
                        format!("{name}={value}")
                    }
                })
                .collect();
            attributes.sort();
            // Marks of forms are another for each panel.
            attributes.retain(|attribute| attribute != "selected");
            format!("{} {}", element.value().name(), attributes.join(" "))
        })
        .collect()
}

fn is_harmless(name: &str, page: &Html) {
    for element in page.root_element().descendants().filter_map(ElementRef::wrap) {
        for (attribute, value) in element.value().attrs() {
            assert!(
                !attribute.starts_with("on") && attribute != "style" && attribute != "srcdoc",
                "{name}: {attribute}"
            );
            assert!(attribute != "data-news" || value.parse::<u64>().is_ok(), "{name}: {attribute}={value}");
            if ["href", "src", "action", "formaction", "data-trace"].contains(&attribute) {
                assert!(value.starts_with("/__cached") || value == "#main", "{name}: {attribute}={value}");
            }
        }
    }
}

#[tokio::test]
async fn r80_of_two_hundred_payloads_none_is_more_than_text() {
    let _alone = alone().await;
    // Their verdicts move while they are young.
    for round in 0..12 {
        pages(&format!("benign{round}")).await;
    }
    let benign: Vec<_> = pages("benign").await.iter().map(|(_, answer)| skeleton(&answer.page())).collect();
    let mut seen = 0;
    for (place, payload) in BREAKS.iter().flat_map(|start| TRIES.map(|end| format!("{start}{end}"))).enumerate() {
        for ((name, answer), wanted) in pages(&payload).await.iter().zip(&benign) {
            let page = answer.page();
            assert_eq!(&skeleton(&page), wanted, "payload {place} on {name}: {}", answer.text);
            is_harmless(name, &page);
            assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
            seen += usize::from(page.root_element().text().collect::<String>().contains("alert(1)"));
        }
    }
    assert!(seen > 1_000, "the payloads do stand on the pages: {seen}");
    Config::new().install().unwrap();
}

#[tokio::test]
async fn the_json_of_a_payload_is_json() {
    let _alone = alone().await;
    let panel = Panel::new().service("</script>\"\\\u{0}").show(Show::Values);
    let handler = get(async || told("</script>\"\\\u{2028}\u{0}"));
    let app = Router::new().route("/{*path}", handler).layer(panel.layer()).merge(panel.router());
    let page = ask(&app, "/%22%3C").await.header("x-cached-panel").replace("/requests", "/api/requests");
    for path in [format!("{page}.json"), "/__cached/api/requests.json".into(), "/__cached/api/sites.json".into()] {
        let answer = ask(&app, &path).await;
        serde_json::from_str::<serde_json::Value>(&answer.text).unwrap();
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
}
