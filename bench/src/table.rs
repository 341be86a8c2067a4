//! Prints figures and goals.
//!
//! In: rows of figures. Out: a table, with every figure beside the floor's and `cached`'s, and
//! each goal as met or not met. Nothing is asserted: a busy machine proves nothing.

use crate::subjects::{CACHED, Work};

/// What was measured of one subject.
#[derive(Clone, Copy, Default)]
pub(crate) struct Figures {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) allocations: f64,
}

impl Figures {
    pub(crate) fn of(mut turns: Vec<f64>, allocations: f64) -> Self {
        turns.sort_by(f64::total_cmp);
        let median = turns.get(turns.len() / 2).copied().unwrap_or(f64::NAN);
        Self { median, min: turns.first().copied().unwrap_or(f64::NAN), allocations }
    }
}

/// The figures of a work by the names of its subjects.
pub(crate) struct Rows(Vec<(&'static str, Figures)>);

impl Rows {
    pub(crate) fn new(work: &Work, figures: Vec<Figures>) -> Self {
        Self(work.subjects.iter().map(|subject| subject.name).zip(figures).collect())
    }

    /// The figures of a subject; not a number for one that is not in the work.
    pub(crate) fn of(&self, name: &str) -> Figures {
        let absent = Figures { median: f64::NAN, min: f64::NAN, allocations: f64::NAN };
        self.0.iter().find(|row| row.0 == name).map_or(absent, |row| row.1)
    }

    pub(crate) fn ratio(&self, name: &str, to: &str) -> f64 {
        self.of(name).median / self.of(to).median
    }
}

/// How many calls two threads made in a nanosecond, by the names of the subjects.
pub(crate) struct Rate(Vec<(&'static str, f64)>);

impl Rate {
    pub(crate) fn new(work: &Work, figures: &[(Figures, f64)]) -> Self {
        let rates = figures.iter().map(|(alone, scaling)| scaling / alone.median);
        Self(work.subjects.iter().map(|subject| subject.name).zip(rates).collect())
    }

    /// Not a number for one that is not in the work.
    pub(crate) fn of(&self, name: &str) -> f64 {
        self.0.iter().find(|rate| rate.0 == name).map_or(f64::NAN, |rate| rate.1)
    }
}

/// A figure that should not be exceeded.
pub(crate) struct Goal<T> {
    pub(crate) text: &'static str,
    pub(crate) at_most: f64,
    pub(crate) figure: fn(&T) -> f64,
}

impl<T> Goal<T> {
    pub(crate) fn print(&self, of: &T) {
        let figure = (self.figure)(of);
        let met = if figure <= self.at_most { "met" } else { "not met" };
        println!("goal: {} at most {}: {figure:.2}, {met}", self.text, self.at_most);
    }
}

/// Prints times and their goals.
pub(crate) fn times(work: &Work, rows: &Rows) {
    head(work.title, &["subject", "ns, median", "min", "x floor", "x cached", "allocations"]);
    for (name, figures) in &rows.0 {
        let ratios = ratios(rows, name);
        println!("| {name} | {:.2} | {:.2} | {ratios} | {:.2} |", figures.median, figures.min, figures.allocations);
    }
    println!();
    work.goals.iter().for_each(|goal| goal.print(rows));
}

/// Prints instructions per call.
pub(crate) fn instructions(work: &Work, rows: &Rows) {
    // A title of its own, since it names its picture too.
    let title = format!("I{}", work.title.trim_start_matches('W'));
    head(&title, &["subject", "instructions", "x floor", "x cached"]);
    for (name, figures) in &rows.0 {
        println!("| {name} | {:.1} | {} |", figures.median, ratios(rows, name));
    }
}

/// Prints how two threads get on with each other.
pub(crate) fn scaling(work: &Work, figures: &[(Figures, f64)]) {
    head(work.title, &["subject", "ns, one thread", "two threads do", "of the first's calls"]);
    let rate = Rate::new(work, figures);
    let first = work.subjects.first().map_or(f64::NAN, |first| rate.of(first.name));
    for (subject, (alone, scaling)) in work.subjects.iter().zip(figures) {
        let share = 100.0 * rate.of(subject.name) / first;
        println!("| {} | {:.2} | {scaling:.2} x | {share:.0} % |", subject.name, alone.median);
    }
}

/// Prints the head of a table.
pub(crate) fn head(title: &str, columns: &[&str]) {
    let rule = ":--|".to_owned() + &"--:|".repeat(columns.len() - 1);
    println!("\n### {title}\n\n| {} |\n|{rule}", columns.join(" | "));
}

fn ratios(rows: &Rows, name: &str) -> String {
    // What a work is held against is its first subject.
    let floor = rows.0.first().map_or(f64::NAN, |(first, _)| rows.ratio(name, first));
    let cached = rows.ratio(name, CACHED);
    let cached = if cached.is_nan() { "-".to_owned() } else { format!("{cached:.2}") };
    format!("{floor:.2} | {cached}")
}
