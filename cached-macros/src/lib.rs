//! The attribute of `cached-core`. Depend on that crate; this one is its implementation detail.
//!
//! In: `#[cached(…)]` and the item below it. Out: the item with the cache in front of it, or the
//! item as it was and every error at once.

mod args;
mod errors;
mod expand;
mod fallback;
mod func;
mod key;
mod model;
#[cfg(test)]
mod tests;

use args::{Args, Word};
use errors::Errors;
use func::{Func, Target};
use model::{Block, Model};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, ImplItem, ItemImpl, Meta};

/// Puts a cache in front of a function. Documented where it is exported: `cached_core::cached`.
#[proc_macro_attribute]
pub fn cached(args: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand(args.into(), item.into()).into()
}

fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    match Target::read(&item) {
        Ok(Target::Func(func)) => function(args, *func, &item),
        Ok(Target::Impl(block)) => block_of_methods(args, *block),
        Err(error) => fallback::keep(&error, &item),
    }
}

fn function(args: TokenStream, func: Func, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let args = Args::parse(args, &mut errors);
    let root = model::root(&args).unwrap_or_else(model::usual_root);
    let model = Model::new(&args, func, None, root, &mut errors);
    match errors.take() {
        None => expand::function(&model),
        Some(error) => {
            let companions = fallback::companions(&model);
            fallback::keep(&error, &quote!(#item #companions))
        }
    }
}

/// Every method that carries the attribute too; the others stay as they are.
fn block_of_methods(args: TokenStream, mut item: ItemImpl) -> TokenStream {
    let mut errors = Errors::default();
    let args = Args::parse(args, &mut errors);
    for (_, given) in args.iter().filter(|(word, _)| *word != Word::Crate) {
        let message = format!(
            "`{}` belongs on a method: the `impl` block takes `crate = …` only",
            given.word
        );
        errors.at(&given.word, message);
    }
    let root = model::root(&args).unwrap_or_else(model::usual_root);
    let block = Block::of(&item);
    let mut found = false;
    for member in &mut item.items {
        let ImplItem::Fn(method) = member else { continue };
        let Some(index) = method.attrs.iter().position(is_cached) else {
            continue;
        };
        let attr = method.attrs.remove(index);
        found = true;
        *member = ImplItem::Verbatim(one_method(&attr, method.clone().into(), &block, &root, &mut errors));
    }
    if !found {
        errors.at(
            &item.self_ty,
            "no method of this `impl` block carries `#[cached]`: mark the methods to cache as well",
        );
    }
    match errors.take() {
        None => item.into_token_stream(),
        Some(error) => fallback::keep(&error, &item.into_token_stream()),
    }
}

fn one_method(attr: &Attribute, func: Func, block: &Block, root: &TokenStream, errors: &mut Errors) -> TokenStream {
    let mut own = Errors::default();
    let written = match &attr.meta {
        Meta::Path(_) => TokenStream::new(),
        Meta::List(list) => list.tokens.clone(),
        Meta::NameValue(pair) => {
            own.at(pair, "arguments stand in parentheses: `#[cached(ttl = \"5m\")]`");
            TokenStream::new()
        }
    };
    let args = Args::parse(written, &mut own);
    let root = model::root(&args).unwrap_or_else(|| root.clone());
    let unchanged = fallback::method(&func);
    let model = Model::new(&args, func, Some(block), root, &mut own);
    match own.take() {
        None => expand::function(&model),
        Some(error) => {
            errors.push(error);
            quote!(#unchanged)
        }
    }
}

fn is_cached(attr: &Attribute) -> bool {
    attr.path().segments.last().is_some_and(|last| last.ident == "cached")
}
