//! The function as it was written.
//!
//! In: the item under the attribute. Out: its attributes, signature, body and arguments, each with
//! a name of its own; and the refusals that depend on nothing else.

use crate::errors::Errors;
use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{AttrStyle, Attribute, Error, FnArg, Ident, ImplItemFn, ItemImpl, Pat, Path, Type};
use syn::{ReceiverKind, ReturnType, Safety, TraitItemFn, parse_quote, parse_quote_spanned, parse2};

/// What the attribute may stand on.
pub(crate) enum Target {
    Func(Box<ImplItemFn>),
    Impl(Box<ItemImpl>),
}

/// A function with a body.
pub(crate) struct Func {
    pub(crate) item: ImplItemFn,
    /// The block with its braces.
    pub(crate) body: TokenStream,
    /// `self` is the first of them.
    pub(crate) args: Vec<Arg>,
}

/// One argument.
pub(crate) struct Arg {
    /// What the wrapper calls it: its own name, or a made one where it was written as a pattern.
    pub(crate) name: Ident,
    pub(crate) pat: Pat,
    pub(crate) ty: Type,
    /// The names that the pattern gives to the body.
    pub(crate) bindings: Vec<Ident>,
    /// The type parameters that stand for its `impl Trait`s.
    pub(crate) made: Vec<Ident>,
}

/// What it is instead of a function, by the word that says so.
const KINDS: &[(&str, &str)] = &[
    ("struct", "a struct"),
    ("enum", "an enum"),
    ("trait", "a trait"),
    ("mod", "a module"),
    ("const", "a constant"),
    ("static", "a static"),
    ("type", "a type alias"),
    ("use", "a `use`"),
];

const CONST: &str = "a `const fn` runs in the compiler, where there is no cache: remove `const`, or `#[cached]`";
const UNSAFE: &str = "an `unsafe fn` is not cached: a hit would skip its contract; cache a safe function around it";
const EXTERN: &str = "a function with an `extern` ABI is not cached: cache a Rust function and call that";
const NOTHING: &str =
    "this function returns nothing, so there is nothing to cache: return what it computes, or remove `#[cached]`";
const NEVER: &str = "this function never returns, so there is nothing to cache: remove `#[cached]`";
const FUTURE: &str = "a future cannot be stored: write `async fn`, and `#[cached]` above attributes that rewrite it";
const NAMELESS: &str = "a type without a name cannot be stored: name the type, or box it in an `Arc<dyn …>`";

impl Target {
    /// Reads the item. An `Err` is the only error: nothing can be said about the rest.
    pub(crate) fn read(item: &TokenStream) -> syn::Result<Target> {
        if let Ok(block) = parse2(item.clone()) {
            return Ok(Target::Impl(Box::new(block)));
        }
        let error = match parse2(item.clone()) {
            Ok(method) => return Ok(Target::Func(Box::new(method))),
            Err(error) => error,
        };
        if let Ok(declared) = parse2::<TraitItemFn>(item.clone()) {
            let message = "a declaration has no body to cache: put `#[cached]` on the method of each `impl`";
            return Err(Error::new(declared.sig.ident.span(), message));
        }
        let is = |token: &TokenTree, word: &str| matches!(token, TokenTree::Ident(ident) if ident == word);
        let mut words = item.clone().into_iter();
        let is_code = words.clone().any(|token| is(&token, "fn") || is(&token, "impl"));
        let kind = words.find_map(|token| Some((token.span(), KINDS.iter().find(|row| is(&token, row.0))?.1)));
        let (span, what) = match kind {
            Some(kind) => kind,
            None if is_code => return Err(error),
            None => (syn::spanned::Spanned::span(item), "something else"),
        };
        let message = format!("`#[cached]` belongs on a function or on an `impl` block; this is {what}");
        Err(Error::new(span, message))
    }
}

