//! The name of an entry's file.
//!
//! In: a key. Out: a file name that gives the key back, that is lower case throughout (two keys
//! that differ in case differ in name, whatever the file system thinks of case), and that has at
//! most 248 bytes, where file systems end at 255.
//!
//! The key is written in lower case, `:` as `+`. If it has capitals, `=` follows and a bit for
//! each character, set for a capital: five to a digit, without the zeros at the end.

use crate::entry::digest;

/// The end of every entry's name. A new format of names or files takes a new one, so that old and
/// new programs can use one directory.
const SUFFIX: &str = ".cached";
const LONGEST_KEY: usize = 200;
const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
const BITS: usize = 5;

/// The file name of one valid key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name(String);

impl Name {
    /// The name for `key`; none if it has a character or a length that keys do not have.
    pub(crate) fn of(key: &str) -> Option<Self> {
        if key.is_empty() || key.len() > LONGEST_KEY || !key.bytes().all(is_allowed) {
            return None;
        }
        let mut name = key.to_ascii_lowercase().replace(':', "+");
        let capitals: String = key.as_bytes().chunks(BITS).map(digit).collect();
        let capitals = capitals.trim_end_matches('0');
        if !capitals.is_empty() {
            name.push('=');
            name.push_str(capitals);
        }
        name.push_str(SUFFIX);
        Some(Self(name))
    }

    /// The name and key of an entry's file; none if the file is somebody else's.
    pub(crate) fn parse(file_name: &str) -> Option<(Self, String)> {
        let stem = file_name.strip_suffix(SUFFIX)?;
        let (letters, capitals) = stem.split_once('=').unwrap_or((stem, ""));
        let key: String = letters.replace('+', ":").chars().enumerate().map(|(i, c)| cased(c, capitals, i)).collect();
        // Only the one way of writing a key is ours; this also refuses what is not an entry.
        Self::of(&key).filter(|name| name.0 == file_name).map(|name| (name, key))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Which of the 64 locks guards this name: the same one for every process.
    pub(crate) fn stripe(&self) -> u64 {
        digest(0, self.0.as_bytes()) % 64
    }
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
