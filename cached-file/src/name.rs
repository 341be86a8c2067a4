//! The name of an entry's file.
//!
//! In: a key. Out: a file name that gives the key back, that is lower case throughout (two keys
//! that differ in case differ in name, whatever the file system thinks of case), and that has at
//! most 248 bytes, where file systems end at 255; and the sub-directory in which the file lies.
//!
//! The key is written in lower case, `:` as `+`. If it has capitals, `=` follows and a bit for
//! each character, set for a capital: five to a digit, without the zeros at the end.

use crate::entry::digest;

/// How many sub-directories there are, each named by two digits of its entries' digests.
pub(crate) const SUBS: usize = 256;
/// The end of every entry's name.
const SUFFIX: &str = ".cached";
/// The length of a sub-directory's name and the separator after it.
const SUB: usize = 3;
const LONGEST_KEY: usize = 200;
const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
const BITS: usize = 5;

/// The file name of one valid key, and where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// `3f/shop+price+1.cached`: the path below the directory.
    place: String,
    sub: u8,
}

impl Name {
    /// The name for `key`; none if it has a character or a length that keys do not have.
    pub(crate) fn of(key: &str) -> Option<Self> {
        if key.is_empty() || key.len() > LONGEST_KEY || !key.bytes().all(is_allowed) {
            return None;
        }
        let [sub, ..] = digest(0, key.as_bytes()).to_le_bytes();
        let mut place = String::with_capacity(SUB + key.len() + 1 + key.len().div_ceil(BITS) + SUFFIX.len());
        place.push_str(&sub_name(sub));
        place.push('/');
        place.extend(key.chars().map(|c| if c == ':' { '+' } else { c.to_ascii_lowercase() }));
        if key.bytes().any(|byte| byte.is_ascii_uppercase()) {
            let capitals: String = key.as_bytes().chunks(BITS).map(digit).collect();
            place.push('=');
            place.push_str(capitals.trim_end_matches('0'));
        }
        place.push_str(SUFFIX);
        Some(Self { place, sub })
    }

    /// The name and key of an entry's file; none if the file is somebody else's.
    pub(crate) fn parse(file_name: &str) -> Option<(Self, String)> {
        let stem = file_name.strip_suffix(SUFFIX)?;
        let (letters, capitals) = stem.split_once('=').unwrap_or((stem, ""));
        let key: String = letters.replace('+', ":").chars().enumerate().map(|(i, c)| cased(c, capitals, i)).collect();
        // Only the one way of writing a key is ours; this also refuses what is not an entry.
        Self::of(&key).filter(|name| &name.place[SUB..] == file_name).map(|name| (name, key))
    }

    /// Whether a file is called as entries are.
    pub(crate) fn fits(file_name: &[u8]) -> bool {
        file_name.ends_with(SUFFIX.as_bytes())
    }

    /// The path below the directory.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// In which of the 256 sub-directories the file lies: the same one for every process.
    pub(crate) fn sub(&self) -> u8 {
        self.sub
    }
}

/// The name of a sub-directory: two hex digits.
pub(crate) fn sub_name(sub: u8) -> String {
    format!("{sub:02x}")
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'.' | b'-')
}

fn digit(characters: &[u8]) -> char {
    let bits = characters.iter().enumerate().fold(0, |bits, (i, c)| bits | (usize::from(c.is_ascii_uppercase()) << i));
    char::from(DIGITS[bits])
}

fn cased(character: char, capitals: &str, index: usize) -> char {
    let digit = capitals.as_bytes().get(index / BITS);
    let bits = digit.and_then(|digit| DIGITS.iter().position(|d| d == digit)).unwrap_or(0);
    if bits >> (index % BITS) & 1 == 1 { character.to_ascii_uppercase() } else { character }
}
