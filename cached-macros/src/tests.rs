//! What the macro writes, and what it says when it refuses.
//!
//! In: attribute arguments and an item, as text. Out: for each shape a file in `snapshots/`,
//! written anew when `BLESS=1`; for each refusal the messages, and the word under each.

use crate::args::duration;
use proc_macro2::TokenStream;
use std::time::Duration;
use std::{env, fs, path::Path};
use syn::visit::Visit;

fn tokens(text: &str) -> TokenStream {
    text.parse().expect("the test is written in tokens")
}

/// The expansion, laid out as people write it.
fn expand(args: &str, item: &str) -> String {
    let written = crate::expand(tokens(args), tokens(item));
    let file = syn::parse2(written.clone()).unwrap_or_else(|error| panic!("{error}: {written}"));
    prettyplease::unparse(&file)
}

/// The messages, in order.
fn refusals(args: &str, item: &str) -> Vec<String> {
    struct Messages(Vec<String>);
    impl<'ast> Visit<'ast> for Messages {
        fn visit_macro(&mut self, mac: &'ast syn::Macro) {
            if mac.path.segments.last().is_some_and(|last| last.ident == "compile_error") {
                self.0.push(mac.parse_body::<syn::LitStr>().expect("a message").value());
            }
        }
    }
    let file = syn::parse2(crate::expand(tokens(args), tokens(item))).expect("errors and an item");
    let mut messages = Messages(Vec::new());
    messages.visit_file(&file);
    messages.0
}

/// One refusal, whose message contains all of the words.
fn refused(args: &str, item: &str, words: &[&str]) {
    let messages = refusals(args, item);
    assert_eq!(messages.len(), 1, "#[cached({args})] {item}\n{messages:#?}");
    for word in words {
        assert!(messages[0].contains(word), "no {word:?} in {:?}", messages[0]);
    }
}

fn snapshot(name: &str, args: &str, item: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/snapshots").join(name).with_extension("rs");
    let found = expand(args, item);
    if env::var_os("BLESS").is_some() {
        fs::write(&path, &found).expect("snapshots are writable");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == found, "{name} is written differently now (BLESS=1 accepts it):\n{found}");
}

macro_rules! snapshots {
    ($($name:ident: $args:literal, $item:literal;)*) => {$(
        #[test]
        fn $name() {
            snapshot(stringify!($name), $args, $item);
        }
    )*};
}

snapshots! {
    plain: "", "/// Twice.\n pub fn twice(n: u64) -> u64 { n * 2 }";
    str_key: "ttl = \"5m\", max_entries = 10_000", "pub(crate) fn price(sku: &str, qty: u32) -> Option<Cents> { look(sku, qty) }";
    asynchronous: "backend = \"shared\", skip(db)", "async fn user(db: &Pool, id: u64) -> sqlx::Result<User> { db.get(id).await }";
    generic: "", "fn best<'a, T: Ord + Clone + 'static>(all: &'a [T]) -> Option<T> where T: Hash { all.iter().max().cloned() }";
    const_generic: "", "fn sum<const N: usize>(all: [u64; N]) -> u64 { all.iter().sum() }";
    key_expr: "key = (name.to_lowercase(), &name[..1], id), skip(db)", "fn find(db: &Db, name: &str, id: u64) -> Row { db.find(name, id) }";
    skip: "skip(db), flight = \"off\"", "fn row(db: &mut Db, id: u64) -> Row { db.row(id) }";
    raw_companion: "", "impl S { #[cached(companion = \"r#fn\")] fn f(n: u8) -> u8 { n } }";
    where_clauses: "", "fn f<'a, T>(a: &'a T) -> u8 where T: Clone + 'static, &'a T: Into<u8>, for<'b> &'b T: Add { 0 }";
    patterns: "", "fn area((w, h): (u32, u32), mut n: u32, _: Unit) -> u32 { n += w * h; n }";
    impl_trait_arg: "skip(db)", "fn size(db: &impl Db, name: impl AsRef<str> + 'static) -> usize { db.size(name.as_ref()) }";
    floats_and_options: "", "fn at(x: f64, label: Option<&str>, path: &[(f32, &str)], text: Cow<'_, str>) -> Shape { Shape }";
    lone_method: "key = (self.tenant, id)", "fn load(&self, id: u64) -> Result<Row, Error> { self.db.load(id) }";
    lone_async_method: "", "pub async fn load(&self, Id(id): Id) -> Result<Row, Error> { self.db.load(id).await }";
    impl_block: "", "impl Store { #[cached(skip(self))] pub fn load(&self, id: u64) -> Self { self.of(id) } fn other(&self) {} }";
    generic_impl: "", "impl<T: Clone + 'static> Store<T> { #[cached] fn first(n: u64) -> Option<T> { None } }";
    trait_impl: "", "impl Get for Store { #[cached] fn get(id: u64) -> Self { Store(id) } const N: u8 = 1; }";
    result_errors: "errors = \"30s\"", "fn parse(text: String) -> Result<u64, Bad> { text.parse() }";
    none_kept: "none = \"1h 30m\"", "fn find(id: u64) -> Option<Row> { None }";
    raw_ident: "", "fn r#type(r#fn: &str) -> String { r#fn.to_owned() }";
    nested: "companion = \"none\", name = \"billing.nested\", version = 3", "fn nested() -> String { String::new() }";
    attributes: "", "#[cfg(unix)] #[must_use] #[expect(dead_code)] #[tracing::instrument] #[cfg_attr(test, inline, instrument)] fn f(n: u8) -> u8 { n }";
    renamed_crate: "crate = my::memo, ttl = LIFE * 2", "fn f(n: u8) -> u8 { n }";
}

