//! From the model to tokens. Nothing here can fail, and nothing here decides.
//!
//! In: a `Model`. Out: the wrapper of four lines, and beside it the body once, the site with its
//! data, the memo, `entry` and `refresh`.

mod companions;
mod inline;
mod site;

use crate::func::local;
use crate::model::{Form, Keeps, Model};
use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;

/// Everything that stands in the place of the function.
pub(crate) fn function(model: &Model) -> TokenStream {
    match model.form {
        Form::Inline => inline::write(model),
        Form::Free => companions::free(model),
        Form::Beside => companions::beside(model),
    }
}

/// The wrapper: attributes, signature, and a body.
fn wrapper(model: &Model, body: &TokenStream) -> TokenStream {
    let Model { vis, sig, .. } = model;
    let (every, attrs) = (&model.attrs.every, &model.attrs.wrapper);
    let doc = model.names.doc.iter();
    let mut block = Group::new(Delimiter::Brace, body.clone());
    block.set_span(model.body.span()); // the user's braces, so that the function is linted as the user's
    let underscore = model.passed.iter().any(|name| name.to_string().starts_with('_'));
    let used = underscore.then(|| quote!(#[allow(clippy::used_underscore_binding)]));
    quote! {
        #(#every)*
        #used
        #(#attrs)*
        #(#[doc = ""] #[doc = #doc])*
        #vis #sig #block
    }
}

/// `match` on what was found: a value goes out, a miss goes on to `run`.
fn answer(model: &Model, found: &TokenStream, run: &TokenStream) -> TokenStream {
    let (was, value, miss) = (local("found"), local("value"), local("miss"));
    if model.sig.asyncness.is_some() {
        return quote! {
            let #miss = {
                let #was = #found;
                match #was {
                    ::core::result::Result::Ok(#value) => return #value,
                    ::core::result::Result::Err(#miss) => #miss,
                }
            };
            #miss.#run.await
        };
    }
    quote! {
        let #was = #found;
        match #was {
            ::core::result::Result::Ok(#value) => #value,
            ::core::result::Result::Err(#miss) => #miss.#run,
        }
    }
}

/// The parts of the key as a tuple.
fn parts(model: &Model, in_entry: bool) -> TokenStream {
    let parts = model.key.parts.iter().map(|part| part.borrow(&model.root, in_entry));
    quote!((#(#parts,)*))
}

/// The key type, where it can be written down.
fn key_type(model: &Model) -> Option<TokenStream> {
    let parts = model.key.owned(&model.root)?;
    Some(quote!((#(#parts,)*)))
}

/// What the memo keeps of a result.
fn value_type(model: &Model) -> TokenStream {
    let (root, lasting, keeps) = (&model.root, &model.lasting, keeps(model));
    at_result(model, quote!(<#lasting as #root::rt::Project<#keeps>>::Stored))
}

/// The place of the return type, where an error about it belongs.
fn result_span(model: &Model) -> Span {
    model.output.span().resolved_at(Span::mixed_site())
}

/// Moves the macro's own tokens to the return type, so that the compiler sees one error and not many.
fn at_result(model: &Model, tokens: TokenStream) -> TokenStream {
    let at = result_span(model);
    let moved = tokens.into_iter().map(|token| match token {
        TokenTree::Group(group) => {
            let mut moved = Group::new(group.delimiter(), at_result(model, group.stream()));
            moved.set_span(at);
            TokenTree::Group(moved)
        }
        mut other => {
            other.set_span(other.span().located_at(at));
            other
        }
    });
    moved.collect()
}

/// The const argument that says what is kept.
fn keeps(model: &Model) -> TokenStream {
    let (root, lasting) = (&model.root, &model.lasting);
    match model.keeps {
        Keeps::Known(number) => proc_macro2::Literal::u8_unsuffixed(number).to_token_stream(),
        Keeps::Asked(0) => quote!({ #root::rt::fallible!(#lasting) }),
        Keeps::Asked(more) => {
            let more = proc_macro2::Literal::u8_unsuffixed(more);
            quote!({ #root::rt::fallible!(#lasting) + #more })
        }
    }
}
