//! The wrapper with its companions.
//!
//! In: a `Model` of a free function, or of a method in an `impl` block that carries the attribute.
//! Out: the wrapper and, in an `enum` of its name or as methods beside it, `uncached`, `site`,
//! `entry`, `refresh` and the memo.

use super::{companions_of, renamed, site, wrapper};
use crate::func::local;
use crate::key::borrow_in;
use crate::model::{Form, Model, parameters, without};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Generics, parse_quote};

/// A method with its companions beside it, or a function with the `enum` of its name.
pub(super) fn write(model: &Model) -> TokenStream {
    let Model { vis, names, attrs, root, .. } = model;
    let (every, lints) = (&attrs.every, &attrs.lints);
    let (every, lints) = (quote!(#(#every)*), quote!(#(#lints)*)); // each as one
    let (kept, body) = (model.kept(), body_call(model));
    let found = with_memo(model, false, &model.at_result(quote!(#root::rt::lookup::<#kept, _, _>)));
    let (wrapper, uncached) = (wrapper(model, &found, &body), uncached(model));
    let (site, memo, entry, refresh) =
        (site::function(model, &names.near("site")), memo(model), entry(model), refresh(model));
    let companions = [quote!(#vis #site), memo, quote!(#vis #entry), quote!(#vis #refresh)];
    // The companions are not linted, and what the user allowed in the signature is allowed in theirs.
    let all = quote! {
        #every
        #uncached
        #(
            #every
            #[doc(hidden)]
            #[allow(dead_code, clippy::pedantic)]
            #lints
            #companions
        )*
    };
    let all = if model.form == Form::Beside { all } else { companions_of(model, &all) };
    quote!(#wrapper #all)
}

/// Where the companions live: `price` or `Self`.
fn home(model: &Model) -> TokenStream {
    match model.form {
        Form::Beside => quote!(Self),
        Form::Free | Form::Inline => model.names.home.to_token_stream(),
    }
}

/// The body, once, under the user's signature.
fn uncached(model: &Model) -> TokenStream {
    let (vis, attrs, body) = (&model.vis, &model.attrs.body, &model.body);
    let sig = renamed(&model.body_sig, &model.names.near("uncached"));
    quote! {
        #[doc(hidden)]
        #[allow(dead_code)]
        #(#attrs)*
        #vis #sig #body
    }
}

/// `run(|| price::uncached::<T>(a, b))`.
fn body_call(model: &Model) -> TokenStream {
    let (home, name, passed) = (home(model), &model.names.near("uncached"), &model.passed);
    let parameters = parameters(&model.sig.generics);
    let fish = (!parameters.is_empty()).then(|| quote!(::<#(#parameters),*>));
    let body = quote!(#home::#name #fish(#(#passed),*));
    match model.sig.asyncness {
        Some(_) => quote!(run_async(#body).await),
        None => quote!(run(|| #body)),
    }
}

/// A call of the run time with memo and parts, in that order.
fn with_memo(model: &Model, in_entry: bool, function: &TokenStream) -> TokenStream {
    let (root, home, memo) = (&model.root, home(model), &model.names.memo());
    let parts = model.key.parts.iter().map(|part| if in_entry { &part.entry } else { &part.call });
    let parts = quote!((#(#parts,)*));
    let parameters = parameters(&model.memo);
    if model.key_type().is_some() {
        let fish = (!parameters.is_empty()).then(|| quote!(::<#(#parameters),*>));
        return quote!(#function(#home::#memo #fish(), #parts));
    }
    let (key, value) = (local("key"), model.value_type());
    let call = quote!(#function(#home::#memo::<#(#parameters,)* _>(#root::rt::facts_of!(#key, #value)), #key));
    match in_entry {
        true => quote!(let #key = #parts; #call),
        false => quote!(match #parts { #key => #call }),
    }
}

/// `where for<'a> R: Project<F>`: a companion takes the bound on trust, so that a return type that
/// cannot be kept is one error, where the function itself is, and not one in every companion.
///
/// Of a generic function it also says what is kept, where that can be seen: the compiler looks no
/// further than the bound, and would else not know that a `Vec<T>` can be bytes when `T` can.
fn trusting(model: &Model, generics: &Generics) -> TokenStream {
    let (root, lasting, kept) = (&model.root, &model.lasting, model.kept());
    let written = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let stored = model.stored().map(|stored| quote!(, Stored = #stored));
    let trusted = model.at_result(quote!(for<'__any> #lasting: #root::rt::Project<#kept #stored>));
    quote!(where #(#written,)* #trusted)
}

/// One static where the types can be named in it, else the instance of the types. A key type that
/// has no name comes with the facts.
fn memo(model: &Model) -> TokenStream {
    let (root, name, site, value) = (&model.root, &model.names.memo(), &model.names.near("site"), model.value_type());
    let (home, clause, mut generics) = (home(model), trusting(model, &model.memo), model.memo.clone());
    let (facts, memo, hooks) = (local("facts"), local("MEMO"), &model.policy.hooks);
    let (key, given, facts) = match model.key_type() {
        Some(key) => (key.clone(), None, quote!(#root::rt::facts!(#key, #value))),
        None => {
            generics.params.push(parse_quote!(__Key: #root::rt::OwnedKey));
            (quote!(__Key), Some(quote!(#facts: #root::rt::Facts<__Key, #value>)), quote!(#facts))
        }
    };
    let ty = quote!(#root::rt::Memo<#key, #value>);
    let (generics, ..) = generics.split_for_impl();
    let body = if model.concrete {
        let home = model.self_ty.as_ref().map_or(home, |ty| quote!(<#ty>));
        quote! {
            static #memo: #ty = #root::rt::Memo::new(#home::#site(), #facts #hooks);
            &#memo
        }
    } else {
        quote!(#home::#site().instance(|| (), #facts #hooks))
    };
    quote!(fn #name #generics(#given) -> &'static #ty #clause { #body })
}

/// One entry, named by the arguments that are in the key.
fn entry(model: &Model) -> TokenStream {
    let (root, name, value, inputs) = (&model.root, &model.names.near("entry"), model.value_type(), &model.key.entry);
    let (ty, function) = match model.sig.asyncness {
        Some(_) => (quote!(EntryAsync), quote!(entry_async)),
        None => (quote!(Entry), quote!(entry)),
    };
    let key = model.key_type().map(|key| quote!(<Owned = #key>));
    let generics = without(&model.sig.generics, &model.key.left_out);
    let clause = trusting(model, &generics);
    let (generics, ..) = generics.split_for_impl();
    let found = with_memo(model, true, &quote!(#root::rt::#function));
    quote! {
        fn #name #generics(#(#inputs),*) -> #root::#ty<impl #root::rt::Part #key, #value> #clause { #found }
    }
}

/// Computes again and replaces.
fn refresh(model: &Model) -> TokenStream {
    let (root, kept, output) = (&model.root, model.kept(), &model.output);
    let mut sig = renamed(&model.sig, &model.names.near("refresh"));
    if borrow_in(output).is_none() {
        sig.generics.where_clause = syn::parse2(trusting(model, &sig.generics)).ok();
    }
    let miss = local("miss");
    let found = with_memo(model, false, &quote!(#root::rt::refresh::<#kept, _, #output>));
    let run = body_call(model);
    quote! {
        #sig {
            let #miss = #found;
            #miss.#run
        }
    }
}
