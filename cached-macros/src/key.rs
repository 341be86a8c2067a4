//! From the type of an argument to its part of the key.
//!
//! In: a type as it was declared, and the place where the argument is found. Out: the type that
//! the cache stores, and the expression that borrows it for a look-up; or why it cannot be a key.

use crate::func::{local, peel};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, GenericArgument, Ident, Lifetime, PathArguments, PathSegment, Type, TypeParamBound, WherePredicate};

/// One part of a key.
pub(crate) enum Part {
    /// An argument, by its declared type.
    Argument { place: Box<Place>, shape: Box<Shape> },
    /// An expression of the user's.
    Written(Box<Expr>),
}

/// Where an argument is found, in the wrapper and in `entry`.
pub(crate) struct Place {
    pub(crate) name: Ident,
    pub(crate) span: Span,
    /// The wrapper's variable is a reference to the value (`&self`).
    pub(crate) lent: bool,
    /// How `entry` has it.
    pub(crate) in_entry: InEntry,
}

/// How `entry` has an argument.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum InEntry {
    /// As the wrapper has it: it is a reference by itself.
    Declared,
    /// Behind a reference.
    Lent,
    /// By value, since an expression of the user's reads it too.
    Given,
}

/// What the macro sees in a type: how to borrow it, and what owns it.
pub(crate) enum Shape {
    Plain(Type),
    /// `&U`, stored as its `ToOwned`.
    Borrowed(Type),
    /// `&U` where `U` has parts of its own.
    Through(Box<Shape>),
    Float(Type),
    Maybe(Box<Shape>),
    Tuple(Vec<Shape>),
    Seq(Box<Shape>),
    Cow(Type),
}

/// Why a type cannot be a key, and where.
pub(crate) struct Refusal {
    pub(crate) span: Span,
    pub(crate) why: &'static str,
}

