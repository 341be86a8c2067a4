//! R64: whatever a configuration says, it is understood or refused, and no secret of it is ever shown.
//!
//! In: TOML and environments out of the words of a configuration, edited at random, with credentials in them. Out: a
//! configuration or an error; no panic; and of the credentials nothing, wherever a configuration is shown.

use std::fmt::Write as _;

use cached_core::{Config, Error, cached};

use cached_tests::dice::Dice;
use cached_tests::support::{alone, scaled};

#[cached(name = "fuzzed.site")]
fn site(n: u64) -> u64 {
    n
}

/// Credentials that are nowhere but in values of options.
fn canaries() -> Vec<String> {
    (0..20).map(|n| format!("canary{n:02}Zq{:08x}", (n as u32 + 1).wrapping_mul(0x9e37_79b9))).collect()
}

/// Options whose values are numbers, times and texts, and some that nobody knows. Names of kinds, codecs, key functions
/// and aliases are no credentials: messages repeat them.
const OPTIONS: [&str; 18] = [
    "ttl",
    "max_entries",
    "max_bytes",
    "key_prefix",
    "version",
    "join_timeout",
    "op_timeout",
    "max_value_bytes",
    "breaker",
    "write",
    "location",
    "password",
    "username",
    "url",
    "token",
    "TIMEOUT",
    "OPTIONS",
    "l1_ttl",
];
const SITE_OPTIONS: [&str; 12] = [
    "enabled",
    "ttl",
    "idle",
    "jitter",
    "stale",
    "stale_if_error",
    "refresh",
    "max_entries",
    "errors",
    "none",
    "verify",
    "secret",
];
const KINDS: [&str; 6] = ["memory", "file", "dummy", "tiered", "redis", "Memory"];
const VALUES: [&str; 24] = [
    "true",
    "False",
    "0",
    "-1",
    "1.5",
    "1e400",
    "9223372036854775808",
    "0x7fff_ffff",
    "\"\"",
    "\"5m\"",
    "\"1h 30m\"",
    "\"forever\"",
    "\"unbounded\"",
    "\"64MiB\"",
    "\"999999999999999999TiB\"",
    "\"50%\"",
    "\"NaN%\"",
    "[]",
    "[\"a\", 1, [2]]",
    "1979-05-27",
    "{ a = 1 }",
    "\"\\u0000\\uffff\"",
    "'''é'''",
    "\"redis://user:{}@host:6379/0\"",
];

fn pick<'a>(dice: &mut Dice, from: &[&'a str]) -> &'a str {
    from[usize::try_from(dice.below(from.len() as u64)).expect("small")]
}

/// What everybody may see: where files lie, and how keys begin.
const OPEN: [&str; 2] = ["location", "key_prefix"];

/// A value of an option: one of the words, or one with a credential in it.
fn value(dice: &mut Dice, option: &str, canaries: &[String]) -> String {
    if OPEN.iter().any(|open| open.eq_ignore_ascii_case(option)) {
        return "\"open\"".into();
    }
    let canary = &canaries[usize::try_from(dice.below(20)).expect("small")];
    match dice.below(6) {
        0 => format!("\"{canary}\""),
        1 => format!("\"redis://user:{canary}@host:6379/0?password={canary}\""),
        2 => format!("[\"{canary}\", 1]"),
        3 => format!("\"{canary} 5m\""),
        _ => pick(dice, &VALUES).replace("{}", canary),
    }
}

/// A text that may be a configuration.
fn toml(dice: &mut Dice, canaries: &[String]) -> String {
    let mut text = String::new();
    if dice.below(4) == 0 {
        let _ =
            writeln!(text, "{} = {}", pick(dice, &["namespace", "verify", "backends", "Sites"]), pick(dice, &VALUES));
    }
    for _ in 0..=dice.below(3) {
        let alias = pick(dice, &["shared", "default", "\"a b\"", "é"]);
        let _ = writeln!(text, "[backends.{alias}]\nkind = \"{}\"", pick(dice, &KINDS));
        for _ in 0..dice.below(4) {
            let option = pick(dice, &OPTIONS);
            let _ = writeln!(text, "{option} = {}", value(dice, option, canaries));
        }
    }
    if dice.below(2) == 0 {
        let _ = writeln!(text, "[sites.{}]", pick(dice, &["\"fuzzed.site\"", "\"*::*\"", "x", "\"\""]));
        for _ in 0..dice.below(3) {
            let option = pick(dice, &SITE_OPTIONS);
            let _ = writeln!(text, "{option} = {}", value(dice, option, canaries));
        }
    }
    text
}

/// Some edits of a text: what is cut, doubled, or put in.
fn edited(dice: &mut Dice, text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for _ in 0..dice.below(6) {
        let at = usize::try_from(dice.below(letters.len() as u64 + 1)).expect("short");
        match dice.below(4) {
            0 if at < letters.len() => drop(letters.remove(at)),
            1 => letters.insert(
                at,
                ['"', '\'', '[', ']', '=', '\n', '.', '\\', '\0', 'é'][usize::try_from(dice.below(10)).expect("small")],
            ),
            2 => letters.truncate(at.max(letters.len() / 2)),
            _ => letters.extend_from_within(at.min(letters.len())..),
        }
    }
    letters.into_iter().collect()
}

