//! The type parameters of a function and of its memo.
//!
//! In: the generics as written, and arguments of type `impl Trait`. Out: a name for every type, and
//! the generics without lifetimes; a parameter that may hold a borrow is refused.

use crate::errors::{Errors, written};
use crate::func::{Arg, Func, peel, plain};
use crate::key::{A_CLOSURE, Lifetimes, Refusal, borrows, is_callable};
use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::visit_mut::{self, VisitMut};
use syn::{Error, FnArg, GenericParam, Generics, Type, TypeParam, TypeParamBound, WherePredicate};

/// Gives every `impl Trait` argument a parameter, so that the memo can name it.
pub(crate) fn name_impl_traits(func: &mut Func) {
    let sig = &mut func.item.sig;
    for (input, arg) in sig.inputs.iter_mut().zip(&mut func.args) {
        let FnArg::Typed(typed) = input else { continue };
        let hint = arg.bindings.first().map_or_else(String::new, plain);
        let mut naming = Naming { hint: camel(&hint), params: Vec::new() };
        naming.visit_type_mut(&mut typed.ty);
        arg.ty = (*typed.ty).clone();
        arg.made = naming.params.iter().map(|param| param.ident.clone()).collect();
        sig.generics.params.extend(naming.params.into_iter().map(GenericParam::Type));
    }
}

struct Naming {
    hint: String,
    params: Vec<TypeParam>,
}

impl VisitMut for Naming {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        let Type::ImplTrait(opaque) = peel(ty) else {
            return visit_mut::visit_type_mut(self, ty);
        };
        let span = opaque.impl_token.span;
        let number = Some(self.params.len()).filter(|number| *number > 0).map(|number| number.to_string());
        let at = Span::call_site().located_at(span);
        let name = format_ident!("Impl{}{}", self.hint, number.unwrap_or_default(), span = at);
        let mut param = TypeParam::from(name.clone());
        param.colon_token = Some(syn::Token![:](span));
        param.bounds = opaque.bounds.clone();
        self.params.push(param);
        *ty = syn::parse_quote!(#name);
    }
}

fn camel(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let mut letters = word.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
    });
    words.collect::<Vec<String>>().concat()
}

/// The bounds of a parameter, beside it and in the `where` clause.
fn bounds<'a>(generics: &'a Generics, param: &'a TypeParam) -> impl Iterator<Item = &'a TypeParamBound> {
    let clauses = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let clauses = clauses.filter_map(|predicate| match predicate {
        WherePredicate::Type(bounded) if is(&bounded.bounded_ty, param) => Some(&bounded.bounds),
        _ => None,
    });
    param.bounds.iter().chain(clauses.flatten())
}

fn is(ty: &Type, param: &TypeParam) -> bool {
    matches!(peel(ty), Type::Path(path) if path.path.is_ident(&param.ident))
}

fn is_closure(generics: &Generics, param: &TypeParam) -> bool {
    bounds(generics, param).any(|bound| matches!(bound, TypeParamBound::Trait(bound) if is_callable(&bound.path)))
}

/// Why a type cannot be a key that is a parameter of the `Fn` family, perhaps behind a reference.
pub(crate) fn closure(generics: &Generics, ty: &Type) -> Option<Refusal> {
    if let Type::Reference(reference) = peel(ty) {
        return closure(generics, &reference.elem);
    }
    let param = generics.type_params().find(|param| is(ty, param) && is_closure(generics, param))?;
    Some((param.ident.span(), A_CLOSURE))
}

/// A memo lives for ever, and so must the types that it is made for: all but those that the key
/// leaves out, and closures, which are left out or refused.
pub(crate) fn check_static(generics: &Generics, args: &[Arg], left_out: &[Ident], errors: &mut Errors) {
    for param in generics.type_params() {
        let lasting = |bound: &TypeParamBound| matches!(bound, TypeParamBound::Lifetime(at) if at.ident == "static");
        if left_out.contains(&param.ident) || is_closure(generics, param) || bounds(generics, param).any(lasting) {
            continue;
        }
        let (name, bounds) = (&param.ident, written(&param.bounds));
        let (subject, message) = match args.iter().find(|arg| arg.made.contains(name)) {
            Some(arg) => (
                arg.called(),
                format!("this type may hold a borrow, which a key cannot: write `impl {bounds} + 'static`"),
            ),
            None => {
                let bounds = if bounds.is_empty() { bounds } else { format!("{bounds} + ") };
                let message = "may hold a borrow, which the cache cannot keep: write";
                (name.to_string(), format!("`{name}` {message} `{name}: {bounds}'static`"))
            }
        };
        errors.about(subject, Error::new(name.span(), message));
    }
}

/// The names of type and const parameters.
pub(crate) fn parameters(generics: &Generics) -> Vec<Ident> {
    let names = generics.params.iter().filter_map(|param| match param {
        GenericParam::Type(param) => Some(param.ident.clone()),
        GenericParam::Const(param) => Some(param.ident.clone()),
        GenericParam::Lifetime(_) => None,
    });
    names.collect()
}

/// The generics without lifetimes, without what is bounded by them, and without what the key leaves out.
pub(crate) fn without_lifetimes(generics: &Generics, left_out: &[Ident]) -> Generics {
    let mut memo = without(generics, left_out);
    memo.params = memo.params.into_iter().filter(|param| !matches!(param, GenericParam::Lifetime(_))).collect();
    for param in memo.type_params_mut() {
        let lasts = |bound: &TypeParamBound| borrows(bound, Lifetimes::visit_type_param_bound_mut).is_none();
        param.bounds = std::mem::take(&mut param.bounds).into_iter().filter(lasts).collect();
    }
    if let Some(clause) = &mut memo.where_clause {
        let lasts = |clause: &WherePredicate| borrows(clause, Lifetimes::visit_where_predicate_mut).is_none();
        clause.predicates = std::mem::take(&mut clause.predicates).into_iter().filter(lasts).collect();
    }
    memo
}

/// The generics without some of the type parameters.
pub(crate) fn without(generics: &Generics, left_out: &[Ident]) -> Generics {
    let stays = |param: &GenericParam| !matches!(param, GenericParam::Type(param) if left_out.contains(&param.ident));
    let params = generics.params.iter().filter(|param| stays(param)).cloned().collect();
    Generics { params, ..generics.clone() }
}
