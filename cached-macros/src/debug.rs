//! What the macro writes, for people to read.
//!
//! In: the expansion of a function, and the name of the one that is asked for in the environment. Out: its
//! expansion as text, a statement to a line.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Names the function whose expansion is printed while it is compiled.
pub(crate) const VARIABLE: &str = "CACHED_DEBUG_MACRO";

/// A group that is longer stands in lines of its own.
const WIDTH: usize = 60;

/// The text to print, if this function is asked for.
pub(crate) fn shown(name: &str, asked: Option<&str>, written: &TokenStream) -> Option<String> {
    (asked == Some(name)).then(|| {
        let mut text = format!("// `#[cached]` writes for `{name}`:\n");
        lay_out(written.clone(), 0, &mut text);
        text
    })
}

fn lay_out(tokens: TokenStream, depth: usize, text: &mut String) {
    let mut line = TokenStream::new();
    for token in tokens {
        let (whole, attribute) = (token.to_string(), line.to_string() == "#");
        let ends = attribute || matches!(&*whole, ";" | ",");
        match token {
            TokenTree::Group(group) if !attribute && group.delimiter() != Delimiter::None && whole.len() > WIDTH => {
                end(&mut line, &whole[..1], depth, text);
                lay_out(group.stream(), depth + 1, text);
                end(&mut line, &whole[whole.len() - 1..], depth, text);
            }
            other => line.extend([other]),
        }
        if ends {
            end(&mut line, "", depth, text);
        }
    }
    end(&mut line, "", depth, text);
}

/// Ends a line. A lone mark belongs to the line before.
fn end(line: &mut TokenStream, bracket: &str, depth: usize, text: &mut String) {
    let written = std::mem::take(line).to_string().replace('\n', " ").replace(" :: ", "::");
    if matches!(&*written, ";" | ",") {
        text.truncate(text.trim_end().len());
        *text += &format!("{written}\n");
    } else if !written.is_empty() || !bracket.is_empty() {
        let space = if written.is_empty() || bracket != "{" { "" } else { " " };
        *text += &format!("{:1$}{written}{space}{bracket}\n", "", 4 * depth);
    }
}
