//! What a refresh in the background needs: every argument as a value of its own.
//!
//! In: the word `refresh`, and the arguments. Out: how the call makes each of them its own before
//! the body, and how the body borrows it back; an argument that cannot be owned is refused.

use super::Form;
use super::parts::words;
use crate::args::{Args, text};
use crate::errors::{Errors, written};
use crate::func::{Arg, Func, local, peel};
use crate::key::{borrow_in, last, types};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Error, Type};

/// The arguments of a body that outlives the call.
pub(crate) struct Behind {
    /// `let sku = sku.to_owned();`
    pub(crate) owned: TokenStream,
    /// `&sku`
    pub(crate) passed: Vec<TokenStream>,
}

/// How an argument becomes a value.
enum Way {
    Value,
    Borrowed,
    Maybe,
}

impl Behind {
    pub(crate) fn new(args: &Args, func: &Func, form: Form, errors: &mut Errors) -> Option<Behind> {
        let (word, value) = args.get("refresh")?;
        if text(value).as_deref() != Some("background") {
            let message =
                "`refresh` takes \"background\"; leave it out, and the caller who finds a value stale computes";
            errors.about("refresh", Error::new_spanned(value, message));
        } else if !args.mentions("stale") {
            let message =
                "a refresh in the background needs a window in which the old value is served: add `stale = \"1m\"`";
            errors.at(word, message);
        } else if form == Form::Inline {
            let message = "a lone method cannot refresh in the background: put `#[cached]` on the `impl` block as well (an inherent one)";
            errors.at(word, message);
        }
        let skipped = args.get("skip").map(|(_, skipped)| words(skipped.to_token_stream())).unwrap_or_default();
        let mut behind = Behind { owned: TokenStream::new(), passed: Vec::new() };
        for arg in &func.args {
            let (name, own) = (&arg.name, if arg.is_self() { local("this") } else { arg.name.clone() });
            let (owned, passed) = match way(arg, skipped.iter().any(|word| name == word)) {
                Ok(Way::Value) => (None, quote!(#name)),
                Ok(Way::Borrowed) => (Some(quote!(::std::borrow::ToOwned::to_owned(#name))), quote!(&#own)),
                Ok(Way::Maybe) => (
                    Some(quote!(#name.map(::std::borrow::ToOwned::to_owned))),
                    quote!(#own.as_ref().map(::std::borrow::Borrow::borrow)),
                ),
                Err(message) => {
                    errors.about(arg.called(), Error::new_spanned(&arg.ty, message));
                    continue;
                }
            };
            behind.owned.extend(owned.map(|owned| quote!(let #own = #owned;)));
            behind.passed.push(passed);
        }
        Some(behind)
    }
}

fn way(arg: &Arg, skipped: bool) -> Result<Way, String> {
    let shared = |ty: &Type| matches!(peel(ty), Type::Reference(borrow) if borrow.mutability.is_none());
    let option = || last(peel(&arg.ty)).filter(|last| last.ident == "Option").and_then(|option| types(option).next());
    match peel(&arg.ty) {
        ty if !skipped && shared(ty) => Ok(Way::Borrowed),
        _ if !skipped && option().is_some_and(shared) => Ok(Way::Maybe),
        ty if borrow_in(ty).is_none() => Ok(Way::Value),
        _ => Err(format!(
            "a refresh in the background outlives the call, and `{}` is borrowed from it: take it by value, as in `db: Pool`",
            written(&arg.ty)
        )),
    }
}
