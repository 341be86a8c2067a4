//! What the key is made of.
//!
//! In: the words `key` and `skip`, and the function. Out: the parts in order. Every argument is in
//! one of the two: an argument that is in neither gives one caller the value of another.

use super::generics::closure;
use super::substituted;
use crate::args::{Args, bare, text};
use crate::errors::{Errors, did_you_mean, list};
use crate::func::{Arg, Func, located, peel, plain};
use crate::key::{Reader, Refusal, Shape};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Expr, Type};

/// More parts than a tuple has traits for.
const MOST: usize = 12;

const LOOKS_INTO: &str =
    "`key` cannot look into a pattern: name this argument and take it apart in the body, or skip it";
const IN_NEITHER: &str = "is neither in `key` nor in `skip`: calls that differ in it would share one value; \
                          add it to one of them";
const MUT_SELF: &str = "`&mut self` cannot be a key, and a hit would not change it: take `&self`, \
                        or leave it out with `skip(self)`";

/// Where a key is made: the path of the framework, the type of the `impl` block, and whether key and value types can
/// be written down outside of the function, as far as the arguments go.
type Place<'a> = (&'a TokenStream, Option<&'a Type>, bool);

/// The key of a function.
#[derive(Default)]
pub(crate) struct Key {
    pub(crate) parts: Vec<Part>,
    /// The arguments of `entry`, as they are declared there.
    pub(crate) entry: Vec<TokenStream>,
    /// Parameters made from `impl Trait` in arguments that the key leaves out.
    pub(crate) left_out: Vec<Ident>,
    /// The names of the arguments that are in it.
    pub(crate) named: Vec<String>,
}

/// One part of a key.
pub(crate) struct Part {
    /// The stored type, where it can be named.
    pub(crate) owned: Option<TokenStream>,
    /// How the wrapper borrows it.
    pub(crate) call: TokenStream,
    /// How `entry` has it.
    pub(crate) entry: TokenStream,
    /// Whether its types may be in a key.
    pub(crate) checks: TokenStream,
}

/// What becomes a part: an argument, or an expression of the user's.
enum Element<'a> {
    Argument(&'a Arg),
    Written(&'a Expr),
}

/// One function with what the two words say about it.
struct Said<'a> {
    func: &'a Func,
    key: Option<&'a Expr>,
    /// All words of the key expression.
    mentioned: Vec<String>,
    skipped: Vec<String>,
}

impl Key {
    pub(crate) fn new(args: &Args, func: &Func, (root, home, named): Place, errors: &mut Errors) -> Key {
        let Some(said) = Said::read(args, func, errors) else {
            return Key::default();
        };
        let elements = said.elements();
        let written = elements.iter().filter_map(|element| match element {
            Element::Written(expr) => Some(expr.to_token_stream()),
            Element::Argument(_) => None,
        });
        let read = words(written.collect());
        let asks = !named || elements.iter().any(|element| matches!(element, Element::Written(_)));
        let mut key = Key::default();
        for arg in &func.args {
            if said.keeps(arg) {
                key.entry.push(declared(arg, is_given(arg, &read)));
                key.named.extend(arg.bindings.iter().map(plain));
            } else {
                key.left_out.extend(arg.made.iter().cloned());
            }
        }
        for element in &elements {
            let at = match element {
                Element::Written(expr) => expr.span(),
                Element::Argument(arg) => arg.ty.span(),
            };
            let reader = Reader { root, at: at.resolved_at(Span::mixed_site()), asks };
            let part = match element {
                Element::Written(expr) => Ok(Part::written(expr, &reader)),
                Element::Argument(arg) => match closure(&func.item.sig.generics, &arg.ty) {
                    Some(refusal) => Err(refusal),
                    None => Part::argument(arg, &substituted(&arg.ty, home), is_given(arg, &read), &reader),
                }
                .map_err(|refusal| refused(arg, refusal, errors)),
            };
            key.parts.extend(part);
        }
        if elements.len() > MOST {
            let at = match args.get("key") {
                Some((given, _)) => given.to_token_stream(),
                None => func.args[MOST].pat.to_token_stream(),
            };
            let message = format!("a key has at most {MOST} parts, this one has {}", elements.len());
            errors.at(at, format!("{message}: group arguments in a struct, or use `skip` or `key = …`"));
        }
        key
    }
}

