//! Who may look, and who may change things.
//!
//! In: every request for the panel, before any page sees it. Out: a refusal, or the request with what its visitor may
//! see and the fields of its form. The order: host, origin, token, and for a change the mark of the form.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::uri::Scheme;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use maud::html;

use crate::document;
use crate::host::{self, Hosts};
use crate::state::Shared;

/// What goes with every response: nothing is loaded from elsewhere, framed, kept or told to others.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// How many bytes a form may have.
const FORM: usize = 16 << 10;
/// The session of who needs none.
const OPEN: &str = "open";

/// Somebody who may look.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) shared: Arc<Shared>,
    /// What a form carries that changes something.
    pub(crate) mark: String,
    /// Whether keys and values are shown, where they were recorded.
    pub(crate) keys: bool,
    /// Whether the connection of the browser is known to be encrypted.
    pub(crate) is_encrypted: bool,
    /// The fields of the form that was sent.
    pub(crate) fields: BTreeMap<String, String>,
}

/// Why somebody is not let in.
enum Refusal {
    Host,
    Origin,
    Token,
    Mark,
    Form,
}

/// How somebody was let in.
enum Pass {
    Bearer,
    Session(String),
    Open,
    /// For what everybody may see: the login page, its style.
    Stranger,
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = StatusCode;

    /// Fails only where the gate was left out.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// Lets a request through, or refuses it.
pub(crate) async fn gate(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let is_login = is_below(&shared, request.uri().path(), &["/login"]);
    let mut response = match admit(&shared, request).await {
        Ok(request) => next.run(request).await,
        Err(refusal) => refused(&shared, &refusal, is_login),
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether a path is one of these, below the prefix.
fn is_below(shared: &Shared, path: &str, names: &[&str]) -> bool {
    path.strip_prefix(&shared.options.prefix).is_some_and(|rest| names.contains(&rest))
}

async fn admit(shared: &Arc<Shared>, request: Request) -> Result<Request, Refusal> {
    let (mut parts, body) = request.into_parts();
    let host = host::asked(&parts.uri, &parts.headers).filter(|host| shared.options.hosts.allows(host));
    let host = host.ok_or(Refusal::Host)?;
    let is_change = !matches!(parts.method, Method::GET | Method::HEAD);
    let is_from_here = is_from_here(&parts.headers, host).ok_or(Refusal::Origin)?;
    let pass = pass(shared, &parts).ok_or(Refusal::Token)?;
    let mut fields = BTreeMap::new();
    if is_change {
        // Who holds the token sends it in a header, which no page of another origin can add.
        if !is_from_here && !matches!(pass, Pass::Bearer) {
            return Err(Refusal::Origin);
        }
        let bytes = to_bytes(body, FORM).await.map_err(|_| Refusal::Form)?;
        fields = form_urlencoded::parse(&bytes).into_owned().collect();
    }
    let session = match &pass {
        Pass::Session(session) => session.as_str(),
        Pass::Bearer | Pass::Open | Pass::Stranger => OPEN,
    };
    if is_change && matches!(pass, Pass::Session(_) | Pass::Open) {
        let mark = fields.get("mark").map_or("", String::as_str);
        if !shared.secrets.is_form_mark(session, mark) {
            return Err(Refusal::Mark);
        }
    }
    let keys = shared.options.shows_to_all() || is_here(shared, &parts);
    let is_encrypted = is_encrypted(shared, &parts, host);
    let mark = shared.secrets.form_mark(session);
    let visit = Visit { shared: Arc::clone(shared), mark, keys, is_encrypted, fields };
    parts.extensions.insert(visit);
    Ok(Request::from_parts(parts, axum::body::Body::empty()))
}

/// Whether a page of ours sent this: none if a foreign one did, or a foreign page asks for something that it means
/// to use.
fn is_from_here(headers: &HeaderMap, host: &str) -> Option<bool> {
    let header = |name| host::one(headers, name).ok();
    let site = header(HeaderName::from_static("sec-fetch-site"))?;
    // A link on another page may lead here: that shows nothing to the other page.
    let navigates = header(HeaderName::from_static("sec-fetch-mode"))? == Some("navigate");
    match header(header::ORIGIN)? {
        // Forms send it, since no page of ours says where it was; browsers then say whose page it was.
        Some("null") => (site == Some("same-origin")).then_some(true),
        Some(origin) => host::is_same(origin, host).then_some(true),
        None => match site {
            Some("same-origin") => Some(true),
            None | Some("none") => Some(false),
            Some(_) => navigates.then_some(false),
        },
    }
}

/// How a request is let in, if it is.
fn pass(shared: &Shared, parts: &Parts) -> Option<Pass> {
    let secrets = &shared.secrets;
    if let Ok(Some(authorization)) = host::one(&parts.headers, header::AUTHORIZATION) {
        let token = authorization.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        if token.is_some_and(|(_, token)| secrets.is_token(token.trim())) {
            return Some(Pass::Bearer);
        }
    }
    if let Some(session) = session(shared, &parts.headers).filter(|session| secrets.is_session(session)) {
        return Some(Pass::Session(session.to_owned()));
    }
    if !shared.options.is_locked && is_here(shared, parts) {
        return Some(Pass::Open);
    }
    let is_public = is_below(shared, parts.uri.path(), &["/login", "/style.css", "/script.js", "/icon.svg"]);
    is_public.then_some(Pass::Stranger)
}

/// The session that the cookie holds.
fn session<'a>(shared: &Shared, headers: &'a HeaderMap) -> Option<&'a str> {
    let name = cookie_name(shared);
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(';')).find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    })
}

