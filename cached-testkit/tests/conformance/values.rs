//! Backends that change values.

use std::collections::HashMap;
use std::sync::Mutex;

use cached_core::backend::{Capabilities, When, Write};

use crate::broken::{broken, delete, get, holding, live, put, remove, subject};

fn limited(most: usize) -> Capabilities {
    let mut capabilities = Capabilities::blocking();
    capabilities.max_value = Some(most);
    capabilities
}

broken! {
    one_that_keeps_nothing: subject(|it| it.set(|_, writes| vec![true; writes.len()])) => [
        a_value_comes_back each_read_sees_the_write_before_it closing_takes_nothing_along
    ] or all;

    one_that_cuts_values_at_64_kib: subject(|it| it.keeping(|bytes| bytes[..bytes.len().min(1 << 16)].to_vec())) => [
        values_around_powers_of_two_come_back a_mebibyte_comes_back
    ];

    one_that_cuts_values_at_a_zero: subject(|it| {
        it.keeping(|bytes| bytes.iter().copied().take_while(|byte| *byte != 0).collect())
    }) => [
        every_byte_comes_back the_ends_of_a_value_stay protocols_and_formats_are_only_bytes
        values_around_powers_of_two_come_back a_mebibyte_comes_back a_write_replaces_all_bytes
        a_batch_of_megabytes_is_kept a_value_shorter_than_a_stamp_has_none stamps_are_bytes
        a_value_may_be_written_again_under_its_stamp
    ];

    one_that_trims_values: subject(|it| it.keeping(|bytes| bytes.trim_ascii().to_vec())) => [
        every_byte_comes_back the_ends_of_a_value_stay protocols_and_formats_are_only_bytes
        values_around_powers_of_two_come_back a_batch_of_megabytes_is_kept stamps_are_bytes
    ];

    one_that_takes_null_for_nothing: subject(|it| it.get(|shelf, keys| {
        get(shelf, keys).into_iter().map(|found| found.filter(|bytes| **bytes != *b"null")).collect()
    })) => [protocols_and_formats_are_only_bytes];

    one_that_keeps_no_empty_value: subject(|it| it.set_each(|shelf, write| {
        if !write.bytes.is_empty() {
            return put(shelf, write);
        }
        let _ = remove(shelf, write.key, write.when);
        true
    })) => [
        an_empty_value_is_a_value a_write_replaces_all_bytes an_empty_value_is_not_absent
        a_value_shorter_than_a_stamp_has_none a_removal_says_whether_the_key_was_there
    ];

    one_that_pads_short_values: subject(|it| it.keeping(|bytes| {
        let padding = 16_usize.saturating_sub(bytes.len());
        [bytes, &vec![0; padding]].concat()
    })) => [
        an_empty_value_is_a_value a_value_shorter_than_a_stamp_comes_back every_byte_comes_back the_ends_of_a_value_stay
        protocols_and_formats_are_only_bytes a_write_replaces_all_bytes an_empty_value_is_not_absent
        a_value_shorter_than_a_stamp_has_none
    ];

    one_that_loses_what_is_over_a_mebibyte: subject(|it| it.set_each(|shelf, write| {
        write.bytes.len() > 1 << 20 || put(shelf, write)
    })) => [a_mebibyte_comes_back];

    one_that_leaves_the_end_of_a_longer_value: subject(|it| it.set_each(|shelf, write| {
        let old = live(shelf, &write.key).unwrap_or_default();
        let tail = old.get(write.bytes.len()..).unwrap_or_default();
        let bytes = [&write.bytes, tail].concat().into();
        put(shelf, holding(write, bytes))
    })) => [
        every_byte_comes_back the_ends_of_a_value_stay protocols_and_formats_are_only_bytes a_write_replaces_all_bytes
        only_the_stamp_is_compared a_value_may_be_written_again_under_its_stamp another_stamp_keeps_its_value
    ] or [
        what_is_read_was_written
    ];

    one_that_stores_nothing_for_the_same_bytes: subject(|it| it.set_each(|shelf, write| {
        live(shelf, &write.key).as_ref() != Some(&write.bytes) && put(shelf, write)
    })) => [
        the_same_bytes_may_be_written_again clear_takes_punctuation_as_it_is clear_takes_a_prefix_of_200_characters
        what_is_replaced_is_never_missing batches_in_opposite_orders_end
        who_finds_something_ended_removes_nothing_fresh
    ] or [
        what_is_read_was_written a_clear_beside_writers_takes_only_its_own
    ];

    one_that_gives_each_value_once: subject(|it| it.get(|shelf, keys| {
        let found = get(shelf, keys);
        delete(shelf, keys.iter().map(|key| (key.clone(), When::Always)).collect());
        found
    })) => [
        a_long_life_is_a_life a_read_uses_nothing_up a_stamp_lets_its_value_be_replaced
        a_value_may_be_written_again_under_its_stamp eight_that_count_lose_nothing what_is_replaced_is_never_missing
        keys_of_threads_do_not_meet a_clear_beside_writers_takes_only_its_own another_handle_sees_what_was_removed
        threads_of_two_handles_count_exactly a_handle_that_goes_takes_nothing_along
    ] or [
        who_finds_something_ended_removes_nothing_fresh
    ];

    one_that_reads_a_write_too_late: subject(|it| {
        let behind = Mutex::new(None::<Write>);
        it.set_each(move |shelf, write| {
            // What was written stays in a buffer until the next write comes.
            if let Some(write) = behind.lock().unwrap().replace(write) {
                put(shelf, write);
            }
            true
        })
    }) => [
        a_value_comes_back each_read_sees_the_write_before_it
    ] or all;

    one_that_panics_over_its_limit: subject(|it| it.capabilities(|| limited(1_000)).set_each(|shelf, write| {
        assert!(write.bytes.len() <= 1_000, "a value is too long");
        put(shelf, write)
    })) => [a_value_over_the_limit_is_never_cut];

    one_that_does_not_reach_its_limit: subject(|it| {
        it.capabilities(|| limited(1_000)).keeping(|bytes| bytes[..bytes.len().min(999)].to_vec())
    }) => [
        the_longest_value_comes_back a_value_over_the_limit_is_never_cut a_write_replaces_all_bytes
        a_batch_of_megabytes_is_kept what_is_read_was_written
    ];

    one_that_cuts_what_is_over_its_limit: subject(|it| {
        it.capabilities(|| limited(1_000)).keeping(|bytes| bytes[..bytes.len().min(1_000)].to_vec())
    }) => [a_value_over_the_limit_is_never_cut];

    one_that_trusts_a_short_hash: subject(|it| {
        it.spelling(|key| key.bytes().fold(7_u8, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte)).to_string())
    }) => [
        each_key_has_its_own_value what_was_not_written_is_not_there every_character_of_the_alphabet_counts
        letter_case_counts a_key_of_200_characters_is_whole words_are_only_keys a_thousand_writes_are_all_kept
        a_thousand_removals_all_happen a_batch_of_megabytes_is_kept clear_removes_what_begins_so
        clear_leaves_what_begins_otherwise clear_leaves_what_holds_the_prefix_elsewhere clear_heeds_case
        clear_takes_punctuation_as_it_is clear_needs_no_separator clear_of_the_empty_prefix_removes_all
        clear_reaches_more_than_a_thousand clear_takes_a_prefix_of_200_characters what_was_cleared_is_absent
        keys_of_threads_do_not_meet a_clear_beside_writers_takes_only_its_own another_handle_sees_what_was_removed
    ];

    one_that_mixes_up_values_of_one_length: subject(|it| {
        let lengths = Mutex::new(HashMap::new());
        it.set_each(move |shelf, write| {
            let at = (write.key.clone(), write.bytes.len());
            let first = lengths.lock().unwrap().entry(at).or_insert(write.bytes.clone()).clone();
            put(shelf, holding(write, first))
        })
    }) => [
        a_life_of_nothing_is_over_at_once a_write_for_ever_ends_a_life a_longer_life_takes_over
        a_write_on_a_stamp_brings_its_life what_has_ended_is_absent a_removed_life_does_not_come_back
        a_cleared_life_does_not_come_back an_ended_life_does_not_come_back every_byte_comes_back
        the_ends_of_a_value_stay protocols_and_formats_are_only_bytes each_read_sees_the_write_before_it
        writes_of_one_key_follow_one_another always_writes_over_what_is_there a_stamp_lets_its_value_be_replaced
        only_the_stamp_is_compared a_value_may_be_a_stamp_alone stamps_are_bytes
        a_value_may_be_written_again_under_its_stamp what_was_removed_is_absent clear_takes_punctuation_as_it_is
        what_was_cleared_is_absent eight_that_count_lose_nothing who_finds_something_ended_removes_nothing_fresh
        another_handle_sees_what_was_written a_handle_remembers_nothing conditions_hold_between_handles
        threads_of_two_handles_count_exactly closing_takes_nothing_along
    ] or [a_clear_beside_writers_takes_only_its_own];
}
