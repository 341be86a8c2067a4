//! What everything is called, and which attribute goes where.
//!
//! In: the function, its form and the words `companion` and `name`. Out: the names of the
//! companions, the identity of the site, and the user's attributes sorted by where they belong.

use super::policy::word;
use super::{Block, Form};
use crate::args::{Args, Word};
use crate::errors::Errors;
use crate::func::Func;
use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{AttrStyle, Attribute, Meta, Token};

/// The names of one function's companions.
pub(crate) struct Names {
    /// The `enum` that the companions of a free function live in.
    pub(crate) home: Ident,
    pub(crate) uncached: Ident,
    pub(crate) entry: Ident,
    pub(crate) refresh: Ident,
    pub(crate) site: Ident,
    pub(crate) memo: Ident,
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
    pub(crate) fn new(args: &Args, func: &Func, form: Form, block: Option<&Block>, errors: &mut Errors) -> Names {
        let (name, at) = (func.name(), func.sig.ident.span());
        let companion = companion(args, errors);
        let hidden = companion.as_deref() == Some("none");
        let (home, prefix) = match (companion, hidden, form) {
            (_, true, Form::Beside) => (format!("__{name}"), format!("__{name}_")),
            (_, true, _) => (format!("__cached_{name}"), String::new()),
            (Some(other), _, Form::Beside) => (other.clone(), format!("{}_", other.trim_start_matches("r#"))),
            (None, _, Form::Beside) => (name.clone(), format!("{name}_")),
            (other, _, _) => (other.unwrap_or_else(|| func.sig.ident.to_string()), String::new()),
        };
        let at_name = Span::call_site().located_at(at);
        let near = |what: &str| Ident::new(&format!("{prefix}{what}"), at_name);
        let memo = if form == Form::Beside {
            Ident::new(&format!("__{prefix}memo"), at_name)
        } else {
            near("memo")
        };
        let written = word(args, Word::Name, errors);
        let identity = match (&written, block) {
            (Some(text), _) => quote!(#text),
            (None, None) => path_to(&[&name]),
            (None, Some(block)) => path_to(&[&type_text(block), &name]),
        };
        let renamed = form == Form::Beside || form == Form::Free && args.mentions(Word::Companion);
        let shown = (written.is_some() || renamed).then(|| identity.clone());
        let separator = if form == Form::Free {
            format!("{home}::")
        } else {
            prefix.clone()
        };
        let doc = (form != Form::Inline && !hidden).then(|| {
            let [entry, refresh, uncached, site] =
                ["entry", "refresh", "uncached", "site"].map(|what| format!("`{separator}{what}`"));
            format!("Cached: see {entry}, {refresh}, {uncached}, {site}.")
        });
        Names {
            home: syn::parse_str::<Ident>(&home)
                .map_or_else(|_| func.sig.ident.clone(), |ident| spanned(ident, at_name)),
            uncached: near("uncached"),
            entry: near("entry"),
            refresh: near("refresh"),
            site: near("site"),
            named: written.is_some(),
            memo,
            at,
            shown,
            identity,
            doc,
        }
    }
}

fn spanned(mut ident: Ident, span: Span) -> Ident {
    ident.set_span(span);
    ident
}

fn companion(args: &Args, errors: &mut Errors) -> Option<String> {
    let name = word(args, Word::Companion, errors)?;
    if syn::parse_str::<Ident>(&name).is_ok() {
        return Some(name);
    }
    if let Some(given) = args.get(Word::Companion) {
        errors.at(
            &given.word,
            format!("`{name}` is not a name: `companion = \"other\"`, or \"none\""),
        );
    }
    None
}

/// `module::a::b`, put together by the compiler.
fn path_to(names: &[&str]) -> TokenStream {
    quote!(::core::concat!(::core::module_path!(), #("::", #names),*))
}

/// `Type`, or `<Type as Trait>`.
fn type_text(block: &Block) -> String {
    let ty = compact(block.self_ty.to_token_stream());
    match &block.trait_ {
        Some(path) => format!("<{ty} as {}>", compact(path.to_token_stream())),
        None => ty,
    }
}

/// Tokens as people write them: spaces only where words meet.
fn compact(tokens: TokenStream) -> String {
    let mut text = String::new();
    for token in tokens {
        let piece = match &token {
            TokenTree::Group(group) => {
                let inner = compact(group.stream());
                match group.delimiter() {
                    Delimiter::Parenthesis => format!("({inner})"),
                    Delimiter::Bracket => format!("[{inner}]"),
                    Delimiter::Brace => format!("{{{inner}}}"),
                    Delimiter::None => inner,
                }
            }
            TokenTree::Ident(ident) => ident.unraw().to_string(),
            TokenTree::Punct(punct) if punct.as_char() == ',' => ", ".to_owned(),
            other => other.to_string(),
        };
        let meets = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        if meets(text.chars().last()) && meets(piece.chars().next()) {
            text.push(' ');
        }
        text.push_str(&piece);
    }
    text
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

/// Where an attribute belongs.
enum Belongs {
    Wrapper,
    Both,
    Every,
}

const PLACES: &[(&str, Belongs)] = &[
    ("cfg", Belongs::Every),
    ("allow", Belongs::Both),
    ("warn", Belongs::Both),
    ("deny", Belongs::Both),
    ("forbid", Belongs::Both),
    ("expect", Belongs::Both),
    ("doc", Belongs::Wrapper),
    ("deprecated", Belongs::Wrapper),
    ("must_use", Belongs::Wrapper),
    ("inline", Belongs::Wrapper),
    ("cold", Belongs::Wrapper),
    ("track_caller", Belongs::Wrapper),
    ("no_mangle", Belongs::Wrapper),
    ("export_name", Belongs::Wrapper),
    ("link_section", Belongs::Wrapper),
    ("unsafe", Belongs::Wrapper),
];

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

    fn put(&mut self, path: &syn::Path, attr: Attribute) {
        let found = PLACES.iter().find(|row| path.is_ident(row.0)).map(|row| &row.1);
        match found {
            Some(Belongs::Wrapper) => self.wrapper.push(attr),
            Some(Belongs::Every) => self.every.push(attr),
            Some(Belongs::Both) => {
                let attr = not_expected(attr);
                self.wrapper.push(attr.clone());
                self.lints.push(attr.clone());
                self.body.push(attr);
            }
            None => self.body.push(attr),
        }
    }
}

/// `#[cfg_attr(p, a, b)]` as `#[cfg_attr(p, a)]` and `#[cfg_attr(p, b)]`, each with its inner path.
fn conditional(attr: &Attribute) -> Option<Vec<(syn::Path, Attribute)>> {
    let Meta::List(list) = &attr.meta else { return None };
    if !list.path.is_ident("cfg_attr") {
        return None;
    }
    let metas = Punctuated::<Meta, Token![,]>::parse_terminated
        .parse2(list.tokens.clone())
        .ok()?;
    let mut metas = metas.into_iter();
    let predicate = metas.next()?;
    let split = metas.map(|meta| {
        let path = meta.path().clone();
        let tokens = quote!(#predicate, #meta);
        let list = syn::MetaList { tokens, ..list.clone() };
        (
            path,
            Attribute {
                meta: Meta::List(list),
                style: AttrStyle::Outer,
                ..attr.clone()
            },
        )
    });
    Some(split.collect())
}

/// A lint may be met in one copy and not in the other, so an expectation becomes a permission.
fn not_expected(mut attr: Attribute) -> Attribute {
    if let Meta::List(list) = &mut attr.meta
        && list.path.is_ident("expect")
    {
        list.path = Ident::new("allow", Span::call_site()).into();
    }
    attr
}
