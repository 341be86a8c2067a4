//! The function as it was written.
//!
//! In: the item under the attribute. Out: its attributes, signature, body (untouched tokens) and
//! arguments, each with a name of its own; and the refusals that depend on nothing else.

use crate::errors::Errors;
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::visit::{self, Visit};
use syn::{AttrStyle, Attribute, FnArg, Ident, ImplItemFn, ItemImpl, Pat, Receiver, ReturnType, Signature, Type};

/// What the attribute may stand on.
pub(crate) enum Target {
    Func(Box<Func>),
    Impl(Box<ItemImpl>),
}

/// A function with a body.
#[derive(Clone)]
pub(crate) struct Func {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: syn::Visibility,
    pub(crate) sig: Signature,
    /// The block with its braces, as tokens: what the user may write there is not our business.
    pub(crate) body: TokenStream,
    pub(crate) receiver: Option<Receiver>,
    pub(crate) args: Vec<Arg>,
}

/// One argument other than `self`.
#[derive(Clone)]
pub(crate) struct Arg {
    /// What the wrapper calls it: its own name, or a made one where it was written as a pattern.
    pub(crate) name: Ident,
    pub(crate) pat: Pat,
    pub(crate) ty: Type,
    /// The names that the pattern gives to the body.
    pub(crate) bindings: Vec<Ident>,
}

impl Arg {
    /// The pattern is the name and no more.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(&self.pat, Pat::Ident(pat) if pat.by_ref.is_none() && pat.mutability.is_none() && pat.subpat.is_none())
    }

    /// The name is the user's, so that `key` may use it.
    pub(crate) fn is_named(&self) -> bool {
        matches!(self.pat, Pat::Ident(_))
    }
}

impl Target {
    /// Reads the item. An `Err` is the only error: nothing can be said about the rest.
    pub(crate) fn read(item: &TokenStream) -> syn::Result<Target> {
        let tokens = item.clone();
        if tokens
            .clone()
            .into_iter()
            .any(|token| matches!(&token, TokenTree::Ident(word) if word == "impl"))
            && let Ok(block) = syn::parse2::<ItemImpl>(tokens.clone())
        {
            return Ok(Target::Impl(Box::new(block)));
        }
        let error = match syn::parse2::<Func>(tokens.clone()) {
            Ok(func) => return Ok(Target::Func(Box::new(func))),
            Err(error) => error,
        };
        if let Ok(declared) = syn::parse2::<syn::TraitItemFn>(tokens.clone()) {
            let message = "a declaration has no body to cache: put `#[cached]` on the method of each `impl`";
            return Err(syn::Error::new_spanned(&declared.sig.ident, message));
        }
        let (span, what) = match syn::parse2::<syn::Item>(tokens) {
            Ok(syn::Item::Struct(item)) => (item.struct_token.span, "a struct"),
            Ok(syn::Item::Enum(item)) => (item.enum_token.span, "an enum"),
            Ok(syn::Item::Trait(item)) => (item.trait_token.span, "a trait"),
            Ok(syn::Item::Mod(item)) => (item.mod_token.span, "a module"),
            Ok(syn::Item::Const(item)) => (item.const_token.span, "a constant"),
            Ok(syn::Item::Static(item)) => (item.static_token.span, "a static"),
            Ok(syn::Item::Type(item)) => (item.type_token.span, "a type alias"),
            Ok(syn::Item::Use(item)) => (item.use_token.span, "a `use`"),
            Ok(syn::Item::Fn(_) | syn::Item::Impl(_)) | Err(_) => return Err(error),
            Ok(other) => (syn::spanned::Spanned::span(&other), "something else"),
        };
        let message = format!("`#[cached]` belongs on a function or on an `impl` block; this is {what}");
        Err(syn::Error::new(span, message))
    }
}

impl Parse for Func {
    fn parse(input: ParseStream) -> syn::Result<Func> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        if input.peek(syn::Token![default]) {
            input.parse::<syn::Token![default]>()?;
        }
        let sig: Signature = input.parse()?;
        match input.parse::<TokenTree>()? {
            TokenTree::Group(body) => Ok(Func::new(attrs, vis, sig, body.into_token_stream())),
            other => Err(syn::Error::new(other.span(), "expected the body of the function")),
        }
    }
}

impl From<ImplItemFn> for Func {
    fn from(method: ImplItemFn) -> Func {
        let (inner, outer): (Vec<_>, Vec<_>) = method
            .attrs
            .into_iter()
            .partition(|attr| matches!(attr.style, AttrStyle::Inner(_)));
        let stmts = &method.block.stmts;
        let mut body = quote!({ #(#inner)* #(#stmts)* });
        if inner.is_empty() {
            body = method.block.to_token_stream(); // keeps the spans of its braces
        }
        Func::new(outer, method.vis, method.sig, body)
    }
}

impl Func {
    fn new(attrs: Vec<Attribute>, vis: syn::Visibility, sig: Signature, body: TokenStream) -> Func {
        let receiver = sig.receiver().cloned();
        let typed = sig.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(typed) => Some(typed),
            FnArg::Receiver(_) => None,
        });
        let args = typed.enumerate().map(|(index, typed)| {
            let mut bindings = Bindings::default();
            bindings.visit_pat(&typed.pat);
            let name = match &*typed.pat {
                Pat::Ident(pat) => pat.ident.clone(),
                _ => Ident::new(&format!("arg{index}"), Span::mixed_site()),
            };
            Arg {
                name,
                pat: (*typed.pat).clone(),
                ty: (*typed.ty).clone(),
                bindings: bindings.0,
            }
        });
        let args = args.collect();
        Func {
            attrs,
            vis,
            sig,
            body,
            receiver,
            args,
        }
    }

