//! What the pages, the gate and the layer share.
//!
//! In: what the application chose. Out: its options, with the secrets, the log and the seats of those who listen. It
//! decides nothing.

use std::io::Write as _;
use std::sync::Arc;

use cached_core::recorder::Show;
use http::{HeaderMap, Method, Uri};
use tokio::sync::{Semaphore, watch};

use crate::host::Hosts;
use crate::log::Log;
use crate::secrets::Secrets;

/// Which requests are recorded.
pub(crate) type Only = Arc<dyn Fn(&Method, &Uri, &HeaderMap) -> bool + Send + Sync>;

/// What the application chose.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) service: String,
    pub(crate) version: String,
    pub(crate) prefix: String,
    pub(crate) hosts: Hosts,
    pub(crate) is_locked: bool,
    /// Whether a proxy stands before the service, whose `x-forwarded-proto` is believed.
    pub(crate) is_proxied: bool,
    pub(crate) headers: Option<bool>,
    pub(crate) query: bool,
    pub(crate) only: Option<Only>,
    pub(crate) show: Option<Show>,
    pub(crate) traces: Option<u32>,
    pub(crate) record: Option<bool>,
    pub(crate) at: String,
}

/// What the pages, the gate and the layer share.
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) log: Arc<Log>,
    pub(crate) closed: Arc<watch::Sender<bool>>,
    /// A seat for each page that may listen at once.
    pub(crate) seats: Arc<Semaphore>,
}

impl Options {
    /// Whether keys are shown to who is not known to ask on this machine.
    pub(crate) fn shows_to_all(&self) -> bool {
        self.is_locked || self.show.is_some()
    }

    /// Whether a path is one of the panel's own.
    pub(crate) fn is_own(&self, path: &str) -> bool {
        path.strip_prefix(&self.prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// A line on stderr, as the core prints its own; nobody may be reading.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "cached: {line}");
}
