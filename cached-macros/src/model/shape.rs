//! What can be said about the types without knowing them.
//!
//! In: the return type, the generics and the words `errors` and `none`. Out: what the memo keeps
//! of a result, and the type parameters it has; missing `'static` and borrowed returns are refused.

use super::Form;
use super::policy::{Keep, check_keep, keep};
use crate::args::{Args, Word};
use crate::errors::Errors;
use crate::func::{Func, peel};
use crate::key::{borrow_in, bound_borrows, clause_borrows, is_callable, types};
use proc_macro2::{Ident, Span};
use quote::{ToTokens, format_ident};
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{GenericParam, Generics, Type, TypeParam, TypeParamBound, WherePredicate};

/// What the memo keeps: the const argument `F` of the run time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Keeps {
    /// The macro knows it.
    Known(u8),
    /// The compiler finds it by the type; `none` adds to it.
    Asked(u8),
}

/// `none = …` was given.
const NONE: u8 = 4;

/// What the last name of a type says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Result,
    Option,
    Whole,
    Unknown,
}

/// Types that are no `Result`, whatever their parameters are.
const WHOLE: &[&str] = &[
    "Vec",
    "Box",
    "Arc",
    "Rc",
    "String",
    "Cow",
    "HashMap",
    "BTreeMap",
    "HashSet",
    "BTreeSet",
    "VecDeque",
    "BinaryHeap",
    "PhantomData",
    "Duration",
    "PathBuf",
    "bool",
    "char",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "f32",
    "f64",
];

impl Keeps {
    pub(crate) fn new(args: &Args, form: Form, output: &Type, parameters: &[Ident], errors: &mut Errors) -> Keeps {
        check_keep(args, Word::Errors, errors);
        check_keep(args, Word::None, errors);
        let seen = look(output);
        let refuse = |word: Word, wanted: &str, errors: &mut Errors| {
            if let Some(given) = args.get(word) {
                let message = format!(
                    "`{}` is for functions that return {wanted}, this one returns `{}`",
                    given.word,
                    show(output)
                );
                errors.at(&given.word, message);
            }
        };
        if matches!(seen, Seen::Whole | Seen::Option) {
            refuse(Word::Errors, "a `Result`", errors);
        }
        if seen == Seen::Whole {
            refuse(Word::None, "an `Option`", errors);
        }
        let none = if args.mentions(Word::None) { NONE } else { 0 };
        let open = names_parameter(output, parameters, true);
        match keep(args, Word::Errors) {
            Keep::For(_) => return Keeps::Known(2 + none),
            Keep::Never => return Keeps::Known(1 + none),
            Keep::Forever => return Keeps::Known(none),
            Keep::Default => {}
        }
        match seen {
            _ if form == Form::Inline && none == 0 => Keeps::Asked(0),
            _ if form != Form::Inline && !open => Keeps::Asked(none),
            Seen::Result => Keeps::Known(1 + none),
            Seen::Option | Seen::Whole => Keeps::Known(none),
            // A bad `errors`, or `Self` where nobody knows it: refused already.
            Seen::Unknown
                if args.mentions(Word::Errors) || form == Form::Free && !names_parameter(output, parameters, false) =>
            {
                Keeps::Known(none)
            }
            Seen::Unknown => {
                errors.at(output, format!(
                    "this needs `errors = …`: the macro cannot see whether `{}` is a `Result`; write `errors = \"never\"` if it is \
                     one (an `Err` is then not kept), `errors = \"forever\"` if whatever it returns may be kept",
                    show(output),
                ));
                Keeps::Known(none)
            }
        }
    }
}

fn show(ty: &Type) -> String {
    let text = ty.to_token_stream().to_string();
    [
        (" < ", "<"),
        (" >", ">"),
        (" ,", ","),
        (" :: ", "::"),
        ("& ", "&"),
        ("< ", "<"),
    ]
    .iter()
    .fold(text, |text, (from, to)| text.replace(from, to))
}

fn look(ty: &Type) -> Seen {
    match peel(ty) {
        Type::Tuple(_) | Type::Array(_) | Type::Reference(_) | Type::FnPtr(_) => Seen::Whole,
        Type::Path(path) if path.qself.is_none() => match path.path.segments.last() {
            Some(last) if last.ident == "Result" => Seen::Result,
            Some(last) if last.ident == "Option" => Seen::Option,
            Some(last) if WHOLE.iter().any(|name| last.ident == name) => Seen::Whole,
            _ => Seen::Unknown,
        },
        _ => Seen::Unknown,
    }
}

/// Whether a type or const parameter is in the type, or a `Self` that is left if that counts.
fn names_parameter(ty: &Type, parameters: &[Ident], or_self: bool) -> bool {
    struct Names<'a>(&'a [Ident], bool, bool);
    impl<'ast> Visit<'ast> for Names<'_> {
        fn visit_path(&mut self, path: &'ast syn::Path) {
            let first = path.segments.first().map(|segment| &segment.ident);
            self.2 |= first.is_some_and(|first| first == "Self" && self.1 || self.0.contains(first));
            visit::visit_path(self, path);
        }
    }
    let mut search = Names(parameters, or_self, false);
    search.visit_type(ty);
    search.2
}

/// A value that borrows from the call cannot outlive it.
pub(crate) fn check_borrow(output: &Type, keeps: &Keeps, errors: &mut Errors) {
    let whole = matches!(keeps, Keeps::Known(2 | 6));
    let value = match peel(output) {
        Type::Path(path) if !whole && look(output) == Seen::Result => {
            path.path.segments.last().and_then(|last| types(last).next()).cloned()
        }
        _ => Some(output.clone()),
    };
    if let Some(at) = value.as_ref().and_then(borrow_in) {
        errors.at_span(
            at,
            "the cache cannot keep a borrow: return an owned value, or an `Arc` of it",
        );
    }
}

