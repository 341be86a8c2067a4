//! From the type of an argument to its part of the key.
//!
//! In: a type as it was declared, and the name of the argument. Out: the type that the cache
//! stores, and the expression that borrows it for a look-up; or why it cannot be a key.

use crate::func::{local, located, path_in, peel};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use std::mem::replace;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{GenericArgument, GenericParam, Lifetime, Path, PathArguments, PathSegment, Type};

/// What the macro sees in the type of a value: what owns it, and how it is borrowed.
pub(crate) struct Shape {
    pub(crate) owned: TokenStream,
    pub(crate) part: TokenStream,
    /// Whether each of its types may be in a key, as constant statements.
    pub(crate) checks: TokenStream,
    /// It owns itself: there is no reference, float or `Cow` in it that the macro can see.
    pub(crate) plain: bool,
}

/// Why a type cannot be a key, and where.
pub(crate) type Refusal = (Span, &'static str);

pub(crate) const A_CLOSURE: &str = "is a closure, and closures cannot be compared";

/// Reads types, and writes where the argument stands.
pub(crate) struct Reader<'a> {
    pub(crate) root: &'a TokenStream,
    pub(crate) at: Span,
    /// The parts ask their types; else the checks do.
    pub(crate) asks: bool,
}

impl Reader<'_> {
    /// The shape of `name`, of which the type is found behind so many references.
    pub(crate) fn read(&self, ty: &Type, name: &Ident, depth: usize) -> Result<Shape, Refusal> {
        let (root, at, ty) = (self.root, self.at, peel(ty));
        let (value, found, x) = (behind(name, depth), reference(name, depth), local("x"));
        let (word, first) = match last(ty) {
            Some(last) => (last.ident.to_string(), types(last).next()),
            None => (String::new(), None),
        };
        let shape = |owned, part, checks| Ok(Shape { owned, part, checks, plain: false });
        match (ty, word.as_str(), first) {
            (Type::Reference(borrow), ..) => {
                if let Some(token) = borrow.mutability {
                    return Err((token.span, "is borrowed mutably, so it is not a key"));
                }
                let target = &*borrow.elem;
                let inner = self.read(target, name, depth + 1)?;
                return if inner.plain {
                    shape(owned_of(target), self.borrowed(&value), self.check(target, "borrowed"))
                } else {
                    Ok(inner)
                };
            }
            (_, "Cow", Some(target)) => {
                return shape(owned_of(target), self.borrowed(&quote!(&*#value)), self.check(target, "borrowed"));
            }
            (_, "f32" | "f64", _) => {
                let part = quote_spanned!(at=> #root::rt::Float(#value));
                return shape(quote!(#root::rt::FloatBits<#ty>), part, TokenStream::new());
            }
            (_, "Option", Some(inner)) => {
                let Shape { owned, part, checks, plain } = self.read(inner, &x, 1)?;
                if !plain {
                    let part = quote_spanned!(at=> #root::rt::Maybe(match #found {
                        ::core::option::Option::Some(#x) => ::core::option::Option::Some(#part),
                        ::core::option::Option::None => ::core::option::Option::None,
                    }));
                    return shape(quote!(::core::option::Option<#owned>), part, checks);
                }
            }
            (Type::Tuple(tuple), ..) => {
                let names: Vec<_> = (0..tuple.elems.len()).map(|index| local(&format!("x{index}"))).collect();
                let elems = tuple.elems.iter().zip(&names).map(|(elem, name)| self.read(elem, name, 1));
                let elems = elems.collect::<Result<Vec<_>, _>>()?;
                if elems.iter().any(|elem| !elem.plain) {
                    let (owned, parts) = (elems.iter().map(|elem| &elem.owned), elems.iter().map(|elem| &elem.part));
                    let part = quote_spanned!(at=> { let (#(#names,)*) = #found; (#(#parts,)*) });
                    let checks = elems.iter().map(|elem| elem.checks.clone()).collect();
                    return shape(quote!((#(#owned,)*)), part, checks);
                }
            }
            _ => {}
        }
        if let Some(elem) = element(ty) {
            let Shape { owned, part, checks, plain } = self.read(elem, &x, 1)?;
            if !plain {
                let part = quote_spanned!(at=> #root::rt::seq(&#name[..], |#x| #part));
                return shape(quote!(::std::vec::Vec<#owned>), part, checks);
            }
        }
        if let Some(why) = refusal(ty) {
            return Err(why);
        }
        // Where the part asks, it is written alike in the wrapper and in `entry`: of two errors alike one is shown.
        let part = self.own(&if self.asks { quote!(&#value) } else { found });
        Ok(Shape { owned: quote!(#ty), part, checks: self.check(ty, "key"), plain: true })
    }

    /// The part of a value, by a reference to it.
    pub(crate) fn own(&self, value: &TokenStream) -> TokenStream {
        self.part(value, if self.asks { "own" } else { "Own" })
    }

    /// The part of what a reference leads to.
    pub(crate) fn borrowed(&self, value: &TokenStream) -> TokenStream {
        self.part(value, if self.asks { "borrow" } else { "Ref" })
    }

    fn part(&self, value: &TokenStream, made_by: &str) -> TokenStream {
        let (root, name) = (located(self.root.clone(), self.at), Ident::new(made_by, self.at));
        quote_spanned!(self.at=> #root::rt::#name(#value))
    }

    fn check(&self, ty: &Type, asked_by: &str) -> TokenStream {
        let (root, name) = (self.root, Ident::new(asked_by, Span::mixed_site()));
        quote!(#root::rt::#name::<#ty>();)
    }
}

fn refusal(ty: &Type) -> Option<Refusal> {
    let whole = |why| Some((ty.span(), why));
    match ty {
        Type::TraitObject(_) => whole("is a trait object, which cannot be compared"),
        Type::FnPtr(_) => whole("is a function, and functions cannot be compared"),
        Type::Ptr(_) => whole("is a raw pointer: an address says nothing about the value"),
        _ if path_in(ty, is_callable).is_some() => whole(A_CLOSURE),
        _ => Some((borrow_in(ty)?, "holds a borrow where the key cannot see it")),
    }
}

fn behind(name: &Ident, depth: usize) -> TokenStream {
    let stars = std::iter::repeat_n(quote!(*), depth);
    quote!(#(#stars)* #name)
}

/// `&*x` is written `x`.
fn reference(name: &Ident, depth: usize) -> TokenStream {
    match depth {
        0 => quote!(&#name),
        _ => behind(name, depth - 1),
    }
}

fn owned_of(target: &Type) -> TokenStream {
    let target = peel(target);
    quote!(<#target as ::std::borrow::ToOwned>::Owned)
}

/// What a `Vec`, slice or array holds.
fn element(ty: &Type) -> Option<&Type> {
    match ty {
        Type::Array(array) => Some(&array.elem),
        Type::Slice(slice) => Some(&slice.elem),
        _ => types(last(ty).filter(|last| last.ident == "Vec")?).next(),
    }
}

/// The last segment of a path.
pub(crate) fn last(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last(),
        _ => None,
    }
}

/// The type arguments of a path segment.
pub(crate) fn types(segment: &PathSegment) -> impl Iterator<Item = &Type> {
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        PathArguments::None | PathArguments::Parenthesized(_) => None,
    };
    arguments.into_iter().flatten().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Whether a path names one of the `Fn` family.
pub(crate) fn is_callable(path: &Path) -> bool {
    const FAMILY: [&str; 6] = ["Fn", "FnMut", "FnOnce", "AsyncFn", "AsyncFnMut", "AsyncFnOnce"];
    path.segments.last().is_some_and(|last| FAMILY.iter().any(|name| last.ident == name))
}

/// The first lifetime in the type that is not `'static` and not bound by the type itself.
pub(crate) fn borrow_in(ty: &Type) -> Option<Span> {
    borrows(ty, Lifetimes::visit_type_mut)
}

/// The same for anything that has lifetimes.
pub(crate) fn borrows<T: Clone>(node: &T, visit: fn(&mut Lifetimes, &mut T)) -> Option<Span> {
    let mut search = Lifetimes::default();
    visit(&mut search, &mut node.clone());
    search.found
}

/// The type with `'static` for every lifetime that it borrows from its surroundings.
pub(crate) fn with_static(ty: &Type) -> Type {
    let mut ty = ty.clone();
    Lifetimes::default().visit_type_mut(&mut ty);
    ty
}

/// Finds borrowed lifetimes and replaces them. Inside `Fn(&T)` and `fn(&T)` an elided lifetime is
/// the type's own, and so is one that a `for<'a>` names: no other may have that name.
#[derive(Default)]
pub(crate) struct Lifetimes {
    found: Option<Span>,
    bound: Vec<Lifetime>,
    in_call: bool,
}

impl VisitMut for Lifetimes {
    fn visit_bound_lifetimes_mut(&mut self, lifetimes: &mut syn::BoundLifetimes) {
        let names = lifetimes.lifetimes.iter().filter_map(|param| match param {
            GenericParam::Lifetime(param) => Some(param.lifetime.clone()),
            _ => None,
        });
        self.bound.extend(names);
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        let own = self.bound.contains(lifetime) || (self.in_call && lifetime.ident == "_");
        if lifetime.ident != "static" && !own {
            self.found.get_or_insert(lifetime.span());
            *lifetime = Lifetime::new("'static", lifetime.span());
        }
    }

    fn visit_type_reference_mut(&mut self, reference: &mut syn::TypeReference) {
        let elided = || Lifetime::new("'_", reference.and_token.span);
        if !self.in_call {
            self.visit_lifetime_mut(reference.lifetime.get_or_insert_with(elided));
        }
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_path_segment_mut(&mut self, segment: &mut PathSegment) {
        let elided = segment.ident == "Cow" && !self.in_call && types(segment).count() == 1;
        if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments
            && arguments.args.len() == 1
            && elided
        {
            let elided = Lifetime::new("'_", segment.ident.span());
            arguments.args.insert(0, GenericArgument::Lifetime(elided));
        }
        visit_mut::visit_path_segment_mut(self, segment);
    }

    fn visit_parenthesized_generic_arguments_mut(&mut self, arguments: &mut syn::ParenthesizedGenericArguments) {
        let before = replace(&mut self.in_call, true);
        visit_mut::visit_parenthesized_generic_arguments_mut(self, arguments);
        self.in_call = before;
    }

    fn visit_type_fn_ptr_mut(&mut self, pointer: &mut syn::TypeFnPtr) {
        let before = replace(&mut self.in_call, true);
        visit_mut::visit_type_fn_ptr_mut(self, pointer);
        self.in_call = before;
    }
}