/// Variables that may be a configuration.
fn environment(dice: &mut Dice, canaries: &[String]) -> Vec<(String, String)> {
    let mut variables = Vec::new();
    for _ in 0..dice.below(6) {
        let option = pick(dice, &OPTIONS).to_uppercase();
        let name = match dice.below(6) {
            0 => format!("APP_SITES__FUZZED_SITE__{}", pick(dice, &SITE_OPTIONS).to_uppercase()),
            1 => format!("APP_BACKENDS__{option}"),
            2 => "APP_VERIFY".into(),
            3 => "APP_TOML".into(),
            _ => format!("APP_BACKENDS__SHARED__{option}"),
        };
        let value =
            if name == "APP_TOML" { toml(dice, canaries) } else { value(dice, &option, canaries).replace('"', "") };
        variables.push((name, value));
    }
    variables.push(("APP_BACKENDS__SHARED__KIND".into(), pick(dice, &KINDS).into()));
    variables
}

#[test]
fn r64_no_configuration_panics_and_none_shows_a_credential() {
    let _alone = alone();
    let (mut dice, canaries, rounds) = (Dice::new(64), canaries(), scaled(100_000));
    let (mut refused, mut installed, mut shown) = (0, 0, 0);
    let mut look = |said: &str, of: &dyn Fn() -> String| {
        shown += 1;
        let found = canaries.iter().find(|canary| said.contains(canary.as_str()));
        assert!(found.is_none(), "{found:?} is shown in {said}, of {}", of());
    };
    for round in 0..rounds {
        let (config, input): (Result<Config, Error>, String) = if round % 3 == 0 {
            let variables = environment(&mut dice, &canaries);
            let input = format!("{variables:?}");
            (Config::new().env_from("APP", variables), input)
        } else {
            let text = toml(&mut dice, &canaries);
            let text = if dice.below(2) == 0 { edited(&mut dice, &text) } else { text };
            (Config::from_toml(&text), text)
        };
        let wrong = match config {
            Err(wrong) => Some(wrong),
            Ok(config) => {
                look(&format!("{config:?} {config:#?}"), &|| input.clone());
                // To install one looks at every site: one of some is.
                if round % 4 == 0 { config.strict().install().map(|_| installed += 1).err() } else { None }
            }
        };
        if let Some(wrong) = wrong {
            refused += 1;
            look(&format!("{wrong} {wrong:?} {:?}", wrong.faults()), &|| input.clone());
        } else if round % 4 == 0 {
            let settings =
                format!("{:?} {} {:?}", cached_core::settings(), cached_core::report(), site::entry(&1).explain());
            look(&settings, &|| input.clone());
        }
        assert_eq!(site(7), 7);
    }
    println!(
        "r64: {rounds} configurations, {refused} refused, {installed} installed, {shown} texts: 0 panics, 0 of 20 credentials shown"
    );
    assert!(refused > 0 && installed > 0);
}

#[test]
fn r64_truth_is_true_or_false_and_nothing_else() {
    let _alone = alone();
    let asked =
        ["False", "TRUE", "True", "yes", "no", "on", "off", "1", "0", "", " true", "true ", "t", "nope", "null"];
    for text in asked {
        let error =
            Config::new().site("fuzzed.site", "enabled", text).install().expect_err("it is neither").to_string();
        assert!(
            error.contains("enabled is not true or false")
                && (text.len() < 3 || !error.contains(&format!("\"{text}\""))),
            "{error}"
        );
        let of_env = Config::new().env_from("APP", [("APP_SITES__FUZZED__ENABLED", text)]).expect("it is a variable");
        assert!(of_env.install().is_err(), "{text:?}");
    }
    for toml in ["enabled = 1", "enabled = \"yes\"", "enabled = [true]"] {
        assert!(
            Config::from_toml(&format!("[sites.\"fuzzed.site\"]\n{toml}\n")).expect("it is TOML").install().is_err()
        );
    }
    for (text, is_on) in [("true", true), ("false", false)] {
        Config::new().site("fuzzed.site", "enabled", text).install().expect("it is one of the two");
        site(1);
        let before = site::site().stats().hits;
        site(1);
        assert_eq!(site::site().stats().hits - before, u64::from(is_on));
    }
    println!("r64: {} texts that are neither true nor false are refused", asked.len());
}

#[test]
fn r64_an_option_that_nobody_knows_is_an_error_wherever_it_is_said() {
    let _alone = alone();
    let mut dice = Dice::new(640);
    let known = ["kind", "ttl"];
    let mut refused = 0;
    for _ in 0..scaled(1_000) {
        let name: String =
            (0..=dice.below(8)).map(|_| char::from(b'a' + u8::try_from(dice.below(26)).expect("a letter"))).collect();
        if known.contains(&&*name) || OPTIONS.contains(&&*name) || SITE_OPTIONS.contains(&&*name) {
            continue;
        }
        let in_code = Config::new().option("shared", "kind", "memory").option("shared", &name, "1").install();
        let of_site = Config::new().site("fuzzed.site", &name, "1").install();
        for error in [in_code.expect_err("nobody knows it"), of_site.expect_err("nobody knows it")] {
            assert!(error.to_string().contains(&format!("{name}: no such option")), "{error}");
            refused += 1;
        }
    }
    println!("r64: {refused} unknown options, {refused} errors");
}