#[test]
fn the_function_that_is_asked_for_is_shown() {
    let written = tokens(
        "#[a] fn f(n: u64) -> u64 { static S: T = T { n: 1 }; other::function(n, { g(n); 40_000_000_000 }); n * 2 }",
    );
    let lines = [
        "// `#[cached]` writes for `f`:",
        "# [a]",
        "fn f (n : u64) -> u64 {",
        "    static S : T = T { n : 1 } ;",
        "    other::function (n , { g (n) ; 40_000_000_000 }) ;",
        "    n * 2",
        "}",
    ];
    let shown = crate::debug::shown("f", Some("f"), &written).expect("it is asked for");
    assert_eq!(shown.lines().collect::<Vec<_>>(), lines);
    assert_eq!(crate::debug::shown("f", Some("g"), &written), None);
    assert_eq!(crate::debug::shown("f", None, &written), None);
}

/// Every snapshot, laid out, is the same tokens again.
#[test]
fn what_is_shown_is_what_is_written() {
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/snapshots")).expect("snapshots") {
        let path = entry.expect("a file").path();
        let written = tokens(&fs::read_to_string(&path).expect("readable"));
        let shown = crate::debug::shown("f", Some("f"), &written).expect("it is asked for");
        assert!(shown.lines().count() > 40, "{shown}");
        let squeezed = |text: String| text.replace(char::is_whitespace, "");
        let (shown, written) = (squeezed(tokens(&shown).to_string()), squeezed(written.to_string()));
        assert_eq!(shown, written, "{}", path.display());
    }
}

#[test]
fn durations_have_units() {
    let good = [
        ("5m", Duration::from_secs(300)),
        ("1h 30m", Duration::from_secs(5400)),
        ("1h30m", Duration::from_secs(5400)),
        (" 250 ms ", Duration::from_millis(250)),
        ("1w2d", Duration::from_secs(777_600)),
        ("7us 3ns", Duration::from_nanos(7003)),
    ];
    for (text, wanted) in good {
        assert_eq!(duration(text), Ok(wanted), "{text}");
    }
    for text in ["", "5", "m", "5 minutes", "1.5h", "-1s", "0s", "99999999999999999999s", "18446744073709551615w"] {
        assert!(duration(text).is_err(), "{text}");
    }
}

#[test]
fn a_word_that_is_not_known_is_answered_with_the_nearest() {
    let f = "fn f(n: u8) -> u8 { n }";
    refused("tll = \"5m\"", f, &["`tll`", "did you mean `ttl`", "`max_entries`"]);
    refused("max_entires = 5", f, &["did you mean `max_entries`"]);
    refused("time = 60", f, &["here `ttl = \"60s\"`"]);
    refused("size = 60", f, &["here `max_entries"]);
    refused("convert = x", f, &["here `key"]);
    refused("result = true", f, &["errors"]);
    refused("sync_writes = true", f, &["flight"]);
    refused("ignore(n)", f, &["here `skip"]);
    refused("\"shared\"", f, &["a word comes first", "`backend`"]);
}

