//! A call is answered only with what this function, this instantiation and these arguments gave.
//!
//! Every family below is a set of calls that look alike (one name, one argument) and have answers
//! of their own; each is played in memory, on files, and on the files once more.

use std::path::Path;

use cached_core::{Config, Site, cached};

use cached_tests::support::alone;
use cached_tests::verified;

/// A call of a family and the answer of the plain function.
pub(crate) type Asked = (fn() -> u64, u64);

/// Plays `calls` in memory, on `file`, and on the same files with nothing else kept. Gives how
/// many answers there were, all of them right.
pub(crate) fn play(family: &str, sites: &[&'static Site], calls: &[Asked]) -> usize {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    let mut answers = 0;
    for round in ["in memory", "on file", "on file, read back"] {
        if round != "in memory" {
            on_file(directory.path(), round, sites).install().unwrap();
        }
        let before: u64 = sites.iter().map(|site| site.stats().runs).sum();
        for again in ["first", "again"] {
            for (place, (call, expected)) in calls.iter().enumerate() {
                assert_eq!(call(), *expected, "{family}, {round}, {again}: call {place}");
                answers += 1;
            }
        }
        let runs = sites.iter().map(|site| site.stats().runs).sum::<u64>() - before;
        let expected = if round == "on file, read back" { 0 } else { calls.len() as u64 };
        assert_eq!(runs, expected, "{family}, {round}: each body ran once and all else was a hit");
    }
    answers
}

/// The sites on files below `directory`; the alias is a new one for each `round`.
fn on_file(directory: &Path, round: &str, sites: &[&'static Site]) -> Config {
    let alias = round.replace([' ', ','], "-");
    let location = directory.join("cache");
    let config = verified::config().option(&alias, "kind", "file").option(&alias, "op_timeout", "30s");
    let config = config.option(&alias, "location", location.to_str().unwrap());
    sites.iter().fold(config, |config, site| config.site(site.name(), "backend", &alias))
}

/// A type for each number.
pub(crate) struct Tag<const N: u64>;

/// What a type argument is worth: in neither key nor value.
pub(crate) trait Worth: 'static {
    const WORTH: u64;
}

impl<const N: u64> Worth for Tag<N> {
    const WORTH: u64 = N;
}

#[test]
fn type_arguments_in_neither_key_nor_value_keep_instances_apart() {
    #[cached(name = "identity.worth")]
    fn worth<T: Worth + 'static>(n: u64) -> u64 {
        T::WORTH * 1_000 + n
    }
    let calls: [Asked; 4] = [
        (|| worth::<Tag<1>>(5), 1_005),
        (|| worth::<Tag<2>>(5), 2_005),
        (|| worth::<Tag<3>>(5), 3_005),
        (|| worth::<Tag<3>>(6), 3_006),
    ];
    play("type arguments", &[worth::site()], &calls);
}

#[test]
fn const_arguments_keep_instances_apart() {
    #[cached(name = "identity.const_argument")]
    fn scaled<const BY: u64>(n: u64) -> u64 {
        BY * n
    }
    let calls: [Asked; 3] = [(|| scaled::<2>(5), 10), (|| scaled::<3>(5), 15), (|| scaled::<30>(5), 150)];
    play("const arguments", &[scaled::site()], &calls);
}

mod left {
    #[cached_core::cached]
    pub(super) fn price(n: u64) -> u64 {
        n + 100
    }
}

mod right {
    #[cached_core::cached]
    pub(super) fn price(n: u64) -> u64 {
        n + 200
    }
    pub(super) mod left {
        #[cached_core::cached]
        pub(in super::super) fn price(n: u64) -> u64 {
            n + 300
        }
    }
}

#[test]
fn functions_of_one_name_in_different_modules_are_different() {
    let calls: [Asked; 3] = [(|| left::price(1), 101), (|| right::price(1), 201), (|| right::left::price(1), 301)];
    play("modules", &[left::price::site(), right::price::site(), right::left::price::site()], &calls);
}

/// One text, one file, one line, one column: only the module tells these apart.
macro_rules! alike {
    ($($module:ident = $add:expr;)*) => {$(
        mod $module {
            const ADD: u64 = $add;
            #[cached_core::cached]
            pub(super) fn price(n: u64) -> u64 {
                n + ADD
            }
        }
    )*};
}

alike! {
    alike_a = 10;
    alike_b = 20;
}

