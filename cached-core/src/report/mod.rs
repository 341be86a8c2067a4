//! What the cached sites of a program did.
//!
//! In: every registered site. Out: a snapshot of them, as text for a terminal, as JSON, or for Prometheus. It
//! changes nothing and depends on no order of registration.

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::time::Duration;

use crate::config::shutdown;
use crate::registry;
use crate::site::{Off, Route, Site, Way, sites};
use crate::stats::Stats;

mod export;
mod settings;

pub use settings::{BackendReport, Setting, backends, settings};

/// A snapshot of every site; shown as a table.
#[derive(Clone, Debug)]
pub struct Report {
    namespace: String,
    rows: Vec<SiteReport>,
    backends: Vec<BackendReport>,
    warnings: Vec<String>,
    wide: bool,
}

/// What one site did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SiteReport {
    /// The path of the function, or its `name`.
    pub name: &'static str,
    /// Where it stands: `src/lib.rs:12`.
    pub at: String,
    /// The alias that serves it.
    pub alias: String,
    /// The kind of its backend.
    pub kind: String,
    /// How values are kept, each value that is not the default with where it came from.
    pub policy: Vec<String>,
    /// Whether it is switched on.
    pub is_enabled: bool,
    /// Its figures.
    pub stats: Stats,
    /// What to think of it, with the remedy in words; empty if there is nothing to say.
    pub verdict: &'static str,
}

/// The report of this moment.
pub fn report() -> Report {
    let registry = registry::current();
    let rows: Vec<_> = sites().into_iter().map(SiteReport::of).collect();
    Report {
        namespace: registry.namespace.clone(),
        backends: settings::backends_of(&registry, &rows),
        rows,
        warnings: registry.warnings.iter().chain(&registry.complaint).cloned().collect(),
        wide: false,
    }
}

/// Prints the report to stderr when the guard is dropped, after flushing pending writes (at most
/// one second).
///
/// Bind it to a name: `let _report = report_at_exit();`. With `let _ =` it is dropped, and printed,
/// at once. A service drops it at the end of a graceful shutdown; `process::exit` and a signal that
/// nobody handles print nothing.
#[must_use = "the report is printed when this is dropped"]
pub fn report_at_exit() -> ReportAtExit {
    ReportAtExit(())
}

/// Prints the report when it is dropped; made by [`report_at_exit`].
#[derive(Debug)]
pub struct ReportAtExit(());

