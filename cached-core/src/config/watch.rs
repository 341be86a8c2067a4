//! A configuration file that is read again when it changes.
//!
//! In: its path, and what the program adds to it. Out: each changed file installed; a wrong one is said
//! on stderr and in the report, and the configuration before it holds.

use std::fmt;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::Config;
use crate::error::{Error, ErrorKind};
use crate::registry::{self, Registry};
use crate::sync::{Mutex, park};

/// How often the file is looked at.
const PERIOD: Duration = Duration::from_secs(1);

type Complete = Box<dyn Fn(Config) -> Result<Config, Error> + Send + Sync>;

/// Reads a configuration file again whenever it changes, as long as it lives; made by [`Config::watch`].
#[must_use = "the file is not looked at any more when this is dropped"]
pub struct Watch(Arc<Watched>);

struct Watched {
    path: PathBuf,
    complete: Complete,
    looking: AtomicBool,
    /// What was found when it was looked at last, right or wrong; nothing where there was no file.
    seen: Mutex<Option<Option<String>>>,
}

impl Config {
    /// Installs the configuration in a TOML file, now and, within a second, whenever the file changes.
    /// `complete` adds what is not in the file.
    ///
    /// A file that becomes wrong, or vanishes, changes nothing: it is said on stderr and in the report. What has
    /// begun when the guard is dropped is still installed.
    ///
    /// # Errors
    /// As [`Config::from_file`] and [`Config::install`], for the file as it is now.
    ///
    /// # Example: a file below the environment
    /// ```no_run
    /// # use cached_core::Config;
    /// let _watch = Config::watch("cached.toml", |config| config.env("CACHED"))?;
    /// # Ok::<(), cached_core::Error>(())
    /// ```
    pub fn watch(
        path: impl Into<PathBuf>,
        complete: impl Fn(Config) -> Result<Config, Error> + Send + Sync + 'static,
    ) -> Result<Watch, Error> {
        let watched = Watched {
            path: path.into(),
            complete: Box::new(complete),
            looking: AtomicBool::new(false),
            seen: Mutex::new(None),
        };
        watched.look()?;
        let watched = Arc::new(watched);
        let weak = Arc::downgrade(&watched);
        let started = std::thread::Builder::new().name("cached-watch".into()).spawn(move || keep_looking(&weak));
        match started {
            Ok(_) => Ok(Watch(watched)),
            Err(error) => Err(Error::new(ErrorKind::Config, format!("no thread to watch a file with: {error}"))),
        }
    }
}

impl Watch {
    /// Looks at the file now: when a signal asks for it, say. Gives whether it was installed.
    ///
    /// # Errors
    /// When the file has changed and is wrong; the configuration before it holds.
    pub fn check(&self) -> Result<bool, Error> {
        self.0.look().inspect_err(complain)
    }
}

fn keep_looking(watched: &Weak<Watched>) {
    loop {
        park(PERIOD);
        let Some(watched) = watched.upgrade() else { return };
        // What is wrong is said once: the same text is not looked at again.
        let _ = watched.look().inspect_err(complain);
    }
}

impl Watched {
    fn look(&self) -> Result<bool, Error> {
        // One look at a time, so that an older text is never installed after a newer one.
        let Some(_looking) = Looking::begin(&self.looking) else { return Ok(false) };
        let text = std::fs::read_to_string(&self.path);
        let now = text.as_ref().ok().cloned();
        if self.seen.lock().replace(now.clone()) == Some(now) {
            return Ok(false);
        }
        let config = Config::from_text(&self.path, text)?;
        let completed = catch_unwind(AssertUnwindSafe(|| (self.complete)(config)));
        let panicked = |_| Error::new(ErrorKind::Config, "what completes the watched configuration panicked");
        completed.map_err(panicked)??.install()?;
        Ok(true)
    }
}

/// While it lives, nobody else looks.
struct Looking<'a>(&'a AtomicBool);

impl<'a> Looking<'a> {
    fn begin(looking: &'a AtomicBool) -> Option<Self> {
        (!looking.swap(true, Ordering::AcqRel)).then_some(Looking(looking))
    }
}

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// Says what is wrong on stderr, and in the report as long as the configuration before it holds.
fn complain(error: &Error) {
    let complaint = format!("{error}; the configuration before it holds");
    let _ = writeln!(std::io::stderr(), "cached: {complaint}");
    loop {
        let old = registry::current();
        let new = Registry { complaint: Some(complaint.clone()), ..Registry::clone(&old) };
        if registry::replace(&old, &Arc::new(new)) {
            return;
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watch({})", self.0.path.display())
    }
}
