//! The wrapper with its companions.
//!
//! In: a `Model` of a free function, or of a method in an `impl` block that carries the attribute.
//! Out: the wrapper and, in an `enum` of its name or as methods beside it, `uncached`, `site`,
//! `entry`, `refresh`, `with_outcome` and the memo.

use super::{renamed, site, steps, wrapper};
use crate::func::local;
use crate::key::borrow_in;
use crate::model::{Behind, Form, Model, parameters, without};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Generics, Signature, parse_quote};

/// A method with its companions beside it, or a function with the `enum` that they live in.
pub(super) fn write(model: &Model) -> TokenStream {
    let Model { vis, names, attrs, .. } = model;
    let (every, lints) = (&attrs.every, &attrs.lints);
    let (every, lints) = (quote!(#(#every)*), quote!(#(#lints)*)); // each as one
    let body = model.behind.as_ref().map_or_else(|| body_call(model), |behind| behind_call(model, behind));
    let (wrapper, uncached) = (wrapper(model, &asked(model, false, "lookup", true), &body), uncached(model));
    let (site, memo, entry, refresh) =
        (site::function(model, &names.near("site")), memo(model), entry(model), refresh(model));
    let seen = with_outcome(model, &body);
    let shown = [quote!(#vis #site), memo, quote!(#vis #entry), quote!(#vis #refresh), quote!(#vis #seen)];
    let companions = kept(model).into_iter().chain(hooked(model)).chain(shown);
    // The companions are not linted, and what the user allowed in the signature is allowed in theirs.
    let all = quote! {
        #every
        #uncached
        #(
            #every
            #[doc(hidden)]
            #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
            #lints
            #companions
        )*
    };
    if model.form == Form::Beside {
        return quote!(#wrapper #all);
    }
    let home = &names.home;
    quote! {
        #wrapper
        #every
        #[doc(hidden)]
        #[allow(missing_debug_implementations)]
        #vis enum #home {}
        #every
        impl #home { #all }
    }
}

/// What is kept, if all that is to be kept may be cached: one statement asks for each type, in its place.
fn kept(model: &Model) -> Option<TokenStream> {
    let (root, name, lasting, found) = (&model.root, model.names.hidden("kept"), &model.lasting, model.by_type());
    let checks = model.key.parts.iter().map(|part| &part.checks);
    let asked = model.at_output(quote!(#root::rt::kept::<#found, #lasting>()));
    let kept = quote!(const #name: ::core::primitive::u8 = { #(#checks)* #asked };);
    model.concrete.then_some(kept)
}

/// The body, once, under the user's signature.
fn uncached(model: &Model) -> TokenStream {
    let (vis, attrs, body) = (&model.vis, &model.attrs.body, &model.body);
    let sig = renamed(&model.body_sig, &model.names.near("uncached"));
    quote! {
        #[doc(hidden)]
        #[allow(dead_code, clippy::must_use_candidate)]
        #(#attrs)*
        #vis #sig #body
    }
}

/// `run_behind({ let a = a.to_owned(); move || <price>::uncached::<T>(&a, b) })`.
fn behind_call(model: &Model, behind: &Behind) -> TokenStream {
    let (home, name, Behind { owned, passed }) = (model.home(), &model.names.near("uncached"), behind);
    let parameters = parameters(&model.sig.generics);
    let fish = (!parameters.is_empty()).then(|| quote!(::<#(#parameters),*>));
    let body = quote!(#home::#name #fish(#(#passed),*));
    match model.sig.asyncness {
        Some(_) => quote!(run_async_behind({ #owned move || async move { #body.await } }).await),
        None => quote!(run_behind({ #owned move || #body })),
    }
}

/// `run(|| <price>::uncached::<T>(a, b))`.
fn body_call(model: &Model) -> TokenStream {
    let (home, name, passed) = (model.home(), &model.names.near("uncached"), &model.passed);
    let parameters = parameters(&model.sig.generics);
    let fish = (!parameters.is_empty()).then(|| quote!(::<#(#parameters),*>));
    let body = quote!(#home::#name #fish(#(#passed),*));
    match model.sig.asyncness {
        Some(_) => quote!(run_async(#body).await),
        None => quote!(run(|| #body)),
    }
}

/// What the memo is asked by its parts, as the wrapper has them or as `entry` does.
fn asked(model: &Model, in_entry: bool, question: &str, proves: bool) -> TokenStream {
    let (root, home, memo, said) = (&model.root, model.home(), model.names.hidden("memo"), model.said());
    let parts = model.key.parts.iter().map(|part| if in_entry { &part.entry } else { &part.call });
    let parts = quote!((#(#parts,)*));
    if model.concrete {
        let question = local(question);
        return quote!(#home::#memo().#question(#parts));
    }
    let (facts, parameters) = (local("facts"), parameters(&model.memo));
    let hooked = model.names.hidden("hooked");
    let known = match model.policy.hooks.is_empty() {
        true => quote!(&#facts),
        false => quote!(&|| #home::#hooked::<#(#parameters,)* _>(#facts())),
    };
    let memo = quote!(#home::#memo::<#(#parameters,)* _, _>(#known));
    // The companions take it on trust that it may be cached.
    let said = if proves { quote!(#root::rt::proven(#said)) } else { said };
    model.asked(&parts, &said, &memo, question)
}

/// The facts of these type arguments, with what is asked of each value: written once, so that what is wrong
/// with it is said once.
fn hooked(model: &Model) -> Option<TokenStream> {
    let (root, name, value, hooks) =
        (&model.root, model.names.hidden("hooked"), model.value_type(), &model.policy.hooks);
    let (clause, facts, mut generics) = (trusting(model, &model.memo), local("facts"), model.memo.clone());
    generics.params.push(parse_quote!(__Key: #root::rt::OwnedKey));
    let (generics, ..) = generics.split_for_impl();
    let facts_type = quote!(#root::rt::Facts<__Key, #value>);
    let hooked = quote!(fn #name #generics(#facts: #facts_type) -> #facts_type #clause { #facts #hooks });
    (!model.concrete && !hooks.is_empty()).then_some(hooked)
}

/// The signature of a companion that takes all arguments.
fn trusting_sig(model: &Model, name: &str) -> Signature {
    let mut sig = renamed(&model.sig, &model.names.near(name));
    if borrow_in(&model.output).is_none() {
        sig.generics.where_clause = syn::parse2(trusting(model, &sig.generics)).ok();
    }
    sig
}

/// `where for<'a> R::Stored: Value`: a companion takes the bound on trust, so that a return type that
/// cannot be kept is one error, where the function itself is, and not one in every companion.
fn trusting(model: &Model, generics: &Generics) -> TokenStream {
    let (root, value) = (&model.root, model.value_type());
    let written = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let trusted = (!model.concrete).then(|| quote!(for<'__any> #value: #root::rt::Value));
    quote!(where #(#written,)* #trusted)
}

/// One static where the types can be named in it, else the instance of the types, which come with the facts.
fn memo(model: &Model) -> TokenStream {
    let (root, name, site, home) = (&model.root, model.names.hidden("memo"), model.names.near("site"), model.home());
    let outside = model.home_outside();
    let (facts, memo, kept) = (local("facts"), local("MEMO"), model.kept());
    if let Some(key) = model.key_type().filter(|_| model.concrete) {
        let (value, hooks) = (model.value_type(), &model.policy.hooks);
        return quote! {
            fn #name() -> #root::rt::Keeping<#kept, #key, #value> {
                static #memo: #root::rt::Memo<#key, #value> =
                    #root::rt::Memo::new(#outside::#site(), #root::rt::facts!(#key, #value) #hooks);
                #root::rt::Keeping(&#memo)
            }
        };
    }
    let mut generics = model.memo.clone();
    generics.params.push(parse_quote!(__Key: #root::rt::OwnedKey));
    generics.params.push(parse_quote!(__Value: #root::rt::Value));
    let (generics, _, clause) = generics.split_for_impl();
    quote! {
        fn #name #generics(#facts: #root::rt::Finds<'_, __Key, __Value>) -> &'static #root::rt::Memo<__Key, __Value> #clause {
            #home::#site().instance(|| (), #facts)
        }
    }
}

/// One entry, named by the arguments that are in the key.
fn entry(model: &Model) -> TokenStream {
    let Model { root, names, key: crate::model::Key { entry: inputs, .. }, .. } = model;
    let (name, value, kept) = (names.near("entry"), model.value_type(), model.kept());
    let (ty, question) = match model.sig.asyncness {
        Some(_) => (quote!(EntryAsync), "entry_async"),
        None => (quote!(Entry), "entry"),
    };
    let key = model.key_type().filter(|_| model.concrete).map(|key| quote!(, Held = #key));
    let generics = without(&model.sig.generics, &model.key.left_out);
    let clause = trusting(model, &generics);
    let (generics, ..) = generics.split_for_impl();
    let (found, tagged) = (asked(model, true, question, false), &model.tagged);
    quote! {
        fn #name #generics(#(#inputs),*) -> #root::#ty<impl #root::rt::Keyed<#kept #key>, #value> #clause { #found #tagged }
    }
}

/// The call, and how it ended. It does not name the function, which may be hidden by an argument, and is dead
/// code if nobody else calls it.
fn with_outcome(model: &Model, run: &TokenStream) -> TokenStream {
    let (root, output, sig) = (&model.root, &model.output, trusting_sig(model, "with_outcome"));
    let (inputs, asyncness, name) = (&sig.inputs, &sig.asyncness, &sig.ident);
    let (generics, _, clause) = sig.generics.split_for_impl();
    let steps = steps(model, &asked(model, false, "lookup", false), run);
    let seen = match asyncness {
        Some(_) => quote!(#root::rt::seen_async(async move { #steps }).await),
        None => quote!(#root::rt::seen(move || { #steps })),
    };
    quote!(#asyncness fn #name #generics(#inputs) -> (#output, #root::Outcome) #clause { #seen })
}

/// Computes again and replaces.
fn refresh(model: &Model) -> TokenStream {
    let (sig, miss, found) = (trusting_sig(model, "refresh"), local("miss"), asked(model, false, "refresh", false));
    let (run, tagged) = (body_call(model), &model.tagged);
    quote! {
        #sig {
            let #miss = #found;
            #miss #tagged.#run
        }
    }
}
