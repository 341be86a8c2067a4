//! From the model to tokens. Nothing here can fail, and nothing here decides.
//!
//! In: a `Model`. Out: the wrapper of four lines, and beside it the body once, the site with its
//! data, the memo, `entry` and `refresh`.

mod companions;
mod inline;
mod site;

use crate::func::{local, located};
use crate::model::{Form, Model};
use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Signature;
use syn::spanned::Spanned;

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

/// The steps of a call: a value that was found goes out, a miss goes on to `run`.
fn steps(model: &Model, found: &TokenStream, run: &TokenStream) -> TokenStream {
    let (was, value, miss, tagged) = (local("found"), local("value"), local("miss"), &model.tagged);
    match model.sig.asyncness {
        None => quote! {
            let #was = #found;
            match #was {
                ::core::result::Result::Ok(#value) => #value,
                ::core::result::Result::Err(#miss) => #miss #tagged.#run,
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
            #miss #tagged.#run
        },
    }
}

/// The wrapper: the steps, under the user's name.
fn wrapper(model: &Model, found: &TokenStream, run: &TokenStream) -> TokenStream {
    let Model { vis, sig, attrs, .. } = model;
    let (every, attrs, doc) = (&attrs.every, &attrs.wrapper, model.names.doc.iter());
    let mut block = Group::new(Delimiter::Brace, steps(model, found, run));
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
        let (root, lasting, kept) = (&self.root, &self.lasting, self.kept());
        quote!(<#lasting as #root::rt::Project<#kept>>::Stored)
    }

    /// The const argument that says what is kept: where the types can be named it is computed once, in the first of
    /// the companions, and not at all if one of them cannot be cached.
    fn kept(&self) -> TokenStream {
        if !self.concrete {
            return self.by_type();
        }
        let (home, name) = (self.home_outside(), self.names.hidden("kept"));
        quote!({ #home::#name })
    }

    /// The type that the companions are called through.
    fn home(&self) -> TokenStream {
        let home = &self.names.home;
        if self.form == Form::Beside { quote!(Self) } else { quote!(<#home>) }
    }

    /// The same where `Self` has no meaning.
    pub(crate) fn home_outside(&self) -> TokenStream {
        self.self_ty.as_ref().map_or_else(|| self.home(), |ty| quote!(<#ty>))
    }

    /// What is kept, found by the type where it is not written.
    fn by_type(&self) -> TokenStream {
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

    /// What the memo of the facts is asked by the parts, with what is said to be kept. All of it stands at the return
    /// type, so that the compiler says there, and once, what is wrong.
    fn asked(&self, parts: &TokenStream, said: &TokenStream, memo: &TokenStream, question: &str) -> TokenStream {
        let (root, question) = (&self.root, local(question));
        let (key, kept, facts, found) = (local("key"), local("kept"), local("facts"), local("found"));
        let asked = self.at_output(quote! {{
            let #kept = #said;
            let #facts = #root::rt::facts_for!(#key, #kept);
            let #found = #memo;
            #kept.__cached_memo(#found).#question(#key)
        }});
        quote!(match #parts { #key => #asked })
    }

    /// What is kept, as an expression.
    fn said(&self) -> TokenStream {
        let (root, lasting, kept) = (&self.root, &self.lasting, self.kept());
        quote!(#root::rt::Kept::<#kept, #lasting>(::core::marker::PhantomData))
    }

    fn at_output(&self, tokens: TokenStream) -> TokenStream {
        located(tokens, self.output.span().resolved_at(Span::mixed_site()))
    }
}
