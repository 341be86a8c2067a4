//! Time that stands still.

use std::time::Duration;

use crate::clock;

#[test]
fn time_stands_as_long_as_anybody_holds_it_and_goes_on_from_there() {
    let _alone = super::alone_with_time();
    let (one, two) = (clock::freeze(), clock::freeze());
    let stood = clock::now();
    assert_eq!(clock::now(), stood);
    drop(one);
    assert_eq!(clock::now(), stood, "another one holds it");
    clock::advance(Duration::from_secs(1));
    let moved = stood + 1_000_000_000;
    assert_eq!(clock::now(), moved);
    drop(two);
    assert!((moved..moved + 60_000_000_000).contains(&clock::now()), "it goes on from where it stood");
}
