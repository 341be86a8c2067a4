//! What every backend owes.

use std::sync::Arc;
use std::time::Duration;

use cached_file::FileBackend;
use cached_testkit::conformance::{Store, Subject, check};

/// Rules about what files do not have: replies that come later, and news of changes.
const NOT_OURS: [&str; 13] = [
    "a_reply_may_change_hands",
    "replies_may_be_awaited_in_any_order",
    "a_dropped_reply_does_not_stop_the_write",
    "dropped_replies_shift_no_others",
    "it_says_from_when_on_it_hears",
    "a_write_of_another_is_told",
    "a_conditional_write_of_another_is_told",
    "a_removal_of_another_is_told",
    "a_clear_of_another_is_told",
    "a_batch_of_another_is_told",
    "nothing_else_is_told",
    "own_changes_lose_no_news",
    "two_listeners_hear_their_own",
];

#[test]
fn a_directory_keeps_every_rule() {
    let subject = Subject::new(|| {
        let scratch = crate::scratch();
        let directory = scratch.path().join("cache");
        Store::new(Arc::new(FileBackend::new(&directory))).another(move || {
            let _ = &scratch;
            Arc::new(FileBackend::new(&directory))
        })
    });
    // The longest value is long, and a disk may be busy.
    let report = check(&subject.patience(Duration::from_secs(30)));
    println!("{report}");
    report.assert();
    assert_eq!(report.not_applicable(), NOT_OURS);
}
