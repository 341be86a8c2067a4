//! The proxy does to a network what it is told, and nothing else.
//!
//! In: a server that says what it is told, a proxy before it, and clients with bare sockets. Out: what they find.

#![allow(missing_docs, reason = "tests")]

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use cached_testkit::{End, Proxy, Way};

/// How long something takes that should come at once, on a machine with other work.
const SOON: Duration = Duration::from_secs(2);

/// How long a client waits for what should not come.
const NEVER: Duration = Duration::from_millis(40);

#[expect(clippy::disallowed_methods, reason = "a network takes real time")]
fn now() -> Instant {
    Instant::now()
}

/// A machine with other work is late now and then, and not each time: one round of several has to be in time.
fn in_time(round: impl Fn() -> Result<(), String>) {
    let late: Vec<String> = (0..6).map_while(|_| round().err()).collect();
    assert!(late.len() < 6, "{late:#?}");
}

fn is_in_time(so: bool, found: impl std::fmt::Debug) -> Result<(), String> {
    if so { Ok(()) } else { Err(format!("{found:?}")) }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Where whatever is said is said back, until the test process ends.
fn echo() -> SocketAddr {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    thread::spawn(move || {
        for stream in server.incoming() {
            let stream = stream.unwrap();
            stream.set_nodelay(true).unwrap();
            thread::spawn(move || {
                let _ = io::copy(&mut &stream, &mut &stream);
                let _ = stream.shutdown(Shutdown::Write);
            });
        }
    });
    address
}

fn proxied() -> Proxy {
    Proxy::new(echo()).unwrap()
}

fn client(proxy: &Proxy) -> TcpStream {
    let client = TcpStream::connect_timeout(&proxy.address(), SOON).unwrap();
    client.set_read_timeout(Some(SOON)).unwrap();
    client.set_nodelay(true).unwrap();
    client
}

fn say(mut client: &TcpStream, text: &str) {
    client.write_all(text.as_bytes()).unwrap();
}

/// Hears as many bytes as are expected.
fn hear(mut client: &TcpStream, bytes: usize) -> String {
    let mut heard = vec![0; bytes];
    client.read_exact(&mut heard).unwrap();
    String::from_utf8(heard).unwrap()
}

/// Hears what comes until the end, and how that was: an error, or none.
fn rest(mut client: &TcpStream) -> (String, Option<ErrorKind>) {
    let mut heard = Vec::new();
    let end = client.read_to_end(&mut heard).err().map(|error| error.kind());
    (String::from_utf8(heard).unwrap(), end)
}

fn exchange(client: &TcpStream, text: &str) {
    say(client, text);
    assert_eq!(hear(client, text.len()), text);
}

fn hears_nothing(mut client: &TcpStream) {
    client.set_read_timeout(Some(NEVER)).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    client.set_read_timeout(Some(SOON)).unwrap();
}

#[test]
fn without_a_command_all_passes_as_it_comes() {
    let proxy = proxied();
    let client = client(&proxy);
    let long = "0123456789abcdef".repeat(64 * 1024);
    thread::scope(|scope| {
        scope.spawn(|| say(&client, &long));
        assert_eq!(hear(&client, long.len()), long);
    });
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(rest(&client), (String::new(), None), "an end passes to the server, and its end back");
}

#[test]
fn connections_exchanges_and_bytes_are_counted_by_direction() {
    let proxy = proxied();
    let (one, two) = (client(&proxy), client(&proxy));
    exchange(&one, "hello");
    exchange(&one, "again");
    exchange(&two, "hi");
    let counts = proxy.counts();
    assert_eq!((counts.connections, counts.open, counts.exchanges, counts.cuts), (2, 2, 3, 0));
    assert_eq!((counts.bytes_to_target, counts.bytes_to_client), (12, 12));
    drop(one);
    let began = now();
    while proxy.counts().open == 2 {
        assert!(began.elapsed() < SOON, "a connection that its client closed stays open");
        thread::yield_now();
    }
    assert_eq!(proxy.counts().connections, 2);
}

#[test]
fn what_was_said_is_recorded_by_connection_up_to_a_bound() {
    let proxy = proxied();
    let (one, two) = (client(&proxy), client(&proxy));
    exchange(&one, "before");
    proxy.record(12);
    exchange(&one, "abc");
    exchange(&two, "xyz");
    assert_eq!(proxy.recorded(Way::ToTarget), [b"abc", b"xyz"]);
    assert_eq!(proxy.recorded(Way::ToClient), [b"abc", b"xyz"]);
    exchange(&one, "more");
    assert_eq!(proxy.recorded(Way::ToTarget), [b"abc", b"xyz"], "there was room for twelve bytes");
    proxy.record(100);
    assert_eq!(proxy.recorded(Way::ToTarget), [b""; 0], "recording begins anew");
}

#[test]
fn a_delay_holds_each_chunk_of_its_direction_and_not_the_next_one_longer() {
    let proxy = proxied();
    let client = client(&proxy);
    exchange(&client, "warm");
    for way in [Way::ToTarget, Way::ToClient] {
        proxy.delay(way, ms(40));
        in_time(|| {
            let began = now();
            for _ in 0..3 {
                say(&client, "abc");
                thread::sleep(ms(10));
            }
            assert_eq!(hear(&client, 9), "abcabcabc");
            let took = began.elapsed();
            assert!(took >= ms(60), "{way:?}: three chunks within 20 ms, each 40 ms late: {took:?}");
            is_in_time(took < ms(110), took)
        });
        proxy.delay(way, Duration::ZERO);
    }
    in_time(|| {
        let began = now();
        exchange(&client, "fast again");
        is_in_time(began.elapsed() < ms(40), began.elapsed())
    });
}

#[test]
fn random_delays_lie_in_their_range_and_come_again_with_their_seed() {
    let proxy = proxied();
    let client = client(&proxy);
    let times = |seed| {
        proxy.delay_between(Way::ToClient, ms(5)..=ms(45), seed);
        let one = || {
            let began = now();
            exchange(&client, "x");
            began.elapsed()
        };
        [(); 6].map(|()| one())
    };
    let apart = |one: &[Duration], two: &[Duration]| one.iter().zip(two).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    in_time(|| {
        let (first, again, other) = (times(7), times(7), times(8));
        assert!(first.iter().all(|time| *time >= ms(5)), "{first:?}");
        let same = apart(&first, &again) < ms(10) && apart(&first, &other) > ms(10);
        is_in_time(same && first.iter().all(|time| *time < ms(60)), (first, again, other))
    });
}

#[test]
fn a_delay_may_be_said_by_the_number_of_the_chunk() {
    let proxy = proxied();
    let client = client(&proxy);
    in_time(|| {
        proxy.delay_by(Way::ToTarget, |chunk| if chunk == 1 { ms(50) } else { Duration::ZERO });
        let times = [(); 3].map(|()| {
            let began = now();
            exchange(&client, "x");
            began.elapsed()
        });
        assert!(times[1] >= ms(50), "{times:?}");
        is_in_time(times[0] < ms(40) && times[2] < ms(40), times)
    });
}

#[test]
fn a_cut_that_happens_once_comes_at_its_byte_whatever_the_connection() {
    let proxy = proxied();
    for (end, error) in [(End::Reset, Some(ErrorKind::ConnectionReset)), (End::Close, None), (End::HalfClose, None)] {
        for bytes in [0, 1, 4] {
            let (one, two) = (client(&proxy), client(&proxy));
            exchange(&one, "before");
            proxy.cut_once(Way::ToClient, 3 + bytes, end);
            exchange(&two, "abc");
            say(&one, "hello");
            let left = usize::try_from(bytes).unwrap();
            assert_eq!(rest(&one), ("hello"[..left].to_owned(), error), "{end:?} after {bytes}");
            exchange(&two, "another connection goes on");
            exchange(&client(&proxy), "and so does a new one");
        }
    }
    assert_eq!(proxy.counts().cuts, 9);
}

#[test]
fn a_cut_on_the_way_to_the_server_keeps_what_came_before_it() {
    let proxy = proxied();
    for bytes in [0, 2] {
        let client = client(&proxy);
        proxy.cut_once(Way::ToTarget, bytes, End::HalfClose);
        say(&client, "hello");
        let left = usize::try_from(bytes).unwrap();
        assert_eq!(rest(&client), ("hello"[..left].to_owned(), None), "the server found its end, and closed too");
    }
    assert_eq!(proxy.counts().bytes_to_target, 2);
}

#[test]
fn a_cut_of_each_connection_counts_from_its_beginning_and_holds_until_it_is_healed() {
    let proxy = proxied();
    let old = client(&proxy);
    exchange(&old, "more than four");
    proxy.cut_each(Way::ToClient, 4, End::Close);
    say(&old, "x");
    assert_eq!(rest(&old), (String::new(), None), "it was beyond its last byte");
    for _ in 0..3 {
        let client = client(&proxy);
        exchange(&client, "ab");
        say(&client, "cdef");
        assert_eq!(rest(&client), ("cd".to_owned(), None));
    }
    assert_eq!(proxy.counts().cuts, 4);
    proxy.heal().unwrap();
    exchange(&client(&proxy), "as long as it likes to be");
}

#[test]
fn after_a_half_close_the_other_direction_goes_on() {
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = Proxy::new(target.local_addr().unwrap()).unwrap();
    let client = client(&proxy);
    let (server, _) = target.accept().unwrap();
    say(&server, "hello");
    assert_eq!(hear(&client, 5), "hello");
    proxy.end_all(End::HalfClose);
    assert_eq!(rest(&client), (String::new(), None));
    say(&server, "lost");
    say(&client, "still here");
    assert_eq!(hear(&server, 10), "still here");
}

#[test]
fn all_connections_can_be_ended_at_once_and_new_ones_made() {
    let proxy = proxied();
    for (end, error) in [(End::Reset, Some(ErrorKind::ConnectionReset)), (End::Close, None)] {
        let clients = [client(&proxy), client(&proxy)];
        clients.iter().for_each(|client| exchange(client, "hello"));
        proxy.end_all(end);
        assert_eq!(proxy.counts().open, 0, "it returns when they are ended");
        clients.iter().for_each(|client| assert_eq!(rest(client), (String::new(), error), "{end:?}"));
        exchange(&client(&proxy), "hello");
    }
}

#[test]
fn a_frozen_proxy_holds_everything_and_lets_it_go_when_it_thaws() {
    let proxy = proxied();
    let old = client(&proxy);
    exchange(&old, "before");
    proxy.freeze();
    let new = client(&proxy);
    say(&old, "old");
    say(&new, "new");
    hears_nothing(&old);
    hears_nothing(&new);
    let counts = proxy.counts();
    assert_eq!((counts.connections, counts.bytes_to_target), (1, 6), "nobody was let in, nothing handed on");
    proxy.thaw();
    assert_eq!((hear(&old, 3), hear(&new, 3)), ("old".into(), "new".into()));
}

#[test]
fn a_closed_port_refuses_and_is_opened_again() {
    let proxy = proxied();
    let old = client(&proxy);
    exchange(&old, "before");
    for _ in 0..3 {
        proxy.refuse().unwrap();
        for _ in 0..10 {
            let refused = TcpStream::connect_timeout(&proxy.address(), SOON).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        }
        exchange(&old, "who is in stays");
        proxy.admit().unwrap();
        exchange(&client(&proxy), "hello");
    }
}

#[test]
fn a_proxy_that_hangs_up_takes_connections_and_closes_them() {
    let proxy = proxied();
    let old = client(&proxy);
    exchange(&old, "before");
    proxy.hang_up().unwrap();
    for _ in 0..3 {
        assert_eq!(rest(&client(&proxy)), (String::new(), None));
    }
    exchange(&old, "who is in stays");
    assert_eq!((proxy.counts().connections, proxy.counts().open), (4, 1));
    proxy.admit().unwrap();
    exchange(&client(&proxy), "hello");
}

#[test]
fn whoever_connects_to_a_black_hole_waits_until_he_gives_up() {
    let hole = Proxy::black_hole().unwrap();
    for _ in 0..3 {
        let began = now();
        let gave_up = TcpStream::connect_timeout(&hole.address(), NEVER).unwrap_err();
        assert_eq!(gave_up.kind(), ErrorKind::TimedOut);
        assert!(began.elapsed() >= NEVER);
    }
    hole.refuse().unwrap();
    let refused = TcpStream::connect_timeout(&hole.address(), SOON).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn a_server_that_is_not_there_is_a_connection_that_is_reset() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let proxy = Proxy::new(address).unwrap();
    // It may be reset before the client knows that it was made.
    let found = TcpStream::connect_timeout(&proxy.address(), SOON).and_then(|mut client| client.read(&mut [0]));
    assert_eq!(found.unwrap_err().kind(), ErrorKind::ConnectionReset);
    let server = TcpListener::bind(address).unwrap();
    let client = client(&proxy);
    let (stream, _) = server.accept().unwrap();
    say(&stream, "here now");
    assert_eq!(hear(&client, 8), "here now");
}

#[test]
fn a_reset_by_the_server_is_a_reset_for_the_client() {
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = Proxy::new(target.local_addr().unwrap()).unwrap();
    let client = client(&proxy);
    let (server, _) = target.accept().unwrap();
    say(&client, "not read");
    let mut first = [0];
    (&server).read_exact(&mut first).unwrap();
    drop(server); // with bytes unread, which the system tells by a reset
    assert_eq!(rest(&client).1, Some(ErrorKind::ConnectionReset));
}

#[test]
fn a_proxy_that_is_dropped_is_gone_within_a_tenth_of_a_second_whatever_it_was_doing() {
    let busy: [fn(&Proxy); 6] = [
        |_| {},
        Proxy::freeze,
        |proxy| proxy.refuse().unwrap(),
        |proxy| proxy.hang_up().unwrap(),
        |proxy| proxy.delay(Way::ToClient, Duration::from_secs(60)),
        |proxy| proxy.cut_once(Way::ToTarget, 2, End::HalfClose),
    ];
    for (number, busy) in busy.into_iter().enumerate() {
        in_time(|| {
            let proxy = proxied();
            let clients = [client(&proxy), client(&proxy)];
            clients.iter().for_each(|client| exchange(client, "before"));
            busy(&proxy);
            clients.iter().for_each(|client| say(client, "hello"));
            let (address, began) = (proxy.address(), now());
            drop(proxy);
            let took = began.elapsed();
            for client in &clients {
                assert_ne!(rest(client).1, Some(ErrorKind::WouldBlock), "command {number}: a connection is open");
            }
            let refused = TcpStream::connect_timeout(&address, SOON).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::ConnectionRefused, "command {number}");
            is_in_time(took < ms(100), (number, took))
        });
    }
}