#[test]
fn a_value_that_makes_no_sense_is_refused() {
    let f = "fn f(n: u8) -> u8 { n }";
    refused("ttl = 60", f, &["ttl = \"60s\""]);
    refused("ttl = \"0s\"", f, &["zero"]);
    refused("ttl = \"5 minutes\"", f, &["not a duration", "did you mean `5m`", "`1h 30m`"]);
    refused("ttl", f, &["is written `ttl = \"5m\"`"]);
    refused("ttl =", f, &["is written `ttl = \"5m\"`"]);
    refused("max_entries = 0", f, &["0 entries"]);
    refused("max_entries = \"many\"", f, &["unbounded"]);
    refused("flight = \"of\"", f, &["did you mean `off`"]);
    refused("flight = \"distribted\"", f, &["did you mean `distributed`"]);
    refused("version = \"3\"", f, &["whole number"]);
    refused("backend = \"\"", f, &["empty", "write `backend = \"shared\"`"]);
    refused("backend = shared", f, &["text in quotes"]);
    refused("companion = \"a b\"", f, &["not a name"]);
    refused("crate = \"memo\"", f, &["without quotes"]);
    refused("key = \"n\"", f, &["expression over the arguments"]);
    refused("key = |n| n", f, &["expression over the arguments"]);
    refused("skip = n", f, &["`skip(db)`"]);
    refused("errors = \"30s\"", f, &["`Result`", "`u8`"]);
    refused("none = \"30s\"", f, &["`Option`", "`u8`"]);
    refused("errors = \"soon\"", "fn f() -> Result<u8, E> { x }", &["not a duration", "forever"]);
    refused("none = \"forever\"", "fn f() -> Option<u8> { x }", &["leave `none` out"]);
    refused("ttl = \"1m\", ttl = \"2m\"", f, &["given twice"]);
    refused("stale = 60", f, &["`stale = \"60s\"`"]);
    refused("stale = |n| n.life", f, &["one duration for all values"]);
    refused("stale_if_error = \"1h\"", f, &["`Result`", "`u8`"]);
    refused("verify = \"all\"", f, &["share from 0 to 1"]);
    refused("verify = 2", f, &["share from 0 to 1"]);
    refused("tags = \"n\"", f, &["list of texts"]);
    refused("tags = [n]", f, &["list of texts"]);
    refused("tags = []", f, &["tags nothing"]);
    refused("tags = [\"a:{nn}\"]", f, &["`nn` is none", "did you mean `n`"]);
    refused("refresh = \"later\", stale = \"1m\"", f, &["`refresh` takes \"background\""]);
    refused("refresh = \"background\"", f, &["add `stale = \"1m\"`"]);
    let pool = "fn f(n: u8, pool: &Pool) -> u8 { n }";
    refused("refresh = \"background\", stale = \"1m\", skip(pool)", pool, &["by value, as in `db: Pool`"]);
    refused("jitter = 0.1", f, &["share", "10%"]);
    refused("jitter = \"101%\"", f, &["share"]);
}

#[test]
fn every_argument_is_in_key_or_in_skip() {
    let f = "fn f(a: u8, b: u8) -> u8 { a }";
    refused("key = a", f, &["`b` is neither in `key` nor in `skip`"]);
    refused("key = (a, b), skip(b)", f, &["`b` is in `key` and in `skip`"]);
    refused("skip(c)", f, &["no argument `c`", "`a`, `b`"]);
    refused("skip(self)", f, &["no argument `self`"]);
    refused("skip(a, a)", f, &["skipped twice"]);
    refused("skip(databse)", "fn f(database: &Db) -> u8 { 0 }", &["did you mean `database`"]);
    refused("key = id", "fn f(&self, id: u8) -> u8 { id }", &["`self` is neither"]);
    refused("key = x.a", "fn f(a: u8, x: X) -> u8 { a }", &["`a` is neither"]);
    refused("key = a", "fn f((a, b): (u8, u8)) -> u8 { a }", &["cannot look into a pattern"]);
    refused("skip(a)", "fn f((a, b): (u8, u8)) -> u8 { a }", &["skip all of them or none"]);
    assert!(refusals("key = format!(\"{a}{b:?}\")", f).is_empty());
    assert!(refusals("skip(db)", "fn f(Db(db): Db, n: u8) -> u8 { n }").is_empty());
}

