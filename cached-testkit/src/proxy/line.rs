//! One connection, from both sides.
//!
//! In: what one side sends. Out: the same to the other, when and as far as it may pass. Of each direction one thread
//! reads and another writes, so that a delay holds nothing up.

use std::io::{self, Read, Write};
use std::net::{self, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_linger;

use super::shared::Shared;
use super::{End, Way};

/// As many chunks of a direction may wait,
const WAITING: usize = 64;

/// of so many bytes each.
const CHUNK: usize = 16 * 1024;

/// So long a thread is in the hands of the system before it looks whether it goes on.
const STEP: Duration = Duration::from_millis(20);

/// A connection through the proxy. Its sockets are closed when the last of its threads lets go.
pub(super) struct Line {
    client: TcpStream,
    target: TcpStream,
    is_over: AtomicBool,
    /// The directions of which nothing more is handed on.
    is_half_over: [AtomicBool; 2],
    /// Dropped after the sockets.
    known: Known,
}

/// Its place among those that are open.
struct Known {
    shared: Arc<Shared>,
    number: u64,
}

impl Drop for Known {
    fn drop(&mut self) {
        self.shared.left(self.number);
    }
}

/// A thread that is waited for.
struct Counted(Arc<Shared>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.thread_ends();
    }
}

/// A chunk and when it may pass; none: its side has closed.
type Chunk = (Instant, Option<Vec<u8>>);

/// Leads a client to the target, by threads of its own.
pub(super) fn begin(client: TcpStream, number: u64, target: SocketAddr, shared: &Arc<Shared>) {
    let known = Known { shared: Arc::clone(shared), number };
    start(shared, move || lead(client, target, known));
}

/// A thread that cannot be started takes what it was to work on along: sockets are closed.
fn start(shared: &Arc<Shared>, work: impl FnOnce() + Send + 'static) {
    let name = shared.name();
    shared.thread_begins();
    let counted = Counted(Arc::clone(shared));
    let work = move || {
        let _counted = counted;
        work();
    };
    let _ = thread::Builder::new().name(name).spawn(work);
}

fn lead(client: TcpStream, target: SocketAddr, known: Known) {
    let (shared, number) = (Arc::clone(&known.shared), known.number);
    let Some(target) = dial(target, &shared) else {
        reset_when_closed(&client);
        return;
    };
    for side in [&client, &target] {
        if side.set_nodelay(true).and_then(|()| side.set_write_timeout(Some(STEP))).is_err() {
            return;
        }
    }
    let line =
        Arc::new(Line { client, target, is_over: AtomicBool::new(false), is_half_over: Default::default(), known });
    if !shared.enter(number, &line) {
        return;
    }
    for way in [Way::ToTarget, Way::ToClient] {
        let (sender, receiver) = sync_channel(WAITING);
        let (reads, writes) = (Arc::clone(&line), Arc::clone(&line));
        start(&shared, move || reads.read(way, &sender));
        start(&shared, move || writes.write(way, receiver));
    }
}

/// A connection to the target, who may take long to answer, but must not refuse.
fn dial(target: SocketAddr, shared: &Shared) -> Option<TcpStream> {
    while !shared.is_over() {
        match TcpStream::connect_timeout(&target, STEP) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {}
            answer => return answer.ok(),
        }
    }
    None
}

/// What cannot be set is a connection that is gone.
fn reset_when_closed(socket: &TcpStream) {
    let _ = set_socket_linger(socket, Some(Duration::ZERO));
}

impl Line {
    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    /// Ends it, or what `way` leads to. Its sockets are closed as soon as its threads have seen it.
    pub(super) fn end(&self, end: End, way: Way) {
        if end == End::HalfClose {
            self.is_half_over[way as usize].store(true, Ordering::SeqCst);
            let _ = self.sink(way).shutdown(net::Shutdown::Write);
            return;
        }
        self.is_over.store(true, Ordering::SeqCst);
        for side in [&self.client, &self.target] {
            if end == End::Reset {
                reset_when_closed(side);
            }
            // Wakes whoever reads, and says nothing to the other side.
            let _ = side.shutdown(net::Shutdown::Read);
        }
        self.known.shared.look();
    }

    fn is_half_over(&self, way: Way) -> bool {
        self.is_half_over[way as usize].load(Ordering::SeqCst)
    }

    fn source(&self, way: Way) -> &TcpStream {
        match way {
            Way::ToTarget => &self.client,
            Way::ToClient => &self.target,
        }
    }

    fn sink(&self, way: Way) -> &TcpStream {
        match way {
            Way::ToTarget => &self.target,
            Way::ToClient => &self.client,
        }
    }

    fn read(&self, way: Way, to: &SyncSender<Chunk>) {
        let shared = &self.known.shared;
        let mut buffer = vec![0; CHUNK];
        while shared.wait_for_turn(self, None) {
            let read = self.source(way).read(&mut buffer);
            let chunk = match read {
                Ok(0) => None,
                Ok(read) => Some(buffer[..read].to_vec()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // One side is gone; the other is to find it as it would without us.
                Err(_) => return self.end(End::Reset, way),
            };
            let is_last = chunk.is_none();
            if to.send((shared.due(way), chunk)).is_err() {
                return self.end(End::Close, way);
            }
            if is_last {
                return;
            }
        }
    }

    fn write(&self, way: Way, from: Receiver<Chunk>) {
        let shared = &self.known.shared;
        while let Ok((due, chunk)) = from.recv() {
            if !shared.wait_for_turn(self, Some(due)) {
                return;
            }
            let Some(chunk) = chunk else { return self.end(End::HalfClose, way) };
            // Of a half-close the side that speaks knows nothing, so it has to be listened to.
            if self.is_half_over(way) {
                continue;
            }
            let passage = shared.pass(way, self.known.number, &chunk);
            if !self.hand_on(way, &chunk[..passage.bytes]) {
                return;
            }
            if let Some(end) = passage.end {
                self.end(end, way);
            }
        }
        // Nobody reads any more, and not because all was read.
        self.end(End::Close, way);
    }

    /// Writes all of it; `false`: this direction is over.
    fn hand_on(&self, way: Way, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            match self.sink(way).write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The other side does not read.
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
                Err(_) if self.is_half_over(way) => return true,
                Err(_) => {
                    self.end(End::Reset, way);
                    return false;
                }
            }
            if !bytes.is_empty() && !self.known.shared.wait_for_turn(self, None) {
                return false;
            }
        }
        true
    }
}
