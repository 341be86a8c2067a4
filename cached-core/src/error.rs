//! The one error of the crate.
//!
//! In: what was asked for, what there is, the remedy. Out: a message a person can act on; it
//! never holds a value, a key or a secret.

use std::fmt;

/// What sort of thing went wrong. Match on this; the text is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration cannot be used; [`Error::faults`] lists every reason.
    Config,
    /// A file or a text could not be read or parsed.
    Parse,
    /// A backend answered with an error.
    Backend,
    /// A backend did not answer in time.
    Timeout,
    /// A backend failed so often in a row that it is not asked for a while.
    Unavailable,
    /// The backend, or the site's route, cannot do what was asked.
    Unsupported,
    /// A key or a value could not be turned into bytes.
    Encode,
    /// There is no live entry to change.
    NotFound,
    /// What is stored is no whole number that fits, or would be none after the change.
    NotNumber,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ErrorKind::Config => "configuration",
            ErrorKind::Parse => "parsing",
            ErrorKind::Backend => "backend",
            ErrorKind::Timeout => "timeout",
            ErrorKind::Unavailable => "unavailable",
            ErrorKind::Unsupported => "unsupported",
            ErrorKind::Encode => "encoding",
            ErrorKind::NotFound => "not found",
            ErrorKind::NotNumber => "not a number",
        })
    }
}

/// Why a request to the cache itself failed: a configuration, an invalidation, a `put`.
///
/// A *call* of a cached function never ends in this error: when a backend fails, the body runs.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    faults: Vec<String>,
}

impl Error {
    /// An error of `kind` that says `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), faults: Vec::new() }
    }

    /// The sort of error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Each single fault of a configuration, in the order of the sites; empty for other kinds.
    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    /// Adds what there is, or what to do, after the message.
    #[must_use]
    pub fn note(mut self, note: impl fmt::Display) -> Self {
        self.message = format!("{}; {note}", self.message);
        self
    }

    /// All faults of one configuration as one error.
    pub(crate) fn config(faults: Vec<String>) -> Self {
        let count = faults.len();
        let noun = if count == 1 { "fault" } else { "faults" };
        Self { kind: ErrorKind::Config, message: format!("the cache configuration has {count} {noun}"), faults }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for fault in &self.faults {
            write!(f, "\n  - {fault}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.kind)
    }
}

impl std::error::Error for Error {}

/// The nearest of `known` to `word`, when it is near enough to be a slip of the pen.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = word.chars().count() / 3 + 1;
    known
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edit distance in which a transposition of neighbours counts one (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let mut best =
                (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}
