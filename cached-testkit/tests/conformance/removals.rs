//! Backends that remove too much, too little, or lie about it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use cached_core::backend::When;

use crate::broken::{broken, clear, delete, live, put, remove, remove_all, subject};

/// Whether a text is met by a pattern in which a character stands for any other.
fn is_like(text: &str, pattern: &str, any: u8) -> bool {
    text.len() >= pattern.len() && text.bytes().zip(pattern.bytes()).all(|(one, two)| one == two || two == any)
}

broken! {
    one_that_says_of_every_key_that_it_was_there: subject(|it| it.delete(|shelf, keys| {
        vec![true; delete(shelf, keys).len()]
    })) => [
        what_has_ended_was_not_there_to_remove removals_answer_in_their_order a_key_removed_twice_was_there_once
        a_removal_says_whether_the_key_was_there another_stamp_keeps_its_value a_removal_on_absence_removes_nothing
        what_was_cleared_is_absent of_eight_one_removes_it of_a_write_and_a_removal_one_is_done
        another_handle_sees_what_was_removed conditions_hold_between_handles
    ];

    one_that_says_of_no_key_that_it_was_there: subject(|it| it.delete(|shelf, keys| {
        vec![false; delete(shelf, keys).len()]
    })) => [
        removals_answer_in_their_order a_key_removed_twice_was_there_once a_thousand_removals_all_happen
        a_removal_says_whether_the_key_was_there a_stamp_lets_its_value_be_removed what_was_removed_is_absent
        of_eight_one_removes_it of_a_write_and_a_removal_one_is_done keys_of_threads_do_not_meet
        another_handle_sees_what_was_removed conditions_hold_between_handles
    ];

    one_that_removes_nothing: subject(|it| it.delete_each(|shelf, key, when| {
        live(shelf, &key).is_some_and(|bytes| when != When::Absent && when.is_met_by(Some(&bytes)))
    })) => [
        removals_answer_in_their_order a_key_removed_twice_was_there_once a_thousand_removals_all_happen
        a_removal_says_whether_the_key_was_there a_removed_value_is_gone a_removal_takes_nothing_else
        a_stamp_lets_its_value_be_removed what_was_removed_is_absent of_eight_one_removes_it
        of_a_write_and_a_removal_one_is_done another_handle_sees_what_was_removed conditions_hold_between_handles
    ];

    one_that_removes_whatever_the_condition: subject(|it| it.delete_each(|shelf, key, _| {
        remove(shelf, key, When::Always)
    })) => [
        removals_answer_in_their_order another_stamp_keeps_its_value a_removal_on_absence_removes_nothing
        of_a_write_and_a_removal_one_is_done conditions_hold_between_handles
    ];

    one_that_removes_nothing_on_a_stamp: subject(|it| it.delete_each(|shelf, key, when| {
        when == When::Always && remove(shelf, key, when)
    })) => [
        removals_answer_in_their_order a_stamp_lets_its_value_be_removed conditions_hold_between_handles
    ];

    one_that_answers_removals_backwards: subject(|it| it.delete(|shelf, keys| {
        delete(shelf, keys).into_iter().rev().collect()
    })) => [
        removals_answer_in_their_order a_key_removed_twice_was_there_once
    ];

    one_that_looks_before_it_removes_a_batch: subject(|it| it.delete(|shelf, keys| {
        let is_there = |(key, when): &(_, When)| live(shelf, key).is_some_and(|bytes| when.is_met_by(Some(&bytes)));
        let there = keys.iter().map(is_there).collect();
        delete(shelf, keys);
        there
    })) => [a_key_removed_twice_was_there_once];

    one_that_removes_a_hundred_at_once: subject(|it| it.delete(|shelf, mut keys| {
        let answers = keys.len();
        keys.truncate(100);
        let mut removed = delete(shelf, keys);
        removed.resize(answers, true);
        removed
    })) => [a_thousand_removals_all_happen];

    one_that_clears_nothing: subject(|it| it.clear(|_, _| {})) => [
        clear_removes_what_begins_so clear_leaves_what_begins_otherwise clear_leaves_what_holds_the_prefix_elsewhere
        clear_heeds_case clear_takes_punctuation_as_it_is clear_needs_no_separator
        clear_removes_the_key_that_is_the_prefix clear_of_the_empty_prefix_removes_all
        clear_reaches_more_than_a_thousand clear_takes_a_prefix_of_200_characters what_was_cleared_is_absent
        a_clear_beside_writers_takes_only_its_own another_handle_sees_what_was_removed
    ];

    one_that_clears_everything: subject(|it| it.clear(|shelf, _| clear(shelf, ""))) => [
        clear_leaves_what_begins_otherwise clear_leaves_what_holds_the_prefix_elsewhere clear_heeds_case
        clear_takes_punctuation_as_it_is clear_needs_no_separator clear_of_nothing_is_no_error
        clear_reaches_more_than_a_thousand clear_takes_a_prefix_of_200_characters
    ] or [
        a_clear_beside_writers_takes_only_its_own
    ];

    one_that_clears_what_contains_the_prefix: subject(|it| it.clear(|shelf, prefix| {
        remove_all(shelf, |key| key.contains(prefix));
    })) => [
        clear_leaves_what_begins_otherwise clear_leaves_what_holds_the_prefix_elsewhere clear_takes_punctuation_as_it_is
    ];

    one_that_clears_whatever_the_case: subject(|it| it.clear(|shelf, prefix| {
        remove_all(shelf, |key| key.to_lowercase().starts_with(&prefix.to_lowercase()));
    })) => [
        clear_leaves_what_begins_otherwise clear_heeds_case
    ];

    one_that_clears_with_a_dot_for_any_character: subject(|it| it.clear(|shelf, prefix| {
        remove_all(shelf, |key| is_like(key, prefix, b'.'));
    })) => [clear_takes_punctuation_as_it_is];

    one_that_clears_with_an_underscore_for_any_character: subject(|it| it.clear(|shelf, prefix| {
        remove_all(shelf, |key| is_like(key, prefix, b'_'));
    })) => [clear_takes_punctuation_as_it_is];

    one_that_clears_whole_words: subject(|it| it.clear(|shelf, prefix| {
        remove_all(shelf, |key| key.strip_prefix(prefix).is_some_and(|rest| {
            rest.is_empty() || prefix.is_empty() || rest.starts_with(':') || prefix.ends_with([':', '.', '_'])
        }));
    })) => [
        clear_leaves_what_begins_otherwise clear_takes_punctuation_as_it_is clear_needs_no_separator
        clear_takes_a_prefix_of_200_characters
    ];

    one_that_clears_only_what_is_longer: subject(|it| it.clear(|shelf, prefix| {
        remove_all(shelf, |key| key.starts_with(prefix) && key != prefix);
    })) => [
        clear_removes_what_begins_so clear_leaves_what_begins_otherwise clear_takes_punctuation_as_it_is
        clear_needs_no_separator clear_removes_the_key_that_is_the_prefix clear_takes_a_prefix_of_200_characters
    ];

    one_that_clears_one_key_too_many: subject(|it| it.clear(|shelf, prefix| {
        let next = shelf.keys().into_iter().find(|key| **key > *prefix && !key.starts_with(prefix));
        remove_all(shelf, |key| key.starts_with(prefix) || next.as_deref() == Some(key));
    })) => [
        clear_leaves_what_begins_otherwise clear_leaves_what_holds_the_prefix_elsewhere clear_heeds_case
        clear_takes_punctuation_as_it_is clear_reaches_more_than_a_thousand clear_takes_a_prefix_of_200_characters
    ] or [
        a_clear_beside_writers_takes_only_its_own
    ];

    one_that_clears_a_part_of_the_prefix: subject(|it| it.clear(|shelf, prefix| {
        clear(shelf, &prefix[..prefix.len().min(64)]);
    })) => [clear_takes_a_prefix_of_200_characters];

    one_that_clears_a_thousand_keys: subject(|it| it.clear(|shelf, prefix| {
        let keys = shelf.keys().into_iter().filter(|key| key.starts_with(prefix)).take(1_000);
        delete(shelf, keys.map(|key| (key, When::Always)).collect());
    })) => [clear_reaches_more_than_a_thousand];

    one_that_cannot_clear_what_is_not_there: subject(|it| it.clear(|shelf, prefix| {
        assert!(shelf.keys().iter().any(|key| key.starts_with(prefix)), "nothing to clear");
        clear(shelf, prefix);
    })) => [
        clear_of_nothing_is_no_error a_clear_beside_writers_takes_only_its_own after_closing_nothing_panics
    ];

    one_that_needs_a_prefix: subject(|it| it.clear(|shelf, prefix| {
        if !prefix.is_empty() {
            clear(shelf, prefix);
        }
    })) => [clear_of_the_empty_prefix_removes_all];

    one_that_leaves_the_keys_of_what_it_cleared: subject(|it| {
        let known = Arc::new(Mutex::new(HashSet::new()));
        let noted = Arc::clone(&known);
        it.clear(move |shelf, prefix| {
            noted.lock().unwrap().extend(shelf.keys().into_iter().filter(|key| key.starts_with(prefix)));
            clear(shelf, prefix);
        })
        .set_each(move |shelf, write| {
            let is_known = write.when == When::Absent && known.lock().unwrap().contains(&write.key);
            !is_known && put(shelf, write)
        })
    }) => [what_was_cleared_is_absent];

    one_that_remembers_what_it_removed: subject(|it| {
        let known = Arc::new(Mutex::new(HashSet::new()));
        let noted = Arc::clone(&known);
        it.delete(move |shelf, keys| {
            let removed = delete(shelf, keys.clone());
            let gone = keys.into_iter().zip(&removed).filter(|(_, removed)| **removed);
            noted.lock().unwrap().extend(gone.map(|((key, _), _)| key));
            removed
        })
        .set_each(move |shelf, write| {
            let is_known = write.when == When::Absent && known.lock().unwrap().contains(&write.key);
            !is_known && put(shelf, write)
        })
    }) => [
        what_was_removed_is_absent conditions_hold_between_handles
    ];
}
