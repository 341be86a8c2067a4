//! A small service with its panel: `cargo run -p cached-panel --example service`, then open the address that it prints.
//!
//! In: `/words/WORD` and `/near/WORD`. Out: figures about words, computed once each. Ends with ctrl-c.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use cached_core::cached;
use cached_panel::Panel;

/// The words that there are, with how often each letter is in them.
const WORDS: [&str; 12] = [
    "amber", "basalt", "cedar", "delta", "ember", "fjord", "granite", "harbour", "island", "juniper", "kelp", "lagoon",
];

/// How many edits make one word of the other.
#[cached(ttl = "1m")]
fn distance(a: &str, b: &str) -> usize {
    match (a.split_at_checked(1), b.split_at_checked(1)) {
        (None, _) => b.len(),
        (_, None) => a.len(),
        (Some((x, a)), Some((y, b))) if x == y => distance(a, b),
        (Some((_, c)), Some((_, d))) => 1 + distance(a, d).min(distance(c, b)).min(distance(c, d)),
    }
}

/// The known word that is nearest.
#[cached(max_entries = 1_000)]
async fn nearest(word: String) -> &'static str {
    tokio::task::yield_now().await;
    WORDS.into_iter().min_by_key(|known| distance(&word, known)).unwrap_or_default()
}

/// Nobody asks for this; the panel lists it all the same.
#[cached]
fn longest() -> &'static str {
    WORDS.into_iter().max_by_key(|word| word.len()).unwrap_or_default()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    let panel = Panel::new().service("words").version(env!("CARGO_PKG_VERSION")).at("http://127.0.0.1:3000");
    let app = Router::new()
        .route("/near/{word}", get(async |Path(word): Path<String>| nearest(word).await))
        .route("/longest", get(async || longest()))
        .layer(panel.layer())
        .merge(panel.router())
        .into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, app).await?)
}
