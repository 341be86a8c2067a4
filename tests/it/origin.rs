//! R25: time does not mind where its clock began. The checks of the bar run themselves so in `reliability`.

use cached_tests::origin::{elsewhere, is_there};

#[test]
fn r25_the_tests_of_time_pass_wherever_the_clock_begins() {
    for line in elsewhere(&["freshness::", "lateness::", "origin::r25_this_process"]) {
        println!("R25 {line}");
    }
}

#[test]
fn r25_this_process_is_where_it_was_started() {
    is_there();
}