#[test]
fn functions_that_a_macro_wrote_on_one_line_with_one_text_are_different() {
    assert_eq!(alike_a::price::site().location(), alike_b::price::site().location(), "as alike as can be");
    let calls: [Asked; 2] = [(|| alike_a::price(1), 11), (|| alike_b::price(1), 21)];
    play("macro", &[alike_a::price::site(), alike_b::price::site()], &calls);
}

#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize)]
struct Cat(u64);

#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize)]
struct Dog(u64);

#[cached]
impl Cat {
    #[cached]
    fn age(&self, factor: u64) -> u64 {
        self.0 * factor
    }

    #[cached]
    fn legs(n: u64) -> u64 {
        n * 4
    }
}

#[cached]
impl Dog {
    #[cached]
    fn age(&self, factor: u64) -> u64 {
        self.0 * factor * 7
    }

    #[cached]
    fn legs(n: u64) -> u64 {
        n * 4 + 1
    }
}

#[test]
fn methods_of_one_name_in_different_impls_are_different() {
    let calls: [Asked; 4] = [(|| Cat(3).age(2), 6), (|| Dog(3).age(2), 42), (|| Cat::legs(2), 8), (|| Dog::legs(2), 9)];
    play("impls", &[Cat::age_site(), Dog::age_site(), Cat::legs_site(), Dog::legs_site()], &calls);
}

trait Loud {
    fn sound(&self, n: u64) -> u64;
}

trait Quiet {
    fn sound(&self, n: u64) -> u64;
}

#[cached]
impl Loud for Cat {
    #[cached(name = "identity.loud_cat")]
    fn sound(&self, n: u64) -> u64 {
        self.0 + n + 1_000
    }
}

#[cached]
impl Quiet for Cat {
    #[cached(name = "identity.quiet_cat")]
    fn sound(&self, n: u64) -> u64 {
        self.0 + n + 2_000
    }
}

#[cached]
impl Loud for Dog {
    #[cached(name = "identity.loud_dog")]
    fn sound(&self, n: u64) -> u64 {
        self.0 + n + 3_000
    }
}

#[test]
fn methods_of_one_name_in_different_traits_and_types_are_different() {
    let site = |name| cached_core::site(name).unwrap();
    let sites = ["identity.loud_cat", "identity.quiet_cat", "identity.loud_dog"].map(site);
    let calls: [Asked; 3] = [
        (|| Loud::sound(&Cat(1), 1), 1_002),
        (|| Quiet::sound(&Cat(1), 1), 2_002),
        (|| Loud::sound(&Dog(1), 1), 3_002),
    ];
    play("traits", &sites, &calls);
}

fn nested_in_first() -> u64 {
    #[cached(name = "identity.nested_in_first")]
    fn inner(n: u64) -> u64 {
        n + 1
    }
    inner(1)
}

fn nested_in_second() -> u64 {
    #[cached(name = "identity.nested_in_second")]
    fn inner(n: u64) -> u64 {
        n + 2
    }
    inner(1)
}

#[test]
fn functions_of_one_name_inside_different_functions_are_different() {
    let site = |name| cached_core::site(name).unwrap();
    let sites = ["identity.nested_in_first", "identity.nested_in_second"].map(site);
    play("nested", &sites, &[(nested_in_first, 2), (nested_in_second, 3)]);
}

fn unnamed_in_first() -> u64 {
    #[cached]
    fn unnamed(n: u64) -> u64 {
        n + 1
    }
    unnamed(1)
}

fn unnamed_in_second() -> u64 {
    #[cached]
    fn unnamed(n: u64) -> u64 {
        n + 2
    }
    unnamed(1)
}

#[test]
fn nested_functions_of_one_path_are_apart_in_memory_and_refused_on_bytes_until_they_have_names() {
    assert_eq!([unnamed_in_first(), unnamed_in_second(), unnamed_in_first(), unnamed_in_second()], [2, 3, 2, 3]);
    let names = ["it::identity::unnamed_in_first::unnamed", "it::identity::unnamed_in_second::unnamed"];
    let sites = names.map(|name| cached_core::site(name).unwrap());
    assert_eq!(sites.map(|site| site.stats().hits), [1, 1]);
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    let error = on_file(directory.path(), "both", &sites).install().unwrap_err();
    let shown = error.to_string();
    assert!(sites.iter().all(|site| shown.contains(&site.location())) && shown.contains("`name = …`"), "{shown}");
    on_file(directory.path(), "one", &sites[..1]).install().unwrap();
    assert_eq!([unnamed_in_first(), unnamed_in_second()], [2, 3], "one of them alone has nobody to be taken for");
}

