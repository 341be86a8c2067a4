//! Answers as a person reads them.
//!
//! In: what was expected, and what was found. Out: two short texts that show where they differ, however long they are.

use cached_core::backend::Bytes;

/// So many bytes of a value are shown, and so many answers of a batch.
const BYTES: usize = 28;
const ANSWERS: usize = 6;

/// An answer that can be shown beside the one that was expected.
pub(super) trait Show: PartialEq {
    fn shown(&self) -> String;

    /// This and another one, which differs.
    fn apart(&self, other: &Self) -> [String; 2] {
        [self.shown(), other.shown()]
    }
}

impl Show for bool {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Show for usize {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Show for String {
    fn shown(&self) -> String {
        if self.is_empty() { "nothing".to_owned() } else { self.clone() }
    }
}

impl Show for Option<Bytes> {
    fn shown(&self) -> String {
        self.as_ref().map_or_else(|| "nothing".to_owned(), |bytes| shown(bytes))
    }

    fn apart(&self, other: &Self) -> [String; 2] {
        let (Some(one), Some(two)) = (self, other) else { return [self.shown(), other.shown()] };
        let same = one.iter().zip(two.iter()).take_while(|(one, two)| one == two).count();
        let at = |bytes: &Bytes| match bytes.get(same) {
            Some(byte) if same >= BYTES => format!("{}, byte {same} is {byte:#04x}", shown(bytes)),
            _ => shown(bytes),
        };
        [at(one), at(two)]
    }
}

impl<T: Show> Show for Vec<T> {
    fn shown(&self) -> String {
        let more = if self.len() > ANSWERS { ", …" } else { "" };
        let list: Vec<String> = self.iter().take(ANSWERS).map(Show::shown).collect();
        format!("[{}{more}]", list.join(", "))
    }

    fn apart(&self, other: &Self) -> [String; 2] {
        if self.len() != other.len() {
            return [self, other].map(|answers| format!("{} answers", answers.len()));
        }
        if self.len() <= ANSWERS {
            return [self.shown(), other.shown()];
        }
        match self.iter().zip(other).enumerate().find(|(_, (one, two))| one != two) {
            Some((place, (one, two))) => one.apart(two).map(|text| format!("answer {place} of {}: {text}", self.len())),
            None => [self.shown(), other.shown()],
        }
    }
}

/// How long some bytes are, and how they begin.
pub(super) fn shown(bytes: &[u8]) -> String {
    let more = if bytes.len() > BYTES { "…" } else { "" };
    format!("{} bytes \"{}{more}\"", bytes.len(), bytes[..bytes.len().min(BYTES)].escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_far_from_the_beginning_is_shown_where_it_does() {
        let (one, mut two) = ([7; 100], [7; 100]);
        two[64] = 8;
        let [one, two] = Some(Bytes::from(one)).apart(&Some(Bytes::from(two)));
        assert!(one.starts_with("100 bytes") && one.ends_with("byte 64 is 0x07"), "{one}");
        assert!(two.ends_with("byte 64 is 0x08"), "{two}");
    }

    #[test]
    fn long_lists_are_shown_by_the_first_answer_that_differs() {
        let (one, mut two) = (vec![true; 100], vec![true; 100]);
        two[70] = false;
        assert_eq!(one.apart(&two), ["answer 70 of 100: true", "answer 70 of 100: false"]);
        assert_eq!(one.apart(&vec![true; 99]), ["100 answers", "99 answers"]);
    }
}
