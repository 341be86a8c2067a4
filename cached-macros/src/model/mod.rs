//! What is true about one cached function: every rule of the attribute is here.
//!
//! In: the arguments as written, the function as written, and the `impl` block around it if that
//! is known. Out: a `Model` that `expand` can write down without asking anything.

mod names;
mod parts;
mod policy;
mod shape;

pub(crate) use names::{Attrs, Names};
pub(crate) use parts::Key;
pub(crate) use policy::{Keep, Lifetime, Policy};
pub(crate) use shape::{Keeps, parameters};

use crate::args::{Args, Value, Word};
use crate::errors::Errors;
use crate::func::{Func, peel};
use crate::key::with_static;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::visit_mut::{self, VisitMut};
use syn::{FnArg, Generics, ItemImpl, Pat, PatIdent, PatType, Path, ReceiverKind, Signature, Type};

/// Where the function stands, and so what can be written beside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// A function of its own: the companions live in an `enum` of the same name.
    Free,
    /// In an inherent `impl` block that carries the attribute too: the companions are methods.
    Beside,
    /// A method whose `impl` block is unknown or is a trait's: nothing can be added.
    Inline,
}

/// The `impl` block around a method, where it carries the attribute.
pub(crate) struct Block {
    self_ty: Type,
    generics: Generics,
    trait_: Option<Path>,
}

impl Block {
    pub(crate) fn of(block: &ItemImpl) -> Block {
        let trait_ = block.trait_.as_ref().map(|(path, _)| path.clone());
        Block {
            self_ty: (*block.self_ty).clone(),
            generics: block.generics.clone(),
            trait_,
        }
    }
}

/// Everything `expand` needs.
pub(crate) struct Model {
    pub(crate) root: TokenStream,
    pub(crate) form: Form,
    pub(crate) names: Names,
    pub(crate) attrs: Attrs,
    pub(crate) vis: syn::Visibility,
    /// The signature of the wrapper: every argument has a plain name, `impl Trait` a parameter.
    pub(crate) sig: Signature,
    /// The same with the patterns as they were written.
    pub(crate) body_sig: Signature,
    pub(crate) body: TokenStream,
    /// The arguments as they are handed on, `self` first.
    pub(crate) passed: Vec<Ident>,
    /// Patterns to be bound where the body stands inside the wrapper.
    pub(crate) patterns: Vec<(Pat, Ident)>,
    /// Type and const parameters of the function, for calls with explicit arguments.
    pub(crate) parameters: Vec<Ident>,
    /// Those of the memo: without lifetimes.
    pub(crate) memo: Generics,
    pub(crate) key: Key,
    /// The return type, as written and with `'static`.
    pub(crate) output: Type,
    pub(crate) lasting: Type,
    pub(crate) keeps: Keeps,
    /// Key and value types stand in a static: no type parameter is in sight.
    pub(crate) concrete: bool,
    pub(crate) generic: bool,
    /// `Self`, where it can be named in a static.
    pub(crate) self_ty: Option<Type>,
    pub(crate) policy: Policy,
}

/// Words that make no sense in a form, and why.
const NOT_HERE: &[(Word, Form, &str)] = &[(
    Word::Companion,
    Form::Inline,
    "a lone method has no companions: put `#[cached]` on the `impl` block as well (an inherent one)",
)];

impl Model {
    /// Applies every rule. The model is only fit for use if `errors` stays empty.
    pub(crate) fn new(args: &Args, func: Func, block: Option<&Block>, root: TokenStream, errors: &mut Errors) -> Model {
        func.check(errors);
        let form = match block {
            Some(Block { trait_: None, .. }) => Form::Beside,
            None if func.receiver.is_none() => Form::Free,
            Some(_) | None => Form::Inline,
        };
        if form == Form::Free {
            func.check_self(errors);
        }
        for (word, given) in args.iter() {
            if let Some((_, _, why)) = NOT_HERE.iter().find(|row| row.0 == word && row.1 == form) {
                errors.at(&given.word, why);
            }
        }
        let mut func = func;
        let params = shape::name_impl_traits(&mut func);
        let key = Key::new(args, &func, &params, errors);
        let left_out = key.left_out(&params);
        let self_ty = block.map(|block| with_static(&block.self_ty));
        let around = block.map(|block| &block.generics);
        let callable = params
            .iter()
            .filter(|param| param.callable)
            .map(|param| param.name.clone());
        let settled: Vec<_> = left_out.iter().cloned().chain(callable).collect(); // skipped, or refused already
        shape::check_static(&func.sig.generics, &settled, errors);
        if let Some(around) = around {
            shape::check_static(around, &[], errors);
        }
        let output = func.output();
        let mut lasting = with_static(&output);
        if let Some(self_ty) = self_ty.as_ref().filter(|_| form == Form::Beside) {
            Substitute(self_ty).visit_type_mut(&mut lasting);
        }
        let memo = shape::without_lifetimes(&func.sig.generics, &left_out);
        let mut parameters = shape::parameters(&func.sig.generics);
        let own = parameters.clone();
        parameters.extend(around.map(shape::parameters).unwrap_or_default());
        let keeps = Keeps::new(args, form, &lasting, &parameters, errors);
        shape::check_borrow(&output, &keeps, errors);
        let generic = form == Form::Inline && block.is_none() || !parameters.is_empty();
        Model {
            form,
            names: Names::new(args, &func, form, block, errors),
            attrs: Attrs::new(&func.attrs),
            vis: func.vis.clone(),
            sig: wrapper_signature(&func),
            body_sig: func.sig.clone(),
            passed: passed(&func),
            patterns: func
                .args
                .iter()
                .filter(|arg| !arg.is_plain())
                .map(|arg| (arg.pat.clone(), arg.name.clone()))
                .collect(),
            parameters: own,
            concrete: parameters.is_empty() && form != Form::Inline && key.is_nameable(),
            policy: Policy::new(args, fingerprint(args, &func), errors),
            body: func.body,
            root,
            memo,
            key,
            output,
            lasting,
            keeps,
            generic,
            self_ty,
        }
    }
}

