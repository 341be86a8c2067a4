//! A fence whose price is paid on one side only.
//!
//! In: a thread that marks something and then reads, and one that changes something and then looks
//! at the marks. Out: one of them sees the other. The first runs [`light`], which is free; the second
//! [`heavy`], a system call that runs a full fence on every thread of the process.
//!
//! On Linux that call is `membarrier(PRIVATE_EXPEDITED)` (membarrier(2); J. Corbet, "sys_membarrier", LWN 2015).
//! Where it is missing or forbidden, both sides run a full fence. The models replace this file.

use std::sync::OnceLock;
use std::sync::atomic::{Ordering, compiler_fence, fence};

/// Decided once, before anybody marks anything.
static ASYMMETRIC: OnceLock<bool> = OnceLock::new();

/// Whether [`light`] is enough on the reading side; otherwise it has to be [`full`].
pub(crate) fn is_asymmetric() -> bool {
    *ASYMMETRIC.get_or_init(kernel::register)
}

/// Keeps the compiler from moving accesses over it; the processor is left to [`heavy`].
#[inline(always)]
pub(crate) fn light() {
    compiler_fence(Ordering::SeqCst);
}

/// The fence of a reader that has no other.
#[inline(always)]
pub(crate) fn full() {
    fence(Ordering::SeqCst);
}

/// Orders what this thread did before everything that other threads do after their next mark.
/// `false`: the kernel has taken the call away since it was registered, and nothing is ordered.
pub(crate) fn heavy() -> bool {
    fence(Ordering::SeqCst);
    !is_asymmetric() || kernel::barrier()
}

#[cfg(all(target_os = "linux", not(miri)))]
mod kernel {
    use rustix::thread::{MembarrierCommand, membarrier};

    pub(super) fn register() -> bool {
        membarrier(MembarrierCommand::RegisterPrivateExpedited).is_ok() && barrier()
    }

    pub(super) fn barrier() -> bool {
        membarrier(MembarrierCommand::PrivateExpedited).is_ok()
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
mod kernel {
    pub(super) fn register() -> bool {
        false
    }

    pub(super) fn barrier() -> bool {
        false
    }
}
