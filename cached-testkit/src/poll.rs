//! A future under a test's own hand.
//!
//! In: a future and a number of polls. Out: its output, or the future as far as it came.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// A future that [`poll_n`] did not bring to its end.
pub struct Pending<F> {
    /// The future, to be polled on or dropped.
    pub future: F,
    /// How often the future had asked to be polled again by the time `poll_n` returned.
    pub wakes: usize,
}

/// Says how often the future asked; of the future itself nothing is known.
impl<F> fmt::Debug for Pending<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("wakes", &self.wakes).finish_non_exhaustive()
    }
}

/// Polls `future` up to `n` times, woken or not, and gives its output or the future back.
///
/// A future that is not `Unpin` is given as `Box::pin(future)` or `std::pin::pin!(future)`.
///
/// # Errors
///
/// [`Pending`] with the future, if it was not done after `n` polls. Dropping it is how a test
/// cancels a call between two of its steps.
///
/// # Example: a call that is dropped after one step
/// ```
/// use std::future::ready;
/// use cached_testkit::poll_n;
///
/// assert_eq!(poll_n(ready(1), 1).unwrap(), 1);
///
/// let unfinished = poll_n(Box::pin(std::future::pending::<()>()), 3).unwrap_err();
/// assert_eq!(unfinished.wakes, 0);
/// drop(unfinished.future);
/// ```
pub fn poll_n<F: Future + Unpin>(mut future: F, n: usize) -> Result<F::Output, Pending<F>> {
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    for _ in 0..n {
        if let Poll::Ready(output) = Pin::new(&mut future).poll(&mut Context::from_waker(&waker)) {
            return Ok(output);
        }
    }
    Err(Pending { future, wakes: wakes.0.load(Ordering::SeqCst) })
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}