/// Puts the type of the `impl` block in the place of `Self`.
pub(crate) struct Substitute<'a>(pub(crate) &'a Type);

impl VisitMut for Substitute<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::Path(path) = peel(ty)
            && path.qself.is_none()
            && path.path.is_ident("Self")
        {
            *ty = self.0.clone();
            return;
        }
        visit_mut::visit_type_mut(self, ty);
    }
}

/// The path of the framework: `crate = …`, or its own name.
pub(crate) fn root(args: &Args) -> Option<TokenStream> {
    match &args.get(Word::Crate)?.value {
        Value::Path(path) => Some(path.to_token_stream()),
        _ => None,
    }
}

/// The usual path of the framework.
pub(crate) fn usual_root() -> TokenStream {
    quote!(::cached_core)
}

fn wrapper_signature(func: &Func) -> Signature {
    let mut sig = func.sig.clone();
    let mut args = func.args.iter();
    for input in &mut sig.inputs {
        match input {
            FnArg::Receiver(receiver) => {
                receiver.attrs.clear();
                receiver.mutability = None;
            }
            FnArg::Typed(PatType { attrs, pat, .. }) => {
                attrs.clear();
                if let Some(arg) = args.next() {
                    let (attrs, ident) = (Vec::new(), arg.name.clone());
                    **pat = Pat::Ident(PatIdent {
                        attrs,
                        by_ref: None,
                        mutability: None,
                        ident,
                        subpat: None,
                    });
                }
            }
        }
    }
    sig
}

fn passed(func: &Func) -> Vec<Ident> {
    let receiver = func
        .receiver
        .iter()
        .map(|receiver| Ident::new("self", receiver.self_token.span));
    receiver.chain(func.args.iter().map(|arg| arg.name.clone())).collect()
}

/// Whether the receiver is `&self` or `&mut self`, and whether it is `mut`.
pub(crate) fn receiver_reference(kind: &ReceiverKind) -> Option<bool> {
    match kind {
        ReceiverKind::Reference(_, _, mutability) => Some(mutability.is_some()),
        ReceiverKind::Typed(_, ty) => match peel(ty) {
            Type::Reference(reference) => Some(reference.mutability.is_some()),
            _ => None,
        },
        _ => None,
    }
}

/// FNV-1a over the tokens: neither layout nor the compiler's way to print them changes it.
fn fingerprint(args: &Args, func: &Func) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let words = [Word::Key, Word::Skip].map(|word| {
        args.get(word).map(|given| match &given.value {
            Value::Expr(expr) => expr.to_token_stream(),
            Value::Names(names) => quote!(#(#names)*),
            Value::Path(_) | Value::Broken => TokenStream::new(),
        })
    });
    for tokens in [func.sig.to_token_stream(), func.body.clone()]
        .into_iter()
        .chain(words.into_iter().flatten())
    {
        mix(&mut hash, tokens);
    }
    hash
}

fn mix(hash: &mut u64, tokens: TokenStream) {
    let mut text = |text: &str| {
        for byte in text.bytes().chain([0xff]) {
            *hash = (*hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    text("(");
    for token in tokens {
        match token {
            TokenTree::Group(group) => mix(hash, group.stream()),
            other => {
                let mut bytes = other.to_string();
                bytes.push(' ');
                for byte in bytes.bytes() {
                    *hash = (*hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
                }
            }
        }
    }
}