#[test]
fn what_cannot_be_a_key_says_how_to_leave_it_out() {
    for (argument, why) in [
        ("x: &mut Db", "mutably"),
        ("x: &dyn Db", "trait object"),
        ("x: fn() -> u8", "function"),
        ("x: &dyn Fn() -> u8", "trait object"),
        ("x: Box<dyn Fn() -> u8>", "closure"),
        ("x: impl Fn() -> u8", "closure"),
        ("x: Foo<'_>", "holds a borrow"),
        ("x: HashMap<&str, u8>", "holds a borrow"),
        ("x: *const u8", "raw pointer"),
    ] {
        refused("", &format!("fn f({argument}) -> u8 {{ 0 }}"), &["`x`", why, "`skip(x)`", "`key = …`"]);
        let skipped = refusals("skip(x)", &format!("fn f({argument}) -> u8 {{ 0 }}"));
        assert!(skipped.is_empty(), "{argument}: {skipped:?}");
    }
    refused("", "fn f<F: Fn() -> u8>(x: F) -> u8 { x() }", &["closure", "`skip(x)`"]);
    refused("", "fn f(&mut self) -> u8 { 0 }", &["`skip(self)`"]);
    let many: String = (0..13).map(|n| format!("a{n}: u8,")).collect();
    refused("", &format!("fn f({many}) -> u8 {{ 0 }}"), &["at most 12", "13"]);
}

#[test]
fn what_cannot_be_kept_is_refused() {
    for (item, words) in [
        ("fn f(a: &str) -> &str { a }", ["borrow", "owned"]),
        ("fn f(a: &str) -> Option<&str> { None }", ["borrow", "owned"]),
        ("fn f(a: &str) -> Cow<'_, str> { a }", ["borrow", "owned"]),
        ("fn f(a: &str) -> Result<&str, u8> { a }", ["borrow", "owned"]),
        ("fn f(a: u8) -> impl Iterator<Item = u8> { a }", ["without a name", "Arc"]),
        ("fn f(a: u8) -> impl Future<Output = u8> { a }", ["future", "async fn"]),
        ("fn f(a: u8) -> Pin<Box<dyn Future<Output = u8> + Send>> { a }", ["future", "async fn"]),
        ("fn f(a: u8) { }", ["returns nothing", "cache"]),
        ("fn f(a: u8) -> () { }", ["returns nothing", "cache"]),
        ("fn f(a: u8) -> ! { loop {} }", ["never returns", "cache"]),
    ] {
        refused("", item, &words);
    }
    assert!(refusals("", "fn f(a: u8) -> &'static str { \"\" }").is_empty());
    assert!(refusals("", "fn f(a: &str) -> Result<u8, Bad<'_>> { Ok(0) }").is_empty());
}

#[test]
fn what_cannot_be_cached_at_all_is_refused() {
    refused("", "const fn f() -> u8 { 0 }", &["`const fn`"]);
    refused("", "unsafe fn f() -> u8 { 0 }", &["`unsafe fn`"]);
    refused("", "extern \"C\" fn f() -> u8 { 0 }", &["`extern`"]);
    refused("", "fn f(#[cfg(unix)] a: u8) -> u8 { 0 }", &["conditional argument"]);
    refused("", "struct S;", &["function", "this is a struct"]);
    refused("", "trait T { fn f(); }", &["this is a trait"]);
    refused("", "mod m {}", &["this is a module"]);
    refused("", "fn f(&self) -> u8;", &["no body"]);
    refused("", "fn new(n: u8) -> Self { Self(n) }", &["`impl` block as well"]);
    refused("", "fn new(n: u8) -> u8 { Self::of(n) }", &["`impl` block as well"]);
    refused("", "impl S { fn f() {} }", &["no method"]);
    refused("ttl = \"5m\"", "impl S { #[cached] fn f(n: u8) -> u8 { n } }", &["belongs on a method"]);
    refused("companion = \"x\"", "fn f(&self) -> u8 { 0 }", &["no companions"]);
}

#[test]
fn a_type_parameter_must_be_static() {
    refused("", "fn f<T>(n: T) -> u8 { 0 }", &["`T: 'static`"]);
    refused("", "fn f<T: Clone>(n: T) -> u8 { 0 }", &["`T: Clone + 'static`"]);
    refused("", "fn f(n: impl Clone) -> u8 { 0 }", &["`impl Clone + 'static`"]);
    refused("", "impl<T> S<T> { #[cached] fn f(n: u8) -> u8 { n } }", &["`T: 'static`"]);
    assert!(refusals("", "fn f<T>(n: T) -> u8 where T: 'static { 0 }").is_empty());
    assert!(refusals("skip(n)", "fn f(n: impl Clone) -> u8 { 0 }").is_empty());
}

