//! A memoization framework: `#[cached]` sends a function's calls through named backends, and every
//! cached function of the program stands in one report.

mod call;
mod clock;
mod codec;
mod config;
mod entry;
mod error;
mod event;
mod flight;
mod key;
mod memo;
mod memory;
mod project;
mod registry;
mod report;
mod site;
mod stats;
mod store;
mod sync;
mod table;
mod word;
mod workers;

pub mod backend;
#[doc(hidden)]
pub mod rt;

/// Moves time in tests.
#[doc(hidden)]
pub mod testing {
    pub use crate::clock::{advance, freeze};
}

#[cfg(feature = "macros")]
pub use cached_macros::cached;

pub use config::{Config, check_connections, shutdown};
pub use entry::{Entry, EntryAsync, Expiry};
pub use error::{Error, ErrorKind};
pub use registry::{Kind, Options};
pub use report::{Report, report, report_at_exit};
pub use site::{Site, site, sites};
pub use stats::Stats;

/// Links crates that nothing else names, so that their cached functions and backend kinds are there.
///
/// ```ignore
/// cached_core::link!(shop_catalogue, cached_file);
/// ```
#[macro_export]
macro_rules! link {
    ($($crate_name:ident),+ $(,)?) => {
        $(use $crate_name as _;)+
    };
}
