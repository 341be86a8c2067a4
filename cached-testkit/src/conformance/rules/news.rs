//! A backend that tells of changes tells of all of them.
//!
//! In: a listener on one handle, changes by another. Out: whether it was told, of these and of nothing else.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use cached_core::ErrorKind;
use cached_core::backend::{Listener, News, When};

use crate::conformance::Fault;
use crate::conformance::executor::wait;
use crate::conformance::matter::{stamp, value};
use crate::conformance::stage::{Outcome, Stage, Stop, owed};

rules! {
    without_news_it_says_so: "A backend that does not tell of changes refuses to, with an error of kind `Unsupported`.",
    it_says_from_when_on_it_hears: "A listener is told when changes are heard.",
    a_write_of_another_is_told: "A listener is told of a key that another handle wrote over.",
    a_conditional_write_of_another_is_told: "A listener is told of a key that another handle wrote over on a stamp.",
    a_removal_of_another_is_told: "A listener is told of a key that another handle removed.",
    a_clear_of_another_is_told: "A listener is told of every key that another handle cleared.",
    a_batch_of_another_is_told: "A listener is told of every key that another handle wrote over in one batch.",
    nothing_else_is_told: "A listener is told of nothing that does not begin with its prefix.",
    own_changes_lose_no_news: "A handle that writes itself still hears of others, and has lost nothing.",
    two_listeners_hear_their_own: "Of two listeners on one handle, each is told of what begins with its own prefix.",
}

/// News as they were told, to be looked at later.
#[derive(Clone, PartialEq)]
enum Told {
    Changed(Vec<String>),
    Cleared(String),
    Lost,
    Heard,
    Other,
}

impl Told {
    fn of(news: News<'_>) -> Self {
        match news {
            News::Changed(keys) => Told::Changed(keys.iter().map(ToString::to_string).collect()),
            News::Cleared(prefix) => Told::Cleared(prefix.to_owned()),
            News::Lost => Told::Lost,
            News::Heard => Told::Heard,
            _ => Told::Other,
        }
    }

    /// Whether it is about a key.
    fn names(&self, key: &str) -> bool {
        match self {
            Told::Changed(keys) => keys.iter().any(|named| named == key),
            Told::Cleared(prefix) => key.starts_with(&**prefix),
            _ => false,
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Told::Changed(keys) => write!(f, "changed {keys:?}"),
            Told::Cleared(prefix) => write!(f, "cleared {prefix:?}"),
            Told::Lost => f.write_str("lost"),
            Told::Heard => f.write_str("heard"),
            Told::Other => f.write_str("something new"),
        }
    }
}

/// A listener, and what it was told.
struct Ear {
    told: Arc<(Mutex<Vec<Told>>, Condvar)>,
    patience: Duration,
}

impl Ear {
    /// Listens, and waits until changes are heard.
    fn on(on: &Stage, prefix: &str) -> Outcome<Self> {
        if !on.backend.capabilities().notifies {
            return Err(Stop::NotApplicable("the backend does not tell of changes".to_owned()));
        }
        let ear = Ear { told: Arc::default(), patience: on.while_waiting() };
        let told = Arc::clone(&ear.told);
        let listener: Listener = Arc::new(move |news| {
            told.0.lock().unwrap_or_else(PoisonError::into_inner).push(Told::of(news));
            told.1.notify_all();
        });
        on.ask(format!("subscribe to {prefix:?}"), |backend| backend.subscribe(prefix, listener))?;
        ear.until("subscribe", "news that changes are heard", |told| told.contains(&Told::Heard))?;
        Ok(ear)
    }

    /// Waits until what was told is enough.
    fn until(&self, asked: &str, expected: &str, enough: impl Fn(&[Told]) -> bool) -> Outcome {
        let told = self.told.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = self.told.1.wait_timeout_while(told, self.patience, |told| !enough(told));
        let (told, timeout) = wait.unwrap_or_else(PoisonError::into_inner);
        if !timeout.timed_out() {
            return Ok(());
        }
        let found = format!("told of: {}", list(&told));
        Err(Stop::Fault(Fault { asked: asked.to_owned(), expected: expected.to_owned(), found }))
    }

    /// Waits until it was told of a key.
    fn hears_of(&self, key: &str, asked: &str) -> Outcome {
        self.until(asked, &format!("news of {key:?}"), |told| told.iter().any(|told| told.names(key)))
    }

