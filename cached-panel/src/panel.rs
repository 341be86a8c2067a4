//! The panel: its options, and what is mounted of it.
//!
//! In: what the application says of itself and allows. Out: a router, a layer, or a port of its own, which share one
//! log and one set of secrets. Nothing listens, and nothing is recorded, before one of them is asked for.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use cached_core::recorder::Show;
use cached_core::{Error, ErrorKind, recorder};
use http::{HeaderMap, Method, Uri};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use crate::gate;
use crate::host::Hosts;
use crate::layer::PanelLayer;
use crate::log::Log;
use crate::pages;
use crate::secrets::Secrets;
use crate::state::{Options, Shared, say};

/// How many stacks are captured in a second, unless more or fewer are asked for.
const TRACES: u32 = 50;
/// How many pages may listen to news at once.
const LISTENERS: usize = 16;

/// A page over a running service: the cached calls of its requests, and every cached site of the program.
///
/// In a debug build, mounting it switches recording on and prints where it is; who is known to ask on this machine
/// needs no token, and sees keys, cut after 200 characters. In any other build, and with [`Panel::locked`], nothing is
/// recorded until it is switched on, and a token is needed always.
///
/// # Example: a service with its panel
/// ```
/// use axum::{Router, routing::get};
/// use cached_panel::Panel;
///
/// # fn main() -> Result<(), cached_core::Error> {
/// let panel = Panel::new().service("shop").version(env!("CARGO_PKG_VERSION"));
/// let app: Router = Router::new()
///     .route("/", get(|| async { "hello" }))
///     .layer(panel.layer())        // records what the routes above ask of the caches
///     .merge(panel.router());      // its pages, below `/__cached`
/// # let _ = app;
/// # Ok(())
/// # }
/// ```
pub struct Panel {
    options: Options,
    secrets: Arc<Secrets>,
    log: Arc<Log>,
    mounted: AtomicBool,
    announced: AtomicBool,
    closed: Arc<watch::Sender<bool>>,
}

impl Default for Panel {
    fn default() -> Self {
        Self::new()
    }
}

impl Panel {
    /// A panel below `/__cached`, for requests to this machine by one of its own names.
    pub fn new() -> Self {
        let service = std::env::current_exe().ok();
        let service = service.as_deref().and_then(|path| path.file_name()).map(|name| name.to_string_lossy().into());
        Panel {
            options: Options {
                service: service.unwrap_or_default(),
                version: String::new(),
                prefix: "/__cached".to_owned(),
                hosts: Hosts::default(),
                is_locked: !cfg!(debug_assertions),
                is_proxied: false,
                headers: None,
                query: false,
                only: None,
                show: None,
                traces: None,
                record: None,
                at: String::new(),
            },
            secrets: Arc::new(Secrets::generated()),
            log: Arc::new(Log::new()),
            mounted: AtomicBool::new(false),
            announced: AtomicBool::new(false),
            closed: Arc::new(watch::Sender::new(false)),
        }
    }

    /// The name of the service, for the head of the pages; the executable's if left out.
    #[must_use]
    pub fn service(mut self, name: impl Into<String>) -> Self {
        self.options.service = name.into();
        self
    }

