//! Being let in.
//!
//! In: the token, typed, or the code of the one-time link. Out: a cookie. The link only opens a page with a button:
//! what is asked for by GET changes nothing, and no preview of the link uses it up.

use axum::extract::RawQuery;
use axum::response::{IntoResponse, Redirect, Response};
use http::{StatusCode, header};
use maud::{Markup, html};

use super::{Query, address, with};
use crate::document;
use crate::gate::{Visit, cookie};

pub(super) async fn page(visit: Visit, query: RawQuery) -> Markup {
    form(&visit, Query::read(query).get("code"), "")
}

pub(super) async fn log_in(visit: Visit) -> Response {
    let field = |name: &str| visit.fields.get(name).map_or("", |value| value.trim());
    let secrets = &visit.shared.secrets;
    let (code, token) = (field("code"), field("token"));
    if !(secrets.is_token(token) || secrets.take_code(code)) {
        let why = match token.is_empty() {
            true => "This link has been used, or is older than an hour. Start the service again for another.",
            false => "This is not the token of this panel.",
        };
        return with(StatusCode::UNAUTHORIZED, form(&visit, "", why));
    }
    let Some(cookie) = cookie(&visit) else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    ([(header::SET_COOKIE, cookie)], Redirect::to(&address(&visit, "/sites", &[]))).into_response()
}

fn form(visit: &Visit, code: &str, why: &str) -> Markup {
    let given = visit.shared.secrets.is_given;
    let body = html! {
        h1 { "Panel" }
        @if !why.is_empty() { p.verdict role="alert" { (why) } }
        form.login method="post" action=(address(visit, "/login", &[])) {
            // In a debug build this page needs no token, and its form a mark, as every other.
            (super::mark(visit))
            @if !code.is_empty() {
                input type="hidden" name="code" value=(code);
                button { "Open the panel" }
            } @else if given {
                label { span { "Token" } input type="password" name="token" required autocomplete="current-password"; }
                button { "Log in" }
            } @else {
                p { "Open the link that the service printed on stderr when it started. It works once, for an hour." }
            }
        }
    };
    document::bare(&visit.shared.options.prefix, "Log in", &body)
}
