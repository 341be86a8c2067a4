//! What processes tell one another of their changes.
//!
//! In: keys, or a prefix, and who changed them. Out: a channel and a text, and what a text says.
//!
//! A channel is named `cached:` and the first segment of a key, which is the namespace of a program, so that programs on
//! one server do not hear one another. `cached:` alone is for what concerns several of them.

/// At most so many keys stand in one message.
pub(super) const KEYS: usize = 500;

/// What every channel begins with.
const CHANNELS: &str = "cached:";

/// A pattern of all channels.
pub(super) const EVERY: &str = "cached:*";

const CHANGED: &str = " changed ";
const CLEARED: &str = " cleared ";

/// What somebody did.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message<'a> {
    Changed(Vec<&'a str>),
    Cleared(&'a str),
    /// Something, in words of another version. It may concern every key.
    Unknown,
}

/// The channel of a key, or of a prefix with at least one whole segment; else the one for all.
pub(super) fn channel(key: &str) -> String {
    let segment = key.split_once(':').map_or("", |(segment, _)| segment);
    format!("{CHANNELS}{segment}")
}

/// The channels on which there may be news of a prefix; none if it may be any, by [`EVERY`].
pub(super) fn channels(prefix: &str) -> Option<[String; 2]> {
    prefix.contains(':').then(|| [CHANNELS.to_owned(), channel(prefix)])
}

pub(super) fn changed<'a>(teller: &str, keys: impl IntoIterator<Item = &'a str>) -> String {
    let keys: Vec<_> = keys.into_iter().collect();
    format!("{teller}{CHANGED}{}", keys.join(" "))
}

pub(super) fn cleared(teller: &str, prefix: &str) -> String {
    format!("{teller}{CLEARED}{prefix}")
}

/// What a message says; nothing if `own` is whose it is.
pub(super) fn read<'a>(own: &str, text: &'a str) -> Option<Message<'a>> {
    let said = match text.strip_prefix(own) {
        Some(rest) if rest.starts_with(' ') => return None,
        _ => text.find(' ').map_or("", |at| &text[at..]),
    };
    if let Some(keys) = said.strip_prefix(CHANGED) {
        Some(Message::Changed(keys.split(' ').collect()))
    } else {
        Some(said.strip_prefix(CLEARED).map_or(Message::Unknown, Message::Cleared))
    }
}

/// A pattern that means a text and nothing else.
pub(super) fn literally(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '^' | '-' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_understood_by_all_but_its_teller() {
        let text = changed("a1", ["n:k", "n:l"]);
        assert_eq!(read("b2", &text), Some(Message::Changed(vec!["n:k", "n:l"])));
        assert_eq!(read("a", &text), Some(Message::Changed(vec!["n:k", "n:l"])));
        assert_eq!(read("a1", &text), None);
        let text = cleared("a1", "n: odd *");
        assert_eq!(read("b2", &text), Some(Message::Cleared("n: odd *")));
        for text in ["", "b3", "b3 ", "b3 expired n:k", "b3 changed"] {
            assert_eq!(read("b2", text), Some(Message::Unknown), "{text}");
        }
    }

    #[test]
    fn a_prefix_is_heard_on_every_channel_that_may_have_it() {
        assert_eq!(channel("n:p:k"), "cached:n");
        assert_eq!(channel("n"), "cached:");
        assert_eq!(channels("n:p"), Some(["cached:".into(), "cached:n".into()]));
        assert_eq!(channels("n"), None);
        assert_eq!(channels(""), None);
    }

    #[test]
    fn a_pattern_takes_every_character_as_it_is() {
        assert_eq!(literally("a*b?c[d]e\\f^g-h:i"), "a\\*b\\?c\\[d\\]e\\\\f\\^g\\-h:i");
    }
}
