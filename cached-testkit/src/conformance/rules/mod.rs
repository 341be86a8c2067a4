//! The rules, by what they are about.
//!
//! In: a stage. Out: nothing, if the rule is kept; else the first answer that is not the one that is owed. A rule is
//! a function, whose name is a sentence, and what it says in one more.

use std::fmt;

use super::stage::{Outcome, Stage};

/// A table of rules: the names of functions of this file, each with what it says.
macro_rules! rules {
    ($($name:ident: $says:literal,)*) => {
        pub(in crate::conformance) const RULES: &[crate::conformance::Rule] =
            &[$(crate::conformance::Rule::new(stringify!($name), $says, $name)),*];
    };
}

mod batches;
mod clears;
mod conditions;
mod handles;
mod keys;
mod lifetimes;
mod news;
mod removals;
mod replies;
mod threads;
mod values;

/// Rules that wait for entries to end.
pub(super) const TIMED: &[Rule] = lifetimes::RULES;

/// All others.
pub(super) const OTHERS: &[&[Rule]] = &[
    values::RULES,
    keys::RULES,
    batches::RULES,
    conditions::RULES,
    removals::RULES,
    clears::RULES,
    threads::RULES,
    handles::RULES,
    replies::RULES,
    news::RULES,
];

/// Every rule, in the order in which they are reported.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    TIMED.iter().chain(OTHERS.iter().copied().flatten())
}

/// One thing that every backend owes.
pub struct Rule {
    name: &'static str,
    says: &'static str,
    run: fn(&Stage) -> Outcome,
}

impl Rule {
    const fn new(name: &'static str, says: &'static str, run: fn(&Stage) -> Outcome) -> Self {
        Self { name, says, run }
    }

    /// Its name, which is an identifier.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What it asks of a backend, in one sentence.
    pub const fn says(&self) -> &'static str {
        self.says
    }

    pub(super) fn run(&self, on: &Stage) -> Outcome {
        (self.run)(on)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule").field("name", &self.name).field("says", &self.says).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_rule_has_a_name_of_its_own_and_says_one_sentence() {
        let names: BTreeSet<_> = rules().map(Rule::name).collect();
        assert_eq!(names.len(), rules().count());
        for rule in rules() {
            let says = rule.says();
            assert!(says.ends_with('.') && says.starts_with(char::is_uppercase), "{says}");
            assert!(!says.trim_end_matches('.').contains(". "), "{says}");
        }
    }
}