    /// The name as people say it.
    pub(crate) fn name(&self) -> String {
        self.sig.ident.unraw().to_string()
    }

    /// The return type; a function without one is refused by `check`.
    pub(crate) fn output(&self) -> Type {
        match &self.sig.output {
            ReturnType::Type(_, ty) => (**ty).clone(),
            ReturnType::Default => syn::parse_quote!(()),
        }
    }

    /// Refuses what cannot be cached whatever the arguments of the attribute say.
    pub(crate) fn check(&self, errors: &mut Errors) {
        let sig = &self.sig;
        if let Some(token) = &sig.constness {
            errors.at(
                token,
                "a `const fn` runs in the compiler, where there is no cache: remove `const`, or `#[cached]`",
            );
        }
        if let syn::Safety::Unsafe(token) = &sig.safety {
            errors.at(
                token,
                "an `unsafe fn` is not cached: a hit would skip its contract; cache a safe function around it",
            );
        }
        if let Some(abi) = &sig.abi {
            errors.at(
                abi,
                "a function with an `extern` ABI is not cached: cache a Rust function and call that",
            );
        }
        if let Some(variadic) = &sig.variadic {
            errors.at(variadic, "variadic arguments cannot be a key");
        }
        for input in &sig.inputs {
            let (FnArg::Typed(syn::PatType { attrs, .. }) | FnArg::Receiver(Receiver { attrs, .. })) = input;
            for attr in attrs
                .iter()
                .filter(|attr| attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr"))
            {
                errors.at(
                    attr,
                    "a conditional argument cannot be a key: put the `cfg` on two whole functions",
                );
            }
        }
        match &sig.output {
            ReturnType::Default => {
                errors.at(
                    &sig.ident,
                    "this function returns nothing, so there is nothing to cache",
                );
            }
            ReturnType::Type(_, ty) => check_output(ty, errors),
        }
    }

    /// `Self` in a function that has no receiver, where no `impl` block is known.
    pub(crate) fn check_self(&self, errors: &mut Errors) {
        let mut search = SelfType(None);
        search.visit_signature(&self.sig);
        if search.0.is_none()
            && let Ok(block) = syn::parse2::<syn::Block>(self.body.clone())
        {
            search.visit_block(&block);
        }
        if let Some(found) = search.0 {
            errors.at_span(
                found,
                "`Self` is not known here: put `#[cached]` on the `impl` block as well",
            );
        }
    }
}

fn check_output(ty: &Type, errors: &mut Errors) {
    match peel(ty) {
        Type::Tuple(tuple) if tuple.elems.is_empty() => {
            errors.at(ty, "this function returns nothing, so there is nothing to cache");
        }
        Type::Never(_) => errors.at(ty, "this function never returns, so there is nothing to cache"),
        other => {
            let mut search = Opaque::default();
            search.visit_type(other);
            if search.future {
                errors.at(
                    ty,
                    "a future cannot be stored: write `async fn`, and `#[cached]` above attributes that rewrite it",
                );
            } else if let Some(opaque) = search.opaque {
                errors.at_span(
                    opaque,
                    "a type without a name cannot be stored: name the type, or box it in an `Arc<dyn …>`",
                );
            }
        }
    }
}

/// The type without parentheses and invisible groups around it.
pub(crate) fn peel(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => peel(&inner.elem),
        Type::Group(inner) => peel(&inner.elem),
        other => other,
    }
}

/// A name that the user's code cannot meet.
pub(crate) fn local(name: &str) -> Ident {
    format_ident!("{name}", span = Span::mixed_site())
}

#[derive(Default)]
struct Bindings(Vec<Ident>);

impl<'ast> Visit<'ast> for Bindings {
    fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
        self.0.push(pat.ident.clone());
        visit::visit_pat_ident(self, pat);
    }
}

struct SelfType(Option<Span>);

impl<'ast> Visit<'ast> for SelfType {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        if let Some(first) = path.segments.first()
            && first.ident == "Self"
        {
            self.0.get_or_insert(first.ident.span());
        }
        visit::visit_path(self, path);
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {} // has a `Self` of its own
}

#[derive(Default)]
struct Opaque {
    opaque: Option<Span>,
    future: bool,
}

impl<'ast> Visit<'ast> for Opaque {
    fn visit_type_impl_trait(&mut self, ty: &'ast syn::TypeImplTrait) {
        self.opaque.get_or_insert(ty.impl_token.span);
        visit::visit_type_impl_trait(self, ty);
    }

    fn visit_trait_bound(&mut self, bound: &'ast syn::TraitBound) {
        self.future |= bound.path.segments.last().is_some_and(|last| last.ident == "Future");
        visit::visit_trait_bound(self, bound);
    }
}