impl Arg {
    fn new((index, input): (usize, &FnArg)) -> Arg {
        let (pat, ty) = match input {
            FnArg::Typed(typed) => ((*typed.pat).clone(), (*typed.ty).clone()),
            FnArg::Receiver(receiver) => {
                let name = Ident::new("self", receiver.self_token.span);
                let ty = match &receiver.kind {
                    ReceiverKind::Typed(_, ty) => (**ty).clone(),
                    ReceiverKind::Reference(_, at, mutable) => parse_quote_spanned!(name.span()=> &#at #mutable Self),
                    _ => parse_quote_spanned!(name.span()=> Self),
                };
                (parse_quote!(#name), ty)
            }
        };
        let mut bindings = Bindings::default();
        bindings.visit_pat(&pat);
        let name = match &pat {
            Pat::Ident(pat) => pat.ident.clone(),
            _ => local(&format!("arg{index}")),
        };
        Arg { name, pat, ty, bindings: bindings.0, made: Vec::new() }
    }

    /// What messages call it.
    pub(crate) fn called(&self) -> String {
        self.bindings.first().map_or_else(|| "it".to_owned(), plain)
    }

    pub(crate) fn is_self(&self) -> bool {
        self.name == "self"
    }

    /// The pattern is the name and no more.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(&self.pat, Pat::Ident(pat) if pat.by_ref.is_none() && pat.mutability.is_none() && pat.subpat.is_none())
    }

    /// The name is the user's, so that `key` may use it.
    pub(crate) fn is_named(&self) -> bool {
        matches!(self.pat, Pat::Ident(_))
    }
}

impl Func {
    pub(crate) fn new(mut item: ImplItemFn) -> Func {
        let inner = |attr: &Attribute| matches!(attr.style, AttrStyle::Inner(_));
        let (inner, outer): (Vec<_>, Vec<_>) = item.attrs.into_iter().partition(inner);
        item.attrs = outer;
        let mut body = item.block.to_token_stream();
        if !inner.is_empty() {
            let stmts = &item.block.stmts;
            body = quote!({ #(#inner)* #(#stmts)* });
        }
        let args = item.sig.inputs.iter().enumerate().map(Arg::new).collect();
        Func { item, body, args }
    }

    /// The name as people say it.
    pub(crate) fn name(&self) -> String {
        plain(&self.item.sig.ident)
    }

    pub(crate) fn has_receiver(&self) -> bool {
        self.args.first().is_some_and(Arg::is_self)
    }

    /// The return type; a function without one is refused by `check`.
    pub(crate) fn output(&self) -> Type {
        match &self.item.sig.output {
            ReturnType::Type(_, ty) => (**ty).clone(),
            ReturnType::Default => parse_quote!(()),
        }
    }

    /// Refuses what cannot be cached whatever the arguments of the attribute say.
    pub(crate) fn check(&self, errors: &mut Errors) {
        let sig = &self.item.sig;
        let safety = match &sig.safety {
            Safety::Unsafe(token) => token.to_token_stream(),
            _ => TokenStream::new(),
        };
        let tokens = [
            (sig.constness.to_token_stream(), CONST),
            (safety, UNSAFE),
            (sig.abi.to_token_stream(), EXTERN),
            (
                sig.variadic.to_token_stream(),
                "variadic arguments cannot be a key: cache a function without them around it",
            ),
        ];
        for (tokens, message) in tokens.iter().filter(|row| !row.0.is_empty()) {
            errors.at(tokens, message);
        }
        let attrs = sig.inputs.iter().flat_map(|input| match input {
            FnArg::Typed(typed) => &typed.attrs,
            FnArg::Receiver(receiver) => &receiver.attrs,
        });
        for attr in attrs.filter(|attr| attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr")) {
            errors.at(attr, "a conditional argument cannot be a key: put the `cfg` on two whole functions");
        }
        self.check_output(errors);
    }

    fn check_output(&self, errors: &mut Errors) {
        let ReturnType::Type(_, ty) = &self.item.sig.output else {
            return errors.at(&self.item.sig.ident, NOTHING);
        };
        let is_future = |path: &Path| path.segments.last().is_some_and(|last| last.ident == "Future");
        match peel(ty) {
            Type::Tuple(tuple) if tuple.elems.is_empty() => errors.at(ty, NOTHING),
            Type::Never(_) => errors.at(ty, NEVER),
            other if path_in(other, is_future).is_some() => errors.at(ty, FUTURE),
            other => errors.push(opaque(other).map(|at| Error::new(at, NAMELESS))),
        }
    }

    /// `Self` in a function that has no receiver, where no `impl` block is known. Whether there was one.
    pub(crate) fn check_self(&self, errors: &mut Errors) -> bool {
        let mut paths = Paths { wanted: &is_self, found: None };
        paths.visit_signature(&self.item.sig);
        paths.visit_block(&self.item.block);
        let message = "`Self` is not known here: put `#[cached]` on the `impl` block as well";
        errors.push(paths.found.map(|at| Error::new(at, message)));
        paths.found.is_some()
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

/// The tokens with all that they name, in another place: there the compiler tells what is wrong with them, and of
/// errors that are told twice in one place it shows one.
pub(crate) fn located(tokens: TokenStream, at: Span) -> TokenStream {
    let moved = tokens.into_iter().map(|mut token| {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => return group.into(),
            TokenTree::Group(group) => token = Group::new(group.delimiter(), located(group.stream(), at)).into(),
            _ => {}
        }
        token.set_span(token.span().located_at(at));
        token
    });
    moved.collect()
}

/// A name as people say it.
pub(crate) fn plain(name: &Ident) -> String {
    name.unraw().to_string()
}

pub(crate) fn is_self(path: &Path) -> bool {
    path.segments.first().is_some_and(|first| first.ident == "Self")
}

/// Where the first path in the type stands that is wanted.
pub(crate) fn path_in(ty: &Type, wanted: impl Fn(&Path) -> bool) -> Option<Span> {
    let mut paths = Paths { wanted: &wanted, found: None };
    paths.visit_type(ty);
    paths.found
}

/// Where the first `impl Trait` in the type stands.
pub(crate) fn opaque(ty: &Type) -> Option<Span> {
    let mut search = Opaque(None);
    search.visit_type(ty);
    search.0
}

struct Paths<'a> {
    wanted: &'a dyn Fn(&Path) -> bool,
    found: Option<Span>,
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_path(&mut self, path: &'ast Path) {
        if (self.wanted)(path) && self.found.is_none() {
            self.found = path.segments.first().map(|first| first.ident.span());
        }
        visit::visit_path(self, path);
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {} // has a `Self` of its own
}

struct Opaque(Option<Span>);

impl<'ast> Visit<'ast> for Opaque {
    fn visit_type_impl_trait(&mut self, ty: &'ast syn::TypeImplTrait) {
        self.0.get_or_insert(ty.impl_token.span);
    }
}

#[derive(Default)]
struct Bindings(Vec<Ident>);

impl<'ast> Visit<'ast> for Bindings {
    fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
        self.0.push(pat.ident.clone());
        visit::visit_pat_ident(self, pat);
    }
}
