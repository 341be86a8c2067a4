//! The attribute of `cached-core`. Depend on that crate; this one is its implementation detail.
//!
//! In: `#[cached(…)]` and the item below it. Out: the item with the cache in front of it, or the
//! item as it was and every error at once.
#![forbid(unsafe_code)]

mod args;
mod debug;
mod errors;
mod expand;
mod fallback;
mod func;
mod key;
mod model;
#[cfg(test)]
mod tests;

use args::Args;
use errors::Errors;
use func::{Func, Target};
use model::{Around, Model};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Error, ImplItem, ImplItemFn, ItemImpl, Meta};

/// Puts a cache in front of a function. Documented where it is exported: `cached_core::cached`.
#[proc_macro_attribute]
pub fn cached(args: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand(args.into(), item.into()).into()
}

fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let around = Around { block: None, root: quote!(::cached_core) };
    let written = match Target::read(&item) {
        Ok(Target::Func(func)) => function(args, *func, &around, &mut errors),
        Ok(Target::Impl(block)) => methods(args, *block, &around, &mut errors),
        Err(error) => {
            errors.push(error);
            item
        }
    };
    let errors = errors.take().map(|error| error.to_compile_error());
    quote!(#errors #written)
}

/// The function with its cache; or what stands for it while something is wrong.
fn function(args: TokenStream, item: ImplItemFn, around: &Around, all: &mut Errors) -> TokenStream {
    let mut errors = Errors::default();
    let args = Args::parse(args, &mut errors);
    let (unchanged, name) = (item.to_token_stream(), func::plain(&item.sig.ident));
    let model = Model::new(&args, Func::new(item), around, &mut errors);
    match errors.take() {
        None => {
            let written = expand::function(&model);
            let asked = std::env::var(debug::VARIABLE).ok();
            debug::shown(&name, asked.as_deref(), &written).into_iter().for_each(|text| eprintln!("{text}"));
            written
        }
        Some(error) => fallback::keep(&model, &unchanged, error).unwrap_or_else(|error| {
            all.push(error);
            unchanged
        }),
    }
}

/// Every method that carries the attribute too; the others stay as they are.
fn methods(args: TokenStream, mut block: ItemImpl, around: &Around, errors: &mut Errors) -> TokenStream {
    let args = Args::parse(args, errors);
    for word in args.words().filter(|word| *word != "crate") {
        errors.at(word, format!("`{word}` belongs on a method: the `impl` block takes `crate = …` only"));
    }
    let members = std::mem::take(&mut block.items);
    let around = Around { block: Some(&block), root: around.root_of(&args, errors) };
    let mut found = false;
    let mut write = |member| {
        let ImplItem::Fn(mut method) = member else { return member };
        let Some(index) = method.attrs.iter().position(is_cached) else {
            return ImplItem::Fn(method);
        };
        let args = arguments(&method.attrs.remove(index), errors);
        found = true;
        ImplItem::Verbatim(function(args, method, &around, errors))
    };
    let written = members.into_iter().map(&mut write).collect();
    if found {
        model::check_static(&block.generics, &[], &[], errors);
    } else {
        let message = "no method of this `impl` block carries `#[cached]`: mark the methods to cache as well";
        errors.at(&block.self_ty, message);
    }
    block.items = written;
    block.into_token_stream()
}

fn arguments(attr: &Attribute, errors: &mut Errors) -> TokenStream {
    match &attr.meta {
        Meta::Path(_) => {}
        Meta::List(list) => return list.tokens.clone(),
        Meta::NameValue(pair) => {
            errors.push(Error::new_spanned(pair, "arguments stand in parentheses: `#[cached(ttl = \"5m\")]`"));
        }
    }
    TokenStream::new()
}

fn is_cached(attr: &Attribute) -> bool {
    attr.path().segments.last().is_some_and(|last| last.ident == "cached")
}
