//! What all connections of a proxy go by.
//!
//! In: commands, and the chunks that want to pass. Out: when they may, how much of them, and whether the connection
//! ends there; the counts. One lock, under which nothing is read, written or called.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::line::Line;
use super::{Counts, End, Way};

/// How long the chunk of this number waits.
pub(super) type Pace = Arc<dyn Fn(u64) -> Duration + Send + Sync>;

/// How long the end of a proxy waits for its threads, and a command for what it ends. They look several times in it.
const PATIENCE: Duration = Duration::from_millis(90);

/// After how many bytes a connection ends, and how.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    pub(super) after: u64,
    pub(super) end: End,
}

/// Who is let in.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Admits {
    #[default]
    All,
    /// Everybody, and is shown out at once.
    Briefly,
    Nobody,
}

/// What passes of a chunk, and whether the connection ends there.
pub(super) struct Passage {
    pub(super) bytes: usize,
    pub(super) end: Option<End>,
}

pub(super) struct Shared {
    port: u16,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    is_over: bool,
    is_frozen: bool,
    admits: Admits,
    ways: [Rules; 2],
    open: BTreeMap<u64, Known>,
    threads: usize,
    counts: Counts,
    record: Record,
}

/// What holds for one direction.
#[derive(Default)]
struct Rules {
    pace: Option<Pace>,
    /// How many chunks came since the pace was set.
    chunks: u64,
    once: Option<Cut>,
    each: Option<Cut>,
}

/// What is known of an open connection.
struct Known {
    line: Weak<Line>,
    passed: [u64; 2],
    /// Who spoke last.
    last: Way,
}

#[derive(Default)]
struct Record {
    room: usize,
    bytes: [BTreeMap<u64, Vec<u8>>; 2],
}

impl Shared {
    /// What holds for the proxy on this port.
    pub(super) fn of(port: u16) -> Self {
        Self { port, state: Mutex::default(), changed: Condvar::new() }
    }

