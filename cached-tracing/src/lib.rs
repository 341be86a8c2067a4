//! Each cached call as an event of `tracing`: one line of the service's own log for what it asked of its caches.
//!
//! ```
//! use cached_core::{cached, recorder};
//! use tracing::Level;
//!
//! #[cached]
//! fn square(n: u64) -> u64 { n * n }
//!
//! recorder().enable();
//! let _events = cached_tracing::listen(Level::DEBUG);   // as long as it lives
//! square(7);      // DEBUG cached: method="call" site="…::square" alias="default" outcome="miss (cold)" took_ns=…
//! # recorder().disable();
//! ```
//!
//! An event has the target `cached` and the fields `method`, `site` (none for the low-level cache), `alias`, `kind`,
//! `outcome`, `took_ns`, `keys`, `hits`, `misses`, `bytes`, `file`, `line`, and `key`, which is there only where the
//! site or the recorder opts in (`show = "keys"`, [`Recorder::show`](cached_core::Recorder::show)); values are never
//! told. It is made on the thread that made the call, inside the span that was entered there.
//!
//! # What it costs
//!
//! Nothing while the recorder is off. While it is on, a call to the subscriber for each cached call that the level lets
//! through; who wants them of some requests only enables the recorder for those
//! ([`Recorder::enable_for`](cached_core::Recorder::enable_for)) or filters by the target.
#![forbid(unsafe_code)]

use std::sync::Arc;

use cached_core::recorder;
use cached_core::recorder::{Call, Listener, Listening};
use tracing::Level;

/// What an event of a cached call is filed under.
pub const TARGET: &str = "cached";

/// Makes an event of each recorded call, at one level, until the guard is dropped. Calls are recorded only while the
/// recorder is enabled.
pub fn listen(level: Level) -> Listening {
    recorder().listen(Arc::new(Events::new(level)))
}

/// A listener that makes events; for who keeps listeners together. [`listen`] is the short way.
#[derive(Clone, Copy, Debug)]
pub struct Events {
    level: Level,
}

impl Events {
    /// Events at this level.
    pub fn new(level: Level) -> Self {
        Events { level }
    }
}

impl Listener for Events {
    fn called(&self, call: &Call) {
        /// The level of an event is part of its call site, so that subscribers can refuse it once for all.
        macro_rules! event {
            ($level:expr) => {
                tracing::event!(
                    target: TARGET,
                    $level,
                    method = call.method.as_str(),
                    site = call.site.map(|site| site.name()),
                    alias = &*call.alias,
                    kind = &*call.kind,
                    outcome = %call.ended,
                    took_ns = u64::try_from(call.took.as_nanos()).unwrap_or(u64::MAX),
                    keys = call.keys,
                    hits = call.hits,
                    misses = call.misses,
                    bytes = call.bytes,
                    file = call.file,
                    line = call.line,
                    key = call.key.as_deref(),
                )
            };
        }
        match self.level {
            Level::ERROR => event!(Level::ERROR),
            Level::WARN => event!(Level::WARN),
            Level::INFO => event!(Level::INFO),
            Level::DEBUG => event!(Level::DEBUG),
            Level::TRACE => event!(Level::TRACE),
        }
    }
}
