//! R04: whatever threads do to one function at the same time could have happened one after another.
//!
//! In: random programs of calls, puts, invalidations and looks. Out: their histories, judged key by key;
//! `linear/checker.rs` says what one after another means here. `R_SEED` plays the programs again; how
//! threads take turns in them is up to the machine.

mod checker;

use std::cell::Cell;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::thread;

use cached_core::cached;
use futures::executor::block_on;

use cached_tests::crowd::{self, at_rest, routed};
use cached_tests::dice::{Dice, seed};
use cached_tests::support::scaled;
use checker::{Event, Sort, Step, is_linearizable};

const HERE: &str = "reliability::linear::*";
const THREADS: usize = 4;
const OPERATIONS: usize = 5;
const KEYS: u64 = 3;

/// The order of what happens, and the numbers that bodies and puts give.
static MOMENT: AtomicU64 = AtomicU64::new(1);
static NUMBER: AtomicU64 = AtomicU64::new(1);

fn moment() -> u64 {
    MOMENT.fetch_add(1, SeqCst)
}

fn fresh() -> u64 {
    NUMBER.fetch_add(1, SeqCst)
}

/// What a body of this thread did: its number, its begin and its end.
#[derive(Clone, Copy, Debug)]
struct Ran {
    number: u64,
    began: u64,
    ended: u64,
}

thread_local! {
    static RAN: Cell<Option<Ran>> = const { Cell::new(None) };
    /// How many things the next body is to let happen before it ends.
    static LINGER: Cell<u64> = const { Cell::new(0) };
}

/// Waits until `n` things happened elsewhere, but not for long.
fn linger(n: u64) {
    let until = MOMENT.load(SeqCst) + n;
    let mut looks = 0;
    while MOMENT.load(SeqCst) < until && looks < 10 {
        looks += 1;
        thread::yield_now();
    }
}

/// The body: a number that nobody had, and when.
struct Body(u64, u64);

impl Body {
    fn begin() -> Self {
        let began = moment();
        Body(fresh(), began)
    }

    fn end(self) -> u64 {
        linger(LINGER.get());
        RAN.set(Some(Ran { number: self.0, began: self.1, ended: moment() }));
        self.0
    }
}

#[cached]
fn number(_key: u64) -> u64 {
    Body::begin().end()
}

#[cached]
async fn number_async(_key: u64) -> u64 {
    let body = Body::begin();
    crowd::step().await;
    body.end()
}

/// What is done.
#[derive(Clone, Copy, Debug)]
enum Act {
    Call,
    Put,
    Invalidate,
    Peek,
}

/// What is done, to which key, and how long it lets others be before.
#[derive(Clone, Copy, Debug)]
struct Operation {
    act: Act,
    key: u64,
    linger: u64,
}

type Program = [[Operation; OPERATIONS]; THREADS];

fn program(dice: &mut Dice) -> Program {
    // Some programs stay with one key, where they meet more often.
    let keys = 1 + dice.below(KEYS);
    let mut operation = |_| {
        let act = [Act::Call, Act::Call, Act::Call, Act::Put, Act::Invalidate, Act::Peek][dice.below(6) as usize];
        Operation { act, key: dice.below(keys), linger: dice.below(4) }
    };
    std::array::from_fn(|_| std::array::from_fn(&mut operation))
}

/// What was done.
#[derive(Clone, Copy, Debug)]
struct Done {
    operation: Operation,
    began: u64,
    ended: u64,
    given: Option<u64>,
    ran: Option<Ran>,
}

impl Operation {
    fn run(self, is_async: bool) -> Done {
        linger(self.linger);
        LINGER.set(self.linger);
        RAN.set(None);
        // Taken before the operation begins, as whoever puts a value has it by then.
        let put = if matches!(self.act, Act::Put) { fresh() } else { 0 };
        let began = moment();
        let given = match is_async {
            false => self.run_here(put),
            true => block_on(self.run_polled(put)),
        };
        Done { operation: self, began, ended: moment(), given, ran: RAN.take() }
    }

