//! Runs the rules, whatever a backend does to them.
//!
//! In: a subject. Out: a verdict for each rule. Each runs on a thread of its own, so that one that panics or never
//! ends is a failed rule and no more.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::rules::{OTHERS, TIMED};
use super::stage::{Pace, Stage, Stop};
use super::{Fault, Report, Rule, Store, Subject, Verdict};

/// After so many rules that did not end, nothing more is asked.
const HUNG: usize = 3;
/// A rule that was too slow to say anything is tried again with longer lives.
const ATTEMPTS: u32 = 3;

/// Holds a kind of backend against every rule.
///
/// Takes one thread at a time, and some more for the rules about threads; where no clock can be moved, the rules
/// about lifetimes run all at once, in one store, so that they wait together.
///
/// # Panics
///
/// Where `make` of the subject does. What a backend does is never a panic here, but a broken rule.
pub fn check(subject: &Subject) -> Report {
    let mut verdicts = Verdicts { subject, hung: 0, list: Vec::new() };
    let first = subject.make();
    if first.advance().is_some() {
        drop(first);
        TIMED.iter().for_each(|rule| verdicts.one(rule, subject.patience_with_ticks()));
    } else {
        verdicts.together(TIMED, first);
    }
    OTHERS.iter().copied().flatten().for_each(|rule| verdicts.one(rule, subject.patience));
    Report::new(verdicts.list)
}

struct Verdicts<'a> {
    subject: &'a Subject,
    hung: usize,
    list: Vec<(&'static Rule, Verdict)>,
}

impl Verdicts<'_> {
    /// Runs a rule on a store of its own.
    fn one(&mut self, rule: &'static Rule, patience: Duration) {
        if self.hung >= HUNG {
            let found = format!("{HUNG} rules before it did not end");
            self.list.push((rule, failed("nothing".to_owned(), found)));
            return;
        }
        let running = start(rule, Arc::new(self.subject.make()), "", self.subject);
        self.add(rule, &running, patience);
    }

    /// Runs rules all at once, in one store, so that they wait together.
    #[expect(clippy::disallowed_methods, reason = "the suite goes by the clock of the wall, as backends do")]
    fn together(&mut self, rules: &'static [Rule], store: Store) {
        let store = Arc::new(store);
        let begin = |(n, rule)| (rule, start(rule, Arc::clone(&store), &format!("c{n}"), self.subject));
        let running: Vec<_> = rules.iter().enumerate().map(begin).collect();
        drop(store);
        let end = Instant::now() + self.subject.patience_with_ticks();
        running
            .iter()
            .for_each(|(rule, running)| self.add(rule, running, end.saturating_duration_since(Instant::now())));
    }

    /// Waits for a rule.
    fn add(&mut self, rule: &'static Rule, running: &Running, patience: Duration) {
        let asked = || running.asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let verdict = match running.verdict.recv_timeout(patience) {
            Ok(verdict) => verdict,
            Err(RecvTimeoutError::Timeout) => {
                self.hung += 1;
                failed(asked(), format!("no end within {:?}", self.subject.patience))
            }
            Err(RecvTimeoutError::Disconnected) => failed(asked(), "a panic when the backend was dropped".to_owned()),
        };
        self.list.push((rule, verdict));
    }
}

fn failed(asked: String, found: String) -> Verdict {
    Verdict::Failed(Fault { asked, expected: "an answer".to_owned(), found })
}

/// A rule on its thread.
struct Running {
    verdict: Receiver<Verdict>,
    asked: Arc<Mutex<String>>,
}

fn start(rule: &'static Rule, store: Arc<Store>, prefix: &str, subject: &Subject) -> Running {
    let (sender, verdict) = channel();
    let asked = Arc::new(Mutex::new("nothing".to_owned()));
    let (noted, prefix) = (Arc::clone(&asked), prefix.to_owned());
    let (tick, patience) = (subject.tick, subject.patience);
    let failure = sender.clone();
    let run = move || {
        let verdict = judge(rule, &noted, |attempt| {
            // Other keys in each attempt, where rules share a store.
            let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}.{attempt}:") };
            let pace = Pace { life: 2 * tick * 4_u32.pow(attempt), tick, patience };
            Stage::new(Arc::clone(&store), Arc::clone(&noted), prefix, pace)
        });
        drop(store); // before anybody is told: the next store may be the same server
        let _ = sender.send(verdict); // nobody waits any more for a rule that took too long
    };
    if let Err(error) = thread::Builder::new().name(rule.name().to_owned()).spawn(run) {
        let _ = failure.send(failed("nothing".to_owned(), format!("no thread for the rule: {error}")));
    }
    Running { verdict, asked }
}

fn judge(rule: &Rule, asked: &Mutex<String>, stage: impl Fn(u32) -> Stage) -> Verdict {
    let last = || asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for attempt in 0..ATTEMPTS {
        let stage = stage(attempt);
        match catch_unwind(AssertUnwindSafe(|| rule.run(&stage))) {
            Ok(Ok(())) => return Verdict::Passed,
            Ok(Err(Stop::Fault(fault))) => return Verdict::Failed(fault),
            Ok(Err(Stop::NotApplicable(why))) => return Verdict::NotApplicable(why),
            Ok(Err(Stop::TooSlow)) => {}
            Err(panic) => return failed(last(), format!("a panic: {}", message(&*panic))),
        }
    }
    failed(last(), "no answer within the life of an entry, which was made longer twice".to_owned())
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}
