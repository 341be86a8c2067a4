//! Where clients come in.
//!
//! In: a target and who is admitted. Out: each connection that is made, as a line of its own. A port that refuses is
//! not given up: a listener that is shut down keeps it on Linux, and can listen again.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::net::{Shutdown, listen, shutdown};

use super::line;
use super::shared::{Admits, Shared};

/// As many connections may wait to be accepted.
const BACKLOG: i32 = 1024;

/// Who connects to this machine and waits so long is not let in.
const BLOCKED: Duration = Duration::from_millis(100);

/// What a full queue may hold: the system takes a few more than it was told.
const MOST_WAITING: usize = 16;

/// How often a free port may be taken by others before it is bound.
const MOST_TRIES: usize = 16;

/// A port, and who stands behind it.
pub(super) struct Door {
    listener: Arc<TcpListener>,
    address: SocketAddr,
    keeper: Option<JoinHandle<()>>,
    /// They fill the queue of a door that nobody keeps.
    _waiting: Vec<TcpStream>,
}

impl Door {
    /// A door that leads to `target`, and what holds for who comes in.
    pub(super) fn open(target: SocketAddr) -> io::Result<(Self, Arc<Shared>)> {
        let (listener, address) = bind()?;
        let shared = Arc::new(Shared::of(address.port()));
        let (kept, known) = (Arc::clone(&listener), Arc::clone(&shared));
        let keeper = thread::Builder::new().name(shared.name()).spawn(move || keep(&kept, target, &known))?;
        Ok((Self { listener, address, keeper: Some(keeper), _waiting: Vec::new() }, shared))
    }

    /// A door before which the queue is full.
    pub(super) fn blocked() -> io::Result<(Self, Arc<Shared>)> {
        let (listener, address) = bind()?;
        listen(&*listener, 0)?;
        let mut waiting = Vec::new();
        while waiting.len() < MOST_WAITING {
            match TcpStream::connect_timeout(&address, BLOCKED) {
                Ok(stream) => waiting.push(stream),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    let shared = Arc::new(Shared::of(address.port()));
                    return Ok((Self { listener, address, keeper: None, _waiting: waiting }, shared));
                }
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::new(io::ErrorKind::Unsupported, "this system takes connections though the queue is full"))
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whoever comes is refused.
    pub(super) fn shut(&self) -> io::Result<()> {
        Ok(shutdown(&*self.listener, Shutdown::Both)?)
    }

    /// The port is open, as it was or again.
    pub(super) fn unlock(&self) -> io::Result<()> {
        match self.keeper {
            Some(_) => Ok(listen(&*self.listener, BACKLOG)?),
            None => Ok(()), // its queue is to stay as short as it is
        }
    }

    /// Ends the keeper, who was told that it is over.
    pub(super) fn leave(&mut self) {
        if self.shut().is_err() {
            // Whoever waits for a connection gets one.
            let _ = TcpStream::connect_timeout(&self.address, BLOCKED);
        }
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join(); // a keeper that panicked has told so itself
        }
    }
}

/// A port that stays ours while nobody listens: the system keeps one that was asked for by its number.
fn bind() -> io::Result<(Arc<TcpListener>, SocketAddr)> {
    let mut tries = 0..MOST_TRIES;
    loop {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        match TcpListener::bind(address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries.next().is_some() => {}
            listener => return Ok((Arc::new(listener?), address)),
        }
    }
}

/// Lets clients in until it is over.
fn keep(listener: &TcpListener, target: SocketAddr, shared: &Arc<Shared>) {
    while shared.wait_for_opening() {
        let accepted = listener.accept();
        match accepted {
            // It was shut meanwhile, or there are no descriptors left; the pause keeps this from turning in circles.
            Err(_) => shared.pause(Duration::from_millis(1)),
            Ok((client, _)) => match shared.welcome() {
                None => return,
                Some((number, Admits::All)) => line::begin(client, number, target, shared),
                Some(_) => drop(client),
            },
        }
    }
}
