//! The web panel of [`cached_core`]: for each request of a running service every call of its caches, with its time,
//! its outcome and the line that made it; for the whole program every cached site, also those that nobody called; and
//! a form to retune each while the service runs.
//!
//! ```
//! use axum::{Router, routing::get};
//! use cached_core::cached;
//! use cached_panel::Panel;
//!
//! #[cached]
//! fn square(n: u64) -> u64 { n * n }
//!
//! let panel = Panel::new().service("squares");
//! let app: Router = Router::new()
//!     .route("/", get(|| async { square(7).to_string() }))
//!     .layer(panel.layer())
//!     .merge(panel.router());
//! # let _ = app;
//! ```
//!
//! Then open `/__cached` on the port of the service. The pages are written by the server and need no script; with one
//! they are kept up to date, and sorted and filtered without a reload. Nothing is loaded from elsewhere.
//!
//! # Who may look
//!
//! - **Nothing is there unless it is mounted**: [`Panel::router`] in the application, or [`Panel::serve`] on a port of
//!   its own.
//! - **A debug build** records from the start. It answers whoever asks on this machine by one of its names, where the
//!   service says who is connected: `into_make_service_with_connect_info::<SocketAddr>()`. Where it does not, nobody is
//!   known to be here, and a link on stderr lets one browser in.
//! - **Any other build** records nothing until it is switched on, on the page or by [`Panel::record`], and answers
//!   nobody without a token of at least 128 bits: the application's own ([`Panel::token`]), or a link on stderr that lets
//!   one browser in. Its responses tell clients nothing of the caches, unless [`Panel::headers`] says so.
//! - **Behind a proxy** everybody seems to be on this machine; so nobody is, where the request or the application
//!   ([`Panel::behind_proxy`]) says that there is one.
//! - **A request for another host** than `localhost`, `127.0.0.1`, `[::1]` and those that [`Panel::allow_host`] adds
//!   is refused, and so is one that a page of another origin makes.
//! - **Only a POST changes anything**, and only with the token, or from a page of the panel's own. Of a site it sets the
//!   `ttl`, `max_entries` and the backend, and nothing else: what is shown is for the application to say.
//! - **Keys and values** are shown where the site or the application opts in ([`Panel::show`]); a debug build shows
//!   keys to who asks on this machine, where the service says who is connected
//!   (`into_make_service_with_connect_info`). Of an address the path is shown; the query only by [`Panel::query`].
//!
//! # What it costs
//!
//! A request costs one look at a flag while recording is off. While it is on, every call of a cached function takes
//! the slow way, and each request a scope of the recorder. The newest hundred requests are kept, in about 8 MiB: a
//! stack counts as 8 KiB until somebody opens it, and then as what its frames take. Of each site that was called less
//! than a kibibyte of history is kept.
#![forbid(unsafe_code)]

mod chart;
mod document;
mod gate;
mod history;
mod host;
mod layer;
mod log;
mod pages;
mod panel;
mod secrets;
mod stack;
mod state;
mod text;
mod timing;

pub use layer::{PanelLayer, Recorded, RecordedBody, RecordedFuture};
pub use panel::Panel;
