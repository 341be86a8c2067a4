//! Small pictures, drawn by the server.
//!
//! In: the history of a site, or the calls of a request. Out: SVG without styles of its own: the style sheet knows
//! its classes, so that no inline style has to be allowed.

use std::fmt::Write as _;
use std::time::Duration;

use cached_core::recorder::{Call, Ended};
use cached_core::{Latency, Outcome};
use maud::{Markup, html};

use crate::history::{History, STRETCH, STRETCHES};
use crate::text;

/// Height of a chart, in its own units; a stretch is one wide.
const HEIGHT: f64 = 20.0;

/// Hits, and misses on top of them, in each of the last stretches; the newest to the right.
pub(crate) fn history(history: &History, class: &str) -> Markup {
    let most = history.stretches.iter().map(|[hits, misses]| u64::from(*hits) + u64::from(*misses)).max().unwrap_or(0);
    let minutes = STRETCH.as_secs() * STRETCHES as u64 / 60;
    if most == 0 {
        return html! { span.none { "–" span.hidden { " no calls in the last " (minutes) " minutes" } } };
    }
    let (mut hits, mut misses) = (String::new(), String::new());
    let mut sums = [0_u64; 2];
    for (place, [hit, miss]) in history.stretches.iter().enumerate() {
        sums = [sums[0] + u64::from(*hit), sums[1] + u64::from(*miss)];
        let x = STRETCHES - history.stretches.len() + place;
        let scale = |number: u32| f64::from(number) / most as f64 * HEIGHT;
        let top = HEIGHT - scale(*hit);
        bar(&mut hits, x, HEIGHT, top);
        bar(&mut misses, x, top, top - scale(*miss));
    }
    let label =
        format!("{} hits and {} misses in the last {minutes} minutes", text::count(sums[0]), text::count(sums[1]));
    html! {
        svg class={ "history " (class) } viewBox={ "0 0 " (STRETCHES) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(label) {
            path.hit d=(hits) {}
            path.miss d=(misses) {}
        }
    }
}

/// One upright stroke, in tenths at the finest; none where it would not be seen.
fn bar(path: &mut String, x: usize, from: f64, to: f64) {
    if from - to >= 0.05 {
        let tenth = |y: f64| (y * 10.0).round() / 10.0;
        let _ = write!(path, "M{x}.5 {}V{}", tenth(from), tenth(to));
    }
}

/// How long the operations of a backend took: a bar for each step of the histogram, and its ends in words.
pub(crate) fn latency(latency: &Latency) -> Markup {
    let answered: u64 = latency.steps.iter().map(|(_, count)| count).sum();
    if answered == 0 {
        return html! {};
    }
    let most = latency.steps.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    let mut bars = String::new();
    let mut words = Vec::new();
    for (place, (longest, count)) in latency.steps.iter().enumerate().filter(|(_, (_, count))| *count > 0) {
        bar(&mut bars, place, HEIGHT, HEIGHT - (*count as f64 / most as f64 * HEIGHT).max(0.5));
        let longest = if *longest == Duration::MAX { "longer".into() } else { format!("≤ {}", text::step(*longest)) };
        words.push(format!("{longest}: {}", text::count(*count)));
    }
    let mean = latency.total.checked_div(u32::try_from(answered).unwrap_or(u32::MAX)).unwrap_or_default();
    let (first, last) = (latency.steps.first(), latency.steps.iter().rev().nth(1));
    let ends = [first, last].map(|step| step.map_or_else(String::new, |(longest, _)| text::step(*longest)));
    html! {
        figure.latency {
            figcaption { "Answered in " (text::time(mean)) " on average" }
            svg.history.large viewBox={ "0 0 " (latency.steps.len()) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label={ "Answers by how long they took: " (words.join(", ")) } {
                path.hit d=(bars) {}
            }
            div.ends { span { "≤ " (ends[0]) } span { "> " (ends[1]) } }
        }
    }
}

/// A share as a bar, the figure beside it.
pub(crate) fn share(hits: u64, misses: u64) -> Markup {
    let all = hits + misses;
    html! {
        span.share {
            span.figure { (text::share(hits, misses)) }
            @if all > 0 {
                svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" {
                    rect.rest width="100" height="4" {}
                    rect.hit width=(hits * 100 / all) height="4" {}
                }
            }
        }
    }
}

/// When a call was under way during its request.
pub(crate) fn fall(call: &Call, whole: Duration) -> Markup {
    let thousandths = |time: Duration| {
        let share = time.as_secs_f64() / whole.as_secs_f64().max(1e-9);
        (share.clamp(0.0, 1.0) * 1_000.0).round()
    };
    let (from, width) = (thousandths(call.began), thousandths(call.took).max(4.0));
    html! {
        svg.fall viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" {
            rect class=(class(call.ended)) x=(from.min(1_000.0 - width)) width=(width) height="10" {}
        }
    }
}

/// The sort of an end, as the style sheet calls it.
pub(crate) fn class(ended: Ended) -> &'static str {
    match ended {
        Ended::Call(Outcome::Hit | Outcome::Stale | Outcome::Joined) => "hit",
        Ended::Call(Outcome::Miss(_)) => "miss",
        Ended::Call(Outcome::Error) | Ended::Failed(_) => "bad",
        _ => "plain",
    }
}