    fn run_here(self, put: u64) -> Option<u64> {
        let entry = || number::entry(&self.key);
        match self.act {
            Act::Call => return Some(number(self.key)),
            Act::Put => entry().put(put).expect("the backend works"),
            Act::Invalidate => entry().invalidate().expect("the backend works"),
            Act::Peek => return entry().peek().expect("the backend works"),
        }
        Some(put)
    }

    async fn run_polled(self, put: u64) -> Option<u64> {
        let entry = || number_async::entry(&self.key);
        match self.act {
            Act::Call => return Some(number_async(self.key).await),
            Act::Put => entry().put(put).await.expect("the backend works"),
            Act::Invalidate => entry().invalidate().await.expect("the backend works"),
            Act::Peek => return entry().peek().await.expect("the backend works"),
        }
        Some(put)
    }
}

/// Where the functions live, and how they are called.
#[derive(Clone, Copy)]
struct Place {
    is_async: bool,
    sort: Sort,
}

/// The steps of what was done to one key.
struct Steps(Vec<Event>);

impl Steps {
    fn add(&mut self, step: Step, (from, to): (u64, u64), after: Option<usize>) -> Option<usize> {
        self.0.push(Event { step, from, to, after });
        Some(self.0.len() - 1)
    }
}

impl Place {
    fn steps(self, done: &[Done]) -> Vec<Event> {
        let (mut steps, in_memory) = (Steps(Vec::new()), self.sort == Sort::Memory);
        for done in done {
            let (time, given) = ((done.began, done.ended), done.given.unwrap_or(0));
            match (done.operation.act, done.ran) {
                (Act::Call, Some(ran)) => {
                    assert_eq!(given, ran.number, "who computes is given what it computed");
                    let entered = steps.add(Step::Enter(given), (done.began, ran.began), None);
                    // Bytes are read before the flight; into memory its leader looks once more.
                    steps.add(Step::Look(given), (done.began, ran.began), entered.filter(|_| in_memory));
                    // The bytes of an async body are written by another thread, when it comes to it.
                    let landed = if self.is_async && !in_memory { u64::MAX } else { done.ended };
                    let vanish = Step::Vanish(Some(given));
                    let vanished = in_memory.then(|| steps.add(vanish, (ran.ended, landed), None)).flatten();
                    steps.add(Step::Land(given), (ran.ended, landed), vanished);
                }
                (Act::Call, None) => _ = steps.add(Step::Take(given), time, None),
                (Act::Peek, _) => _ = steps.add(Step::Peek(done.given), time, None),
                (Act::Put, _) => {
                    let overtaken = steps.add(Step::Overtake, time, None);
                    let vanish = |steps: &mut Steps| steps.add(Step::Vanish(None), time, overtaken);
                    let before = if in_memory { vanish(&mut steps) } else { overtaken };
                    steps.add(Step::Store(given), time, before);
                }
                (Act::Invalidate, _) => {
                    let overtaken = steps.add(Step::Overtake, time, None);
                    steps.add(Step::Forget, time, overtaken);
                }
            }
        }
        steps.0
    }

    fn forget_all(self) {
        for key in 0..KEYS {
            match self.is_async {
                false => number::entry(&key).invalidate().expect("the backend works"),
                true => block_on(number_async::entry(&key).invalidate()).expect("the backend works"),
            }
        }
    }
}

/// What the histories had in them.
#[derive(Default)]
struct Figures {
    calls: AtomicUsize,
    computed: AtomicUsize,
    /// Bodies in whose time an invalidation or a put of their key began or ended.
    crossed: AtomicUsize,
    /// Calls that began before the body of what they were given ended, and did not run it.
    joined: AtomicUsize,
}