impl Part {
    /// The borrowed part, for the wrapper or for `entry`.
    pub(crate) fn borrow(&self, root: &TokenStream, in_entry: bool) -> TokenStream {
        match self {
            Part::Argument { place, shape } if in_entry && place.in_entry == InEntry::Given && shape.is_plain() => {
                let name = &place.name;
                quote!(#root::rt::Given(::core::clone::Clone::clone(&#name)))
            }
            Part::Argument { place, shape } => {
                let name = &place.name;
                let lent = if in_entry {
                    place.in_entry == InEntry::Lent
                } else {
                    place.lent
                };
                let seen = if lent {
                    Seen::Reference(quote!(#name))
                } else {
                    Seen::Place(quote!(#name))
                };
                shape.borrow(root, seen, place.span.resolved_at(Span::mixed_site()), 0)
            }
            Part::Written(expr) => {
                let span = expr.span().resolved_at(Span::mixed_site());
                // The entry outlives its expressions, so there it owns them.
                match (&**expr, in_entry) {
                    (Expr::Reference(_), false) => quote_spanned!(span=> #root::rt::Ref(#expr)),
                    (Expr::Reference(_), true) => {
                        quote_spanned!(span=> #root::rt::Given(::std::borrow::ToOwned::to_owned(#expr)))
                    }
                    (_, false) => quote_spanned!(span=> #root::rt::Own(&(#expr))),
                    (_, true) => quote_spanned!(span=> #root::rt::Given(#expr)),
                }
            }
        }
    }

    /// The stored type, where it can be named.
    pub(crate) fn owned(&self, root: &TokenStream) -> Option<TokenStream> {
        match self {
            Part::Argument { shape, .. } => Some(shape.owned(root)),
            Part::Written(_) => None,
        }
    }
}

/// An expression of type `&T`, kept so that `*&x` is written `x`.
enum Seen {
    Place(TokenStream),
    Reference(TokenStream),
}

impl Seen {
    fn reference(&self) -> TokenStream {
        match self {
            Seen::Place(place) => quote!(&#place),
            Seen::Reference(reference) => quote!(#reference),
        }
    }

    fn value(&self) -> TokenStream {
        match self {
            Seen::Place(place) => quote!(#place),
            Seen::Reference(reference) => quote!(*#reference),
        }
    }
}

impl Shape {
    /// Reads a type; an `Err` says why it cannot be a key.
    pub(crate) fn of(ty: &Type) -> Result<Shape, Refusal> {
        let ty = peel(ty);
        let many = |elem: &Type| match Shape::of(elem)? {
            Shape::Plain(_) => Ok(None),
            inner => Ok(Some(Shape::Seq(Box::new(inner)))),
        };
        let seen = match ty {
            Type::Reference(reference) => {
                if let Some(token) = reference.mutability {
                    return Err(Refusal {
                        span: token.span,
                        why: "is borrowed mutably, so it is not a key",
                    });
                }
                Some(match Shape::of(&reference.elem)? {
                    Shape::Plain(target) => Shape::Borrowed(target),
                    inner => Shape::Through(Box::new(inner)),
                })
            }
            Type::Tuple(tuple) => {
                let parts = tuple.elems.iter().map(Shape::of).collect::<Result<Vec<_>, _>>()?;
                (!parts.iter().all(Shape::is_plain)).then_some(Shape::Tuple(parts))
            }
            Type::Array(array) => many(&array.elem)?,
            Type::Slice(slice) => many(&slice.elem)?,
            Type::TraitObject(_) => return Err(refused(ty, "is a trait object, which cannot be compared")),
            Type::FnPtr(_) => return Err(refused(ty, "is a function, and functions cannot be compared")),
            Type::Ptr(_) => return Err(refused(ty, "is a raw pointer: an address says nothing about the value")),
            Type::Path(path) if path.qself.is_none() => match path.path.segments.last() {
                Some(last) if last.ident == "f32" || last.ident == "f64" => Some(Shape::Float(ty.clone())),
                Some(last) if last.ident == "Vec" => types(last).next().map_or(Ok(None), many)?,
                Some(last) if last.ident == "Cow" => types(last).next().cloned().map(Shape::Cow),
                Some(last) if last.ident == "Option" => match types(last).next().map(Shape::of).transpose()? {
                    Some(Shape::Plain(_)) | None => None,
                    Some(inner) => Some(Shape::Maybe(Box::new(inner))),
                },
                _ => None,
            },
            _ => None,
        };
        match seen {
            Some(shape) => Ok(shape),
            None if calls(ty) => Err(refused(ty, "is a closure, and closures cannot be compared")),
            None => match borrow_in(ty) {
                Some(at) => Err(Refusal {
                    span: at,
                    why: "holds a borrow where the key cannot see it",
                }),
                None => Ok(Shape::Plain(ty.clone())),
            },
        }
    }

    fn is_plain(&self) -> bool {
        matches!(self, Shape::Plain(_))
    }

    fn owned(&self, root: &TokenStream) -> TokenStream {
        match self {
            Shape::Plain(ty) => quote!(#ty),
            Shape::Borrowed(ty) | Shape::Cow(ty) => quote!(<#ty as ::std::borrow::ToOwned>::Owned),
            Shape::Through(inner) => inner.owned(root),
            Shape::Float(ty) => quote!(#root::rt::FloatBits<#ty>),
            Shape::Maybe(inner) => {
                let inner = inner.owned(root);
                quote!(::core::option::Option<#inner>)
            }
            Shape::Tuple(parts) => {
                let parts = parts.iter().map(|part| part.owned(root));
                quote!((#(#parts,)*))
            }
            Shape::Seq(inner) => {
                let inner = inner.owned(root);
                quote!(::std::vec::Vec<#inner>)
            }
        }
    }

    fn borrow(&self, root: &TokenStream, seen: Seen, span: Span, depth: usize) -> TokenStream {
        let (reference, value) = (seen.reference(), seen.value());
        let inside = local(&format!("x{depth}"));
        match self {
            Shape::Plain(_) => quote_spanned!(span=> #root::rt::Own(#reference)),
            Shape::Borrowed(_) => quote_spanned!(span=> #root::rt::Ref(#value)),
            Shape::Float(_) => quote_spanned!(span=> #root::rt::Float(#value)),
            Shape::Cow(_) => quote_spanned!(span=> #root::rt::Ref(&*#value)),
            Shape::Through(inner) => inner.borrow(root, Seen::Reference(value), span, depth),
            Shape::Maybe(inner) => {
                let part = inner.borrow(root, Seen::Reference(quote!(#inside)), span, depth + 1);
                quote_spanned!(span=> #root::rt::Maybe(match #reference {
                    ::core::option::Option::Some(#inside) => ::core::option::Option::Some(#part),
                    ::core::option::Option::None => ::core::option::Option::None,
                }))
            }
            Shape::Tuple(parts) => {
                let names: Vec<_> = (0..parts.len())
                    .map(|index| local(&format!("x{depth}_{index}")))
                    .collect();
                let parts = parts.iter().zip(&names);
                let parts =
                    parts.map(|(part, name)| part.borrow(root, Seen::Reference(quote!(#name)), span, depth + 1));
                quote_spanned!(span=> { let (#(#names,)*) = #reference; (#(#parts,)*) })
            }
            Shape::Seq(inner) => {
                let part = inner.borrow(root, Seen::Reference(quote!(#inside)), span, depth + 1);
                let whole = match seen {
                    Seen::Place(place) => quote!(&#place[..]),
                    Seen::Reference(reference) => quote!(&(#reference)[..]),
                };
                quote_spanned!(span=> #root::rt::seq(#whole, |#inside| #part))
            }
        }
    }
}

fn refused(ty: &Type, why: &'static str) -> Refusal {
    Refusal { span: ty.span(), why }
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

/// Whether a bound is one of the `Fn` family.
pub(crate) fn is_callable(bound: &TypeParamBound) -> bool {
    let TypeParamBound::Trait(bound) = bound else {
        return false;
    };
    bound.path.segments.last().is_some_and(|last| {
        ["Fn", "FnMut", "FnOnce", "AsyncFn", "AsyncFnMut", "AsyncFnOnce"]
            .iter()
            .any(|name| last.ident == name)
    })
}

/// Whether a trait object of the `Fn` family is anywhere in the type.
fn calls(ty: &Type) -> bool {
    struct Calls(bool);
    impl<'ast> Visit<'ast> for Calls {
        fn visit_type_param_bound(&mut self, bound: &'ast TypeParamBound) {
            self.0 |= is_callable(bound);
            visit::visit_type_param_bound(self, bound);
        }
    }
    let mut search = Calls(false);
    search.visit_type(ty);
    search.0
}

/// The first lifetime in the type that is not `'static` and not bound by the type itself.
pub(crate) fn borrow_in(ty: &Type) -> Option<Span> {
    let mut search = Lifetimes::default();
    search.visit_type_mut(&mut ty.clone());
    search.found
}

/// The same for a bound.
pub(crate) fn bound_borrows(bound: &TypeParamBound) -> bool {
    let mut search = Lifetimes::default();
    search.visit_type_param_bound_mut(&mut bound.clone());
    search.found.is_some()
}

/// The same for a clause after `where`.
pub(crate) fn clause_borrows(clause: &WherePredicate) -> bool {
    let mut search = Lifetimes::default();
    search.visit_where_predicate_mut(&mut clause.clone());
    search.found.is_some()
}

/// The type with `'static` for every lifetime that it borrows from its surroundings.
pub(crate) fn with_static(ty: &Type) -> Type {
    let mut ty = ty.clone();
    Lifetimes::default().visit_type_mut(&mut ty);
    ty
}

/// Finds borrowed lifetimes and replaces them. Inside `Fn(&T)`, `fn(&T)` and `for<'a>` an elided
/// or bound lifetime is the type's own.
#[derive(Default)]
struct Lifetimes {
    found: Option<Span>,
    bound: Vec<Lifetime>,
    in_call: bool,
}

impl Lifetimes {
    fn own<R>(&mut self, lifetimes: Option<&syn::BoundLifetimes>, call: bool, then: impl FnOnce(&mut Self) -> R) -> R {
        let (length, before) = (self.bound.len(), self.in_call);
        self.bound.extend(
            lifetimes
                .into_iter()
                .flat_map(|bound| &bound.lifetimes)
                .filter_map(|param| match param {
                    syn::GenericParam::Lifetime(param) => Some(param.lifetime.clone()),
                    _ => None,
                }),
        );
        self.in_call |= call;
        let result = then(self);
        self.bound.truncate(length);
        self.in_call = before;
        result
    }
}

impl VisitMut for Lifetimes {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        let own = self.bound.contains(lifetime) || (self.in_call && lifetime.ident == "_");
        if lifetime.ident != "static" && !own {
            self.found.get_or_insert(lifetime.span());
            *lifetime = Lifetime::new("'static", lifetime.span());
        }
    }

    fn visit_type_reference_mut(&mut self, reference: &mut syn::TypeReference) {
        if reference.lifetime.is_none() && !self.in_call {
            self.found.get_or_insert(reference.and_token.span);
            reference.lifetime = Some(Lifetime::new("'static", reference.and_token.span));
        }
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_path_segment_mut(&mut self, segment: &mut PathSegment) {
        if segment.ident == "Cow" && !self.in_call && types(segment).count() == 1 {
            let PathArguments::AngleBracketed(arguments) = &mut segment.arguments else {
                return;
            };
            if !arguments
                .args
                .iter()
                .any(|argument| matches!(argument, GenericArgument::Lifetime(_)))
            {
                self.found.get_or_insert(segment.ident.span());
                arguments.args.insert(
                    0,
                    GenericArgument::Lifetime(Lifetime::new("'static", segment.ident.span())),
                );
            }
        }
        visit_mut::visit_path_segment_mut(self, segment);
    }

    fn visit_parenthesized_generic_arguments_mut(&mut self, arguments: &mut syn::ParenthesizedGenericArguments) {
        self.own(None, true, |this| {
            visit_mut::visit_parenthesized_generic_arguments_mut(this, arguments)
        });
    }

    fn visit_type_fn_ptr_mut(&mut self, pointer: &mut syn::TypeFnPtr) {
        let lifetimes = pointer.lifetimes.take();
        self.own(lifetimes.as_ref(), true, |this| {
            visit_mut::visit_type_fn_ptr_mut(this, pointer)
        });
        pointer.lifetimes = lifetimes;
    }

    fn visit_predicate_type_mut(&mut self, clause: &mut syn::PredicateType) {
        let lifetimes = clause.lifetimes.take();
        self.own(lifetimes.as_ref(), false, |this| {
            visit_mut::visit_predicate_type_mut(this, clause)
        });
        clause.lifetimes = lifetimes;
    }

    fn visit_trait_bound_mut(&mut self, bound: &mut syn::TraitBound) {
        let lifetimes = bound.lifetimes.take();
        self.own(lifetimes.as_ref(), false, |this| {
            visit_mut::visit_trait_bound_mut(this, bound)
        });
        bound.lifetimes = lifetimes;
    }
}
