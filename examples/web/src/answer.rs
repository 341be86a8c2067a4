//! What the service answers when it cannot give a page, and the frame of the pages that it gives.
//!
//! In: what was wrong, and what to ask instead. Out: a status with a JSON body; or HTML in which every text is escaped.

use std::fmt::Display;
use std::io;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;
use tokio::task::JoinError;

/// Why there is no page.
#[derive(Debug, Serialize)]
pub(crate) struct Fault {
    #[serde(skip)]
    status: StatusCode,
    /// What was asked, and what there is.
    error: String,
    /// What to ask instead.
    remedy: &'static str,
}

impl Fault {
    /// The request is wrong.
    pub(crate) fn refused(error: impl Into<String>, remedy: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error: error.into(), remedy }
    }

    /// There is no such thing.
    pub(crate) fn missing(error: impl Into<String>, remedy: &'static str) -> Self {
        Self { status: StatusCode::NOT_FOUND, ..Self::refused(error, remedy) }
    }

    /// What the request is for cannot be read.
    pub(crate) fn broken(error: impl Into<String>) -> Self {
        let remedy = "look at the workspace that the service was started in";
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, ..Self::refused(error, remedy) }
    }

    /// The way is there, and takes another method.
    pub(crate) fn method() -> Self {
        let fault = Self::refused("not with this method", "pages take GET, /forget/{path} takes POST");
        Self { status: StatusCode::METHOD_NOT_ALLOWED, ..fault }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::broken(error.to_string())
    }
}

/// A task that panicked, or was dropped because the service ends.
impl From<JoinError> for Fault {
    fn from(error: JoinError) -> Self {
        Self::broken(error.to_string())
    }
}

impl From<cached_core::Error> for Fault {
    fn from(error: cached_core::Error) -> Self {
        Self::broken(error.to_string())
    }
}

impl From<PathRejection> for Fault {
    fn from(rejection: PathRejection) -> Self {
        Self::refused(rejection.body_text(), "GET /files and GET /crates list what there is, in UTF-8")
    }
}

impl From<QueryRejection> for Fault {
    fn from(rejection: QueryRejection) -> Self {
        Self::refused(rejection.body_text(), "GET /search?q=some+words")
    }
}

/// A page: a title, and a body that is HTML already.
pub(crate) fn page(title: &str, body: impl Display) -> Html<String> {
    let title = escape(title);
    Html(format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n<h1>{title}</h1>\n{body}</html>\n"
    ))
}

/// A text as HTML, also between quotes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

const STYLE: &str = ":root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}\
                     body{max-width:60rem;margin:2rem auto;padding:0 1rem}\
                     li{overflow-wrap:anywhere}code{white-space:pre-wrap}";