    /// Checks that all that was told is of these keys.
    fn heard_only(&self, of: impl Fn(&str) -> bool) -> Outcome {
        let told = self.told.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fine = |told: &&Told| match told {
            Told::Changed(keys) => keys.iter().all(|key| of(key)),
            Told::Cleared(prefix) => of(prefix),
            Told::Lost => false,
            Told::Heard | Told::Other => true,
        };
        let others: Vec<Told> = told.iter().filter(|told| !is_fine(told)).cloned().collect();
        owed("what else a listener was told of", String::new(), list(&others))
    }
}

fn list(told: &[Told]) -> String {
    told.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn without_news_it_says_so(on: &Stage) -> Outcome {
    if on.backend.capabilities().notifies {
        return Err(Stop::NotApplicable("the backend tells of changes".to_owned()));
    }
    on.note("subscribe");
    let kind = wait(on.backend.subscribe("k", Arc::new(|_| {}))).err().map(|error| error.kind());
    owed("subscribe, of which kind is the error", format!("{:?}", Some(ErrorKind::Unsupported)), format!("{kind:?}"))
}

fn it_says_from_when_on_it_hears(on: &Stage) -> Outcome {
    Ear::on(on, "shop:").map(drop)
}

/// A value is there, a listener hears, and another handle changes something.
fn is_told(on: &Stage, asked: &str, keys: &[&str], change: impl Fn(&Stage) -> Outcome) -> Outcome {
    on.fill(&["shop:a", "shop:b", "shop:c"])?;
    let ear = Ear::on(on, "shop:")?;
    change(&on.other()?)?;
    keys.iter().try_for_each(|key| ear.hears_of(key, asked))?;
    ear.heard_only(|key| key.starts_with("shop:"))
}

fn a_write_of_another_is_told(on: &Stage) -> Outcome {
    is_told(on, "set by another handle", &["shop:b"], |other| other.put("shop:b", value(9)))
}

fn a_conditional_write_of_another_is_told(on: &Stage) -> Outcome {
    is_told(on, "set by another handle", &["shop:b"], |other| {
        other.set("shop:b", value(9), When::Stamp(stamp(1)))?.is(true)
    })
}

fn a_removal_of_another_is_told(on: &Stage) -> Outcome {
    is_told(on, "delete by another handle", &["shop:b"], |other| other.delete("shop:b", When::Always)?.is(true))
}

fn a_clear_of_another_is_told(on: &Stage) -> Outcome {
    is_told(on, "clear by another handle", &["shop:a", "shop:b", "shop:c"], |other| other.clear("shop:"))
}

fn a_batch_of_another_is_told(on: &Stage) -> Outcome {
    let keys = ["shop:c", "shop:a", "shop:b"];
    is_told(on, "writes at once by another handle", &keys, |other| other.fill(&keys))
}

fn nothing_else_is_told(on: &Stage) -> Outcome {
    on.fill(&["shop:a", "shoq:a", "shop", "a:shop:b", "Shop:a"])?;
    let (ear, other) = (Ear::on(on, "shop:")?, on.other()?);
    other.fill(&["shoq:a", "shop", "a:shop:b", "Shop:a"])?;
    let _ = other.delete("shoq:a", When::Always)?;
    other.clear("a:")?;
    other.put("shop:a", value(9))?;
    ear.hears_of("shop:a", "set by another handle")?;
    ear.heard_only(|key| key.starts_with("shop:"))
}

fn own_changes_lose_no_news(on: &Stage) -> Outcome {
    on.fill(&["shop:a", "shop:b"])?;
    let (ear, other) = (Ear::on(on, "shop:")?, on.other()?);
    (0..20).try_for_each(|n| on.put("shop:a", value(n)))?;
    other.put("shop:b", value(9))?;
    ear.hears_of("shop:b", "set by another handle, after some of its own")?;
    ear.heard_only(|key| key == "shop:a" || key == "shop:b")
}

fn two_listeners_hear_their_own(on: &Stage) -> Outcome {
    on.fill(&["a:1", "b:1"])?;
    let (one, two, other) = (Ear::on(on, "a:")?, Ear::on(on, "b:")?, on.other()?);
    other.fill(&["a:1", "b:1"])?;
    one.hears_of("a:1", "set by another handle")?;
    two.hears_of("b:1", "set by another handle")?;
    one.heard_only(|key| key.starts_with("a:"))?;
    two.heard_only(|key| key.starts_with("b:"))
}