    /// The version of the service, for the head of the pages.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.options.version = version.into();
        self
    }

    /// Where the service answers, as in `"http://127.0.0.1:3000"`, for the address that mounting prints.
    #[must_use]
    pub fn at(mut self, address: impl Into<String>) -> Self {
        self.options.at = address.into();
        self
    }

    /// The token that lets in, as a `Bearer` or at the login page; it belongs in no address. Without one of the
    /// application's own a link is printed, once, that lets one browser in. White space around it is no part of it.
    ///
    /// # Errors
    /// When it has fewer than 128 bits: about 22 random letters and digits, or 32 hexadecimal digits.
    pub fn token(mut self, token: &str) -> Result<Self, Error> {
        self.secrets = Arc::new(Secrets::given(token)?);
        Ok(self)
    }

    /// Answers requests for this host as well: `"panel.shop.example"`, or with a port, `"10.0.0.3:9000"`. Else only
    /// `localhost`, `127.0.0.1` and `[::1]`, on any port.
    ///
    /// # Errors
    /// When it is no name of a host.
    pub fn allow_host(mut self, host: &str) -> Result<Self, Error> {
        if self.options.hosts.allow(host) {
            return Ok(self);
        }
        let message = format!("\"{}\" is no host that the panel could be asked for", host.escape_debug());
        Err(Error::new(ErrorKind::Config, message).note("give a name or an address, with a port or without"))
    }

    /// Where its pages are, instead of `/__cached`: the whole path, as browsers see it.
    ///
    /// # Errors
    /// When it is not one or more segments of letters, digits, `-`, `_` and `.`, each after a `/`.
    pub fn prefix(mut self, prefix: &str) -> Result<Self, Error> {
        let is_plain = |part: &str| {
            let plain = part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
            plain && part.bytes().any(|b| b != b'.')
        };
        if prefix.strip_prefix('/').is_some_and(|path| path.split('/').all(is_plain)) {
            self.options.prefix = prefix.to_owned();
            return Ok(self);
        }
        let message = format!("\"{}\" is no place for the panel", prefix.escape_debug());
        Err(Error::new(ErrorKind::Config, message).note("it is a path like \"/__cached\" or \"/admin/cache\""))
    }

    /// How many requests are kept (100), the newest; all together in about 8 MiB.
    ///
    /// Each is weighed: its calls, what is shown of them, and its stacks. One that nobody has opened counts as 8 KiB,
    /// however deep it is; of one that was opened the nearest 256 frames are kept, and count as what they take.
    #[must_use]
    pub fn keep(self, requests: usize) -> Self {
        self.log.keep(requests);
        self
    }

    /// How many stacks may be captured in a second: 50 in a debug build, else none, unless the recorder was told of some
    /// or it is said here. Each costs some microseconds; its names are looked up when somebody opens it.
    #[must_use]
    pub fn traces(mut self, per_second: u32) -> Self {
        self.options.traces = Some(per_second);
        self
    }

    /// What is shown of calls to everybody who is let in; a site may opt in to more. Left out, a debug build shows
    /// keys to who asks on this machine, and any other build nothing.
    #[must_use]
    pub fn show(mut self, show: Show) -> Self {
        self.options.show = Some(show);
        self
    }

    /// Whether recording is switched on when the panel is mounted: in a debug build, unless said here. It is never
    /// switched off; and scopes that [`Recorder::enable_for`](cached_core::Recorder::enable_for) chose before stay chosen,
    /// also when it is stopped and begun again on the page.
    #[must_use]
    pub fn record(mut self, on: bool) -> Self {
        self.options.record = Some(on);
        self
    }

    /// Records only requests for which this holds: of one client, by a cookie of yours, or below one path.
    #[must_use]
    pub fn only(mut self, which: impl Fn(&Method, &Uri, &HeaderMap) -> bool + Send + Sync + 'static) -> Self {
        self.options.only = Some(Arc::new(which));
        self
    }

    /// Shows the query of a request's address too; it may hold what nobody else should see.
    #[must_use]
    pub fn query(mut self, shown: bool) -> Self {
        self.options.query = shown;
        self
    }

    /// Whether responses of recorded requests say so: `Server-Timing`, and `x-cached-panel` with the path of their
    /// page. Unless said here they do in a debug build, and in no other: every client would be told how often the
    /// caches were asked, and what was found.
    #[must_use]
    pub fn headers(mut self, sent: bool) -> Self {
        self.options.headers = Some(sent);
        self
    }

    /// Says that a proxy of yours stands before the service: then nobody counts as on this machine, and where its
    /// `x-forwarded-proto` says `https` the cookie is kept to encrypted connections. The proxy has to set that header
    /// itself, over what clients send.
    #[must_use]
    pub fn behind_proxy(mut self) -> Self {
        self.options.is_proxied = true;
        self
    }

    /// As in a build for release, also in a debug build: nothing is recorded until it is switched on, and a token is
    /// needed always.
    #[must_use]
    pub fn locked(mut self) -> Self {
        self.options.is_locked = true;
        self
    }

    /// Its pages, below its prefix: merge it into the application's router.
    ///
    /// Add it after [`Panel::layer`], or before: its own requests are not recorded. Serve with
    /// `into_make_service_with_connect_info::<SocketAddr>()`: where it is not known who asks, nobody is let in without
    /// a token or the link.
    pub fn router(&self) -> Router {
        self.mount();
        self.announce(&self.options.at);
        let shared = self.shared();
        pages::router(&shared.options.prefix)
            .layer(axum::middleware::from_fn_with_state(Arc::clone(&shared), gate::gate))
            .with_state(shared)
    }

    /// The layer that records the requests of what it wraps.
    pub fn layer(&self) -> PanelLayer {
        self.mount();
        PanelLayer::new(self.shared())
    }

    /// The report for Prometheus, at `/metrics`, open to whoever reaches it: figures and names, never keys.
    pub fn metrics(&self) -> Router {
        pages::metrics()
    }

    /// Serves the pages alone, on a port of their own; ends only when it fails, or is dropped.
    ///
    /// # Errors
    /// When the address cannot be had; when it is not one of this machine alone, and the application gave no token.
    pub async fn serve(&self, address: SocketAddr) -> Result<(), Error> {
        if !address.ip().is_loopback() && !self.secrets.is_given {
            let message = format!("the panel does not answer at {address} without a token");
            return Err(Error::new(ErrorKind::Config, message).note("give it one by `Panel::token`, or use 127.0.0.1"));
        }
        let failed = |error: std::io::Error| Error::new(ErrorKind::Config, format!("the panel at {address}: {error}"));
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        self.mount();
        self.announce(&format!("http://{}", listener.local_addr().map_err(failed)?));
        let service = self.router().into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, service).await.map_err(failed)
    }

    /// Ends the live streams of open pages, so that a graceful shutdown does not wait for them.
    ///
    /// # Example: with the signal that ends the service
    /// ```
    /// # use cached_panel::Panel;
    /// # async fn signal() {}
    /// # let panel = Panel::new();
    /// let end = panel.closer();
    /// let until = async move {
    ///     signal().await;
    ///     end();
    /// };
    /// // axum::serve(listener, app).with_graceful_shutdown(until)
    /// # drop(until);
    /// ```
    pub fn closer(&self) -> impl Fn() + Send + Sync + 'static {
        let closed = Arc::clone(&self.closed);
        move || {
            closed.send_replace(true);
        }
    }

    fn shared(&self) -> Arc<Shared> {
        Arc::new(Shared {
            options: self.options.clone(),
            secrets: Arc::clone(&self.secrets),
            log: Arc::clone(&self.log),
            closed: Arc::clone(&self.closed),
            seats: Arc::new(Semaphore::new(LISTENERS)),
        })
    }

    /// What happens once, when any part is first asked for: the recorder is told what the application says here, and in
    /// a debug build what it does not say. What it said to the recorder before stays, where neither says otherwise.
    fn mount(&self) {
        if self.mounted.swap(true, Ordering::Relaxed) {
            return;
        }
        let (options, recorder) = (&self.options, recorder());
        let is_open = !options.is_locked;
        if let Some(show) = options.show.or(is_open.then_some(Show::Keys)) {
            recorder.show(show);
        }
        if let Some(per_second) = options.traces.or(is_open.then_some(TRACES)) {
            recorder.traces(per_second);
        }
        if options.record.unwrap_or(is_open) {
            recorder.resume();
        }
    }

    /// Says once where the pages are and who gets in, when they are first asked for.
    fn announce(&self, at: &str) {
        if self.announced.swap(true, Ordering::Relaxed) {
            return;
        }
        let options = &self.options;
        let place = format!("{at}{}", options.prefix);
        if options.is_locked {
            say("the panel is built into this program, and not for debugging only: it answers whoever has its token");
        }
        let state = if recorder().is_enabled() { "recording is on" } else { "recording is off" };
        let link = |code| format!("{place}/login?code={code} (this link works once, for an hour)");
        // Where the service does not say who is connected, nobody is known to be on this machine.
        let open = "open to this machine where the service says who is connected";
        match (options.is_locked || options.is_proxied, self.secrets.is_given) {
            (true, true) => say(&format!("panel at {place}, with the token that it was given; {state}")),
            (false, true) => say(&format!("panel at {place}, {open}, else with the token that it was given; {state}")),
            (is_closed, false) => match (self.secrets.new_code(), is_closed) {
                (Some(code), true) => say(&format!("panel at {}; {state}", link(code))),
                (Some(code), false) => say(&format!("panel at {place}, {open}, else by {}; {state}", link(code))),
                (None, true) => say(&format!("panel at {place} is closed: the system gave no random numbers")),
                (None, false) => say(&format!("panel at {place}, {open}; {state}")),
            },
        }
    }
}

impl fmt::Debug for Panel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Options { service, prefix, is_locked, .. } = &self.options;
        f.debug_struct("Panel")
            .field("service", service)
            .field("prefix", prefix)
            .field("locked", is_locked)
            .finish_non_exhaustive()
    }
}
