//! Backends that change keys.

use cached_core::backend::{Key, When};

use crate::broken::{broken, live, remove_all, subject};

broken! {
    one_that_folds_case: subject(|it| it.spelling(str::to_ascii_lowercase)) => [
        what_was_not_written_is_not_there every_character_of_the_alphabet_counts letter_case_counts
        a_key_may_be_one_character a_key_of_200_characters_is_whole words_are_only_keys a_removal_takes_nothing_else
        clear_leaves_what_begins_otherwise clear_heeds_case
    ];

    one_that_cuts_keys_at_128_characters: subject(|it| it.spelling(|key| key[..key.len().min(128)].to_owned())) => [
        a_key_of_200_characters_is_whole clear_takes_a_prefix_of_200_characters
    ];

    one_that_takes_keys_for_numbers: subject(|it| {
        it.spelling(|key| key.parse::<f64>().map_or_else(|_| key.to_owned(), |number| number.to_string()))
    }) => [digits_are_text];

    one_that_takes_keys_for_paths: subject(|it| it.spelling(|key| key.trim_end_matches('.').to_owned())) => [
        what_was_not_written_is_not_there keys_may_begin_with_one_another digits_are_text words_are_only_keys
        clear_takes_punctuation_as_it_is
    ];

    one_that_takes_punctuation_for_the_same: subject(|it| it.spelling(|key| key.replace(['.', '-'], "_"))) => [
        every_character_of_the_alphabet_counts a_key_may_be_one_character a_key_of_200_characters_is_whole
        keys_may_begin_with_one_another digits_are_text words_are_only_keys a_removal_takes_nothing_else
        clear_leaves_what_begins_otherwise clear_takes_punctuation_as_it_is
    ];

    one_that_finds_the_nearest_key: subject(|it| it.get(|shelf, keys| {
        let nearest = |key: &Key| shelf.keys().into_iter().find(|other| **other >= **key);
        keys.iter().map(|key| live(shelf, &nearest(key)?)).collect()
    })) => [
        a_refused_write_on_absence_changes_no_life a_refused_write_on_a_stamp_changes_no_life
        each_write_of_a_batch_has_its_own_life what_was_not_written_is_not_there writes_answer_in_their_order
        removals_answer_in_their_order a_removal_takes_nothing_else clear_leaves_what_begins_otherwise
        clear_leaves_what_holds_the_prefix_elsewhere clear_heeds_case clear_takes_punctuation_as_it_is
        clear_reaches_more_than_a_thousand clear_takes_a_prefix_of_200_characters what_was_cleared_is_absent
        of_a_write_and_a_removal_one_is_done a_clear_beside_writers_takes_only_its_own
        another_handle_sees_what_was_removed
    ];

    one_that_ends_keys_at_a_colon: subject(|it| it.spelling(|key| key.trim_end_matches(':').to_owned())) => [
        what_was_not_written_is_not_there keys_may_begin_with_one_another a_removal_takes_nothing_else
        clear_leaves_what_begins_otherwise clear_leaves_what_holds_the_prefix_elsewhere
    ];

    one_that_has_no_key_without_a_letter: subject(|it| it.get(|shelf, keys| {
        let found = |key: &Key| live(shelf, key).filter(|_| key.bytes().any(|byte| byte.is_ascii_alphanumeric()));
        keys.iter().map(found).collect()
    })) => [
        a_key_may_be_one_character a_key_of_200_characters_is_whole words_are_only_keys
    ];

    one_that_removes_by_beginning: subject(|it| it.delete_each(|shelf, key, when| {
        let is_met = live(shelf, &key).is_some_and(|bytes| when.is_met_by(Some(&bytes)));
        if is_met {
            remove_all(shelf, |other| other.starts_with(&*key));
        }
        is_met && when != When::Absent
    })) => [
        a_thousand_removals_all_happen a_removal_takes_nothing_else of_eight_one_removes_it keys_of_threads_do_not_meet
    ] or [
        of_a_write_and_a_removal_one_is_done
    ];
}
