//! The data of a site.
//!
//! In: a `Model`. Out: `const fn site()`, which holds the one static with everything that the
//! report and the policy need, and lists it at link time.

use crate::func::local;
use crate::model::{Model, Policy};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{quote, quote_spanned};

/// `const fn NAME() -> &'static Site`, without attributes and visibility.
pub(super) fn function(model: &Model, name: &Ident) -> TokenStream {
    let root = &model.root;
    let (site, here) = (local("SITE"), local("here"));
    let meta = meta(model);
    quote! {
        const fn #name() -> &'static #root::Site {
            fn #here() {}
            static #site: #root::Site = #root::Site::new(#meta);
            #root::rt::inventory::submit! { #root::rt::Listed(&#site) }
            &#site
        }
    }
}

fn meta(model: &Model) -> TokenStream {
    let Model { root, names, .. } = model;
    let Policy { alias, version, rules, .. } = &model.policy;
    let (identity, named, at, here) = (&names.identity, names.named, names.at, local("here"));
    let shown = match &names.shown {
        Some(shown) => shown.clone(),
        None => quote!(#root::rt::shown(::core::any::type_name_of_val(&#here))),
    };
    let place = quote_spanned! {at=>
        file: ::core::file!(),
        line: ::core::line!(),
        column: ::core::column!(),
    };
    let fingerprint = Literal::u64_unsuffixed(model.fingerprint);
    let version = Literal::u32_unsuffixed(*version);
    let encodable = match model.key_type().filter(|_| model.concrete) {
        Some(key) => {
            let value = model.value_type();
            quote!(#root::rt::encodable!(#key, #value))
        }
        None => quote!(true),
    };
    quote! {
        #root::rt::Meta {
            shown: || #shown,
            identity: #identity,
            named: #named,
            #place
            alias: #alias,
            fingerprint: #fingerprint,
            version: #version,
            encodable: || #encodable,
            policy: #root::rt::Policy { #rules },
        }
    }
}