impl Drop for ReportAtExit {
    fn drop(&mut self) {
        let unwritten = shutdown(Duration::from_secs(1));
        let mut text = report().to_string();
        if unwritten > 0 {
            let _ = writeln!(text, "{unwritten} values were not written in time");
        }
        // Nobody may be reading; and this may run while a panic unwinds.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}

impl Report {
    /// Shows all columns.
    #[must_use]
    pub fn wide(mut self) -> Self {
        self.wide = true;
        self
    }

    /// The sites, by file and line.
    pub fn sites(&self) -> &[SiteReport] {
        &self.rows
    }

    /// The first part of every storage key.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// What the configuration says that matches nothing, and what is wrong with a file that is watched.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The figures of all sites together.
    pub fn totals(&self) -> Stats {
        self.rows.iter().fold(Stats::default(), |sum, row| sum.plus(&row.stats))
    }
}

impl SiteReport {
    fn of(site: &'static Site) -> Self {
        let (_, route) = site.route();
        let stats = site.stats();
        SiteReport {
            name: site.name(),
            at: site.location(),
            alias: route.alias.to_string(),
            kind: route.kind.to_string(),
            policy: route.policy.clone(),
            is_enabled: !matches!(route.way, Way::Off(Off::Disabled)),
            verdict: verdict(&stats, &route),
            stats,
        }
    }
}

/// What to think of a site, with the remedy in words.
fn verdict(stats: &Stats, route: &Route) -> &'static str {
    let used = stats.calls >= 10;
    match &route.way {
        Way::Off(Off::Unknown) => "no such alias: configure it",
        Way::Off(Off::Dummy) => "off: its backend is `dummy`",
        Way::Off(Off::Disabled) => "disabled",
        Way::Off(Off::Unencodable) => "types that cannot be bytes",
        _ if stats.calls == 0 => "never called",
        _ if stats.errors == stats.calls => "errors only: see `errors = …`",
        _ if stats.differences > 0 => "differs from fresh: see `verify`",
        _ if stats.backend_errors > 0 => "its backend fails",
        Way::Bytes(_) if !route.lives.ends() => "no lifetime on a shared backend: set `ttl`",
        _ if used && stats.evictions > stats.hits => "evicts before reuse: too small",
        _ if used && stats.misses == stats.calls && stats.cold == stats.misses && stats.not_stored == 0 => {
            "never hits: all keys new"
        }
        _ if used && stats.misses == 1 && stats.entries == 1 && !route.lives.ends() => "one key: a `static` would do",
        _ if used && stats.lookups >= 4 && stats.runs > 0 && stats.mean_lookup() > stats.mean_run() => {
            "slower than the body: do not cache it"
        }
        _ => "",
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let totals = self.totals();
        writeln!(
            f,
            "cached: {} {} of {}: {} calls, {} hits, {} joined, {} misses, {} in bodies, ≈{} saved",
            self.rows.len(),
            if self.rows.len() == 1 { "site" } else { "sites" },
            self.namespace,
            totals.calls,
            totals.hits,
            totals.joined,
            totals.misses,
            time(totals.body_time),
            time(self.rows.iter().map(|row| row.stats.saved()).sum()),
        )?;
        let mut lines = vec![self.head()];
        lines.extend(self.rows.iter().map(|row| self.cells(row)));
        let mut widths = vec![0; lines[0].len()];
        for cell in lines.iter_mut().flatten().filter(|cell| cell.contains(char::is_control)) {
            *cell = cell.escape_debug().to_string();
        }
        for line in &lines {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for line in &lines {
            let mut text = String::new();
            for (place, (cell, width)) in line.iter().zip(&widths).enumerate() {
                let pad = width - cell.chars().count();
                // Texts to the left, figures to the right.
                let (before, after) = if self.is_text(place) { (0, pad) } else { (pad, 0) };
                let _ = write!(text, "{:before$}{cell}{:after$}  ", "", "");
            }
            let text = text.trim_end();
            let cut = text
                .char_indices()
                .nth(WIDTH - 3)
                .map(|(cut, _)| cut)
                .filter(|_| !self.wide && text.chars().count() > WIDTH - 2);
            match cut {
                Some(cut) => writeln!(f, "  {}…", &text[..cut])?,
                None => writeln!(f, "  {text}")?,
            }
        }
        if totals.verified > 0 {
            writeln!(f, "  verified: {} hits, {} differences", totals.verified, totals.differences)?;
        }
        for warning in &self.warnings {
            writeln!(f, "  warning: {warning}")?;
        }
        Ok(())
    }
}

impl Report {
    fn is_text(&self, column: usize) -> bool {
        column < 3 || column + 1 == self.head().len() || (self.wide && (3..=4).contains(&column))
    }

    fn head(&self) -> Vec<String> {
        let mut head = vec!["site", "at", "alias"];
        if self.wide {
            head.extend(["kind", "policy"]);
            head.extend(Stats::default().figures().iter().map(|(name, _)| *name));
            head.extend(["hit %", "lookup", "body", "saved", "verdict"]);
        } else {
            head.extend(["calls", "hit %", "body", "saved", "verdict"]);
        }
        head.into_iter().map(str::to_owned).collect()
    }

    fn cells(&self, row: &SiteReport) -> Vec<String> {
        let mut cells = if self.wide {
            let policy = row.policy.join(", ");
            let texts = [row.name, &row.at, &row.alias, &row.kind, &policy];
            let figures = row.stats.figures();
            texts.into_iter().map(str::to_owned).chain(figures.iter().map(|(_, figure)| figure.to_string())).collect()
        } else {
            vec![tail(row.name, 26), tail(&row.at, 24), tail(&row.alias, 12), row.stats.calls.to_string()]
        };
        let hits = if row.stats.calls == 0 { "-".into() } else { format!("{:.0}", row.stats.hit_share() * 100.0) };
        cells.push(hits);
        cells.extend(self.wide.then(|| time(row.stats.mean_lookup())));
        cells.extend([time(row.stats.mean_body()), time(row.stats.saved()), row.verdict.to_owned()]);
        cells
    }
}

/// How wide the table is at the most, unless all columns are asked for.
const WIDTH: usize = 120;

/// The end of a path, of at most `width` characters, for a table that fits a terminal; cut before a
/// segment where there is one.
fn tail(text: &str, width: usize) -> String {
    let count = text.chars().count();
    if count <= width {
        return text.to_owned();
    }
    let end: String = text.chars().skip(count - width + 1).collect();
    let cut = end.find(['/', ':']).filter(|cut| cut + 8 < end.len()).unwrap_or(0);
    format!("…{}", &end[cut..])
}

/// A duration in three figures: `1.23ms`.
fn time(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    if nanos == 0 {
        return "-".into();
    }
    let (unit, name) = match nanos {
        0..1_000 => (1, "ns"),
        1_000..1_000_000 => (1_000, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    let (whole, rest) = (nanos / unit, nanos % unit);
    match whole {
        0..10 if unit > 1 => format!("{whole}.{:02}{name}", rest * 100 / unit),
        10..100 if unit > 1 => format!("{whole}.{}{name}", rest * 10 / unit),
        _ => format!("{whole}{name}"),
    }
}