impl Part {
    fn argument(arg: &Arg, ty: &Type, given: bool, reader: &Reader) -> Result<Part, Refusal> {
        let name = &arg.name;
        let part = |call: Shape, entry| {
            let [call_part, entry] = [call.part, entry].map(|part| located(part, reader.at));
            let checks = if arg.is_self() { located(call.checks, reader.at) } else { call.checks };
            Ok(Part { owned: Some(call.owned), call: call_part, entry, checks })
        };
        if let Type::Reference(borrow) = peel(ty)
            && borrow.mutability.is_none()
            && arg.is_self()
        {
            let shape = reader.read(&borrow.elem, name, 1)?; // a method's own type, whole
            let entry = shape.part.clone();
            return part(shape, entry);
        }
        let call = reader.read(ty, name, 0)?;
        let entry = match (is_reference(ty), given) {
            (false, true) if call.plain => given_of(&call.part),
            (false, false) => reader.read(ty, name, 1)?.part,
            _ => call.part.clone(),
        };
        part(call, entry)
    }

    /// An entry outlives its expressions, so there it owns them.
    fn written(expr: &Expr, reader: &Reader) -> Part {
        let call = match expr {
            Expr::Reference(_) => reader.borrowed(&expr.to_token_stream()),
            _ => reader.own(&quote_spanned!(reader.at=> &(#expr))),
        };
        Part { owned: None, entry: given_of(&call), call, checks: TokenStream::new() }
    }
}

/// The part, borrowing nothing.
fn given_of(part: &TokenStream) -> TokenStream {
    quote!(#part.given())
}

impl<'a> Said<'a> {
    /// Nothing where a word is broken: what follows from it is not told as well.
    fn read(args: &'a Args, func: &'a Func, errors: &mut Errors) -> Option<Said<'a>> {
        let key = args.get("key").map(|(_, value)| value);
        let skip = args.get("skip").map(|(_, value)| value);
        let mentioned = words(key.to_token_stream());
        let mut said = Said { func, key, mentioned, skipped: Vec::new() };
        if let Some(value) = key.filter(|value| text(value).is_some() || matches!(value, Expr::Closure(_))) {
            errors.at(value, "`key` is an expression over the arguments: `key = (a, b.id)`");
            return None;
        }
        for name in skip.map(elements).into_iter().flatten() {
            match name_of(name) {
                Some(name) => said.skip(name, errors),
                None => {
                    errors.about("skip", Error::new_spanned(name, "`skip` takes names of arguments, as in `skip(db)`"))
                }
            }
        }
        let broken = args.mentions("key") && key.is_none() || args.mentions("skip") && skip.is_none();
        if broken {
            return None;
        }
        func.args.iter().for_each(|arg| said.check(arg, errors));
        Some(said)
    }

    fn mentions(&self, name: &Ident) -> bool {
        self.mentioned.contains(&plain(name))
    }

    fn skips(&self, name: &Ident) -> bool {
        self.skipped.contains(&plain(name))
    }

    /// Whether the key sees the argument.
    fn keeps(&self, arg: &Arg) -> bool {
        match self.key {
            Some(_) => arg.is_named() && self.mentions(&arg.name),
            None => !arg.bindings.iter().all(|name| self.skips(name)),
        }
    }

    fn elements(&self) -> Vec<Element<'a>> {
        let args = &self.func.args;
        let Some(key) = self.key else {
            return args.iter().filter(|arg| self.keeps(arg)).map(Element::Argument).collect();
        };
        let argument = |expr| args.iter().find(|arg| is_argument(expr, arg));
        let element = |expr| argument(expr).map_or(Element::Written(expr), Element::Argument);
        elements(key).into_iter().map(element).collect()
    }

    fn skip(&mut self, ident: &Ident, errors: &mut Errors) {
        let (name, twice) = (plain(ident), self.skips(ident));
        self.skipped.push(name.clone());
        let known: Vec<_> = self.func.args.iter().flat_map(|arg| arg.bindings.iter().map(plain)).collect();
        let message = if twice {
            format!("`{name}` is skipped twice: remove one of them")
        } else if !known.contains(&name) {
            let near = did_you_mean(&name, known.iter().map(String::as_str));
            let all = if known.is_empty() { "none: remove `skip`".to_owned() } else { list(&known) };
            format!("`{}` has no argument `{name}`{near}; it has {all}", self.func.name())
        } else if self.mentions(ident) {
            format!("`{name}` is in `key` and in `skip`: remove it from one of them")
        } else {
            return;
        };
        errors.about(name, Error::new_spanned(ident, message));
    }

    /// The wrong-user rule, and patterns that are skipped by half.
    fn check(&self, arg: &Arg, errors: &mut Errors) {
        let skipped = arg.bindings.iter().filter(|name| self.skips(name)).count();
        let message = match (skipped, self.key) {
            _ if skipped == arg.bindings.len() => return,
            (1.., _) => format!("{} come from one argument: skip all of them or none", list(&arg.bindings)),
            (0, None) => return,
            (0, Some(_)) if !arg.is_named() => LOOKS_INTO.to_owned(),
            (0, Some(_)) if self.mentions(&arg.name) => return,
            (0, Some(_)) => format!("`{}` {IN_NEITHER}", plain(&arg.name)),
        };
        errors.about(arg.called(), Error::new_spanned(&arg.pat, message));
    }
}

/// The elements of a tuple, or the one expression.
fn elements(value: &Expr) -> Vec<&Expr> {
    match bare(value) {
        Expr::Tuple(tuple) => tuple.elems.iter().map(bare).collect(),
        other => vec![other],
    }
}

fn name_of(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Path(path) => path.path.get_ident(),
        _ => None,
    }
}

fn is_argument(expr: &Expr, arg: &Arg) -> bool {
    arg.is_named() && name_of(expr).is_some_and(|name| plain(name) == plain(&arg.name))
}

/// `entry` has the argument by value, since an expression of the user's reads it.
fn is_given(arg: &Arg, read: &[String]) -> bool {
    arg.is_named() && !arg.is_self() && read.contains(&plain(&arg.name))
}

/// An argument of `entry`: a reference as it is, an owned one behind a reference.
fn declared(arg: &Arg, given: bool) -> TokenStream {
    let (name, ty) = (&arg.name, &arg.ty);
    let (lifetime, target) = match peel(ty) {
        Type::Reference(borrow) => (borrow.lifetime.as_ref(), &*borrow.elem),
        other => (None, other),
    };
    match target {
        Type::Path(path) if arg.is_self() && path.path.is_ident("Self") => quote!(&#lifetime #name),
        _ if given || is_reference(ty) => quote!(#name: #ty),
        _ => quote!(#name: &#ty),
    }
}

fn is_reference(ty: &Type) -> bool {
    matches!(peel(ty), Type::Reference(_))
}

fn refused(arg: &Arg, (at, why): Refusal, errors: &mut Errors) {
    let name = arg.called();
    let message = match peel(&arg.ty) {
        Type::Reference(borrow) if arg.is_self() && borrow.mutability.is_some() => MUT_SELF.to_owned(),
        _ => format!("`{name}` {why}: leave it out with `skip({name})`, or say with `key = …` what the key is"),
    };
    errors.about(name, Error::new(at, message));
}

/// Every word of an expression that may be an argument: fields and paths left out, names inside
/// format strings taken in.
pub(super) fn words(tokens: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    let mut marks = String::new(); // the punctuation before a token
    for token in tokens {
        let member = marks.ends_with("::") || marks.ends_with('.') && !marks.ends_with("..");
        if let TokenTree::Punct(punct) = &token {
            marks.push(punct.as_char());
            continue;
        }
        marks.clear();
        match token {
            TokenTree::Group(group) => found.extend(words(group.stream())),
            TokenTree::Ident(word) if !member => found.push(plain(&word)),
            TokenTree::Literal(literal) => found.extend(literal.to_string().split('{').skip(1).map(|rest| {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                rest[..end.unwrap_or(rest.len())].to_owned()
            })),
            _ => {}
        }
    }
    found
}
