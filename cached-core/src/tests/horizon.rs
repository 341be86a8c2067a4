//! What is known of moments that are far off.

use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::Duration;

use fork::{Fork, fork, waitpid};

use crate::clock::{self, NEVER};
use crate::memory::horizon::Horizon;

const SECOND: u64 = 1_000_000_000;

fn lives_until(moment: u64) -> bool {
    Horizon::new().is_before(Horizon::end(moment))
}

#[test]
fn what_is_far_off_is_known_for_a_moment_and_never_in_a_fork() {
    let _alone = super::alone_with_time();
    let now = clock::now();
    let (near, far) = (now + SECOND, now + 3_600 * SECOND);
    assert!(!lives_until(far), "nobody has said so");
    assert!(lives_until(NEVER), "that needs no clock");

    Horizon::new().renew(now, near);
    assert!(!lives_until(far), "for what is near it is not asked");
    Horizon::new().renew(now, far);
    assert!(lives_until(far) && lives_until(now + 3 * SECOND) && !lives_until(near));
    assert!(lives_until(u64::MAX - 1), "what can hardly be told from never");

    match fork().expect("a process") {
        Fork::Child => {
            let wiped = !lives_until(far) && lives_until(NEVER);
            Horizon::new().renew(clock::now(), far);
            let status = if wiped && lives_until(far) { "exit 7" } else { "exit 1" };
            // Not by what ends a whole process: a leak checker would miss the stacks of the threads that are not here.
            panic!("{}", Command::new("sh").args(["-c", status]).exec());
        }
        Fork::Parent(child) => {
            let status = waitpid(child).expect("it ends");
            assert_eq!(status >> 8, 7, "a fork knows what its own threads can take back: {status:#x}");
        }
    }

    clock::advance(Duration::from_nanos(SECOND));
    assert!(!lives_until(far) && lives_until(NEVER), "an alarm took it back");
}
