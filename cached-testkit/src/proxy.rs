//! A network that misbehaves on command.
//!
//! In: a server's address, and commands. Out: an address that leads to the same server, for as long and as well as
//! the commands say; and what passed it, counted.

mod door;
mod line;
mod shared;

use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use self::door::Door;
use self::shared::{Admits, Cut, Pace, Shared};

/// One of the two directions through a [`Proxy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// What the client says.
    ToTarget,
    /// What the server answers.
    ToClient,
}

/// How a [`Proxy`] ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// Both sides find their connection reset (`RST`).
    Reset,
    /// Both sides find their connection closed (`FIN`).
    Close,
    /// The side that would get the bytes finds the end of what it reads; the rest of them is lost. The other direction
    /// goes on, until its side closes.
    HalfClose,
}

/// What passed a [`Proxy`] since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Connections that it took.
    pub connections: u64,
    /// Of these, how many lead to the target now.
    pub open: u64,
    /// How often a connection's client spoke first, or again after the target had.
    pub exchanges: u64,
    /// Connections that a cut has ended, or half of them.
    pub cuts: u64,
    /// Bytes that were handed on to the target.
    pub bytes_to_target: u64,
    /// Bytes that were handed on to clients.
    pub bytes_to_client: u64,
}

/// A TCP proxy on a free port of 127.0.0.1, before a server.
///
/// Without a command it hands everything on as it comes: bytes, ends and resets. A connection whose target cannot be
/// reached is reset. Commands may come at any time from any thread and hold for all connections, those that are open
/// and those to come, until another takes them back. Times are real ones; they are not moved by [`advance`](crate::advance).
///
/// It costs four threads for each open connection, which bear its port in their names, and some 30 µs for each chunk
/// that passes. To be dropped takes it
/// less than 100 ms: connections are closed, their threads ended.
///
/// # Example: a server whose answers are late, then cut off
/// ```
/// use std::io::{Read, Write};
/// use std::net::{TcpListener, TcpStream};
/// use cached_testkit::{End, Proxy, Way};
///
/// # fn main() -> std::io::Result<()> {
/// let server = TcpListener::bind("127.0.0.1:0")?; // it says what it is told
/// let proxy = Proxy::new(server.local_addr()?)?;
/// std::thread::spawn(move || {
///     let (stream, _) = server.accept()?;
///     std::io::copy(&mut &stream, &mut &stream)
/// });
///
/// let mut client = TcpStream::connect(proxy.address())?;
/// let mut answer = [0; 5];
/// proxy.delay(Way::ToClient, std::time::Duration::from_millis(5));
/// client.write_all(b"hello")?;
/// client.read_exact(&mut answer)?;
/// assert_eq!(&answer, b"hello");
///
/// proxy.cut_once(Way::ToClient, 3, End::Close);
/// client.write_all(b"hello")?;
/// let mut rest = Vec::new();
/// client.read_to_end(&mut rest)?;
/// assert_eq!(rest, b"hel");
///
/// let counts = proxy.counts();
/// assert_eq!((counts.exchanges, counts.bytes_to_target, counts.bytes_to_client), (2, 10, 8));
/// # Ok(())
/// # }
/// ```
pub struct Proxy {
    door: Door,
    shared: Arc<Shared>,
}

