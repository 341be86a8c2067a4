//! Pins of a thread inside one another, and of threads that have a record after one that ended.

use crate::engine::World;
use crate::{check, check_within};

#[test]
fn a_read_inside_another_keeps_what_the_outer_one_sees() {
    check("read inside a hit, remove", || {
        let world = World::new(4, [1]);
        let reader = world.spawn(|world| {
            let inside = world.clone();
            world.show(1, move || _ = inside.look(2));
        });
        world.remove(1);
        world.end([reader]);
    });
}

#[test]
fn a_read_in_one_memory_inside_a_read_in_another_keeps_both() {
    check("read inside a hit of another memory, remove", || {
        let worlds = [World::new(4, [1]), World::new(4, [1])];
        let inside = worlds[1].clone();
        let reader = worlds[0].spawn(move |world| _ = world.show(1, move || _ = inside.look(1)));
        worlds[0].remove(1);
        let [outer, inner] = worlds;
        outer.end([reader]);
        inner.end([]);
    });
}

#[test]
fn a_record_passes_from_a_thread_that_ends_to_the_next_while_another_writes() {
    check_within(2, "thread exit", || {
        let world = World::new(4, [1]);
        let writer = world.spawn(|world| world.remove(1));
        for _ in 0..2 {
            world.spawn(|world| _ = world.look(1)).join().expect("it ended");
        }
        world.end([writer]);
    });
}

#[test]
fn who_takes_the_record_of_a_thread_that_ended_finds_it_at_rest() {
    check("read, read by another", || {
        let world = World::new(4, [1]);
        let reader = world.spawn(|world| _ = world.look(1));
        world.look(1);
        world.end([reader]);
    });
}

#[test]
fn two_threads_that_live_never_have_one_record() {
    check("two read after one that ended, remove", || {
        let world = World::new(4, [1]);
        world.spawn(|world| _ = world.look(1)).join().expect("it ended");
        let reader = world.spawn(|world| (0..2).for_each(|_| _ = world.look(1)));
        world.look(1);
        world.end([reader]);
    });
}

#[test]
fn who_is_pinned_after_a_removal_keeps_nothing_that_went_with_it() {
    check("pin, remove, pin later", || {
        let world = World::new(4, [1]);
        let reader = world.spawn(|world| _ = world.look(1));
        let before = world.cache.pin_again();
        world.remove(1);
        reader.join().expect("it ended");
        assert_eq!(world.left(), 2, "somebody may be reading them");
        drop(before);
        let _later = world.cache.pin_again();
        world.remove(1);
        assert_eq!(world.left(), 0, "nobody can be");
    });
}