impl Figures {
    fn add(&self, done: &[Done]) {
        let calls = || done.iter().filter(|done| matches!(done.operation.act, Act::Call));
        let changes = || done.iter().filter(|done| matches!(done.operation.act, Act::Put | Act::Invalidate));
        let bodies = || done.iter().filter_map(|done| done.ran);
        let crosses = |ran: &Ran| changes().any(|done| done.began < ran.ended && ran.began < done.ended);
        let joins = |done: &&Done| {
            let of = bodies().find(|ran| Some(ran.number) == done.given);
            done.ran.is_none() && of.is_some_and(|ran| done.began < ran.ended)
        };
        self.calls.fetch_add(calls().count(), SeqCst);
        self.computed.fetch_add(bodies().count(), SeqCst);
        self.crossed.fetch_add(bodies().filter(crosses).count(), SeqCst);
        self.joined.fetch_add(calls().filter(joins).count(), SeqCst);
    }
}

/// A history, one line an operation.
fn told(done: &[Done]) -> String {
    let mut done = done.to_vec();
    done.sort_by_key(|done| done.began);
    let line = |done: &Done| {
        let ran = done.ran.map(|ran| format!(", body {} to {}", ran.began, ran.ended)).unwrap_or_default();
        let (key, act) = (done.operation.key, done.operation.act);
        format!("{} to {}: {act:?} {key} gives {:?}{ran}\n", done.began, done.ended, done.given)
    };
    done.iter().map(line).collect()
}

/// Runs one program `runs` times, and judges each history.
fn play(place: Place, program: &Program, runs: usize, figures: &Figures) {
    let barrier = Barrier::new(THREADS);
    let (given, _) = crowd::threads(THREADS, |thread| {
        let mut histories = Vec::with_capacity(runs);
        for _ in 0..runs {
            if barrier.wait().is_leader() {
                place.forget_all();
            }
            barrier.wait();
            histories.push(program[thread].map(|operation| operation.run(place.is_async)));
        }
        histories
    });
    let given: Vec<_> = given.into_iter().map(|given| given.expect("nobody panics")).collect();
    for run in 0..runs {
        let all = given.iter().flat_map(|histories| histories[run]);
        for key in 0..KEYS {
            let done: Vec<_> = all.clone().filter(|done| done.operation.key == key).collect();
            figures.add(&done);
            let events = place.steps(&done);
            assert!(
                is_linearizable(&events, place.sort),
                "seed {}, run {run}: no order of these explains what was given:\n{}",
                seed(),
                told(&done)
            );
        }
    }
}

fn linearizable_on(kind: &str, is_async: bool, scenarios: usize, runs: usize) {
    let _routed = routed(kind, HERE, "60s");
    let sort = if kind == "file" { Sort::Bytes } else { Sort::Memory };
    let place = Place { is_async, sort };
    let (seed, figures, began) = (seed(), Figures::default(), crowd::now());
    for scenario in 0..scenarios {
        let program = program(&mut Dice::new(scenario));
        play(place, &program, runs, &figures);
    }
    let [calls, computed, crossed, joined] =
        [&figures.calls, &figures.computed, &figures.crossed, &figures.joined].map(|figure| figure.load(SeqCst));
    println!(
        "R04 {kind}, {}: {scenarios} programs of {THREADS} threads × {OPERATIONS} operations, {runs} runs each, seed {seed}: \
         all linearizable; of {calls} calls {computed} computed ({crossed} beside an invalidation or a put) and {joined} \
         joined, {:.0?}",
        if is_async { "async" } else { "sync" },
        began.elapsed()
    );
    assert!(crossed > 0 && joined > 0, "what is judged did happen: {crossed} crossed, {joined} joined");
    at_rest(number::site());
    at_rest(number_async::site());
}

/// Runs of each program in memory.
fn runs() -> usize {
    if scaled(10) >= 10 { 10_000 } else { 300 }
}

#[test]
fn r04_whatever_threads_do_in_memory_could_have_happened_one_after_another() {
    linearizable_on("memory", false, scaled(100), runs());
}

#[test]
fn r04_whatever_async_callers_do_in_memory_could_have_happened_one_after_another() {
    linearizable_on("memory", true, scaled(100), runs());
}

#[test]
fn r04_whatever_threads_do_on_files_could_have_happened_one_after_another() {
    linearizable_on("file", false, scaled(100), scaled(150));
}

#[test]
fn r04_whatever_async_callers_do_on_files_could_have_happened_one_after_another() {
    linearizable_on("file", true, scaled(100), scaled(150));
}
