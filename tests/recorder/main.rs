//! What the recorder sees of calls, in a process of its own: recording is on or off for all of it.

mod crowd;
mod operations;
mod scopes;
mod seen;

use std::sync::{Mutex, MutexGuard, PoisonError};

use cached_core::recorder::{Ended, Recording};
use cached_core::{Outcome, Recorder, recorder};

static ALONE: Mutex<()> = Mutex::new(());

/// While it lives, calls are recorded, and no other test switches that.
struct Recorded(#[expect(dead_code, reason = "held")] MutexGuard<'static, ()>);

impl Drop for Recorded {
    fn drop(&mut self) {
        let recorder = recorder();
        recorder.disable();
        recorder.traces(0);
        recorder.show(cached_core::recorder::Show::Nothing);
        recorder.keep(1_000);
    }
}

fn recorded() -> (Recorded, Recorder) {
    let guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let recorder = recorder();
    recorder.enable();
    (Recorded(guard), recorder)
}

/// How the calls ended, in their order.
fn outcomes(recording: &Recording) -> Vec<Outcome> {
    let outcome = |ended| match ended {
        Ended::Call(outcome) => outcome,
        other => panic!("{other} is no outcome of a call"),
    };
    recording.calls.iter().map(|call| outcome(call.ended)).collect()
}
