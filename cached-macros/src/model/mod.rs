//! What is true about one cached function: every rule of the attribute is here.
//!
//! In: the arguments as written, the function as written, and the `impl` block around it if that
//! is known. Out: a `Model` that `expand` can write down without asking anything.

mod behind;
mod generics;
mod keeps;
mod names;
mod parts;
mod policy;
mod tags;

pub(crate) use behind::Behind;
pub(crate) use generics::{check_static, parameters, without};
pub(crate) use keeps::Keeps;
pub(crate) use names::{Attrs, Names};
pub(crate) use parts::Key;
pub(crate) use policy::Policy;

use crate::args::Args;
use crate::errors::Errors;
use crate::func::{Func, peel};
use crate::key::with_static;
use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, FnArg, Generics, ItemImpl, Pat, Signature, Type, parse_quote};

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

/// What is around a function: the `impl` block, where it carries the attribute, and the usual path
/// of the framework.
pub(crate) struct Around<'a> {
    pub(crate) block: Option<&'a ItemImpl>,
    pub(crate) root: TokenStream,
}

impl Around<'_> {
    /// The path of the framework: `crate = …`, or the usual one.
    pub(crate) fn root_of(&self, args: &Args, errors: &mut Errors) -> TokenStream {
        match args.get("crate") {
            None => return self.root.clone(),
            // As one, which stays where it was written.
            Some((_, Expr::Path(path))) => return Group::new(Delimiter::None, quote!(#path)).into_token_stream(),
            Some((_, other)) => errors.at(other, "`crate` takes a path, without quotes, as in `crate = my::path`"),
        }
        self.root.clone()
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
    pub(crate) fingerprint: u64,
    /// The arguments as they are handed on, `self` first.
    pub(crate) passed: Vec<Ident>,
    /// Patterns to be bound where the body stands inside the wrapper.
    pub(crate) patterns: Vec<(Pat, Ident)>,
    /// The generics of the memo: without lifetimes.
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
    /// Where another computes what this caller finds stale.
    pub(crate) behind: Option<Behind>,
    /// A call that says the tags of an entry.
    pub(crate) tagged: Option<TokenStream>,
}

impl Model {
    /// Applies every rule. The model is only fit for use if `errors` stays empty.
    pub(crate) fn new(args: &Args, mut func: Func, around: &Around, errors: &mut Errors) -> Model {
        let (root, block) = (around.root_of(args, errors), around.block);
        func.check(errors);
        let form = match block {
            Some(ItemImpl { trait_: None, .. }) => Form::Beside,
            None if !func.has_receiver() && !func.check_self(errors) => Form::Free,
            Some(_) | None => Form::Inline,
        };
        if let (Form::Inline, Some((word, _))) = (form, args.get("companion")) {
            let message = match block {
                Some(_) => "a method of a trait has no companions: remove `companion`",
                None => "a lone method has no companions: put `#[cached]` on its inherent `impl` block as well",
            };
            errors.at(word, message);
        }
        generics::name_impl_traits(&mut func);
        let self_ty = block.filter(|_| form == Form::Beside).map(|block| with_static(&block.self_ty));
        let mut parameters = parameters(&func.item.sig.generics);
        parameters.extend(block.into_iter().flat_map(|block| self::parameters(&block.generics)));
        let named = parameters.is_empty() && form != Form::Inline;
        let key = Key::new(args, &func, (&root, self_ty.as_ref(), named), errors);
        let sig = &func.item.sig;
        check_static(&sig.generics, &func.args, &key.left_out, errors);
        let output = func.output();
        let lasting = substituted(&with_static(&output), self_ty.as_ref());
        let keeps = Keeps::new(args, form, &lasting, &parameters, errors);
        keeps.check_borrow(&output, errors);
        let patterns = func.args.iter().filter(|arg| !arg.is_plain());
        Model {
            names: Names::new(args, &func, form, block, errors),
            attrs: Attrs::new(&func.item.attrs),
            vis: func.item.vis.clone(),
            sig: wrapper_signature(&func),
            body_sig: sig.clone(),
            fingerprint: fingerprint(args, &func),
            passed: func.args.iter().map(|arg| arg.name.clone()).collect(),
            patterns: patterns.map(|arg| (arg.pat.clone(), arg.name.clone())).collect(),
            memo: generics::without_lifetimes(&sig.generics, &key.left_out),
            concrete: named && key.parts.iter().all(|part| part.owned.is_some()),
            generic: form == Form::Inline && block.is_none() || !parameters.is_empty(),
            policy: Policy::new(args, &keeps, &root, errors),
            behind: Behind::new(args, &func, form, errors),
            tagged: tags::tagged(args, &key, errors),
            body: func.body,
            root,
            form,
            key,
            output,
            lasting,
            keeps,
            self_ty,
        }
    }
}

/// The type with that of the `impl` block in the place of `Self`.
fn substituted(ty: &Type, self_ty: Option<&Type>) -> Type {
    struct Substitute<'a>(&'a Type);
    impl VisitMut for Substitute<'_> {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            match peel(ty) {
                Type::Path(path) if path.path.is_ident("Self") => *ty = self.0.clone(),
                _ => visit_mut::visit_type_mut(self, ty),
            }
        }
    }
    let mut ty = ty.clone();
    self_ty.into_iter().for_each(|self_ty| Substitute(self_ty).visit_type_mut(&mut ty));
    ty
}

fn wrapper_signature(func: &Func) -> Signature {
    let mut sig = func.item.sig.clone();
    for (input, arg) in sig.inputs.iter_mut().zip(&func.args) {
        match input {
            FnArg::Receiver(receiver) => {
                receiver.attrs.clear();
                receiver.mutability = None;
            }
            FnArg::Typed(typed) => {
                let name = &arg.name;
                typed.attrs.clear();
                *typed.pat = parse_quote!(#name);
            }
        }
    }
    sig
}

/// FNV-1a over the tokens: neither layout nor the compiler's way to print them changes it.
fn fingerprint(args: &Args, func: &Func) -> u64 {
    let words = ["key", "skip"].into_iter().filter_map(|word| args.get(word));
    let code = [func.item.sig.to_token_stream(), func.body.clone()];
    let all = code.into_iter().chain(words.map(|(_, value)| value.to_token_stream()));
    all.fold(0xcbf2_9ce4_8422_2325, mix)
}

fn mix(hash: u64, tokens: TokenStream) -> u64 {
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let text = |hash, text: &str| text.bytes().chain([0xff]).fold(hash, step);
    tokens.into_iter().fold(hash, |hash, token| match token {
        TokenTree::Group(group) => {
            let opened = text(hash, &format!("({:?}", group.delimiter()));
            text(mix(opened, group.stream()), ")")
        }
        other => text(hash, &other.to_string()),
    })
}
