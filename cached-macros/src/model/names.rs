//! What everything is called, and which attribute goes where.
//!
//! In: the function, its form and the words `companion` and `name`. Out: the names of the
//! companions, the identity of the site, and the user's attributes sorted by where they belong.

use super::policy::word;
use super::{Form, parameters};
use crate::args::Args;
use crate::errors::{Errors, written};
use crate::func::{Func, plain};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, ItemImpl, Meta, Path, Token, parse_quote};

/// The names of one function's companions.
pub(crate) struct Names {
    /// The `enum` that the companions of a free function live in.
    pub(crate) home: Ident,
    prefix: String,
    /// Where the function's own name was written; `line!()` points there.
    pub(crate) at: Span,
    /// What the report shows, where the compiler does not know it better.
    pub(crate) shown: Option<TokenStream>,
    pub(crate) identity: TokenStream,
    pub(crate) named: bool,
    /// The last paragraph of the function's documentation.
    pub(crate) doc: Option<String>,
}

impl Names {
    pub(crate) fn new(args: &Args, func: &Func, form: Form, block: Option<&ItemImpl>, errors: &mut Errors) -> Names {
        let (ident, name) = (&func.item.sig.ident, func.name());
        let at = Span::call_site().located_at(ident.span());
        let companion = companion(args, errors);
        let hidden = companion.as_ref().is_some_and(|other| other == "none");
        let renamed = companion.is_some() && form == Form::Free && parameters(&func.item.sig.generics).is_empty();
        let mut home = match companion {
            Some(_) if hidden => Ident::new(&format!("__cached_{name}"), at),
            other => other.unwrap_or_else(|| ident.clone()),
        };
        home.set_span(at);
        let (prefix, before) = match form {
            Form::Beside => (format!("{}_", plain(&home)), format!("{}_", plain(&home))),
            _ => (String::new(), format!("{home}::")),
        };
        let given = word(args, "name", errors);
        let identity = match (&given, block) {
            (Some(text), _) => quote!(#text),
            (None, None) => path_to(&[&name]),
            (None, Some(block)) => path_to(&[&type_text(block), &name]),
        };
        let named = given.is_some();
        let doc = format!(
            "Cached: see `{before}entry`, `{before}refresh`, `{before}with_outcome`, `{before}uncached`, `{before}site`."
        );
        Names {
            prefix,
            at: ident.span(),
            shown: match given {
                None if renamed => Some(quote!(::core::any::type_name_of_val(&#ident))),
                None if form != Form::Beside && !args.mentions("companion") => None,
                _ => Some(identity.clone()),
            },
            named,
            doc: (form != Form::Inline && !hidden).then_some(doc),
            home,
            identity,
        }
    }

    /// The name of a companion.
    pub(crate) fn near(&self, what: &str) -> Ident {
        Ident::new(&format!("{}{what}", self.prefix), self.home.span())
    }

    /// The name of what is not for users: where it stands among their methods it is called otherwise.
    pub(crate) fn hidden(&self, what: &str) -> Ident {
        let secret = if self.prefix.is_empty() { "" } else { "__" };
        Ident::new(&format!("{secret}{}{what}", self.prefix), self.home.span())
    }
}

fn companion(args: &Args, errors: &mut Errors) -> Option<Ident> {
    let name = word(args, "companion", errors)?;
    let (given, value) = args.get("companion")?;
    let message = format!("`{name}` is not a name: write `companion = \"other\"`, or \"none\"");
    syn::parse_str(&name).map_err(|_| errors.about(given, Error::new_spanned(value, message))).ok()
}

/// `module::a::b`, put together by the compiler.
fn path_to(names: &[&str]) -> TokenStream {
    quote!(::core::concat!(::core::module_path!(), #("::", #names),*))
}

/// `Type`, or `<Type as Trait>`.
fn type_text(block: &ItemImpl) -> String {
    let ty = written(&block.self_ty);
    match &block.trait_ {
        Some((path, _)) => format!("<{ty} as {}>", written(path)),
        None => ty,
    }
}

/// The user's attributes, by where they belong.
#[derive(Default)]
pub(crate) struct Attrs {
    /// On the wrapper: what the caller sees.
    pub(crate) wrapper: Vec<Attribute>,
    /// On the function that holds the body: what other macros want to see.
    pub(crate) body: Vec<Attribute>,
    /// Lints, which are on both of them, for the companions.
    pub(crate) lints: Vec<Attribute>,
    /// On every item: whether it exists at all.
    pub(crate) every: Vec<Attribute>,
}

const LINTS: &str = "allow warn deny forbid expect";
const WRAPPER: &str = "doc deprecated must_use inline cold track_caller no_mangle export_name link_section unsafe";

impl Attrs {
    pub(crate) fn new(attrs: &[Attribute]) -> Attrs {
        let mut sorted = Attrs::default();
        for attr in attrs {
            match conditional(attr) {
                Some(parts) => parts.into_iter().for_each(|(path, attr)| sorted.put(&path, attr)),
                None => sorted.put(attr.path(), attr.clone()),
            }
        }
        sorted
    }

    fn put(&mut self, path: &Path, attr: Attribute) {
        let is_in = |names: &str| names.split(' ').any(|name| path.is_ident(name));
        if path.is_ident("cfg") {
            self.every.push(attr);
        } else if is_in(WRAPPER) {
            self.wrapper.push(attr);
        } else if is_in(LINTS) {
            let attr = not_expected(attr);
            self.wrapper.push(attr.clone());
            self.lints.push(attr.clone());
            self.body.push(attr);
        } else {
            self.body.push(attr);
        }
    }
}

/// `#[cfg_attr(p, a, b)]` as `#[cfg_attr(p, a)]` and `#[cfg_attr(p, b)]`, each with its inner path.
fn conditional(attr: &Attribute) -> Option<Vec<(Path, Attribute)>> {
    if !attr.path().is_ident("cfg_attr") {
        return None;
    }
    let mut metas = attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?.into_iter();
    let predicate = metas.next()?;
    let split = metas.map(|meta| (meta.path().clone(), parse_quote!(#[cfg_attr(#predicate, #meta)])));
    Some(split.collect())
}

/// A lint may be met in one copy and not in the other, so an expectation becomes a permission.
fn not_expected(mut attr: Attribute) -> Attribute {
    if let Meta::List(list) = &mut attr.meta
        && list.path.is_ident("expect")
    {
        list.path = parse_quote!(allow);
    }
    attr
}
