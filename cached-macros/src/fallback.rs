//! What is left when something is wrong.
//!
//! In: the model as far as it is known, and the item as it was. Out: the item, and for a free
//! function companions that do nothing, so that nothing that uses it fails for a second reason.

use crate::expand::{companions_of, renamed};
use crate::func::opaque;
use crate::model::{Form, Model};
use proc_macro2::TokenStream;
use quote::quote;

/// The item, with `f::site`, `f::uncached` and `f::refresh` for whoever calls them.
pub(crate) fn keep(model: &Model, item: &TokenStream) -> TokenStream {
    if model.form != Form::Free || opaque(&model.output).is_some() {
        return item.clone();
    }
    let Model { root, vis, names, body_sig, .. } = model;
    let (site, [uncached, refresh]) =
        (names.near("site"), ["uncached", "refresh"].map(|name| renamed(body_sig, &names.near(name))));
    let companions = companions_of(
        model,
        &quote! {
            #![allow(dead_code, unused_variables, unused_mut)]
            #vis const fn #site() -> &'static #root::Site { loop {} }
            #vis #uncached { loop {} }
            #vis #refresh { loop {} }
        },
    );
    quote!(#item #companions)
}
