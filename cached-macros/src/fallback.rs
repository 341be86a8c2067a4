//! What is left when something is wrong.
//!
//! In: the model as far as it is known, the item as it was, and what is wrong with it. Out: the item, and for a
//! free function the errors as the type of its companions, so that nothing that uses them fails for a second reason.

use crate::model::{Form, Model};
use proc_macro2::TokenStream;
use quote::quote;

/// The item with the errors; `Err` where they have to stand elsewhere.
pub(crate) fn keep(model: &Model, item: &TokenStream, errors: syn::Error) -> Result<TokenStream, syn::Error> {
    if model.form != Form::Free {
        return Err(errors);
    }
    let (vis, home, every) = (&model.vis, &model.names.home, &model.attrs.every);
    let told = errors.into_iter().map(|error| error.to_compile_error());
    Ok(quote! {
        #item
        #(#every)*
        #[doc(hidden)]
        #[allow(dead_code)]
        #vis type #home = (#([(); #told],)*);
    })
}
