//! What the key is made of.
//!
//! In: the words `key` and `skip`, and the function. Out: the parts in order. Every argument is in
//! one of the two: an argument that is in neither gives one caller the value of another.

use super::policy::expr;
use super::receiver_reference;
use super::shape::Param;
use crate::args::{Args, Value, Word, text};
use crate::errors::{Errors, did_you_mean, list};
use crate::func::{Arg, Func};
use crate::key::{InEntry, Part, Place, Shape};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Expr, Receiver, ReceiverKind, Type};

/// More parts than a tuple has traits for.
const MOST: usize = 12;

/// The key of a function.
pub(crate) struct Key {
    pub(crate) parts: Vec<Part>,
    /// Arguments of `entry`: their places among the function's arguments.
    pub(crate) entry: Vec<usize>,
    pub(crate) entry_receiver: bool,
    /// Those of them that `entry` takes as declared, since an expression of the user's reads them.
    pub(crate) as_declared: Vec<usize>,
}

/// What the two words say.
struct Said<'a> {
    key: Option<Vec<&'a Expr>>,
    /// All words of the key expression.
    mentioned: Vec<String>,
    skipped: Vec<String>,
}

impl Key {
    pub(crate) fn new(args: &Args, func: &Func, params: &[Param], errors: &mut Errors) -> Key {
        let said = Said::read(args, func, errors);
        if args.mentions(Word::Key) && said.key.is_none() || args.mentions(Word::Skip) && args.get(Word::Skip).is_none()
        {
            return Key {
                parts: Vec::new(),
                entry: Vec::new(),
                entry_receiver: false,
                as_declared: Vec::new(),
            };
        }
        let key = match &said.key {
            None => Key::of_arguments(func, &said, params, errors),
            Some(elements) => Key::of_expressions(elements, func, &said, params, errors),
        };
        if key.parts.len() > MOST {
            let message = format!(
                "a key has at most {MOST} parts, this one has {}: group arguments in a struct, or use `skip` or `key = …`",
                key.parts.len()
            );
            match (args.get(Word::Key), func.args.get(MOST)) {
                (Some(given), _) => errors.at(&given.word, message),
                (None, Some(arg)) => errors.at(&arg.pat, message),
                (None, None) => errors.at(&func.sig.ident, message),
            }
        }
        key
    }

    /// All arguments but the skipped ones.
    fn of_arguments(func: &Func, said: &Said, params: &[Param], errors: &mut Errors) -> Key {
        let mut parts = Vec::new();
        let receiver = func.receiver.as_ref().filter(|_| !said.skips("self"));
        parts.extend(receiver.and_then(|receiver| receiver_part(receiver, errors)));
        let kept = |arg: &Arg| !arg.bindings.is_empty() && !arg.bindings.iter().all(|name| said.skips(&plain(name)));
        let entry: Vec<_> = (0..func.args.len()).filter(|index| kept(&func.args[*index])).collect();
        parts.extend(
            entry
                .iter()
                .filter_map(|index| argument_part(&func.args[*index], false, params, errors)),
        );
        Key {
            parts,
            entry,
            entry_receiver: receiver.is_some(),
            as_declared: Vec::new(),
        }
    }

    /// What `key = …` says.
    fn of_expressions(elements: &[&Expr], func: &Func, said: &Said, params: &[Param], errors: &mut Errors) -> Key {
        let is_self = |element: &Expr| {
            func.receiver.is_some() && matches!(element, Expr::Path(path) if path.path.is_ident("self"))
        };
        let place = |element: &Expr| func.args.iter().position(|arg| is_argument(element, arg));
        let mut read = Vec::new();
        for element in elements.iter().filter(|element| place(element).is_none()) {
            words(element.to_token_stream(), &mut read);
        }
        let by_value = |arg: &Arg| arg.is_named() && read.contains(&plain(&arg.name));
        let as_declared: Vec<_> = (0..func.args.len())
            .filter(|index| by_value(&func.args[*index]))
            .collect();
        let mut parts = Vec::new();
        for element in elements {
            match (place(element), &func.receiver) {
                (Some(index), _) => {
                    parts.extend(argument_part(
                        &func.args[index],
                        as_declared.contains(&index),
                        params,
                        errors,
                    ));
                }
                (None, Some(receiver)) if is_self(element) => parts.extend(receiver_part(receiver, errors)),
                (None, _) => parts.push(Part::Written(Box::new((*element).clone()))),
            }
        }
        let entry = |arg: &Arg| arg.is_named() && said.mentions(&plain(&arg.name));
        let entry: Vec<_> = (0..func.args.len()).filter(|index| entry(&func.args[*index])).collect();
        Key {
            parts,
            entry,
            entry_receiver: func.receiver.is_some() && said.mentions("self"),
            as_declared,
        }
    }

