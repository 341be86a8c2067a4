//! The pages of the service.
//!
//! In: a request. Out: HTML for people, JSON for programs, from functions that are cached. What blocks runs on threads
//! for that, not where requests are answered.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{Html, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use cached_core::invalidate_tag;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::{Fault, escape, page};
use crate::crates::{Weight, graph};
use crate::files::{Figures, measure};
use crate::search::{needle, search};
use crate::tree::{find, sources};
use crate::visits;
use crate::work::blocking;

/// The service over the workspace.
pub(crate) fn service() -> Router {
    Router::new()
        .route("/", get(index))
        .route("/search", get(found))
        .route("/files", get(files))
        .route("/files/{*path}", get(file))
        .route("/forget/{*path}", post(forget))
        .route("/crates", get(crates))
        .route("/crates/{name}", get(weights))
        .route("/crates/{name}/needs/{other}", get(chain))
        .fallback(async || Fault::missing("no such page", "GET / links them"))
        .method_not_allowed_fallback(async || Fault::method())
        .layer(map_response(guarded))
}

/// Does the work of a page on a thread for work that blocks.
async fn elsewhere<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    blocking(work).await?
}

async fn index() -> Result<Html<String>, Fault> {
    let visits = visits::count("/").await.map_or(String::new(), |visits| format!(" Visits of this page: {visits}."));
    let (files, packages) = elsewhere(move || Ok((sources()?.len(), graph()?.all().len()))).await?;
    let body = format!(
        "<p>The sources of this workspace, through cached functions.{visits}</p>\n\
         <form action=\"/search\"><label>Search <input name=\"q\" value=\"cached\" required minlength=\"2\" maxlength=\"64\"></label> \
         <button>Find</button></form>\n\
         <ul>\n<li><a href=\"/files\">{files} files</a>, one: <a href=\"/files/Cargo.toml\">Cargo.toml</a></li>\n\
         <li><a href=\"/crates\">{packages} packages</a>, one: <a href=\"/crates/cached-core\">cached-core</a></li>\n\
         <li><a href=\"/crates/cached-core/needs/syn\">how cached-core needs syn</a></li>\n\
         <li><a href=\"/__cached\">what the caches did for it</a></li>\n</ul>\n"
    );
    Ok(page("Web example", body))
}

#[derive(Deserialize)]
struct Asked {
    q: Option<String>,
}

async fn found(asked: Result<Query<Asked>, QueryRejection>) -> Result<Html<String>, Fault> {
    let needle = needle(asked?.q.as_deref())?;
    let found = search(needle.clone()).await?;
    let mut body = format!("<p>{} lines in {} files</p>\n<ul>\n", found.lines, found.files);
    for line in &found.shown {
        let path = escape(&line.path);
        let (number, text) = (line.number, escape(&line.text));
        body += &format!("<li><a href=\"/files/{path}\">{path}</a>:{number} <code>{text}</code></li>\n");
    }
    Ok(page(&format!("{needle:?} in the sources"), body + "</ul>\n"))
}

async fn files() -> Result<Json<Value>, Fault> {
    let sources = elsewhere(move || Ok(sources()?)).await?;
    let bytes: u64 = sources.iter().map(|source| source.bytes).sum();
    Ok(Json(json!({ "count": sources.len(), "bytes": bytes, "files": &*sources })))
}

async fn file(path: Result<Path<String>, PathRejection>) -> Result<Json<Figures>, Fault> {
    let Path(path) = path?;
    let measured = elsewhere(move || {
        let source = find(&path)?;
        Ok(measure(&source.path, source.bytes, source.modified)?)
    });
    Ok(Json(measured.await?))
}

/// What an editor's hook posts after it wrote a file: everything that came from it is forgotten, by its tag.
async fn forget(path: Result<Path<String>, PathRejection>) -> Result<StatusCode, Fault> {
    let Path(path) = path?;
    elsewhere(move || {
        let source = find(&path)?;
        invalidate_tag(&format!("file:{}", source.path))?;
        Ok(invalidate_tag("sources")?)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn crates() -> Result<Json<Value>, Fault> {
    let all = elsewhere(move || Ok(graph()?.all())).await?;
    Ok(Json(json!({ "count": all.len(), "crates": all })))
}

async fn weights(name: Result<Path<String>, PathRejection>) -> Result<Json<Vec<Weight>>, Fault> {
    let Path(name) = name?;
    let weights = elsewhere(move || {
        let graph = graph()?;
        Ok(graph.named(&name)?.into_iter().map(|package| graph.weight(package)).collect())
    });
    Ok(Json(weights.await?))
}

async fn chain(names: Result<Path<(String, String)>, PathRejection>) -> Result<Json<Vec<String>>, Fault> {
    let Path((from, to)) = names?;
    let chain = elsewhere(move || {
        let graph = graph()?;
        let (froms, tos) = (graph.named(&from)?, graph.named(&to)?);
        let pairs = froms.iter().flat_map(|from| tos.iter().map(|to| (*from, *to)));
        let shortest = pairs.filter_map(|(from, to)| graph.chain(from, to)).min_by_key(Vec::len);
        shortest.ok_or_else(|| {
            Fault::missing(format!("{from} does not need {to}"), "GET /crates/{name} says what it needs")
        })
    });
    Ok(Json(chain.await?))
}

/// No page runs scripts, is framed or asks elsewhere.
async fn guarded(mut response: Response) -> Response {
    const GUARDS: [(HeaderName, &str); 3] = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in GUARDS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
