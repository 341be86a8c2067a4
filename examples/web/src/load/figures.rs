//! What the answers of a load were like.
//!
//! In: page, latency and status of each request. Out: a table with percentiles, and the first few answers that were not
//! the expected ones.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::mix::Request;

/// Unexpected answers that are shown.
const SHOWN: usize = 5;

#[derive(Default)]
pub(crate) struct Figures {
    pages: BTreeMap<&'static str, Vec<Duration>>,
    failed: u64,
    faults: Vec<String>,
    /// Requests whose moment did not come in time.
    pub(crate) skipped: u64,
    pub(crate) took: Duration,
}

impl Figures {
    /// Counts one request.
    pub(crate) fn note(&mut self, latency: Duration, request: &Request, status: Result<u16, String>) {
        self.pages.entry(request.page).or_default().push(latency);
        if status != Ok(request.expected) {
            self.failed += 1;
            if self.faults.len() < SHOWN {
                let found = status.map_or_else(|fault| fault, |status| status.to_string());
                self.faults.push(format!("{}: {found} instead of {}", request.path, request.expected));
            }
        }
    }

    /// Takes in what another connection counted.
    pub(crate) fn add(&mut self, other: Self) {
        for (page, mut latencies) in other.pages {
            self.pages.entry(page).or_default().append(&mut latencies);
        }
        self.failed += other.failed;
        self.faults.extend(other.faults);
        self.faults.truncate(SHOWN);
    }

    pub(crate) fn asked(&self) -> u64 {
        self.pages.values().map(|latencies| latencies.len() as u64).sum()
    }

    /// Answers that were not the expected ones.
    pub(crate) fn failed(&self) -> u64 {
        self.failed
    }
}

/// The latency that so many of a hundred requests do not exceed; `sorted` is not empty.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1]
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.took.as_secs_f64();
        let (asked, failed, skipped) = (self.asked(), self.failed, self.skipped);
        let rate = asked as f64 / seconds;
        writeln!(
            f,
            "{asked} requests in {seconds:.1} s, {rate:.0}/s; {failed} unexpected answers, {skipped} not sent"
        )?;
        writeln!(
            f,
            "  {:16}{:>9}{:>10}{:>10}{:>10}{:>10}",
            "page", "requests", "p50 ms", "p90 ms", "p99 ms", "most ms"
        )?;
        let all: Vec<Duration> = self.pages.values().flatten().copied().collect();
        let rows = self.pages.iter().map(|(page, latencies)| (*page, latencies.clone()));
        for (page, mut latencies) in rows.chain([("all", all)]).filter(|(_, latencies)| !latencies.is_empty()) {
            latencies.sort();
            write!(f, "  {page:16}{:>9}", latencies.len())?;
            for percent in [50, 90, 99, 100] {
                write!(f, "{:>10.2}", percentile(&latencies, percent).as_secs_f64() * 1e3)?;
            }
            writeln!(f)?;
        }
        self.faults.iter().try_for_each(|fault| writeln!(f, "  {fault}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_least_latency_that_so_many_do_not_exceed() {
        let sorted: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        let found = [1, 50, 90, 99, 100].map(|percent| percentile(&sorted, percent).as_millis());
        assert_eq!(found, [2, 100, 180, 198, 200]);
        assert_eq!(percentile(&sorted[..1], 50).as_millis(), 1);
    }

    #[test]
    fn only_the_expected_status_is_none_of_the_faults() {
        let request = Request { page: "wrong", path: "/no-such-page".to_owned(), expected: 404 };
        let mut figures = Figures::default();
        for status in [Ok(404), Ok(200), Err("no answer".to_owned())] {
            figures.note(Duration::from_millis(1), &request, status);
        }
        assert_eq!((figures.asked(), figures.failed()), (3, 2));
        assert!(figures.to_string().contains("/no-such-page: 200 instead of 404"));
    }
}