    /// The key type can be written down.
    pub(crate) fn is_nameable(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Argument { .. }))
    }

    /// The key type, where it can be written down.
    pub(crate) fn owned(&self, root: &TokenStream) -> Option<Vec<TokenStream>> {
        self.parts.iter().map(|part| part.owned(root)).collect()
    }

    /// Parameters made from `impl Trait` in arguments that the key leaves out.
    pub(crate) fn left_out(&self, params: &[Param]) -> Vec<Ident> {
        let left = |param: &&Param| param.argument.is_some_and(|index| !self.entry.contains(&index));
        params.iter().filter(left).map(|param| param.name.clone()).collect()
    }
}

impl<'a> Said<'a> {
    fn read(args: &'a Args, func: &Func, errors: &mut Errors) -> Said<'a> {
        let mut said = Said {
            key: None,
            mentioned: Vec::new(),
            skipped: Vec::new(),
        };
        if let Some((_, value)) = expr(args, Word::Key) {
            if text(value).is_some() || matches!(value, Expr::Closure(_)) {
                errors.at(value, "`key` is an expression over the arguments: `key = (a, b.id)`");
                return said;
            }
            said.key = Some(elements(value));
            words(value.to_token_stream(), &mut said.mentioned);
        }
        let skip = args.get(Word::Skip).map(|given| &given.value);
        if let Some(Value::Names(names)) = skip {
            for name in names {
                said.skip(name, func, errors);
            }
        }
        said.check(func, args, errors);
        said
    }

    fn mentions(&self, name: &str) -> bool {
        self.mentioned.iter().any(|word| word == name)
    }

    fn skips(&self, name: &str) -> bool {
        self.skipped.iter().any(|word| word == name)
    }

    fn skip(&mut self, name: &Ident, func: &Func, errors: &mut Errors) {
        let text = plain(name);
        let known = func.receiver.iter().map(|_| "self".to_owned());
        let known: Vec<_> = known
            .into_iter()
            .chain(func.args.iter().flat_map(|arg| arg.bindings.iter().map(plain)))
            .collect();
        if self.skips(&text) {
            errors.at(name, format!("`{text}` is skipped twice"));
        } else if !known.contains(&text) {
            let near = did_you_mean(&text, known.iter().map(String::as_str));
            let all = if known.is_empty() {
                "it has none".to_owned()
            } else {
                format!("it has {}", list(&known))
            };
            errors.at(name, format!("`{}` has no argument `{text}`{near}; {all}", func.name()));
        } else if self.mentions(&text) {
            errors.at(
                name,
                format!("`{text}` is in `key` and in `skip`: remove it from one of them"),
            );
        }
        self.skipped.push(text);
    }

    /// The wrong-user rule, and patterns that are skipped by half.
    fn check(&self, func: &Func, args: &Args, errors: &mut Errors) {
        for arg in &func.args {
            let skipped = arg.bindings.iter().filter(|name| self.skips(&plain(name))).count();
            if skipped > 0 && skipped < arg.bindings.len() {
                let message = format!(
                    "{} come from one argument: skip all of them or none",
                    list(&arg.bindings)
                );
                errors.at(&arg.pat, message);
            } else if skipped > 0 || arg.bindings.is_empty() || self.key.is_none() {
            } else if !arg.is_named() {
                let message =
                    "`key` cannot look into a pattern: name this argument and take it apart in the body, or skip it";
                errors.at(&arg.pat, message);
            } else if !self.mentions(&plain(&arg.name)) {
                errors.at(&arg.name, in_neither(&plain(&arg.name)));
            }
        }
        if let (Some(receiver), Some(_)) = (&func.receiver, &self.key)
            && !self.mentions("self")
            && !self.skips("self")
            && args.get(Word::Key).is_some()
        {
            errors.at(receiver.self_token, in_neither("self"));
        }
    }
}

fn in_neither(name: &str) -> String {
    format!(
        "`{name}` is neither in `key` nor in `skip`: calls that differ in it would share one value; add it to one of them"
    )
}

/// The elements of a tuple, or the one expression.
fn elements(value: &Expr) -> Vec<&Expr> {
    match value {
        Expr::Tuple(tuple) => tuple.elems.iter().map(bare).collect(),
        Expr::Paren(inner) => elements(&inner.expr),
        Expr::Group(inner) => elements(&inner.expr),
        other => vec![other],
    }
}

fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(inner) => bare(&inner.expr),
        Expr::Group(inner) => bare(&inner.expr),
        other => other,
    }
}

