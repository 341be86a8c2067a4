//! What is left when something is wrong.
//!
//! In: the errors, and the item as it was. Out: both, and for a free function companions that do
//! nothing, so that nothing that uses the function fails for a second reason.

use crate::func::Func;
use crate::model::{Form, Model};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::visit::Visit;
use syn::{Signature, TypeImplTrait};

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
    quote!(#(#attrs)* #vis #sig #body)
}

/// `f::site`, `f::uncached` and `f::refresh`, for whoever calls them.
pub(crate) fn companions(model: &Model) -> Option<TokenStream> {
    let mut search = Opaque(false);
    search.visit_return_type(&model.body_sig.output);
    if model.form != Form::Free || search.0 {
        return None;
    }
    let Model { root, vis, names, .. } = model;
    let (home, site, every) = (&names.home, &names.site, &model.attrs.every);
    let named = |name: &Ident| Signature {
        ident: name.clone(),
        ..model.body_sig.clone()
    };
    let (uncached, refresh) = (named(&names.uncached), named(&names.refresh));
    Some(quote! {
        #(#every)*
        #[doc(hidden)]
        #vis enum #home {}
        #(#every)*
        #[doc(hidden)]
        #[allow(dead_code, unused_variables, unused_mut)]
        impl #home {
            #vis const fn #site() -> &'static #root::Site { loop {} }
            #vis #uncached { loop {} }
            #vis #refresh { loop {} }
        }
    })
}

struct Opaque(bool);

impl<'ast> Visit<'ast> for Opaque {
    fn visit_type_impl_trait(&mut self, _: &'ast TypeImplTrait) {
        self.0 = true;
    }
}
