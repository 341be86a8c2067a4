//! From the model to tokens. Nothing here can fail, and nothing here decides.
//!
//! In: a `Model`. Out: the wrapper of four lines, and beside it the body once, the site with its
//! data, the memo, `entry` and `refresh`.

mod companions;
mod inline;
mod site;

use crate::func::local;
use crate::key::{last, types};
use crate::model::{Form, Model};
use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Signature, Type};

/// Everything that stands in the place of the function.
pub(crate) fn function(model: &Model) -> TokenStream {
    match model.form {
        Form::Inline => inline::write(model),
        Form::Free | Form::Beside => companions::write(model),
    }
}

/// The signature under another name.
pub(crate) fn renamed(sig: &Signature, name: &Ident) -> Signature {
    Signature { ident: name.clone(), ..sig.clone() }
}

/// The `enum` of the function's name, and what is called through it.
pub(crate) fn companions_of(model: &Model, inside: &TokenStream) -> TokenStream {
    let (vis, home, every) = (&model.vis, &model.names.home, &model.attrs.every);
    quote! {
        #(#every)*
        #[doc(hidden)]
        #vis enum #home {}
        #(#every)*
        impl #home { #inside }
    }
}

/// The wrapper: a value that was found goes out, a miss goes on to `run`.
fn wrapper(model: &Model, found: &TokenStream, run: &TokenStream) -> TokenStream {
    let Model { vis, sig, attrs, .. } = model;
    let (every, attrs, doc) = (&attrs.every, &attrs.wrapper, model.names.doc.iter());
    let (was, value, miss) = (local("found"), local("value"), local("miss"));
    let body = match sig.asyncness {
        None => quote! {
            let #was = #found;
            match #was {
                ::core::result::Result::Ok(#value) => #value,
                ::core::result::Result::Err(#miss) => #miss.#run,
            }
        },
        // The result is gone before the await, so that the future is `Send` whatever the error is.
        Some(_) => quote! {
            let #miss = {
                let #was = #found;
                match #was {
                    ::core::result::Result::Ok(#value) => return #value,
                    ::core::result::Result::Err(#miss) => #miss,
                }
            };
            #miss.#run
        },
    };
    let mut block = Group::new(Delimiter::Brace, body);
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

impl Model {
    /// The key type, where it can be written down.
    fn key_type(&self) -> Option<TokenStream> {
        let parts = self.key.parts.iter().map(|part| part.owned.as_ref());
        let parts = parts.collect::<Option<Vec<_>>>()?;
        Some(quote!((#(#parts,)*)))
    }

    /// What the memo keeps of a result.
    fn value_type(&self) -> TokenStream {
        let (root, lasting, keeps) = (&self.root, &self.lasting, self.kept());
        self.at_result(quote!(<#lasting as #root::rt::Project<#keeps>>::Stored))
    }

    /// The type that a generic function keeps, where it can be seen.
    fn stored(&self) -> Option<&Type> {
        match self.keeps.whole.filter(|_| !self.concrete)? {
            1 => last(&self.lasting).filter(|last| last.ident == "Result").and_then(|result| types(result).next()),
            _ => Some(&self.lasting),
        }
    }

    /// The const argument that says what is kept.
    fn kept(&self) -> TokenStream {
        let (root, lasting) = (&self.root, &self.lasting);
        let more = if self.keeps.none.is_some() { 4 } else { 0 };
        match self.keeps.whole {
            Some(number) => Literal::u8_unsuffixed(number + more).to_token_stream(),
            None if more == 0 => quote!({ #root::rt::fallible!(#lasting) }),
            None => {
                let more = Literal::u8_unsuffixed(more);
                quote!({ #root::rt::fallible!(#lasting) + #more })
            }
        }
    }

    /// Moves the macro's own tokens to the return type, so that the compiler sees one error and not many.
    fn at_result(&self, tokens: TokenStream) -> TokenStream {
        let at = self.output.span().resolved_at(Span::mixed_site());
        let moved = tokens.into_iter().map(|token| match token {
            TokenTree::Group(group) => {
                let mut moved = Group::new(group.delimiter(), self.at_result(group.stream()));
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
}
