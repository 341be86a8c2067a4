//! The report for machines.
//!
//! In: a report. Out: JSON, and the text format of Prometheus.

use std::fmt::Write as _;
use std::time::Duration;

use super::{BackendReport, Report, SiteReport};
use crate::stats::Stats;

/// A metric: its name, what sort it is, what it says, and of which figures of a site it is made, each with its label.
struct Metric(&'static str, &'static str, &'static str, &'static [(&'static str, Figure)]);

/// By the conventions of Prometheus a counter ends in `_total`, times are seconds, and the metrics of one outcome
/// are one metric with a label. The series are sites times outcomes, however many keys there are.
const METRICS: [Metric; 12] = [
    Metric(
        "cached_calls_total",
        "counter",
        "Calls of cached functions, by how they ended.",
        &[
            ("outcome=\"hit\"", |stats| stats.hits),
            ("outcome=\"stale\"", |stats| stats.stale),
            ("outcome=\"joined\"", |stats| stats.joined),
            ("outcome=\"miss\"", |stats| stats.misses),
            ("outcome=\"bypass\"", |stats| stats.bypassed),
            ("outcome=\"error\"", |stats| stats.errors),
        ],
    ),
    Metric(
        "cached_misses_total",
        "counter",
        "Misses, by why there was nothing to give.",
        &[
            ("reason=\"cold\"", |stats| stats.cold),
            ("reason=\"expired\"", |stats| stats.expired),
            ("reason=\"invalidated\"", |stats| stats.invalidated),
            ("reason=\"undecodable\"", |stats| stats.undecodable),
        ],
    ),
    Metric("cached_evictions_total", "counter", "Values removed to keep the bound.", &[("", |stats| stats.evictions)]),
    Metric("cached_not_stored_total", "counter", "Values computed and not stored.", &[("", |stats| stats.not_stored)]),
    Metric(
        "cached_backend_errors_total",
        "counter",
        "Operations that a backend failed.",
        &[("", |stats| stats.backend_errors)],
    ),
    Metric(
        "cached_waits_ended_total",
        "counter",
        "Waits that ended before the computation.",
        &[("", |stats| stats.waits_ended)],
    ),
    Metric("cached_differences_total", "counter", "Verified hits that were wrong.", &[("", |stats| stats.differences)]),
    Metric("cached_runs_total", "counter", "Runs of the body that came to an end.", &[("", |stats| stats.runs)]),
    Metric("cached_body_seconds_total", "counter", "Time in bodies, without cached calls inside.", &[("", BODY)]),
    Metric("cached_saved_seconds", "gauge", "About what the hits saved.", &[("", SAVED)]),
    Metric("cached_entries", "gauge", "Values in memory.", &[("", |stats| stats.entries)]),
    Metric("cached_entries_bytes", "gauge", "What the values in memory weigh.", &[("", |stats| stats.bytes)]),
];

type Figure = fn(&Stats) -> u64;

/// These two are nanoseconds, and shown as seconds.
const BODY: Figure = |stats| u64::try_from(stats.body_time.as_nanos()).unwrap_or(u64::MAX);
const SAVED: Figure = |stats| u64::try_from(stats.saved().as_nanos()).unwrap_or(u64::MAX);

impl Report {
    /// The report in the text format of Prometheus, version 0.0.4: each figure of each site, by its name, place and
    /// alias; and of each backend what was asked of it, how long that took, and whether its breaker is open.
    ///
    /// # Example: what a scraper reads
    /// ```
    /// # use cached_core::cached;
    /// #[cached]
    /// fn double(n: u64) -> u64 { 2 * n }
    ///
    /// double(1);
    /// let text = cached_core::report().to_prometheus();
    /// assert!(text.contains("# TYPE cached_calls_total counter"));
    /// assert!(text.lines().any(|line| line.contains("double") && line.ends_with("outcome=\"miss\"} 1")));
    /// ```
    pub fn to_prometheus(&self) -> String {
        let mut text = String::new();
        let labels: Vec<String> = self.rows.iter().map(labels).collect();
        for Metric(name, sort, help, figures) in METRICS {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {sort}");
            for (row, labels) in self.rows.iter().zip(&labels) {
                for (label, figure) in figures {
                    let comma = if label.is_empty() { "" } else { "," };
                    let _ = write!(text, "{name}{{{labels}{comma}{label}}} ");
                    let value = figure(&row.stats);
                    let _ = match name.contains("_seconds") {
                        true => writeln!(text, "{}.{:09}", value / 1_000_000_000, value % 1_000_000_000),
                        false => writeln!(text, "{value}"),
                    };
                }
            }
        }
        of_backends(&mut text, &self.backends);
        text
    }

    /// The report as one JSON object: `namespace`, `warnings`, `totals`, `sites`. Times in nanoseconds.
    pub fn to_json(&self) -> String {
        let mut json = String::from("{\"namespace\":");
        quoted(&mut json, &self.namespace);
        json.push_str(",\"warnings\":[");
        for (place, warning) in self.warnings.iter().enumerate() {
            json.push_str(if place > 0 { "," } else { "" });
            quoted(&mut json, warning);
        }
        json.push_str("],\"totals\":{");
        figures(&mut json, &self.totals());
        json.push_str("},\"sites\":[");
        for (place, row) in self.rows.iter().enumerate() {
            json.push_str(if place > 0 { ",{" } else { "{" });
            let policy = row.policy.join(", ");
            let texts = [
                ("site", row.name),
                ("at", &row.at),
                ("alias", &row.alias),
                ("kind", &row.kind),
                ("policy", &policy),
                ("verdict", row.verdict),
            ];
            for (name, value) in texts {
                let _ = write!(json, "\"{name}\":");
                quoted(&mut json, value);
                json.push(',');
            }
            figures(&mut json, &row.stats);
            json.push('}');
        }
        json.push_str("]}");
        json
    }
}

/// The figures of backends: their series are aliases times outcomes, and times the steps of the histogram.
fn of_backends(text: &mut String, backends: &[BackendReport]) {
    let aliases: Vec<_> = backends.iter().map(|backend| (label("alias", &backend.alias), backend)).collect();
    text.push_str("# HELP cached_backend_operations_total Operations on keys of backends, by how they ended.\n");
    text.push_str("# TYPE cached_backend_operations_total counter\n");
    for (alias, backend) in &aliases {
        for (name, count) in &backend.operations {
            let outcome = name.split(" (").next().unwrap_or(name).replace(' ', "_");
            let _ = writeln!(text, "cached_backend_operations_total{{{alias},outcome=\"{outcome}\"}} {count}");
        }
    }
    text.push_str("# HELP cached_backend_operation_seconds How long operations took that were answered.\n");
    text.push_str("# TYPE cached_backend_operation_seconds histogram\n");
    for (alias, backend) in aliases.iter().filter(|(_, backend)| !backend.latency.steps.is_empty()) {
        let mut sum = 0;
        for (longest, count) in &backend.latency.steps {
            sum += count;
            let longest = if *longest == Duration::MAX { "+Inf".into() } else { longest.as_secs_f64().to_string() };
            let _ = writeln!(text, "cached_backend_operation_seconds_bucket{{{alias},le=\"{longest}\"}} {sum}");
        }
        let total = backend.latency.total.as_secs_f64();
        let _ = writeln!(text, "cached_backend_operation_seconds_sum{{{alias}}} {total}");
        let _ = writeln!(text, "cached_backend_operation_seconds_count{{{alias}}} {sum}");
    }
    text.push_str("# HELP cached_backend_broken 1 while a backend is left alone, because it failed too often.\n");
    text.push_str("# TYPE cached_backend_broken gauge\n");
    for (alias, backend) in &aliases {
        let _ = writeln!(text, "cached_backend_broken{{{alias}}} {}", u8::from(backend.is_broken));
    }
}

/// What tells a site's series from others.
fn labels(row: &SiteReport) -> String {
    [("site", row.name), ("at", &row.at), ("alias", &row.alias)].map(|(name, value)| label(name, value)).join(",")
}

fn label(name: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{name}=\"{value}\"")
}

fn figures(json: &mut String, stats: &Stats) {
    for (place, (name, figure)) in stats.figures().into_iter().enumerate() {
        let _ = write!(json, "{}\"{name}\":{figure}", if place > 0 { "," } else { "" });
    }
}

/// A text as JSON.
fn quoted(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            control if control < ' ' => {
                let _ = write!(json, "\\u{:04x}", u32::from(control));
            }
            other => json.push(other),
        }
    }
    json.push('"');
}
