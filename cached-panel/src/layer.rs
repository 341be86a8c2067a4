//! The layer: one scope of the recorder for each request.
//!
//! In: a request. Out: the response of what is wrapped, with what its calls took; when its body has ended, the
//! recording goes into the log. Nothing is done but one look at a flag while recording is off.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use cached_core::recorder;
use cached_core::recorder::{Recording, Scope};
use http::{HeaderValue, Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::log::{Finished, Head};
use crate::state::Shared;
use crate::timing;

/// Records the requests of what it wraps; made by [`Panel::layer`](crate::Panel::layer).
#[derive(Clone)]
pub struct PanelLayer(Arc<Shared>);

/// A service whose requests are recorded.
#[derive(Clone)]
pub struct Recorded<S> {
    service: S,
    shared: Arc<Shared>,
}

impl PanelLayer {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        PanelLayer(shared)
    }
}

impl<S> Layer<S> for PanelLayer {
    type Service = Recorded<S>;

    fn layer(&self, service: S) -> Recorded<S> {
        Recorded { service, shared: Arc::clone(&self.0) }
    }
}

impl<S, B, R> Service<Request<B>> for Recorded<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<RecordedBody<R>>;
    type Error = S::Error;
    type Future = RecordedFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> RecordedFuture<S::Future> {
        let trip = Trip::begin(&self.shared, &request);
        // What is done before the first poll belongs to the request as well.
        let entered = trip.as_ref().map(|trip| trip.scope.enter());
        let future = self.service.call(request);
        drop(entered);
        RecordedFuture { future, trip }
    }
}

/// A request under way. It goes into the log when it is dropped: at the end of the body, or where nobody waits any
/// longer.
struct Trip {
    scope: Scope,
    shared: Arc<Shared>,
    id: u64,
    head: Head,
    status: Option<u16>,
}

impl Trip {
    /// None if the request is not recorded.
    fn begin<B>(shared: &Arc<Shared>, request: &Request<B>) -> Option<Self> {
        let options = &shared.options;
        if !recorder().is_enabled() || options.is_own(request.uri().path()) {
            return None;
        }
        if options.only.as_ref().is_some_and(|only| !only(request.method(), request.uri(), request.headers())) {
            return None;
        }
        let query = request.uri().query().filter(|_| options.query);
        let head = Head::new(request.method().as_str(), request.uri().path(), query);
        let scope = recorder().scope(format!("{} {}", head.method, head.path));
        if !scope.is_recorded() {
            return None;
        }
        shared.log.begin_sampling();
        Some(Trip { scope, shared: Arc::clone(shared), id: shared.log.number(), head, status: None })
    }

    /// Says in the response what is known so far.
    fn announce<R>(&mut self, response: &mut Response<R>) {
        self.status = Some(response.status().as_u16());
        let options = &self.shared.options;
        if !options.headers.unwrap_or(!options.is_locked) {
            return;
        }
        let headers = response.headers_mut();
        timing::append(headers, &self.scope.totals());
        let page = format!("{}/requests/{}", self.shared.options.prefix, self.id);
        if let Ok(page) = HeaderValue::from_str(&page) {
            headers.insert("x-cached-panel", page);
        }
    }
}

impl Drop for Trip {
    fn drop(&mut self) {
        let recording: Recording = self.scope.recording();
        let head = std::mem::replace(&mut self.head, Head::new("", "", None));
        self.shared.log.push(Finished::new(self.id, head, self.status, recording));
    }
}

pin_project! {
    /// The future of a request that may be recorded.
    pub struct RecordedFuture<F> {
        #[pin]
        future: F,
        trip: Option<Trip>,
    }
}

impl<F, R, E> Future for RecordedFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<RecordedBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let entered = this.trip.as_ref().map(|trip| trip.scope.enter());
        let polled = this.future.poll(context);
        drop(entered);
        let mut trip = match &polled {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(_) => this.trip.take(),
        };
        Poll::Ready(ready!(polled).map(|mut response| {
            if let Some(trip) = &mut trip {
                trip.announce(&mut response);
            }
            response.map(|body| RecordedBody { body, trip })
        }))
    }
}

pin_project! {
    /// The body of a response; what it asks of the caches while it is sent belongs to its request.
    pub struct RecordedBody<R> {
        #[pin]
        body: R,
        trip: Option<Trip>,
    }
}

impl<R: Body> Body for RecordedBody<R> {
    type Data = R::Data;
    type Error = R::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.project();
        let entered = this.trip.as_ref().map(|trip| trip.scope.enter());
        let polled = this.body.poll_frame(context);
        drop(entered);
        if let Poll::Ready(None) = &polled {
            this.trip.take();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<R: Default> Default for RecordedBody<R> {
    fn default() -> Self {
        RecordedBody { body: R::default(), trip: None }
    }
}

impl fmt::Debug for PanelLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PanelLayer")
    }
}

impl<S: fmt::Debug> fmt::Debug for Recorded<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Recorded").field(&self.service).finish()
    }
}
