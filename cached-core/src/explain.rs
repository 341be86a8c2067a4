//! What would happen to a call now, and why.
//!
//! In: what was found of an entry, and the route of its site. Out: words for people; never the key nor
//! the value.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::event::{Outcome, Reason};
use crate::site::{Off, Route, Site, Way};

/// What a call with some arguments would meet at this moment; made by
/// [`Entry::explain`](crate::Entry::explain).
#[derive(Clone, Debug)]
pub struct Explanation {
    site: &'static Site,
    alias: Arc<str>,
    kind: Arc<str>,
    policy: Vec<String>,
    outcome: Outcome,
    off: Option<Off>,
    age: Option<Duration>,
    left: Option<Duration>,
    computing: bool,
    /// Of bytes elsewhere, a copy in memory.
    copied: bool,
}

impl Explanation {
    pub(crate) fn new(site: &'static Site, route: &Route) -> Self {
        let off = match route.way {
            Way::Off(off) => Some(off),
            Way::Memory | Way::Bytes(_) => None,
        };
        Self {
            site,
            alias: Arc::clone(&route.alias),
            kind: Arc::clone(&route.kind),
            policy: route.policy.clone(),
            outcome: if off.is_some() { Outcome::Bypass } else { Outcome::Miss(Reason::Cold) },
            off,
            age: None,
            left: None,
            computing: false,
            copied: false,
        }
    }

    pub(crate) fn live(self, age: Duration, left: Option<Duration>) -> Self {
        Self { outcome: Outcome::Hit, age: Some(age), left, ..self }
    }

    /// What is given is a copy, which the backend is not asked about.
    pub(crate) fn copied(self) -> Self {
        Self { copied: true, ..self }
    }

    /// `served`: while somebody else computes.
    pub(crate) fn ended(self, since: Duration, served: bool) -> Self {
        let outcome = if served { Outcome::Stale } else { Outcome::Miss(Reason::Expired) };
        Self { outcome, age: Some(since), ..self }
    }

    pub(crate) fn bypassed(self) -> Self {
        Self { outcome: Outcome::Bypass, ..self }
    }

    pub(crate) fn nothing(self, reason: Reason) -> Self {
        Self { outcome: Outcome::Miss(reason), ..self }
    }

    pub(crate) fn computing(self, computing: bool) -> Self {
        let joins = computing && matches!(self.outcome, Outcome::Miss(_));
        Self { outcome: if joins { Outcome::Joined } else { self.outcome }, computing, ..self }
    }

    /// How a call would end now, if its body gives a value.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// How long ago a live value was stored; of one whose time has passed, how long ago it passed.
    pub fn age(&self) -> Option<Duration> {
        self.age
    }

    /// How long a stored value is still served; `None` if there is none, or it has no end.
    pub fn left(&self) -> Option<Duration> {
        self.left
    }

    /// Whether the value is a copy in memory of what lies behind: its times are those of the copy.
    pub fn is_copy(&self) -> bool {
        self.copied
    }

    /// Whether somebody computes the value now.
    pub fn is_computing(&self) -> bool {
        self.computing
    }

    fn why(&self) -> String {
        let rounded = |time: Option<Duration>| {
            let time = time.unwrap_or_default();
            humantime::format_duration(if time.as_secs() > 0 { Duration::from_secs(time.as_secs()) } else { time })
        };
        match self.outcome {
            Outcome::Hit if self.copied => {
                format!("a hit: a copy in memory, made {} ago, {} left", rounded(self.age), rounded(self.left))
            }
            Outcome::Hit => match self.left {
                Some(left) => format!("a hit: stored {} ago, {} left", rounded(self.age), rounded(Some(left))),
                None => format!("a hit: stored {} ago, for as long as there is room", rounded(self.age)),
            },
            Outcome::Stale => format!("stale: its time passed {} ago, and it is computed again", rounded(self.age)),
            Outcome::Joined => "joined: somebody computes it now".into(),
            Outcome::Miss(Reason::Expired) => format!("a miss: its time passed {} ago", rounded(self.age)),
            Outcome::Miss(Reason::Invalidated) => "a miss: it was invalidated".into(),
            Outcome::Miss(Reason::Undecodable) => "a miss: the stored bytes are not a value of this site".into(),
            Outcome::Miss(Reason::Cold) => "a miss: nothing is stored".into(),
            Outcome::Bypass | Outcome::Error => match self.off {
                Some(Off::Disabled) => "a bypass: the site is switched off".into(),
                Some(Off::Dummy) => "a bypass: its backend is `dummy`".into(),
                Some(Off::Unknown) => "a bypass: nobody configured its alias".into(),
                Some(Off::Unencodable) => "a bypass: serde cannot carry its types to this backend".into(),
                None => "a bypass: the scope of this thread asks no cache".into(),
            },
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (site, at) = (self.site.name(), self.site.location());
        write!(f, "{site} ({at}) on \"{}\" ({}): {}", self.alias, self.kind, self.why())?;
        if self.policy.is_empty() { Ok(()) } else { write!(f, "; {}", self.policy.join(", ")) }
    }
}