#[test]
fn a_proxy_whose_client_does_not_read_can_be_dropped_too() {
    in_time(|| {
        let target = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Proxy::new(target.local_addr().unwrap()).unwrap();
        let _client = client(&proxy);
        let (server, _) = target.accept().unwrap();
        server.set_write_timeout(Some(ms(50))).unwrap();
        let flood = vec![0; 1 << 20];
        while (&server).write_all(&flood).is_ok() {}
        let began = now();
        drop(proxy);
        is_in_time(began.elapsed() < ms(100), began.elapsed())
    });
}

#[cfg(target_os = "linux")]
#[test]
fn the_threads_of_a_proxy_bear_its_port_and_end_with_it() {
    let proxy = proxied();
    let name = format!("proxy-{}", proxy.address().port());
    let threads = || {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap().filter_map(Result::ok);
        let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
        names.filter(|found| found.trim_end() == name).count()
    };
    let clients = [client(&proxy), client(&proxy)];
    clients.iter().for_each(|client| exchange(client, "hello"));
    assert_eq!(threads(), 1 + 2 * 4, "one lets in, four serve each connection");
    drop(proxy);
    // The system takes a thread off its list a moment after it ended.
    let began = now();
    while threads() > 0 {
        assert!(began.elapsed() < ms(100), "{} threads are left", threads());
        thread::yield_now();
    }
}