impl Proxy {
    /// Listens before `target`, the first address that it resolves to. The target need not be there yet.
    ///
    /// # Errors
    ///
    /// Where `target` does not resolve, or there is no port or thread left.
    pub fn new(target: impl ToSocketAddrs) -> io::Result<Self> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, "the target resolves to no address");
        let target = target.to_socket_addrs()?.next().ok_or_else(missing)?;
        let (door, shared) = Door::open(target)?;
        Ok(Self { door, shared })
    }

    /// An address whose port is open and where no connection is ever made: whoever connects waits until he gives up.
    ///
    /// There is no target, so of the commands only [`refuse`](Proxy::refuse) changes anything. Takes about 100 ms.
    ///
    /// # Errors
    ///
    /// Where there is no port left, or the system takes connections all the same; Linux does not.
    ///
    /// # Example: a connection that does not come
    /// ```
    /// use std::{io::ErrorKind, net::TcpStream, time::Duration};
    ///
    /// let hole = cached_testkit::Proxy::black_hole()?;
    /// let gave_up = TcpStream::connect_timeout(&hole.address(), Duration::from_millis(20)).unwrap_err();
    /// assert_eq!(gave_up.kind(), ErrorKind::TimedOut);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn black_hole() -> io::Result<Self> {
        let (door, shared) = Door::blocked()?;
        Ok(Self { door, shared })
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.door.address()
    }

    /// From now on hands on each chunk of this direction so long after it came. Order is kept.
    ///
    /// It is a delay, not a bound on how much passes, but for 64 chunks of at most 16 KiB that wait at once.
    pub fn delay(&self, way: Way, time: Duration) {
        let pace: Option<Pace> = if time.is_zero() { None } else { Some(Arc::new(move |_| time)) };
        self.shared.set_pace(way, pace);
    }

    /// From now on delays each chunk of this direction by a time of this range that looks random. The same seed gives
    /// the same times, in the order in which chunks come.
    pub fn delay_between(&self, way: Way, range: RangeInclusive<Duration>, seed: u64) {
        let (least, most) = (*range.start(), *range.end());
        self.delay_by(way, move |chunk| least + most.saturating_sub(least).mul_f64(share(seed, chunk)));
    }

    /// From now on delays each chunk of this direction by what `time` says of its number. Counting begins anew with 0.
    pub fn delay_by(&self, way: Way, time: impl Fn(u64) -> Duration + Send + Sync + 'static) {
        self.shared.set_pace(way, Some(Arc::new(time)));
    }

    /// Lets `bytes` more pass in this direction, on whatever connections; the connection whose byte comes after them
    /// ends in that moment. This happens once, and takes the place of another such command.
    pub fn cut_once(&self, way: Way, bytes: u64, end: End) {
        self.shared.set_cut_once(way, Some(Cut { after: bytes, end }));
    }

    /// From now on ends each connection when more than its first `bytes` would pass in this direction. One of which
    /// more has passed already ends with its next byte.
    pub fn cut_each(&self, way: Way, bytes: u64, end: End) {
        self.shared.set_cut_each(way, Some(Cut { after: bytes, end }));
    }

    /// Ends all connections that are open, and returns when they are. A half-close ends what clients read.
    pub fn end_all(&self, end: End) {
        self.shared.end_all(end);
    }

    /// From now on takes no connection and hands nothing on; those that are open stay so. Whoever connects finds the
    /// port open, and is not served. What is on its way in the proxy waits there.
    pub fn freeze(&self) {
        self.shared.set_frozen(true);
    }

    /// Goes on where [`freeze`](Proxy::freeze) stopped, with all that came meanwhile.
    pub fn thaw(&self) {
        self.shared.set_frozen(false);
    }

    /// From now on the port is closed: whoever connects is refused. Connections that are open stay so, and nobody who
    /// asks for any free port is given this one.
    ///
    /// # Errors
    ///
    /// Where the system cannot close a port and keep it; Linux can.
    pub fn refuse(&self) -> io::Result<()> {
        self.shared.set_admits(Admits::Nobody, || self.door.shut())
    }

    /// From now on takes connections and closes them at once. Those that are open stay so.
    ///
    /// # Errors
    ///
    /// As [`admit`](Proxy::admit).
    pub fn hang_up(&self) -> io::Result<()> {
        self.shared.set_admits(Admits::Briefly, || self.door.unlock())
    }

    /// From now on takes connections again, after [`refuse`](Proxy::refuse) or [`hang_up`](Proxy::hang_up).
    ///
    /// # Errors
    ///
    /// Where the system does not open a port again; Linux does.
    pub fn admit(&self) -> io::Result<()> {
        self.shared.set_admits(Admits::All, || self.door.unlock())
    }

    /// Takes back all delays, cuts and [`freeze`](Proxy::freeze), and [admits](Proxy::admit) everybody.
    ///
    /// # Errors
    ///
    /// As [`admit`](Proxy::admit).
    pub fn heal(&self) -> io::Result<()> {
        for way in [Way::ToTarget, Way::ToClient] {
            self.shared.set_pace(way, None);
            self.shared.set_cut_once(way, None);
            self.shared.set_cut_each(way, None);
        }
        self.thaw();
        self.admit()
    }

    /// What passed so far. A byte is counted just before it is handed on.
    pub fn counts(&self) -> Counts {
        self.shared.counts()
    }

    /// Forgets what was recorded, and records from now on what passes: `bytes` in all, then no more.
    pub fn record(&self, bytes: usize) {
        self.shared.record(bytes);
    }

    /// What was recorded of this direction: the bytes of each connection of which any were, in the order in which they
    /// were made.
    pub fn recorded(&self, way: Way) -> Vec<Vec<u8>> {
        self.shared.recorded(way)
    }
}

/// A number from 0 to 1 that depends on both (SplitMix64: G. Steele, D. Lea and C. Flood, 2014).
fn share(seed: u64, number: u64) -> f64 {
    let mut mixed = seed.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    f64::from(u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.finish();
        self.door.leave();
        self.shared.wait_for_threads();
    }
}

/// Where it listens, and what passed.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("address", &self.address())
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}