#[test]
fn a_generic_result_is_known_by_its_name_only() {
    for output in ["T", "T::Out", "Page<T>"] {
        let item = format!("fn f<T: 'static>(n: u8) -> {output} {{ x }}");
        refused("", &item, &["`errors = …`", output, "\"never\"", "\"forever\""]);
        assert!(refusals("errors = \"never\"", &item).is_empty());
    }
    for output in ["Result<T, E>", "Option<T>", "Vec<T>", "(T, u8)", "[T; 3]", "u8"] {
        let messages = refusals("", &format!("fn f<T: 'static>(n: u8) -> {output} {{ x }}"));
        assert!(messages.is_empty(), "{output}: {messages:?}");
    }
}

#[test]
fn all_errors_are_told_at_once() {
    let messages = refusals(
        "tll = \"5m\", max_entries = 0, version = x, skip(c)",
        "const fn f<T>(a: &mut u8, b: fn()) -> &str { a }",
    );
    assert_eq!(messages.len(), 9, "{messages:#?}");
    let methods = "impl S { #[cached(ttl = 5)] fn a(n: u8) -> u8 { n } #[cached(tll)] fn b(n: u8) -> u8 { n } }";
    assert_eq!(refusals("", methods).len(), 2);
}

#[test]
fn what_breaks_two_rules_gives_one_error() {
    let f = "fn f(n: u8) -> u8 { n }";
    refused("errors = \"soon\"", f, &["`Result`", "`u8`"]);
    refused("none = \"forever\"", f, &["`Option`", "`u8`"]);
    refused("skip(3)", f, &["`skip(db)`"]);
    refused("skip(x)", "fn f((x, y): (&mut u8, u8)) -> u8 { 0 }", &["skip all of them or none"]);
    refused("", "fn f(n: &mut impl Clone) -> u8 { 0 }", &["`n` is borrowed mutably"]);
    let methods = "impl<T> S<T> { #[cached] fn a(n: u8) -> u8 { n } #[cached] fn b(n: u8) -> u8 { n } }";
    refused("", methods, &["`T: 'static`"]);
}

#[test]
fn a_receiver_is_an_argument_like_the_others() {
    refused("", "fn f(self: &mut Self) -> u8 { 0 }", &["`&mut self`", "`skip(self)`"]);
    refused("", "fn f(self: Pin<&Self>) -> u8 { 0 }", &["`self` holds a borrow", "`skip(self)`", "`key = …`"]);
    let squeezed = |item| expand("", item).replace(char::is_whitespace, "");
    let by_value = squeezed("impl S { #[cached(key = self.id)] fn f(mut self) -> u8 { 0 } }");
    assert!(by_value.contains("fnf(self)->") && by_value.contains("fnf_entry(&self,)"), "{by_value}");
    let shared = squeezed("impl S { #[cached] fn f(self: Arc<Self>) -> u8 { 0 } }");
    assert!(shared.contains("fnf_entry(self:&Arc<Self>,)"), "{shared}");
}

#[test]
fn parentheses_around_an_impl_trait_go_with_it() {
    let written = expand("", "fn f(n: &(impl Clone + 'static)) -> u8 { 0 }");
    assert!(written.contains("n: &ImplN"), "{written}");
}

#[test]
fn a_refused_function_stays_as_it_was() {
    let written = crate::expand(tokens("tll"), tokens("fn f(n: u8) -> u8 { n }")).to_string();
    assert!(written.contains("fn f (n : u8) -> u8 { n }"), "{written}");
    let written = crate::expand(tokens(""), tokens("impl S { #[cached(tll)] fn b(n: u8) -> u8 { n } }")).to_string();
    assert!(written.contains("fn b (n : u8) -> u8 { n }") && !written.contains("# [cached]"), "{written}");
}

#[test]
fn a_fingerprint_depends_on_every_token_and_not_on_layout() {
    let print = |item: &str| {
        let text = expand("", item);
        let at = text.find("fingerprint").expect("a fingerprint");
        text[at..].split(',').next().unwrap_or_default().to_owned()
    };
    assert_eq!(print("fn f(n: u8) -> u8 { n+1 }"), print("fn f(n: u8)->u8{\n n + 1 }"));
    for (one, other) in [("n + 1", "n + 2"), ("(n + 1) * 2", "(n + 1 * 2)"), ("g(n)", "g[n]"), ("g(n) + 1", "g(n + 1)")]
    {
        let [one, other] = [one, other].map(|body| print(&format!("fn f(n: u8) -> u8 {{ {body} }}")));
        assert_ne!(one, other);
    }
}
