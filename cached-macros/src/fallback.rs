//! What is left when something is wrong.
//!
//! In: the errors and the item as it was. Out: both, so that nothing that uses the function fails
//! for a second reason.

use crate::func::Func;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// The errors, and the item unchanged.
pub(crate) fn keep(error: &syn::Error, item: &TokenStream) -> TokenStream {
    let error = error.to_compile_error();
    quote!(#error #item)
}

/// A method unchanged; its errors stand before the `impl` block.
pub(crate) fn method(func: &Func) -> TokenStream {
    let Func {
        attrs, vis, sig, body, ..
    } = func;
    let sig = sig.to_token_stream();
    quote!(#(#attrs)* #vis #sig #body)
}
