//! The wrapper with its companions.
//!
//! In: a `Model` of a free function, or of a method in an `impl` block that carries the attribute.
//! Out: the wrapper and, in an `enum` of its name or as methods beside it, `uncached`, `site`,
//! `entry`, `refresh` and the memo.

use super::{answer, at_result, keeps, key_type, parts, site, value_type, wrapper};
use crate::func::local;
use crate::key::borrow_in;
use crate::model::{Form, Model, receiver_reference};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{FnArg, GenericParam, Generics, Ident, ReceiverKind, Signature, Type};

/// A function and the `enum` of its name.
pub(super) fn free(model: &Model) -> TokenStream {
    let (vis, home, every) = (&model.vis, &model.names.home, &model.attrs.every);
    let (wrapper, body, companions, quiet) = (call(model), uncached(model), companions(model), quiet(model));
    quote! {
        #wrapper
        #(#every)*
        #[doc(hidden)]
        #vis enum #home {}
        #(#every)*
        impl #home { #body }
        #(#every)*
        #quiet
        impl #home { #(#companions)* }
    }
}

/// A method and its companions beside it.
pub(super) fn beside(model: &Model) -> TokenStream {
    let every = &model.attrs.every;
    let every = quote!(#(#every)*);
    let (wrapper, body, companions, quiet) = (call(model), uncached(model), companions(model), quiet(model));
    quote!(#wrapper #every #body #(#every #quiet #companions)*)
}

/// The companions are not linted, and what the user allowed in the signature is allowed in theirs.
fn quiet(model: &Model) -> TokenStream {
    let lints = &model.attrs.lints;
    quote!(#[doc(hidden)] #[allow(dead_code, clippy::pedantic)] #(#lints)*)
}

fn call(model: &Model) -> TokenStream {
    let (root, keeps) = (&model.root, keeps(model));
    let found = with_memo(
        model,
        false,
        &at_result(model, quote!(#root::rt::lookup::<#keeps, _, _>)),
    );
    let body = body_call(model);
    let run = match model.sig.asyncness {
        Some(_) => quote!(run_async(#body)),
        None => quote!(run(|| #body)),
    };
    wrapper(model, &answer(model, &found, &run))
}

/// Where the companions live: `price` or `Self`.
fn home(model: &Model) -> TokenStream {
    match model.form {
        Form::Beside => quote!(Self),
        Form::Free | Form::Inline => model.names.home.to_token_stream(),
    }
}

fn companions(model: &Model) -> [TokenStream; 4] {
    let vis = &model.vis;
    let (site, memo, entry, refresh) = (
        site::function(model, &model.names.site),
        memo(model),
        entry(model),
        refresh(model),
    );
    [quote!(#vis #site), memo, quote!(#vis #entry), quote!(#vis #refresh)]
}

/// The body, once, under the user's signature.
fn uncached(model: &Model) -> TokenStream {
    let (vis, attrs, body) = (&model.vis, &model.attrs.body, &model.body);
    let sig = Signature {
        ident: model.names.uncached.clone(),
        ..model.body_sig.clone()
    };
    quote! {
        #[doc(hidden)]
        #[allow(dead_code)]
        #(#attrs)*
        #vis #sig #body
    }
}

/// `price::uncached::<T>(a, b)`.
fn body_call(model: &Model) -> TokenStream {
    let (home, name, passed) = (home(model), &model.names.uncached, &model.passed);
    let fish = fish(&model.parameters, false);
    quote!(#home::#name #fish(#(#passed),*))
}

/// `::<T, N>`, with a `_` for the key type where it cannot be named.
fn fish(parameters: &[Ident], open_key: bool) -> Option<TokenStream> {
    let open = open_key.then(|| quote!(_));
    let all = parameters.iter().map(ToTokens::to_token_stream).chain(open);
    let all: Vec<_> = all.collect();
    (!all.is_empty()).then(|| quote!(::<#(#all),*>))
}

/// A call of the run time with memo and parts, in that order.
fn with_memo(model: &Model, in_entry: bool, function: &TokenStream) -> TokenStream {
    let (root, home, memo) = (&model.root, home(model), &model.names.memo);
    let parts = parts(model, in_entry);
    let fish = fish(&crate::model::parameters(&model.memo), !model.key.is_nameable());
    if model.key.is_nameable() {
        return quote!(#function(#home::#memo #fish(), #parts));
    }
    let (key, value) = (local("key"), value_type(model));
    if in_entry {
        return quote! {
            let #key = #parts;
            #function(#home::#memo #fish(#root::rt::facts_of!(#key, #value)), #key)
        };
    }
    quote! {
        match #parts {
            #key => #function(#home::#memo #fish(#root::rt::facts_of!(#key, #value)), #key),
        }
    }
}

/// `where for<'a> R: Project<F>`: a companion takes the bound on trust, so that a return type that
/// cannot be kept is one error, where the function itself is, and not one in every companion.
fn trusting(model: &Model, generics: &Generics) -> TokenStream {
    let (root, lasting, keeps) = (&model.root, &model.lasting, keeps(model));
    let written = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let trusted = at_result(model, quote!(for<'__any> #lasting: #root::rt::Project<#keeps>));
    quote!(where #(#written,)* #trusted)
}

fn memo(model: &Model) -> TokenStream {
    let (root, name, site) = (&model.root, &model.names.memo, &model.names.site);
    let value = value_type(model);
    if let (Some((key, value)), memo) = (site::concrete(model), local("MEMO")) {
        let home = match &model.self_ty {
            Some(ty) => quote!(<#ty>),
            None => home(model),
        };
        let clause = trusting(model, &model.memo);
        return quote! {
            fn #name() -> &'static #root::rt::Memo<#key, #value> #clause {
                static #memo: #root::rt::Memo<#key, #value> =
                    #root::rt::Memo::new(#home::#site(), #root::rt::facts!(#key, #value));
                &#memo
            }
        };
    }
    let home = home(model);
    let clause = trusting(model, &model.memo);
    let (generics, ..) = model.memo.split_for_impl();
    if let Some(key) = key_type(model) {
        return quote! {
            fn #name #generics() -> &'static #root::rt::Memo<#key, #value> #clause {
                #home::#site().instance(|| (), #root::rt::facts!(#key, #value))
            }
        };
    }
    let (key, facts) = (Ident::new("__Key", proc_macro2::Span::call_site()), local("facts"));
    let mut generics = model.memo.clone();
    generics.params.push(syn::parse_quote!(#key: #root::rt::OwnedKey));
    let (generics, ..) = generics.split_for_impl();
    quote! {
        fn #name #generics(#facts: #root::rt::Facts<#key, #value>) -> &'static #root::rt::Memo<#key, #value> #clause {
            #home::#site().instance(|| (), #facts)
        }
    }
}

/// One entry, named by the arguments that are in the key.
fn entry(model: &Model) -> TokenStream {
    let (root, name, value) = (&model.root, &model.names.entry, value_type(model));
    let is_async = model.sig.asyncness.is_some();
    let (ty, function) = if is_async {
        (quote!(EntryAsync), quote!(entry_async))
    } else {
        (quote!(Entry), quote!(entry))
    };
    let key = key_type(model).map(|key| quote!(<Owned = #key>));
    let inputs = entry_inputs(model);
    let generics = entry_generics(model);
    let clause = trusting(model, &generics);
    let (generics, ..) = generics.split_for_impl();
    let found = with_memo(model, true, &quote!(#root::rt::#function));
    quote! {
        fn #name #generics(#(#inputs),*) -> #root::#ty<impl #root::rt::Part #key, #value> #clause { #found }
    }
}

/// The key arguments: references as they are, owned ones behind a reference.
fn entry_inputs(model: &Model) -> Vec<TokenStream> {
    let mut inputs = Vec::new();
    let mut index = 0;
    for input in &model.sig.inputs {
        match input {
            FnArg::Receiver(receiver) if model.key.entry_receiver => {
                inputs.push(match (&receiver.kind, receiver_reference(&receiver.kind)) {
                    (ReceiverKind::Value, _) => quote!(&self),
                    (ReceiverKind::Typed(_, ty), None) => quote!(self: &#ty),
                    _ => quote!(#receiver),
                })
            }
            FnArg::Receiver(_) => {}
            FnArg::Typed(typed) => {
                if model.key.entry.contains(&index) {
                    let (pat, ty) = (&typed.pat, &typed.ty);
                    let lent =
                        !model.key.as_declared.contains(&index) && !matches!(crate::func::peel(ty), Type::Reference(_));
                    inputs.push(if lent { quote!(#pat: &#ty) } else { quote!(#pat: #ty) });
                }
                index += 1;
            }
        }
    }
    inputs
}

/// Lifetimes and the parameters of the memo.
fn entry_generics(model: &Model) -> Generics {
    let kept = crate::model::parameters(&model.memo);
    let mut generics = model.sig.generics.clone();
    generics.params = generics
        .params
        .into_iter()
        .filter(|param| match param {
            GenericParam::Lifetime(_) => true,
            GenericParam::Type(param) => kept.contains(&param.ident),
            GenericParam::Const(_) => true,
        })
        .collect();
    generics
}

/// Computes again and replaces.
fn refresh(model: &Model) -> TokenStream {
    let (root, keeps, output) = (&model.root, keeps(model), &model.output);
    let mut sig = Signature {
        ident: model.names.refresh.clone(),
        ..model.sig.clone()
    };
    if borrow_in(output).is_none() {
        sig.generics.where_clause = syn::parse2(trusting(model, &sig.generics)).ok();
    }
    let miss = local("miss");
    let found = with_memo(model, false, &quote!(#root::rt::refresh::<#keeps, _, #output>));
    let body = body_call(model);
    let run = match model.sig.asyncness {
        Some(_) => quote!(run_async(#body).await),
        None => quote!(run(|| #body)),
    };
    quote! {
        #sig {
            let #miss = #found;
            #miss.#run
        }
    }
}
