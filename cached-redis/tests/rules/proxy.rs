//! A proxy before a server: what it does to the bytes between is the test's to say.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    ToServer,
    ToClient,
}

/// What happens to connections from now on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    None,
    /// Answers are held back, some longer than others.
    Slow(Duration),
    /// After so many bytes on this way nothing more goes there, and the other side is told so: of this way only, or by
    /// an end of both.
    Cut {
        way: Way,
        after: usize,
        half: bool,
    },
}

/// A proxy. Its connections end with it.
pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    fault: Mutex<Fault>,
    /// Connections before this one are dead, without a word to anybody.
    dead: AtomicUsize,
    accepted: AtomicUsize,
}

impl Proxy {
    /// A proxy before a port of this machine.
    pub(crate) fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (fault, dead, accepted) = (Mutex::new(Fault::None), AtomicUsize::new(0), AtomicUsize::new(0));
        let shared = Arc::new(Shared { fault, dead, accepted });
        let own = Arc::downgrade(&shared);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Some(shared), Ok(client)) = (own.upgrade(), client) else { return };
                // A server that is away is away behind the proxy too.
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                shared.join(client, server);
            }
        });
        Self { port, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// What happens to connections that are made from now on.
    pub(crate) fn set(&self, fault: Fault) {
        *self.shared.fault.lock().unwrap() = fault;
    }

    /// Lets every connection that is there die without a word: it stays open, and nothing goes through any more.
    pub(crate) fn forget_connections(&self) {
        self.shared.dead.store(self.shared.accepted.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    pub(crate) fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.dead.store(usize::MAX, Ordering::SeqCst);
        // Its thread looks up from waiting, and sees that it is over.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    fn join(self: Arc<Self>, client: TcpStream, server: TcpStream) {
        let number = self.accepted.fetch_add(1, Ordering::SeqCst);
        let fault = *self.fault.lock().unwrap();
        client.set_nodelay(true).and(server.set_nodelay(true)).unwrap();
        for way in [Way::ToServer, Way::ToClient] {
            let (from, to) = if way == Way::ToServer { (&client, &server) } else { (&server, &client) };
            let (from, to, shared) = (from.try_clone().unwrap(), to.try_clone().unwrap(), Arc::clone(&self));
            thread::spawn(move || shared.forward(number, (from, to), way, fault));
        }
    }

    fn forward(&self, number: usize, (mut from, mut to): (TcpStream, TcpStream), way: Way, fault: Fault) {
        let mut buffer = [0; 1 << 14];
        let mut gone = 0;
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if number < self.dead.load(Ordering::SeqCst) {
                continue;
            }
            match fault {
                Fault::Slow(most) if way == Way::ToClient => thread::sleep(most * (gone as u32 % 8) / 8),
                Fault::Cut { way: cut, after, half } if cut == way && gone + length >= after => {
                    let _ = to.write_all(&buffer[..after - gone]);
                    let _ = to.shutdown(if half { Shutdown::Write } else { Shutdown::Both });
                    if !half {
                        // With what was read and not sent on, this is a reset for the other side.
                        let _ = from.shutdown(Shutdown::Both);
                    }
                    return;
                }
                _ => {}
            }
            gone += length;
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    }
}
