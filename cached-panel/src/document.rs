//! The outermost of every page.
//!
//! In: a title, the way to other pages, and what is on this one. Out: the document. It tells nothing of the service by
//! itself: a page for strangers is made of it as well.

use maud::{DOCTYPE, Markup, html};

/// A document that tells nothing of the service.
pub(crate) fn bare(prefix: &str, title: &str, body: &Markup) -> Markup {
    document(prefix, title, &html! {}, &html! { main.notice id="main" { (body) } })
}

/// A document.
pub(crate) fn document(prefix: &str, title: &str, way: &Markup, rest: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) " · cached" }
                link rel="stylesheet" href={ (prefix) "/style.css" };
                link rel="icon" href={ (prefix) "/icon.svg" } type="image/svg+xml";
                script src={ (prefix) "/script.js" } defer {}
            }
            body data-base=(prefix) {
                a.skip href="#main" { "Skip to the content" }
                header.top {
                    a.name href={ (prefix) "/sites" } { (logo()) "cached" }
                    (way)
                }
                (rest)
            }
        }
    }
}

/// A key in its ring: what is kept, and what it is kept under.
fn logo() -> Markup {
    html! {
        svg.logo viewBox="0 0 20 20" aria-hidden="true" {
            rect.back x="2" y="2" width="11" height="11" rx="3" {}
            rect.front x="7" y="7" width="11" height="11" rx="3" {}
        }
    }
}
