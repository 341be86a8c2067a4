//! The stack of a recorded call, before and after somebody has looked at it.
//!
//! In: the stack as it was captured. Out: its frames, looked up once. From then on only they are kept, and no more than
//! so many: what the look-up itself holds goes with the raw stack.

use std::sync::{Arc, Mutex, PoisonError};

use cached_core::recorder::{Frame, Trace};

/// How many frames are kept of a stack, the nearest.
pub(crate) const FRAMES: usize = 256;
/// What a stack is taken for until somebody looks: an address for each of a hundred frames or so. How many it has
/// cannot be asked without looking them up.
const RAW: usize = 8 << 10;

/// The stack of one call.
pub(crate) struct Stack(Mutex<Held>);

enum Held {
    Raw(Trace),
    Frames(Arc<[Frame]>),
}

impl Stack {
    pub(crate) fn new(trace: Trace) -> Self {
        Stack(Mutex::new(Held::Raw(trace)))
    }

    /// Its frames, the nearest first. The first look reads the debug information of the whole program.
    pub(crate) fn frames(&self) -> Arc<[Frame]> {
        let trace = match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Held::Raw(trace) => trace.clone(),
            Held::Frames(frames) => return Arc::clone(frames),
        };
        // Not under the lock, which whoever weighs the log takes too. Two who look at once look it up twice.
        let mut frames = trace.frames();
        frames.truncate(FRAMES);
        let frames: Arc<[Frame]> = frames.into();
        let raw = {
            let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *held, Held::Frames(Arc::clone(&frames)))
        };
        drop(raw);
        frames
    }

    /// About how many bytes it takes now.
    pub(crate) fn bytes(&self) -> usize {
        let text = |frame: &Frame| frame.function.capacity() + frame.file.as_ref().map_or(0, String::capacity);
        let held = match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Held::Raw(_) => RAW,
            Held::Frames(frames) => size_of_val(&**frames) + frames.iter().map(text).sum::<usize>(),
        };
        size_of::<Self>() + held
    }
}