/// A type parameter, written or made from an `impl Trait` argument.
pub(crate) struct Param {
    pub(crate) name: Ident,
    /// The argument it was made from.
    pub(crate) argument: Option<usize>,
    pub(crate) callable: bool,
    span: Span,
}

impl Param {
    /// Where the parameter was written as the type of an argument, perhaps behind a reference.
    pub(crate) fn is(&self, ty: &Type) -> Option<Span> {
        match peel(ty) {
            Type::Reference(reference) => self.is(&reference.elem),
            Type::Path(path) if path.path.is_ident(&self.name) => Some(self.span),
            _ => None,
        }
    }
}

/// All type parameters; every `impl Trait` argument is given one, so that the memo can name it.
pub(crate) fn name_impl_traits(func: &mut Func) -> Vec<Param> {
    let generics = &func.sig.generics;
    let written = generics.type_params().map(|param| Param {
        name: param.ident.clone(),
        argument: None,
        callable: bounds(generics, param).any(is_callable),
        span: param.ident.span(),
    });
    let mut all: Vec<_> = written.collect();
    let inputs = func.sig.inputs.iter_mut().filter_map(|input| match input {
        syn::FnArg::Typed(typed) => Some(typed),
        syn::FnArg::Receiver(_) => None,
    });
    for (index, (input, arg)) in inputs.zip(&mut func.args).enumerate() {
        let hint = arg
            .bindings
            .first()
            .map_or_else(|| format!("{index}"), |name| name.unraw().to_string());
        let mut naming = Naming {
            hint: camel(&hint),
            params: Vec::new(),
        };
        naming.visit_type_mut(&mut input.ty);
        arg.ty = (*input.ty).clone();
        all.extend(naming.params.iter().map(|(param, span)| Param {
            name: param.ident.clone(),
            argument: Some(index),
            callable: param.bounds.iter().any(is_callable),
            span: *span,
        }));
        func.sig
            .generics
            .params
            .extend(naming.params.into_iter().map(|(param, _)| GenericParam::Type(param)));
    }
    all
}

struct Naming {
    hint: String,
    params: Vec<(TypeParam, Span)>,
}

impl VisitMut for Naming {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        let Type::ImplTrait(opaque) = ty else {
            return visit_mut::visit_type_mut(self, ty);
        };
        let number = if self.params.is_empty() {
            String::new()
        } else {
            self.params.len().to_string()
        };
        let span = opaque.impl_token.span;
        let name = format_ident!("Impl{}{}", self.hint, number, span = Span::call_site().located_at(span));
        let mut param = TypeParam::from(name.clone());
        param.colon_token = Some(syn::Token![:](span));
        param.bounds = opaque.bounds.clone();
        self.params.push((param, span));
        *ty = syn::parse_quote!(#name);
    }
}

fn camel(name: &str) -> String {
    let upper = |word: &str| {
        word.chars()
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .chain(word.chars().skip(1))
            .collect()
    };
    name.split('_').map(upper).collect::<Vec<String>>().concat()
}

/// The bounds of a parameter, beside it and in the `where` clause.
fn bounds<'a>(generics: &'a Generics, param: &'a TypeParam) -> impl Iterator<Item = &'a TypeParamBound> {
    let clauses = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let clauses = clauses.filter_map(|predicate| match predicate {
        WherePredicate::Type(bounded) => match peel(&bounded.bounded_ty) {
            Type::Path(path) if path.path.is_ident(&param.ident) => Some(&bounded.bounds),
            _ => None,
        },
        _ => None,
    });
    param.bounds.iter().chain(clauses.flatten())
}

/// A memo lives for ever, and so must the types that it is made for.
pub(crate) fn check_static(generics: &Generics, left_out: &[Ident], errors: &mut Errors) {
    for param in generics.type_params().filter(|param| !left_out.contains(&param.ident)) {
        let lasting =
            |bound: &TypeParamBound| matches!(bound, TypeParamBound::Lifetime(lifetime) if lifetime.ident == "static");
        if !bounds(generics, param).any(lasting) {
            let text = param.ident.to_string();
            let written = param.bounds.to_token_stream().to_string().replace(" :: ", "::");
            let message = match (text.strip_prefix("Impl"), written.is_empty()) {
                (Some(_), _) => {
                    format!("this type may hold a borrow, which a key cannot: write `impl {written} + 'static`")
                }
                (None, true) => {
                    format!("`{text}` may hold a borrow, which the cache cannot keep: write `{text}: 'static`")
                }
                (None, false) => format!(
                    "`{text}` may hold a borrow, which the cache cannot keep: write `{text}: {written} + 'static`"
                ),
            };
            errors.at(&param.ident, message);
        }
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
    let mut memo = generics.clone();
    memo.params = generics
        .params
        .iter()
        .cloned()
        .filter_map(|param| match param {
            GenericParam::Lifetime(_) => None,
            GenericParam::Type(param) if left_out.contains(&param.ident) => None,
            GenericParam::Type(mut param) => {
                param.bounds = param.bounds.into_iter().filter(|bound| !bound_borrows(bound)).collect();
                Some(GenericParam::Type(param))
            }
            GenericParam::Const(param) => Some(GenericParam::Const(param)),
        })
        .collect();
    if let Some(clause) = &mut memo.where_clause {
        clause.predicates = clause
            .predicates
            .iter()
            .filter(|predicate| !clause_borrows(predicate))
            .cloned()
            .collect();
    }
    memo
}
