//! A method whose `impl` block cannot be given companions.
//!
//! In: a `Model` of a lone method or of a method in a trait's `impl`. Out: the method with its
//! site inside and its body in a closure, where the names of the wrapper cannot be seen.

use super::{site, wrapper};
use crate::func::local;
use crate::model::{Model, Policy};
use proc_macro2::TokenStream;
use quote::quote;

pub(super) fn write(model: &Model) -> TokenStream {
    let Model { root, output, lasting, body, policy: Policy { hooks, .. }, .. } = model;
    let (site, facts, value) = (local("site"), local("facts"), local("value"));
    let site_function = site::function(model, &site);
    let parts = model.key.parts.iter().map(|part| &part.call);
    let said = match model.keeps.whole {
        None => quote!(#root::rt::kept_of!(#lasting)),
        Some(_) => model.said(),
    };
    let memo = quote!({ #site_function #site().instance(|| (), &|| #facts() #hooks) });
    let found = model.asked(&quote!((#(#parts,)*)), &quote!(#root::rt::proven(#said)), &memo, "lookup");
    let patterns = model.patterns.iter().map(|(pattern, name)| quote!(let #pattern = #name;));
    let run = match (model.sig.asyncness, model.patterns.is_empty()) {
        (None, true) => quote!(run(|| -> #output #body)),
        (None, false) => quote!(run(|| -> #output { #(#patterns)* #body })),
        // The never taken `return` tells the compiler the type of the block, so that `?` and
        // coercions in the body work as they do in a function.
        (Some(_), _) => quote! {
            run_async(async move {
                if let ::core::option::Option::Some(#value) = ::core::option::Option::None::<#output> {
                    return #value;
                }
                #(#patterns)*
                #body
            }).await
        },
    };
    wrapper(model, &found, &run)
}
