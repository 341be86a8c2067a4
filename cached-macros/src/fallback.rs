//! What is left when something is wrong.
//!
//! In: the model as far as it is known, the item as it was, and what is wrong with it. Out: the item, and companions
//! whose types are the errors, so that nothing that uses them fails for a second reason.

use crate::expand::renamed;
use crate::func::opaque;
use crate::model::{Form, Model};
use proc_macro2::TokenStream;
use quote::quote;
use syn::parse_quote;

/// The item with the errors; `Err` where they have to stand elsewhere.
pub(crate) fn keep(model: &Model, item: &TokenStream, errors: syn::Error) -> Result<TokenStream, syn::Error> {
    let Model { vis, names, attrs, body_sig, .. } = model;
    let (home, every) = (&names.home, &attrs.every);
    let every = quote!(#(#every)* #[doc(hidden)] #[allow(dead_code, unused_variables, unused_mut)]);
    let told = errors.clone().into_iter().map(|error| error.to_compile_error());
    match model.form {
        Form::Free => Ok(quote!(#item #every #vis type #home = (#([(); #told],)*);)),
        Form::Beside if !model.generic && opaque(&model.output).is_none() => {
            let (wrong, outside, inputs) = (names.hidden("kept"), model.home_outside(), &model.key.entry);
            let [site, entry, with_outcome, uncached, refresh] =
                ["site", "entry", "with_outcome", "uncached", "refresh"].map(|what| names.near(what));
            let [mut with_outcome, uncached, refresh] =
                [with_outcome, uncached, refresh].map(|name| renamed(body_sig, &name));
            with_outcome.output = parse_quote!(-> [(); #outside::#wrong]);
            Ok(quote! {
                #item
                #every const #wrong: ::core::primitive::usize = { #(#told;)* 0 };
                #every #vis fn #site() -> [(); #outside::#wrong] { loop {} }
                #every #vis fn #entry(#(#inputs),*) -> [(); #outside::#wrong] { loop {} }
                #every #vis #with_outcome { loop {} }
                #every #vis #uncached { loop {} }
                #every #vis #refresh { loop {} }
            })
        }
        Form::Beside | Form::Inline => Err(errors),
    }
}
