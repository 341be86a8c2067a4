//! The tags of an entry: texts in which arguments of the key may stand.
//!
//! In: the word `tags`, and the key. Out: the calls of `format!` that make them; a name that is no
//! argument of the key is refused, since `entry` has no other.

use super::Key;
use crate::args::{Args, bare};
use crate::errors::{Errors, did_you_mean, list};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Expr, Lit, LitStr};

/// `.tagged(vec![format!("user:{id}")])`, or nothing.
pub(crate) fn tagged(args: &Args, key: &Key, errors: &mut Errors) -> Option<TokenStream> {
    let (_, value) = args.get("tags")?;
    let message = "`tags` takes a list of texts, as in `tags = [\"user:{id}\"]`";
    let Expr::Array(written) = bare(value) else {
        errors.about("tags", Error::new_spanned(value, message));
        return None;
    };
    let names: Vec<String> = key.named.iter().filter(|name| *name != "self").cloned().collect();
    let mut texts = Vec::new();
    for item in &written.elems {
        match bare(item) {
            Expr::Lit(literal) if matches!(literal.lit, Lit::Str(_)) => {
                if let Lit::Str(text) = &literal.lit {
                    check(text, &names, errors);
                    texts.push(quote!(::std::format!(#text)));
                }
            }
            other => errors.about("tags", Error::new_spanned(other, message)),
        }
    }
    if texts.is_empty() {
        errors.about("tags", Error::new_spanned(value, format!("an empty list tags nothing: {message}")));
    }
    Some(quote!(.tagged(::std::vec![#(#texts),*])))
}

/// Whether all that stands in braces are arguments of the key.
fn check(text: &LitStr, names: &[String], errors: &mut Errors) {
    let value = text.value().replace("{{", "").replace("}}", "");
    for inner in value.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
        let name = inner.split(':').next().unwrap_or_default().trim();
        if !names.iter().any(|known| known == name) {
            let near = did_you_mean(name, names.iter().map(String::as_str));
            let known = list(names.iter().map(String::as_str));
            let message =
                format!("a tag is made of arguments of the key, and `{name}` is none{near}; there are: {known}");
            errors.about("tags", Error::new_spanned(text, message));
        }
    }
}
