//! Readers and writers of the engine against what changes the table for all parts: growth, clearing, other bounds.

use crate::check;
use crate::engine::{HIGH, World};
use crate::memory::Bounds;

/// So many entries have one part, and so many two.
const OF_ONE: usize = 100;
const OF_TWO: usize = 8_192;

#[test]
fn a_read_against_growth() {
    check("read, grow, remove", || {
        let world = World::new(OF_ONE, [1]);
        let reader = world.spawn(|world| _ = world.look(1));
        // Two entries are what two buckets hold well; they fill the one that they share.
        world.put(2);
        world.remove(1);
        world.end([reader]);
    });
}

#[test]
fn what_is_there_is_found_while_the_table_grows() {
    check("read, grow", || {
        let world = World::new(OF_ONE, [1]);
        let reader = world.spawn(|world| assert_eq!(world.look(1), Some(10), "nothing removes it"));
        world.put(2);
        // What is reclaimed with it may be the old table.
        world.remove(3);
        world.end([reader]);
    });
}

#[test]
fn what_one_writer_stores_while_another_has_the_table_grow_is_there() {
    check("insert, grow", || {
        let world = World::new(OF_TWO, [HIGH + 1]);
        let writer = world.spawn(|world| world.put(1));
        world.put(HIGH + 2);
        let found = [1, HIGH + 1, HIGH + 2].map(|n| world.look(n));
        assert_eq!(found[1..], [Some(1_010), Some(1_020)], "nothing removes them");
        writer.join().expect("it ended");
        assert_eq!(world.look(1), Some(10), "nor it");
        world.end([]);
    });
}

#[test]
fn two_first_writers_make_one_segment_and_take_two_numbers() {
    check("first insert, first insert", || {
        let world = World::new(OF_TWO, []);
        let writer = world.spawn(|world| world.put(1));
        world.put(HIGH + 1);
        assert_eq!(world.look(HIGH + 1), Some(1_010), "nothing removes it");
        writer.join().expect("it ended");
        assert_eq!([1, HIGH + 1].map(|n| world.look(n)), [Some(10), Some(1_010)], "nor the other");
        world.end([]);
    });
}

#[test]
fn a_read_against_a_clear() {
    check("read, clear, insert", || {
        let world = World::new(4, [1, 2]);
        let reader = world.spawn(|world| _ = world.look(1));
        world.cache.clear();
        world.put(1);
        world.end([reader]);
    });
}

#[test]
fn a_hit_against_a_clear() {
    check("show, clear", || {
        let world = World::new(4, [1]);
        let reader = world.spawn(|world| _ = world.show(1, || ()));
        world.cache.clear();
        assert_eq!(world.look(1), None, "it was cleared");
        world.end([reader]);
    });
}

#[test]
fn a_read_against_a_clear_of_several_parts() {
    check("read, clear two parts, insert", || {
        let world = World::new(OF_TWO, [1, HIGH + 1]);
        let reader = world.spawn(|world| _ = world.look(1));
        world.cache.clear();
        // Each part may be who sees that the reader is gone.
        world.remove(HIGH + 1);
        world.put(1);
        world.end([reader]);
    });
}

#[test]
fn a_writer_and_a_reader_against_a_bound_that_needs_fewer_parts() {
    check("read, insert, set bounds", || {
        // These are in the second part.
        let world = World::new(OF_TWO, [HIGH + 1]);
        let others = [world.spawn(|world| world.put(HIGH + 2)), world.spawn(|world| _ = world.look(HIGH + 1))];
        world.cache.set_bounds(Bounds::entries(4));
        others.into_iter().for_each(|other| other.join().expect("it ended"));
        let found = [1, 2].map(|n| world.look(HIGH + n).is_some());
        assert_eq!(found, [true; 2], "there is room for both");
        world.end([]);
    });
}
