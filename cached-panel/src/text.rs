//! Figures as a person reads them.
//!
//! In: numbers, sizes, times. Out: short texts, alike on every page.

use std::time::{Duration, SystemTime};

/// `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `12.3 KiB`.
pub(crate) fn size(bytes: u64) -> String {
    let units = [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.into_iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{:.1} {name}", bytes as f64 / unit as f64),
        None => format!("{bytes} B"),
    }
}

/// Milliseconds with four decimals: `0.0312`.
pub(crate) fn millis(time: Duration) -> String {
    format!("{:.4}", time.as_secs_f64() * 1_000.0)
}

/// Three figures and a unit: `1.23 ms`; a dash for nothing.
pub(crate) fn time(time: Duration) -> String {
    let nanos = time.as_nanos() as f64;
    let units = [("s", 1e9), ("ms", 1e6), ("µs", 1e3)];
    let Some((name, unit)) = units.into_iter().find(|(_, unit)| nanos >= *unit) else {
        return if nanos == 0.0 { "–".into() } else { format!("{nanos} ns") };
    };
    let value = nanos / unit;
    let decimals = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.decimals$} {name}")
}

/// A round time: `300 µs`.
pub(crate) fn step(time: Duration) -> String {
    let micros = time.as_micros();
    if micros < 1_000 { format!("{micros} µs") } else { format!("{} ms", micros / 1_000) }
}

/// A share of one as whole percent: `97 %`; only all is 100, only none is 0.
pub(crate) fn percent(share: f64) -> String {
    let whole = (share * 100.0).round();
    let whole = if share > 0.0 && share < 1.0 { whole.clamp(1.0, 99.0) } else { whole };
    format!("{whole} %")
}

/// Hits as a share of hits and misses; a dash where there are neither.
pub(crate) fn share(hits: u64, misses: u64) -> String {
    if hits + misses == 0 { "–".into() } else { percent(hits as f64 / (hits + misses) as f64) }
}

/// A stretch of time in its largest unit: `3 min`.
pub(crate) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// How long ago something was.
pub(crate) fn ago(then: SystemTime) -> String {
    format!("{} ago", span(SystemTime::now().duration_since(then).unwrap_or_default()))
}

/// `1 site`, `2 sites`.
pub(crate) fn plural(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_a_person_writes_them() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 1_023, 1_536, 5 << 20].map(size), ["0 B", "1023 B", "1.5 KiB", "5.0 MiB"]);
        let times = [0, 17, 9_994, 99_949, 1_234_000, 12_345_000_000].map(|nanos| time(Duration::from_nanos(nanos)));
        assert_eq!(times, ["–", "17 ns", "9.99 µs", "99.9 µs", "1.23 ms", "12.3 s"]);
        assert_eq!([0.0, 0.001, 0.5, 0.999, 1.0].map(percent), ["0 %", "1 %", "50 %", "99 %", "100 %"]);
        assert_eq!(
            [7, 61, 3_700, 90_000].map(|s| span(Duration::from_secs(s))),
            ["7 s", "1 min", "1 h 1 min", "1 d 1 h"]
        );
        assert_eq!(millis(Duration::from_nanos(31_250)), "0.0312");
    }
}
