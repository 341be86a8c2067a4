//! A method whose `impl` block cannot be given companions.
//!
//! In: a `Model` of a lone method or of a method in a trait's `impl`. Out: the method with its
//! site inside and its body in a closure, where the names of the wrapper cannot be seen.

use super::{answer, parts, site, wrapper};
use crate::func::local;
use crate::model::{Keeps, Model};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

pub(super) fn write(model: &Model) -> TokenStream {
    let (root, output, body) = (&model.root, &model.output, &model.body);
    let (site, key, kind, memo) = (local("site"), local("key"), local("kind"), local("memo"));
    let site_function = site::function(model, &local("site"));
    let parts = parts(model, false);
    let asked = match model.keeps {
        Keeps::Asked(_) => quote!(#root::rt::kind!(#output)),
        Keeps::Known(number) => {
            let number = Literal::u8_unsuffixed(number);
            quote!(#root::rt::Kind::<#number>)
        }
    };
    let found = quote! {
        match #parts {
            #key => {
                #site_function
                let #kind = #asked;
                let #memo = #site().instance(|| (), #root::rt::facts_for!(#key, #kind, #output));
                #root::rt::lookup_as(#kind, #memo, #key)
            }
        }
    };
    let patterns = model
        .patterns
        .iter()
        .map(|(pattern, name)| quote!(let #pattern = #name;));
    let run = if model.sig.asyncness.is_some() {
        let value = local("value");
        // The never taken `return` tells the compiler the type of the block, so that `?` and
        // coercions in the body work as they do in a function.
        quote! {
            run_async(async move {
                if let ::core::option::Option::Some(#value) = ::core::option::Option::None::<#output> {
                    return #value;
                }
                #(#patterns)*
                #body
            })
        }
    } else {
        let body = if model.patterns.is_empty() {
            body.clone()
        } else {
            quote!({ #(#patterns)* #body })
        };
        quote!(run(|| -> #output #body))
    };
    wrapper(model, &answer(model, &found, &run))
}