/// Cookies are shared by all ports of a host: services beside one another need names of their own.
fn cookie_name(shared: &Shared) -> String {
    let digest = blake3::hash(shared.options.service.as_bytes()).to_hex();
    format!("cached_panel_{}", &digest[..8])
}

/// The header that lets a browser in from now on.
pub(crate) fn cookie(visit: &Visit) -> Option<HeaderValue> {
    let (name, session) = (cookie_name(&visit.shared), visit.shared.secrets.new_session()?);
    let (path, secure) = (&visit.shared.options.prefix, if visit.is_encrypted { "; Secure" } else { "" });
    HeaderValue::from_str(&format!("{name}={session}; HttpOnly; SameSite=Strict; Path={path}{secure}")).ok()
}

/// Whether the browser's connection is known to be encrypted.
fn is_encrypted(shared: &Shared, parts: &Parts, host: &str) -> bool {
    // Where it is spoken by the service itself, the address says so, at least over HTTP/2.
    let spoken = parts.uri.scheme() == Some(&Scheme::HTTPS);
    let forwarded = host::one(&parts.headers, HeaderName::from_static("x-forwarded-proto"));
    let proxied = shared.options.is_proxied && matches!(forwarded, Ok(Some(scheme)) if scheme.trim() == "https");
    // Browsers say whose page asks where they trust the connection: on this machine, and over HTTPS.
    let trusted = parts.headers.contains_key("sec-fetch-site") && !Hosts::default().allows(host);
    spoken || proxied || trusted
}

/// Whether a request is known to come from this machine: the application says who is connected, and no proxy stands
/// between, of which it or the request says so.
fn is_here(shared: &Shared, parts: &Parts) -> bool {
    let forwarded = ["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-real-ip", "via"];
    let is_forwarded = shared.options.is_proxied || forwarded.iter().any(|name| parts.headers.contains_key(*name));
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    !is_forwarded && peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback())
}

/// What somebody is told who is not let in: nothing of the service.
fn refused(shared: &Shared, refusal: &Refusal, is_login: bool) -> Response {
    let (status, title, why) = match refusal {
        Refusal::Host => (
            StatusCode::FORBIDDEN,
            "Not under this name",
            "The panel answers under localhost, 127.0.0.1 and [::1]; the application allows others by Panel::allow_host.",
        ),
        Refusal::Origin => (
            StatusCode::FORBIDDEN,
            "Not from another page",
            "Only the panel's own pages may ask this. Over plain HTTP a browser can change things on this machine only; \
             elsewhere use HTTPS, or the token in the header Authorization.",
        ),
        Refusal::Token => (
            StatusCode::UNAUTHORIZED,
            "A token is needed",
            "Log in, or send the token in the header Authorization, as a Bearer.",
        ),
        Refusal::Mark => (
            StatusCode::FORBIDDEN,
            "This form is out of date",
            "It belongs to another session, or to an earlier run of the service. Load the page again.",
        ),
        Refusal::Form => (StatusCode::PAYLOAD_TOO_LARGE, "Too much", "A form of the panel has at most 16 KiB."),
    };
    let prefix = &shared.options.prefix;
    let body = html! {
        h1 { (title) }
        p { (why) }
        @if matches!(refusal, Refusal::Token) && !is_login { p { a href={ (prefix) "/login" } { "Log in" } } }
    };
    let page = (status, document::bare(prefix, title, &body)).into_response();
    match refusal {
        Refusal::Token => ([(header::WWW_AUTHENTICATE, "Bearer realm=\"cached\"")], page).into_response(),
        _ => page,
    }
}