    /// What its threads are called.
    pub(super) fn name(&self) -> String {
        format!("proxy-{}", self.port)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something, and tells whoever waits.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.state());
        self.changed.notify_all();
        changed
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_for<'a>(&self, state: MutexGuard<'a, State>, time: Duration) -> MutexGuard<'a, State> {
        self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Waits until `so`, but no longer than the patience.
    fn wait_until(&self, so: impl Fn(&State) -> bool) {
        let end = now() + PATIENCE;
        let mut state = self.state();
        while !so(&state) && now() < end {
            state = self.wait_for(state, end.saturating_duration_since(now()));
        }
    }

    // Commands.

    pub(super) fn set_pace(&self, way: Way, pace: Option<Pace>) {
        // What was there is foreign code, and may not be dropped under the lock.
        let _before = self.change(|state| {
            let rules = &mut state.ways[way as usize];
            rules.chunks = 0;
            std::mem::replace(&mut rules.pace, pace)
        });
    }

    pub(super) fn set_cut_once(&self, way: Way, cut: Option<Cut>) {
        self.change(|state| state.ways[way as usize].once = cut);
    }

    pub(super) fn set_cut_each(&self, way: Way, cut: Option<Cut>) {
        self.change(|state| state.ways[way as usize].each = cut);
    }

    pub(super) fn set_frozen(&self, is_frozen: bool) {
        self.change(|state| state.is_frozen = is_frozen);
    }

    /// `turn` does to the door what the change means, under the lock: of two commands the later one holds for both.
    pub(super) fn set_admits(&self, admits: Admits, turn: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        self.change(|state| {
            turn()?;
            state.admits = admits;
            Ok(())
        })
    }

    pub(super) fn end_all(&self, end: End) {
        let ended = self.end_each(end);
        if end != End::HalfClose {
            self.wait_until(|state| ended.iter().all(|number| !state.open.contains_key(number)));
        }
    }

    /// Tells all open lines to end, and gives their numbers.
    fn end_each(&self, end: End) -> Vec<u64> {
        let open = |(number, known): (&u64, &Known)| Some((*number, known.line.upgrade()?));
        let lines: Vec<(u64, Arc<Line>)> = self.state().open.iter().filter_map(open).collect();
        lines.iter().for_each(|(_, line)| line.end(end, Way::ToClient));
        lines.into_iter().map(|(number, _)| number).collect()
    }

    pub(super) fn record(&self, room: usize) {
        self.change(|state| state.record = Record { room, ..Record::default() });
    }

    // What commands did.

    pub(super) fn counts(&self) -> Counts {
        let state = self.state();
        Counts { open: state.open.len() as u64, ..state.counts }
    }

    pub(super) fn recorded(&self, way: Way) -> Vec<Vec<u8>> {
        self.state().record.bytes[way as usize].values().cloned().collect()
    }

    // What the door asks.

    /// Waits until somebody may come in; `false`: it is over.
    pub(super) fn wait_for_opening(&self) -> bool {
        let mut state = self.state();
        while !state.is_over && (state.is_frozen || state.admits == Admits::Nobody) {
            state = self.wait(state);
        }
        !state.is_over
    }

    /// Gives somebody who came in a number, once nothing is frozen, and says how he is let in; `None`: it is over.
    pub(super) fn welcome(&self) -> Option<(u64, Admits)> {
        let mut state = self.state();
        while !state.is_over && state.is_frozen {
            state = self.wait(state);
        }
        state.counts.connections += 1;
        (!state.is_over).then_some((state.counts.connections, state.admits))
    }

    pub(super) fn pause(&self, time: Duration) {
        let state = self.state();
        if !state.is_over {
            drop(self.wait_for(state, time));
        }
    }

    // What a connection asks.

    /// Keeps a line among those that are open; `false`: it is over.
    pub(super) fn enter(&self, number: u64, line: &Arc<Line>) -> bool {
        let known = Known { line: Arc::downgrade(line), passed: [0; 2], last: Way::ToClient };
        self.change(|state| {
            if !state.is_over {
                state.open.insert(number, known);
            }
            !state.is_over
        })
    }

    pub(super) fn is_over(&self) -> bool {
        self.state().is_over
    }

    pub(super) fn left(&self, number: u64) {
        self.change(|state| state.open.remove(&number));
    }

    /// When a chunk that came now may pass.
    pub(super) fn due(&self, way: Way) -> Instant {
        let now = now();
        let mut state = self.state();
        let rules = &mut state.ways[way as usize];
        let (pace, chunk) = (rules.pace.clone(), rules.chunks);
        rules.chunks += 1;
        drop(state);
        pace.map_or(now, |pace| now + pace(chunk))
    }

    /// Waits for a moment, and until nothing is frozen; `false`: the line, or all of it, is over.
    pub(super) fn wait_for_turn(&self, line: &Line, due: Option<Instant>) -> bool {
        let mut state = self.state();
        loop {
            let early = due.map_or(Duration::ZERO, |due| due.saturating_duration_since(now()));
            if state.is_over || line.is_over() {
                return false;
            }
            state = match (state.is_frozen, early.is_zero()) {
                (true, _) => self.wait(state),
                (false, true) => return true,
                (false, false) => self.wait_for(state, early),
            };
        }
    }

    /// Counts and records what passes of a chunk.
    pub(super) fn pass(&self, way: Way, number: u64, chunk: &[u8]) -> Passage {
        let mut state = self.state();
        let State { ways, open, counts, record, .. } = &mut *state;
        let rules = &mut ways[way as usize];
        let Some(known) = open.get_mut(&number) else { return Passage { bytes: 0, end: None } };
        let passed = &mut known.passed[way as usize];
        let length = chunk.len() as u64;
        // Whichever cut comes first; of two at the same byte the one that happens once.
        let each = rules.each.map(|cut| (cut.after.saturating_sub(*passed), cut.end, false));
        let once = rules.once.map(|cut| (cut.after, cut.end, true));
        let cut = once.into_iter().chain(each).filter(|(after, ..)| *after < length).min_by_key(|(after, ..)| *after);
        let bytes = cut.map_or(length, |(after, ..)| after);
        match (&mut rules.once, cut) {
            (once, Some((_, _, true))) => *once = None,
            (Some(once), _) => once.after -= bytes,
            (None, _) => {}
        }
        *passed += bytes;
        counts.cuts += u64::from(cut.is_some());
        // Bytes of which the first is cut off have been said all the same, and so begin an exchange.
        counts.exchanges += u64::from(way == Way::ToTarget && known.last == Way::ToClient);
        known.last = way;
        match way {
            Way::ToTarget => counts.bytes_to_target += bytes,
            Way::ToClient => counts.bytes_to_client += bytes,
        }
        let bytes = usize::try_from(bytes).unwrap_or(chunk.len());
        let kept = bytes.min(record.room);
        record.room -= kept;
        if kept > 0 {
            record.bytes[way as usize].entry(number).or_default().extend_from_slice(&chunk[..kept]);
        }
        Passage { bytes, end: cut.map(|(_, end, _)| end) }
    }

    // Threads.

    pub(super) fn thread_begins(&self) {
        self.change(|state| state.threads += 1);
    }

    pub(super) fn thread_ends(&self) {
        self.change(|state| state.threads -= 1);
    }

    /// Wakes whoever looks whether it goes on.
    pub(super) fn look(&self) {
        self.change(|_| ());
    }

    /// It is over: nobody comes in any more, and all connections are closed.
    pub(super) fn finish(&self) {
        self.change(|state| state.is_over = true);
        self.end_each(End::Close);
    }

    pub(super) fn wait_for_threads(&self) {
        self.wait_until(|state| state.threads == 0);
    }
}

#[expect(clippy::disallowed_methods, reason = "a network takes real time")]
pub(super) fn now() -> Instant {
    Instant::now()
}