#[test]
fn two_receivers_have_entries_of_their_own() {
    let calls: [Asked; 3] = [(|| Dog(1).age(1), 7), (|| Dog(2).age(1), 14), (|| Dog(1).age(2), 14)];
    play("receivers", &[Dog::age_site()], &calls);
}

#[test]
fn receivers_at_one_address_are_told_apart_by_their_value() {
    struct Slot(Cat);
    impl Slot {
        #[cached(key = self.0.0, name = "identity.slot")]
        fn read(&self) -> u64 {
            self.0.0 * 10
        }
    }
    let mut slot = Slot(Cat(1));
    let first = slot.read();
    slot.0 = Cat(2);
    assert_eq!((first, slot.read()), (10, 20), "the address did not change, the value did");
}

#[test]
fn a_receiver_that_is_skipped_by_name_is_not_part_of_the_key() {
    struct Pool(u64);
    impl Pool {
        #[cached(skip(self), name = "identity.pool")]
        fn fetch(&self, id: u64) -> u64 {
            self.0 * 1_000 + id
        }
    }
    assert_eq!((Pool(1).fetch(5), Pool(2).fetch(5), Pool(2).fetch(6)), (1_005, 1_005, 2_006));
    assert_eq!(cached_core::site("identity.pool").unwrap().stats().hits, 1);
}

#[test]
fn what_a_closure_captured_is_not_part_of_the_key_and_its_type_is() {
    #[cached(skip(f), name = "identity.closure")]
    fn apply<F: Fn(u64) -> u64 + 'static>(f: F, n: u64) -> u64 {
        f(n)
    }
    let adding = |by: u64| move |n: u64| n + by;
    assert_eq!((apply(adding(10), 1), apply(adding(20), 1)), (11, 11), "one closure type; `skip(f)` says so");
    assert_eq!(apply(|n| n * 100, 1), 100, "another closure is another instance");
    assert_eq!(apply(|n| n * 200, 1), 200);
    assert_eq!(apply::site().stats().runs, 3);
}

#[test]
fn a_recursive_function_in_a_generic_impl_keeps_its_instances_apart() {
    struct Base<const N: u64>;
    #[cached]
    impl<const N: u64> Base<N> {
        #[cached(name = "identity.power")]
        fn power(n: u64) -> u64 {
            if n == 0 { 1 } else { N * Self::power(n - 1) }
        }
    }
    let base: [fn(u64) -> u64; 2] = [Base::<2>::power, Base::<3>::power];
    assert_eq!((base[0](10), base[1](10), base[0](10), base[1](3)), (1_024, 59_049, 1_024, 27));
    assert_eq!(Base::<2>::power_site().stats().runs, 22);
}

/// Two types that the compiler calls by one name, in the order that is asked for.
fn of_one_name(first: bool) -> u64 {
    #[cached(name = "identity.of_one_name")]
    fn worth<T: Worth + 'static>(n: u64) -> u64 {
        T::WORTH + n
    }
    if first {
        struct Local;
        impl Worth for Local {
            const WORTH: u64 = 100;
        }
        worth::<Local>(1)
    } else {
        struct Local;
        impl Worth for Local {
            const WORTH: u64 = 200;
        }
        worth::<Local>(1)
    }
}

#[test]
fn types_that_the_compiler_calls_by_one_name_never_share_an_entry_in_one_process() {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    let site = cached_core::site("identity.of_one_name").unwrap();
    for _ in 0..2 {
        assert_eq!((of_one_name(true), of_one_name(false)), (101, 201));
    }
    on_file(directory.path(), "one", &[site]).install().unwrap();
    for _ in 0..2 {
        assert_eq!((of_one_name(true), of_one_name(false)), (101, 201));
    }
}

#[test]
fn types_that_the_compiler_calls_by_one_name_never_share_an_entry_of_two_processes() {
    const DIRECTORY: &str = "CACHED_TESTS_ONE_NAME";
    let site = cached_core::site("identity.of_one_name").unwrap();
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        on_file(Path::new(&directory), "child", &[site]).install().unwrap();
        println!("\nanswered {}", of_one_name(false));
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    {
        let _alone = alone();
        on_file(directory.path(), "parent", &[site]).install().unwrap();
        assert_eq!(of_one_name(true), 101);
    }
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    let test = "identity::types_that_the_compiler_calls_by_one_name_never_share_an_entry_of_two_processes";
    let output = child.args(["--exact", "--nocapture", test]).env(DIRECTORY, directory.path()).output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    assert!(output.contains("answered 201"), "the other type's answer came back: {output}");
}