fn is_argument(expr: &Expr, arg: &Arg) -> bool {
    matches!(bare(expr), Expr::Path(path) if arg.is_named() && path.path.get_ident().is_some_and(|name| plain(name) == plain(&arg.name)))
}

fn plain(name: &Ident) -> String {
    name.unraw().to_string()
}

/// Every word of an expression that may be an argument: fields and paths left out, names inside
/// format strings taken in.
fn words(tokens: TokenStream, found: &mut Vec<String>) {
    let mut before = [None, None];
    for token in tokens {
        let dot = |at: &Option<char>| *at == Some('.');
        let member = dot(&before[1]) && !dot(&before[0]) || before[1] == Some(':') && before[0] == Some(':');
        let mut last = None;
        match token {
            TokenTree::Group(group) => words(group.stream(), found),
            TokenTree::Ident(word) if !member => found.push(plain(&word)),
            TokenTree::Ident(_) => {}
            TokenTree::Punct(punct) => last = Some(punct.as_char()),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let captured = text.split('{').skip(1).map(|rest| {
                    rest.chars()
                        .take_while(|c| c.is_alphanumeric() || *c == '_')
                        .collect::<String>()
                });
                found.extend(captured.filter(|name| !name.is_empty()));
            }
        }
        before = [before[1], last];
    }
}

fn argument_part(arg: &Arg, as_declared: bool, params: &[Param], errors: &mut Errors) -> Option<Part> {
    let callable = params
        .iter()
        .filter(|param| param.callable)
        .find_map(|param| param.is(&arg.ty));
    let refusal = match (callable, Shape::of(&arg.ty)) {
        (None, Ok(shape)) => {
            let borrowed = matches!(crate::func::peel(&arg.ty), Type::Reference(_));
            let span = syn::spanned::Spanned::span(&arg.ty);
            let in_entry = match (borrowed, as_declared) {
                (true, _) => InEntry::Declared,
                (false, true) => InEntry::Given,
                (false, false) => InEntry::Lent,
            };
            let place = Place {
                name: arg.name.clone(),
                span,
                lent: false,
                in_entry,
            };
            return Some(Part::Argument {
                place: Box::new(place),
                shape: Box::new(shape),
            });
        }
        (Some(span), _) => (span, "is a closure, and closures cannot be compared"),
        (None, Err(refusal)) => (refusal.span, refusal.why),
    };
    let name = arg.bindings.first().map_or_else(|| "it".to_owned(), plain);
    let (span, why) = refusal;
    errors.at_span(
        span,
        format!("`{name}` {why}: leave it out with `skip({name})`, or say with `key = …` what the key is"),
    );
    None
}

fn receiver_part(receiver: &Receiver, errors: &mut Errors) -> Option<Part> {
    let span = receiver.self_token.span;
    let by_reference = receiver_reference(&receiver.kind);
    if by_reference == Some(true) {
        errors.at_span(
            mutability(receiver).unwrap_or(span),
            "`&mut self` cannot be a key, and a hit would not change it: take `&self`, or leave it out with `skip(self)`",
        );
        return None;
    }
    let ty = match (&receiver.kind, by_reference) {
        (ReceiverKind::Typed(_, ty), None) => (**ty).clone(),
        _ => syn::parse_quote_spanned!(span=> Self),
    };
    let place = Place {
        name: Ident::new("self", span),
        span,
        lent: by_reference.is_some(),
        in_entry: InEntry::Lent,
    };
    match Shape::of(&ty) {
        Ok(shape) => Some(Part::Argument {
            place: Box::new(place),
            shape: Box::new(shape),
        }),
        Err(refusal) => {
            errors.at_span(
                refusal.span,
                format!(
                    "`self` {}: leave it out with `skip(self)`, or use `key = …`",
                    refusal.why
                ),
            );
            None
        }
    }
}

fn mutability(receiver: &Receiver) -> Option<Span> {
    match &receiver.kind {
        ReceiverKind::Reference(_, _, mutability) => mutability.map(|token| token.span),
        _ => None,
    }
}
