//! What the suite does with a backend that goes wild.

use std::sync::Arc;
use std::time::Duration;

use cached_core::ErrorKind;
use cached_core::backend::Backend;
use cached_testkit::conformance::{Fault, Report, Store, Subject, Verdict, check, rules};
use cached_testkit::{Faulty, Shelf};

fn faulty(fault: cached_testkit::Fault) -> Subject {
    Subject::new(move || {
        let faulty = Arc::new(Faulty::new(Arc::new(Shelf::new())));
        faulty.set_fault(fault);
        Store::new(faulty as Arc<dyn Backend>)
    })
}

fn fault<'a>(report: &'a Report, name: &str) -> &'a Fault {
    let verdict = report.verdicts().find(|(rule, _)| rule.name() == name).map(|(_, verdict)| verdict);
    match verdict {
        Some(Verdict::Failed(fault)) => fault,
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn an_error_breaks_a_rule_and_is_shown() {
    let report = check(&faulty(cached_testkit::Fault::Fail));
    let fault = fault(&report, "a_value_comes_back");
    assert!(fault.asked.starts_with("set \"k\" to 24 bytes"), "{fault}");
    assert_eq!(fault.expected, "an answer");
    assert!(fault.found.contains(&format!("{:?}", ErrorKind::Backend)) && fault.found.contains("fails"), "{fault}");
    let kept = rules().map(|rule| rule.name()).filter(|name| !report.failed().contains(name));
    let is_asked = |name: &&str| !report.not_applicable().contains(name);
    let kept: Vec<_> = kept.filter(is_asked).collect();
    assert_eq!(kept, ["its_conditions_are_atomic_by_its_own_word", "without_news_it_says_so"]);
}

#[test]
fn a_panic_breaks_a_rule_and_nothing_else() {
    for later in [0, 1] {
        let subject = Subject::new(move || {
            let faulty = Arc::new(Faulty::new(Arc::new(Shelf::new())));
            faulty.set_fault(cached_testkit::Fault::Panic);
            faulty.answer_later(later);
            Store::new(faulty as Arc<dyn Backend>)
        });
        let report = check(&subject);
        let fault = fault(&report, "a_value_comes_back");
        assert_eq!(fault.found, "a panic: the backend panics, as the test asked");
        assert!(fault.asked.starts_with("set \"k\""), "{fault}");
    }
}

#[test]
fn a_backend_that_hangs_is_asked_three_times() {
    let report = check(&faulty(cached_testkit::Fault::Hang).patience(Duration::from_millis(200)));
    let found: Vec<_> = report
        .verdicts()
        .filter_map(|(_, verdict)| match verdict {
            Verdict::Failed(fault) => Some(fault.found.as_str()),
            _ => None,
        })
        .collect();
    let hung = found.iter().filter(|found| found.starts_with("no end within")).count();
    let spared = found.iter().filter(|found| **found == "3 rules before it did not end").count();
    assert!(hung >= 3 && spared > 80 && hung + spared == found.len(), "{hung} {spared} {found:#?}");
}

#[test]
fn a_backend_that_panics_when_it_goes_breaks_the_rule_that_had_it() {
    struct Last(Shelf);
    impl Drop for Last {
        fn drop(&mut self) {
            panic!("it does not want to go");
        }
    }
    let subject = Subject::new(|| {
        let last = Last(Shelf::new());
        let shelf = Arc::new(Shelf::new());
        Store::new(shelf).another(move || {
            let _ = last.0.keys();
            Arc::new(Shelf::new())
        })
    });
    let report = check(&subject);
    assert_eq!(fault(&report, "a_value_comes_back").found, "a panic when the backend was dropped");
}
