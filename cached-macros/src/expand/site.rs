//! The data of a site.
//!
//! In: a `Model`. Out: `const fn site()`, which holds the one static with everything that the
//! report and the policy need, and lists it at link time.

use super::{key_type, value_type};
use crate::func::local;
use crate::model::{Keep, Lifetime, Model, Substitute};
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use std::time::Duration;
use syn::visit_mut::VisitMut;

/// `const fn NAME() -> &'static Site`, without attributes and visibility.
pub(super) fn function(model: &Model, name: &proc_macro2::Ident) -> TokenStream {
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
    let (root, names, policy) = (&model.root, &model.names, &model.policy);
    let identity = &names.identity;
    let shown = names.shown.clone().unwrap_or_else(|| {
        let here = local("here");
        quote!(#root::rt::shown(::core::any::type_name_of_val(&#here)))
    });
    let named = names.named;
    let (file, line, column) = place(model);
    let alias = &policy.alias;
    let fingerprint = Literal::u64_unsuffixed(policy.fingerprint);
    let version = Literal::u32_unsuffixed(policy.version);
    let generic = model.generic;
    let encodable = match concrete(model) {
        Some((key, value)) => quote!(#root::rt::encodable!(#key, #value)),
        None => quote!(true),
    };
    let rules = rules(model);
    quote! {
        #root::rt::Meta {
            shown: || #shown,
            identity: #identity,
            named: #named,
            file: #file,
            line: #line,
            column: #column,
            alias: #alias,
            fingerprint: #fingerprint,
            version: #version,
            generic: #generic,
            encodable: || #encodable,
            policy: #rules,
        }
    }
}

/// Where the function's name stands.
fn place(model: &Model) -> (TokenStream, TokenStream, TokenStream) {
    let at = model.names.at;
    (
        quote_spanned!(at=> ::core::file!()),
        quote_spanned!(at=> ::core::line!()),
        quote_spanned!(at=> ::core::column!()),
    )
}

/// Key and value types for a static, where they can stand in one.
pub(super) fn concrete(model: &Model) -> Option<(TokenStream, TokenStream)> {
    if !model.concrete {
        return None;
    }
    let mut both: syn::TypeTuple = {
        let (key, value) = (key_type(model)?, value_type(model));
        syn::parse_quote!((#key, #value))
    };
    if let Some(self_ty) = &model.self_ty {
        Substitute(self_ty).visit_type_tuple_mut(&mut both);
    }
    let mut types = both.elems.into_iter().map(ToTokens::into_token_stream);
    Some((types.next()?, types.next()?))
}

fn rules(model: &Model) -> TokenStream {
    let (root, policy) = (&model.root, &model.policy);
    let some = |value: TokenStream| quote!(::core::option::Option::Some(#value));
    let none = || quote!(::core::option::Option::None);
    let ttl = match &policy.ttl {
        None => none(),
        Some(Lifetime::Text(duration)) => some(lazy(*duration)),
        Some(Lifetime::Expr(expr)) => some(quote!(|| #expr)),
    };
    let max_entries = match policy.max_entries {
        None => none(),
        Some(None) => some(quote!(::core::primitive::usize::MAX)),
        Some(Some(number)) => some(Literal::u64_unsuffixed(number).to_token_stream()),
    };
    let keep = |keep: Keep| match keep {
        Keep::Default | Keep::Forever => quote!(#root::rt::Keep::Default),
        Keep::Never => quote!(#root::rt::Keep::Never),
        Keep::For(duration) => {
            let lazy = lazy(duration);
            quote!(#root::rt::Keep::For(#lazy))
        }
    };
    let (errors, kept_none, flight) = (keep(policy.errors), keep(policy.none), policy.flight);
    quote! {
        #root::rt::Policy {
            ttl: #ttl,
            max_entries: #max_entries,
            errors: #errors,
            none: #kept_none,
            flight: #flight,
        }
    }
}

fn lazy(duration: Duration) -> TokenStream {
    let (secs, nanos) = (
        Literal::u64_unsuffixed(duration.as_secs()),
        Literal::u32_unsuffixed(duration.subsec_nanos()),
    );
    quote!(|| ::core::time::Duration::new(#secs, #nanos))
}
