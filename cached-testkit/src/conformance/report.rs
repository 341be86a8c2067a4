//! What came of each rule.
//!
//! In: verdicts. Out: a table of them, and a panic with those that say no.

use std::fmt;

use super::Rule;

/// Whether a rule is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It is.
    Passed,
    /// It is not.
    Failed(Fault),
    /// The rule is about something that this backend, or this subject, does not have; the text says what.
    NotApplicable(String),
}

/// How a rule was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The last operation that was asked for.
    pub asked: String,
    /// What a backend owes.
    pub expected: String,
    /// What came instead.
    pub found: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "    asked     {}\n    expected  {}\n    found     {}", self.asked, self.expected, self.found)
    }
}

/// What came of each rule; made by [`check`](super::check).
#[derive(Clone, Debug)]
pub struct Report {
    verdicts: Vec<(&'static Rule, Verdict)>,
}

impl Report {
    pub(super) fn new(verdicts: Vec<(&'static Rule, Verdict)>) -> Self {
        Self { verdicts }
    }

    /// Each rule with what came of it.
    pub fn verdicts(&self) -> impl Iterator<Item = (&'static Rule, &Verdict)> {
        self.verdicts.iter().map(|(rule, verdict)| (*rule, verdict))
    }

    /// The names of the rules that are broken.
    pub fn failed(&self) -> Vec<&'static str> {
        self.names(|verdict| matches!(verdict, Verdict::Failed(_)))
    }

    /// The names of the rules that say nothing about this backend.
    pub fn not_applicable(&self) -> Vec<&'static str> {
        self.names(|verdict| matches!(verdict, Verdict::NotApplicable(_)))
    }

    fn names(&self, are: impl Fn(&Verdict) -> bool) -> Vec<&'static str> {
        self.verdicts().filter(|(_, verdict)| are(verdict)).map(|(rule, _)| rule.name()).collect()
    }

    /// Checks that no rule is broken.
    ///
    /// # Panics
    /// If one is; the message names all of them, with what was asked, expected and found.
    #[track_caller]
    pub fn assert(&self) {
        let failed = self.failed().len();
        let broken = self.verdicts().filter_map(|(rule, verdict)| match verdict {
            Verdict::Failed(fault) => Some(format!("  {}: {}\n{fault}\n", rule.name(), rule.says())),
            _ => None,
        });
        let broken: String = broken.collect();
        assert!(failed == 0, "{failed} of {} rules are broken\n{broken}", self.verdicts.len());
    }
}

/// A line for each rule; below those that are broken, how.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.verdicts().map(|(rule, _)| rule.name().len()).max().unwrap_or_default();
        for (rule, verdict) in self.verdicts() {
            let name = rule.name();
            match verdict {
                Verdict::Passed => writeln!(f, "passed  {name:width$}  {}", rule.says())?,
                Verdict::Failed(fault) => writeln!(f, "FAILED  {name:width$}  {}\n{fault}", rule.says())?,
                Verdict::NotApplicable(why) => writeln!(f, "n/a     {name:width$}  {why}")?,
            }
        }
        let (all, failed, not) = (self.verdicts.len(), self.failed().len(), self.not_applicable().len());
        writeln!(f, "{all} rules: {} passed, {failed} failed, {not} not applicable", all - failed - not)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::rules;

    fn fault() -> Fault {
        let [asked, expected, found] = ["get `k`", "3 bytes", "nothing"].map(str::to_owned);
        Fault { asked, expected, found }
    }

    fn report() -> Report {
        let verdicts = [Verdict::Passed, Verdict::Failed(fault()), Verdict::NotApplicable("it has none".into())];
        Report::new(rules().zip(verdicts).collect())
    }

    #[test]
    fn a_table_says_what_was_asked_expected_and_found() {
        let (text, names) = (report().to_string(), rules().take(3).map(Rule::name).collect::<Vec<_>>());
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with(&format!("passed  {}", names[0])), "{text}");
        assert!(lines[1].starts_with(&format!("FAILED  {}", names[1])), "{text}");
        assert_eq!(lines[2..5], ["    asked     get `k`", "    expected  3 bytes", "    found     nothing"]);
        assert!(lines[5].starts_with(&format!("n/a     {}", names[2])) && lines[5].ends_with("it has none"), "{text}");
        assert_eq!(lines[6], "3 rules: 1 passed, 1 failed, 1 not applicable");
    }

    #[test]
    fn an_assertion_names_what_is_broken_and_nothing_else() {
        let panic = std::panic::catch_unwind(|| report().assert()).unwrap_err();
        let text = panic.downcast_ref::<String>().unwrap();
        let names: Vec<_> = rules().take(3).map(Rule::name).collect();
        assert!(text.starts_with("1 of 3 rules are broken") && text.contains(names[1]), "{text}");
        assert!(!text.contains(names[0]) && !text.contains(names[2]), "{text}");
    }
}
