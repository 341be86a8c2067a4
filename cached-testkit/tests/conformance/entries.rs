//! Backends that mistake batches, conditions and stamps.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use cached_core::backend::{Bytes, Capabilities, Key, When, Write};

use crate::broken::{broken, get, live, put, set, subject, under};

/// A write whose stamp is compared in another way.
fn compared(shelf: &cached_testkit::Shelf, write: Write, is_met: fn(&[u8], &[u8; 16]) -> bool) -> bool {
    let When::Stamp(stamp) = write.when else { return put(shelf, write) };
    let met = live(shelf, &write.key).is_some_and(|bytes| is_met(&bytes, &stamp));
    met && put(shelf, under(write, When::Always))
}

broken! {
    one_that_reads_in_the_order_of_keys: subject(|it| it.get(|shelf, keys| {
        let mut keys = keys.to_vec();
        keys.sort();
        get(shelf, &keys)
    })) => [
        a_refused_write_on_absence_changes_no_life a_refused_write_on_a_stamp_changes_no_life
        reads_answer_in_the_order_asked a_key_asked_for_twice_is_answered_twice writes_answer_in_their_order
        a_thousand_writes_are_all_kept a_batch_of_megabytes_is_kept clear_reaches_more_than_a_thousand
        keys_of_threads_do_not_meet
    ];

    one_that_reads_each_key_once: subject(|it| it.get(|shelf, keys| {
        let mut once: Vec<Key> = Vec::new();
        keys.iter().for_each(|key| if !once.contains(key) { once.push(key.clone()) });
        get(shelf, &once)
    })) => [a_key_asked_for_twice_is_answered_twice];

    one_that_leaves_out_what_it_does_not_find: subject(|it| it.get(|shelf, keys| {
        let found = get(shelf, keys);
        if found.len() == 1 { found } else { found.into_iter().filter(Option::is_some).collect() }
    })) => [
        a_write_on_a_stamp_brings_its_life a_refused_write_on_absence_changes_no_life
        a_refused_write_on_a_stamp_changes_no_life each_write_of_a_batch_has_its_own_life
        reads_answer_in_the_order_asked a_key_asked_for_twice_is_answered_twice writes_answer_in_their_order
        a_thousand_removals_all_happen clear_reaches_more_than_a_thousand what_was_cleared_is_absent
        a_clear_beside_writers_takes_only_its_own another_handle_sees_what_was_removed
    ];

    one_that_answers_writes_backwards: subject(|it| it.set(|shelf, writes| {
        set(shelf, writes).into_iter().rev().collect()
    })) => [writes_answer_in_their_order];

    one_that_answers_for_all_writes_alike: subject(|it| it.set(|shelf, writes| {
        let stored = set(shelf, writes);
        vec![stored.iter().all(|stored| *stored); stored.len()]
    })) => [
        writes_answer_in_their_order writes_of_one_key_follow_one_another
    ];

    one_that_judges_a_batch_by_what_was_before: subject(|it| it.set(|shelf, writes| {
        let met = |write: &Write| write.when.is_met_by(live(shelf, &write.key).as_deref());
        let met: Vec<bool> = writes.iter().map(met).collect();
        let writes = writes.into_iter().map(|write| under(write, When::Always));
        set(shelf, writes.zip(&met).filter(|(_, met)| **met).map(|(write, _)| write).collect());
        met
    })) => [writes_of_one_key_follow_one_another];

    one_that_writes_each_key_of_a_batch_once: subject(|it| it.set(|shelf, writes| {
        let answers = writes.len();
        let last: BTreeMap<Key, Write> = writes.into_iter().map(|write| (write.key.clone(), write)).collect();
        let stored = set(shelf, last.into_values().collect());
        if stored.len() == answers && answers < 3 { stored } else { vec![true; answers] }
    })) => [
        writes_answer_in_their_order writes_of_one_key_follow_one_another
    ];

    one_that_cannot_do_nothing: subject(|it| it.set(|shelf, writes| {
        assert!(!writes.is_empty(), "there is nothing to write");
        set(shelf, writes)
    })) => [an_empty_batch_is_no_error];

    one_that_loses_writes_of_large_batches: subject(|it| it.set(|shelf, mut writes| {
        let answers = writes.len();
        writes.truncate(512);
        let mut stored = set(shelf, writes);
        stored.resize(answers, true);
        stored
    })) => [
        a_thousand_writes_are_all_kept a_thousand_removals_all_happen
    ];

    one_that_takes_four_megabytes_at_once: subject(|it| it.set(|shelf, mut writes| {
        let (answers, mut room) = (writes.len(), 4_000_000_usize);
        writes.retain(|write| {
            let fits = write.bytes.len() <= room;
            room = room.saturating_sub(write.bytes.len());
            fits
        });
        let mut stored = set(shelf, writes);
        stored.resize(answers, true);
        stored
    })) => [a_batch_of_megabytes_is_kept];

    one_that_writes_over_what_should_be_absent: subject(|it| it.set_each(|shelf, write| {
        let when = if write.when == When::Absent { When::Always } else { write.when };
        put(shelf, under(write, when))
    })) => [
        a_life_of_nothing_is_over_at_once a_refused_write_on_absence_changes_no_life what_has_ended_is_absent
        writes_answer_in_their_order writes_of_one_key_follow_one_another absent_leaves_what_is_there
        an_empty_value_is_not_absent of_eight_one_finds_it_absent conditions_hold_between_handles
    ];

    one_that_says_yes_to_every_write: subject(|it| it.set(|shelf, writes| {
        vec![true; set(shelf, writes).len()]
    })) => [
        a_life_of_nothing_is_over_at_once a_refused_write_on_absence_changes_no_life
        a_refused_write_on_a_stamp_changes_no_life what_has_ended_is_absent what_has_ended_has_no_stamp
        writes_answer_in_their_order writes_of_one_key_follow_one_another absent_leaves_what_is_there
        an_empty_value_is_not_absent another_stamp_leaves_what_is_there a_stamp_needs_a_value all_bytes_of_a_stamp_count
        a_value_shorter_than_a_stamp_has_none stamps_are_bytes the_case_of_a_stamp_counts what_was_removed_is_absent
        what_was_cleared_is_absent of_eight_one_finds_it_absent of_eight_one_replaces_it
        of_a_write_and_a_removal_one_is_done conditions_hold_between_handles
    ] or [eight_that_count_lose_nothing threads_of_two_handles_count_exactly];

    one_that_writes_only_where_nothing_is: subject(|it| it.set_each(|shelf, write| {
        let when = if write.when == When::Always { When::Absent } else { write.when };
        put(shelf, under(write, when))
    })) => [
        a_life_of_nothing_is_over_at_once a_write_for_ever_ends_a_life a_write_with_a_life_begins_one
        a_longer_life_takes_over a_shorter_life_takes_over a_value_shorter_than_a_stamp_comes_back every_byte_comes_back
        the_ends_of_a_value_stay protocols_and_formats_are_only_bytes values_around_powers_of_two_come_back
        a_mebibyte_comes_back a_write_replaces_all_bytes the_same_bytes_may_be_written_again
        each_read_sees_the_write_before_it a_read_uses_nothing_up writes_of_one_key_follow_one_another
        always_writes_over_what_is_there only_the_stamp_is_compared a_value_shorter_than_a_stamp_has_none
        stamps_are_bytes another_stamp_keeps_its_value clear_takes_punctuation_as_it_is
        clear_takes_a_prefix_of_200_characters what_is_read_was_written what_is_replaced_is_never_missing
        batches_in_opposite_orders_end who_finds_something_ended_removes_nothing_fresh
        another_handle_sees_what_was_written a_handle_remembers_nothing closing_takes_nothing_along
    ] or [
        a_clear_beside_writers_takes_only_its_own
    ];

    one_that_takes_an_empty_value_for_absence: subject(|it| it.set_each(|shelf, write| {
        let is_empty = live(shelf, &write.key).is_some_and(|bytes| bytes.is_empty());
        let when = if is_empty && write.when == When::Absent { When::Always } else { write.when };
        put(shelf, under(write, when))
    })) => [an_empty_value_is_not_absent];

    one_that_never_finds_a_key_absent: subject(|it| it.set_each(|shelf, write| {
        write.when != When::Absent && put(shelf, write)
    })) => [
        a_life_of_nothing_is_over_at_once what_has_ended_is_absent writes_answer_in_their_order
        absent_writes_where_nothing_is what_was_removed_is_absent what_was_cleared_is_absent
        of_eight_one_finds_it_absent
        who_finds_something_ended_removes_nothing_fresh conditions_hold_between_handles
    ];

    one_that_does_not_ask_for_the_stamp: subject(|it| it.set_each(|shelf, write| {
        let when = if matches!(write.when, When::Stamp(_)) { When::Always } else { write.when };
        put(shelf, under(write, when))
    })) => [
        a_refused_write_on_a_stamp_changes_no_life what_has_ended_has_no_stamp writes_answer_in_their_order
        writes_of_one_key_follow_one_another another_stamp_leaves_what_is_there a_stamp_needs_a_value
        all_bytes_of_a_stamp_count a_value_shorter_than_a_stamp_has_none stamps_are_bytes the_case_of_a_stamp_counts
        what_was_removed_is_absent what_was_cleared_is_absent of_eight_one_replaces_it
        of_a_write_and_a_removal_one_is_done conditions_hold_between_handles
    ] or [eight_that_count_lose_nothing threads_of_two_handles_count_exactly];

    one_that_takes_any_value_for_the_stamp: subject(|it| it.set_each(|shelf, write| {
        compared(shelf, write, |_, _| true)
    })) => [
        a_refused_write_on_a_stamp_changes_no_life writes_answer_in_their_order writes_of_one_key_follow_one_another
        another_stamp_leaves_what_is_there all_bytes_of_a_stamp_count a_value_shorter_than_a_stamp_has_none
        stamps_are_bytes the_case_of_a_stamp_counts of_eight_one_replaces_it of_a_write_and_a_removal_one_is_done
        conditions_hold_between_handles
    ] or [eight_that_count_lose_nothing threads_of_two_handles_count_exactly];

    one_that_meets_no_stamp: subject(|it| it.set_each(|shelf, write| compared(shelf, write, |_, _| false))) => [
        a_write_on_a_stamp_brings_its_life writes_answer_in_their_order writes_of_one_key_follow_one_another
        a_stamp_lets_its_value_be_replaced only_the_stamp_is_compared a_value_may_be_a_stamp_alone stamps_are_bytes
        a_value_may_be_written_again_under_its_stamp of_eight_one_replaces_it eight_that_count_lose_nothing
        conditions_hold_between_handles threads_of_two_handles_count_exactly
    ];

    one_that_compares_eight_bytes: subject(|it| it.set_each(|shelf, write| {
        compared(shelf, write, |bytes, stamp| bytes.starts_with(&stamp[..8]))
    })) => [
        a_refused_write_on_a_stamp_changes_no_life writes_answer_in_their_order writes_of_one_key_follow_one_another
        another_stamp_leaves_what_is_there all_bytes_of_a_stamp_count a_value_shorter_than_a_stamp_has_none
        of_eight_one_replaces_it of_a_write_and_a_removal_one_is_done conditions_hold_between_handles
    ] or [eight_that_count_lose_nothing threads_of_two_handles_count_exactly];

    one_that_compares_more_than_the_stamp: subject(|it| it.set_each(|shelf, write| {
        compared(shelf, write, |bytes, stamp| bytes.starts_with(&[&stamp[..], b" "].concat()))
    })) => [
        only_the_stamp_is_compared a_value_may_be_a_stamp_alone a_value_may_be_written_again_under_its_stamp
        eight_that_count_lose_nothing threads_of_two_handles_count_exactly
    ];

    one_that_fills_up_what_it_compares: subject(|it| it.set_each(|shelf, write| {
        compared(shelf, write, |bytes, stamp| {
            let length = bytes.len().min(16);
            bytes[..length] == stamp[..length]
        })
    })) => [a_value_shorter_than_a_stamp_has_none];

    one_that_needs_more_than_a_stamp: subject(|it| it.set_each(|shelf, write| {
        compared(shelf, write, |bytes, stamp| bytes.len() > 16 && bytes.starts_with(stamp))
    })) => [
        only_the_stamp_is_compared a_value_may_be_a_stamp_alone
    ];

    one_that_takes_stamps_for_patterns: subject(|it| it.set_each(|shelf, write| {
        compared(shelf, write, |bytes, stamp| bytes.starts_with(stamp) || bytes.len() >= 16 && *stamp == [b'_'; 16])
    })) => [stamps_are_bytes];

    one_that_folds_the_case_of_stamps: subject(|it| it.set_each(|shelf, write| {
        compared(shelf, write, |bytes, stamp| bytes.get(..16).is_some_and(|own| own.eq_ignore_ascii_case(stamp)))
    })) => [the_case_of_a_stamp_counts];

    one_that_wants_a_new_stamp_each_time: subject(|it| it.set_each(|shelf, write| {
        let is_new = !matches!(write.when, When::Stamp(stamp) if write.bytes.starts_with(&stamp));
        is_new && put(shelf, write)
    })) => [a_value_may_be_written_again_under_its_stamp];

    one_that_promises_nothing: subject(|it| it.capabilities(Capabilities::default)) => [
        its_conditions_are_atomic_by_its_own_word
    ];

    one_that_says_something_else_each_time: subject(|it| {
        let asked = AtomicUsize::new(0);
        it.capabilities(move || {
            let mut capabilities = Capabilities::blocking();
            capabilities.max_value = Some((1 << 30) + asked.fetch_add(1, Ordering::Relaxed));
            capabilities
        })
    }) => [its_word_stands];

    one_that_panics_at_large_values: subject(|it| it.set_each(|shelf, write| {
        let bytes: Bytes = write.bytes.clone();
        assert!(bytes.len() < 1 << 20, "a value is too long");
        put(shelf, write)
    })) => [a_mebibyte_comes_back];
}
