//! Everything that is wrong with one use of the attribute, told at once.
//!
//! In: a token to change and what to do about it, again and again. Out: one `syn::Error` that
//! holds them all, in the order they were found; and the words that messages are made of.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use std::fmt::Display;
use syn::ext::IdentExt;

/// Collects errors instead of stopping at the first.
#[derive(Default)]
pub(crate) struct Errors {
    all: Option<syn::Error>,
    subjects: Vec<String>,
}

impl Errors {
    /// One error, under the tokens to change.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// One error about a word or an argument; a second about the same one waits until this is mended.
    pub(crate) fn about(&mut self, subject: impl Display, error: syn::Error) {
        let subject = subject.to_string();
        if !self.subjects.contains(&subject) {
            self.subjects.push(subject);
            self.push(error);
        }
    }

    /// One error, several, or none.
    pub(crate) fn push(&mut self, errors: impl IntoIterator<Item = syn::Error>) {
        for error in errors {
            match &mut self.all {
                Some(all) => all.combine(error),
                None => self.all = Some(error),
            }
        }
    }

    /// All of them, or nothing if all is well.
    pub(crate) fn take(&mut self) -> Option<syn::Error> {
        self.all.take()
    }
}

/// " (did you mean `x`?)", or nothing when no known word is near.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let limit = (word.chars().count() + 1) / 3;
    let near = known.into_iter().map(|candidate| (distance(word, candidate), candidate));
    match near.filter(|(distance, _)| *distance <= limit).min() {
        Some((_, candidate)) => format!(" (did you mean `{candidate}`?)"),
        None => String::new(),
    }
}

/// "`a`, `b`, `c`".
pub(crate) fn list<T: Display>(words: impl IntoIterator<Item = T>) -> String {
    let quoted: Vec<_> = words.into_iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

/// Letters to insert, delete, replace or swap with their neighbour until `a` is `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let first = |i: usize| (0..=b.len()).map(|j| i + j).collect();
    let mut rows: Vec<Vec<usize>> = (0..=a.len()).map(first).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replace = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

/// Tokens as people write them: spaces only where words meet.
pub(crate) fn written(tokens: impl ToTokens) -> String {
    let meets = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut text = String::new();
    for token in tokens.into_token_stream() {
        let piece = match &token {
            TokenTree::Group(group) => in_brackets(group.delimiter(), group.stream()),
            TokenTree::Ident(ident) => ident.unraw().to_string(),
            TokenTree::Punct(punct) if punct.as_char() == ',' => ", ".to_owned(),
            TokenTree::Punct(punct) if matches!(punct.as_char(), '+' | '=') => format!(" {punct} "),
            other => other.to_string(),
        };
        if meets(text.chars().last()) && meets(piece.chars().next()) {
            text.push(' ');
        }
        text.push_str(&piece);
    }
    text
}

fn in_brackets(delimiter: Delimiter, inner: TokenStream) -> String {
    let inner = written(inner);
    match delimiter {
        Delimiter::Parenthesis => format!("({inner})"),
        Delimiter::Bracket => format!("[{inner}]"),
        Delimiter::Brace => format!("{{{inner}}}"),
        Delimiter::None => inner,
    }
}
