//! A log with a line for each cached call, by `tracing`.
//!
//! In: some words. Out: their lengths, and on stderr what was asked of the cache, inside the span of each word.

use std::fmt;

use cached_core::recorder::Show;
use cached_core::{Config, cached, recorder};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

#[cached]
fn length(word: &str) -> usize {
    word.chars().count()
}

/// The smallest of logs; a service has its own, as `tracing_subscriber::fmt`.
struct Log;

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if ["site", "outcome", "key", "took_ns"].contains(&field.name()) {
            self.0 += &format!(" {}={value:?}", field.name());
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Line(format!("{} {}", event.metadata().level(), event.metadata().target()));
        event.record(&mut line);
        eprintln!("{}: {}", context.event_span(event).map_or("-", |span| span.name()), line.0);
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    Config::new().env("CACHED")?.install()?;
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Log))?;
    recorder().enable();
    recorder().show(Show::Keys);
    let _events = cached_tracing::listen(Level::DEBUG);
    for word in ["tea", "größe", "tea"] {
        let _span = tracing::info_span!("word").entered();
        println!("{word}: {}", length(word));
    }
    println!("{}", cached_core::report());
    Ok(())
}
