//! What the memo keeps of a return type.
//!
//! In: the return type and the words `errors` and `none`. Out: the const argument `F` of the run
//! time, as far as it can be said without knowing the types; borrowed returns are refused.

use super::Form;
use super::policy::near;
use crate::args::{Args, duration, text};
use crate::errors::{Errors, written};
use crate::func::{is_self, path_in, peel};
use crate::key::{borrow_in, last, types};
use proc_macro2::Ident;
use std::time::Duration;
use syn::{Error, Path, Type};

/// What the memo keeps, and how long if that is another time than for a value.
pub(crate) struct Keeps {
    /// 0 for everything, 1 for the `Ok` of a `Result`, 2 for all of it; nothing where the compiler
    /// finds it by the type.
    pub(crate) whole: Option<u8>,
    pub(crate) errors: Option<Keep>,
    pub(crate) none: Option<Keep>,
}

/// How long an `Err` or a `None` is kept.
#[derive(Clone, Copy)]
pub(crate) enum Keep {
    Never,
    Forever,
    For(Duration),
}

/// What the last name of a type says.
#[derive(Clone, Copy, PartialEq)]
enum Seen {
    Result,
    Option,
    Whole,
    Unknown,
}

/// Types that are no `Result`, whatever their parameters are.
const WHOLE: &str = "Vec Box Arc Rc String Cow HashMap BTreeMap HashSet BTreeSet VecDeque BinaryHeap PhantomData Duration \
                     PathBuf bool char u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64";

impl Keeps {
    pub(crate) fn new(args: &Args, form: Form, output: &Type, parameters: &[Ident], errors: &mut Errors) -> Keeps {
        let seen = look(output);
        let mut refuse = |word: &str, wanted: &str, unfit: bool| {
            if let Some((given, _)) = args.get(word).filter(|_| unfit) {
                let output = written(output);
                let message =
                    format!("`{word}` is for functions that return {wanted}, this one returns `{output}`: remove it");
                errors.about(word, Error::new(given.span(), message));
            }
        };
        for word in ["errors", "stale_if_error"] {
            refuse(word, "a `Result`", matches!(seen, Seen::Whole | Seen::Option));
        }
        refuse("none", "an `Option`", seen == Seen::Whole);
        let (kept, none) = (keep(args, "errors", errors), keep(args, "none", errors));
        let names = |path: &Path| path.segments.first().is_some_and(|first| parameters.contains(&first.ident));
        let open = path_in(output, |path| names(path) || is_self(path)).is_some();
        let asked = if form == Form::Inline { !args.mentions("none") } else { !open };
        let whole = match (kept, seen) {
            (Some(Keep::For(_)), _) => Some(2),
            (Some(Keep::Never), _) => Some(1),
            (Some(Keep::Forever), _) => Some(0),
            (None, _) if asked => None,
            (None, Seen::Result) => Some(1),
            (None, Seen::Option | Seen::Whole) => Some(0),
            (None, Seen::Unknown) => {
                // `Self` where nobody knows it is refused already.
                if form != Form::Free || path_in(output, names).is_some() {
                    let message = format!(
                        "this needs `errors = …`: the macro cannot see whether `{}` is a `Result`; write `errors = \"never\"` if \
                         it is one (an `Err` is then not kept), `errors = \"forever\"` if whatever it returns may be kept",
                        written(output),
                    );
                    errors.about("errors", Error::new_spanned(output, message));
                }
                Some(0)
            }
        };
        Keeps { whole, errors: kept, none }
    }

    /// A value that borrows from the call cannot outlive it.
    pub(crate) fn check_borrow(&self, output: &Type, errors: &mut Errors) {
        let value = match last(peel(output)) {
            Some(last) if self.whole != Some(2) && last.ident == "Result" => types(last).next(),
            _ => Some(output),
        };
        let message = "the cache cannot keep a borrow: return an owned value, or an `Arc` of it";
        errors.push(value.and_then(borrow_in).map(|at| Error::new(at, message)));
    }
}

/// The value of `errors` or `none`.
fn keep(args: &Args, word: &str, errors: &mut Errors) -> Option<Keep> {
    let (_, value) = args.get(word)?;
    let or_forever = if word == "errors" { ", \"never\" or \"forever\"" } else { ", or \"never\"" };
    let near = near(value, if word == "errors" { &["never", "forever"] } else { &["never"] });
    let accepted = format!("`{word}` is a duration such as \"30s\"{or_forever}{near}");
    let written = text(value);
    let message = match written.as_deref() {
        Some("never") => return Some(Keep::Never),
        Some("forever") if word == "errors" => return Some(Keep::Forever),
        Some("forever") => "a `None` is kept like any other value: leave `none` out".to_owned(),
        None => accepted,
        Some(written) => match duration(written) {
            Ok(duration) => return Some(Keep::For(duration)),
            Err(message) => format!("{message}; {accepted}"),
        },
    };
    errors.about(word, Error::new_spanned(value, message));
    None
}

fn look(ty: &Type) -> Seen {
    match (peel(ty), last(peel(ty))) {
        (Type::Tuple(_) | Type::Array(_) | Type::Reference(_) | Type::FnPtr(_), _) => Seen::Whole,
        (_, Some(last)) if last.ident == "Result" => Seen::Result,
        (_, Some(last)) if last.ident == "Option" => Seen::Option,
        (_, Some(last)) if WHOLE.split(' ').any(|name| last.ident == name) => Seen::Whole,
        _ => Seen::Unknown,
    }
}
