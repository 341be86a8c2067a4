//! What a subscriber sees of cached calls. One test: the recorder is one for the process.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use cached_core::recorder::Show;
use cached_core::{cached, recorder};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// An event: level, target, the span around it, and its fields.
#[derive(Clone, Debug)]
struct Seen {
    level: Level,
    target: String,
    span: Option<&'static str>,
    fields: BTreeMap<&'static str, String>,
}

#[derive(Clone, Default)]
struct Keep(Arc<Mutex<Vec<Seen>>>);

impl Visit for Seen {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.insert(field.name(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Keep {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let (metadata, span) = (event.metadata(), context.event_span(event).map(|span| span.name()));
        let mut seen =
            Seen { level: *metadata.level(), target: metadata.target().into(), span, fields: BTreeMap::new() };
        event.record(&mut seen);
        self.0.lock().unwrap().push(seen);
    }
}

#[cached(name = "events::length")]
fn length(word: &str) -> usize {
    word.len()
}

/// The events of some calls.
fn seen(calls: impl FnOnce()) -> Vec<Seen> {
    let keep = Keep::default();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(keep.clone()), calls);
    keep.0.lock().unwrap().clone()
}

#[test]
fn each_call_is_one_event_while_somebody_listens_and_recording_is_on() {
    let listening = cached_tracing::listen(Level::DEBUG);
    assert!(seen(|| drop(length("tea").to_string())).is_empty(), "recording is off");
    recorder().enable();
    length::site().clear().unwrap();
    let events = seen(|| {
        let _span = tracing::info_span!("request").entered();
        length("tea");
        length("tea");
    });
    assert_eq!(events.len(), 2, "{events:?}");
    for (event, outcome) in events.iter().zip(["miss (cold)", "hit"]) {
        assert_eq!((event.level, event.target.as_str(), event.span), (Level::DEBUG, "cached", Some("request")));
        let expected = [
            ("method", "call"),
            ("site", "events::length"),
            ("alias", "default"),
            ("kind", "memory"),
            ("outcome", outcome),
            ("keys", "1"),
            ("hits", if outcome == "hit" { "1" } else { "0" }),
            ("misses", if outcome == "hit" { "0" } else { "1" }),
        ];
        for (name, value) in expected {
            assert_eq!(event.fields[name], value, "{name} of {event:?}");
        }
        assert!(event.fields["took_ns"].parse::<u64>().unwrap() > 0, "{event:?}");
        assert!(event.fields["file"].ends_with("events.rs"), "{event:?}");
        assert!(!event.fields.contains_key("key") && !format!("{event:?}").contains("tea"), "{event:?}");
    }
    recorder().show(Show::Keys);
    let events = seen(|| drop(length("tea").to_string()));
    assert!(events[0].fields["key"].contains("tea"), "{events:?}");
    drop(listening);
    assert!(seen(|| drop(length("tea").to_string())).is_empty(), "nobody listens");
    for level in [Level::ERROR, Level::WARN, Level::INFO, Level::TRACE] {
        let _listening = cached_tracing::listen(level);
        assert_eq!(seen(|| drop(length("tea").to_string()))[0].level, level);
    }
    recorder().disable();
}
