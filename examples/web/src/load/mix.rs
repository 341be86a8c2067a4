//! Which pages are asked for.
//!
//! In: a seed and the number of a request. Out: the request, always the same one. Few files and packages are asked for
//! often, many seldom, and one request in twenty is wrong on purpose.

use serde_json::Value;

use crate::client::Client;

/// What the service has.
pub(crate) struct Mix {
    files: Vec<String>,
    crates: Vec<String>,
}

pub(crate) struct Request {
    /// Under which name it is counted.
    pub(crate) page: &'static str,
    pub(crate) path: String,
    pub(crate) expected: u16,
}

/// Each page with its share of a hundred requests.
const PAGES: [(&str, u64); 7] = [
    ("/files/{path}", 35),
    ("/crates/{name}", 25),
    ("/search", 20),
    ("/", 7),
    ("/files", 4),
    ("/crates", 4),
    ("wrong", 5),
];

const WORDS: [&str; 16] = [
    "cached",
    "fn main",
    "impl",
    "Arc",
    "unsafe",
    "async",
    "Duration",
    "#[test]",
    "pub(crate)",
    "Mutex",
    "ttl",
    "stale",
    "<script>",
    "generation",
    "backend",
    "no such words",
];

/// What has to be refused, and how.
const WRONG: [(&str, u16); 5] = [
    ("/files/..%2F..%2Fetc%2Fpasswd", 400),
    ("/files/no/such/file.rs", 404),
    ("/crates/no-such-crate", 404),
    ("/search?q=a", 400),
    ("/no-such-page", 404),
];

impl Mix {
    /// Asks the service for its files and packages.
    pub(crate) async fn learn(client: &mut Client) -> Result<Self, String> {
        let files = names(client, "/files", "files", "path").await?;
        let crates = names(client, "/crates", "crates", "name").await?;
        Ok(Self { files, crates })
    }

    /// The request with this number.
    pub(crate) fn request(&self, seed: u64, number: u64) -> Request {
        let mut dice = Dice(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut place = dice.below(PAGES.iter().map(|page| page.1).sum());
        let mut pages = PAGES.iter().map(|(page, share)| {
            let here = place < *share;
            place = place.saturating_sub(*share);
            (here, *page)
        });
        let page = pages.find(|(here, _)| *here).map_or("/", |(_, page)| page);
        let (path, expected) = match page {
            "/files/{path}" => (format!("/files/{}", encoded(dice.skewed(&self.files))), 200),
            "/crates/{name}" => (format!("/crates/{}", encoded(dice.skewed(&self.crates))), 200),
            "/search" => (format!("/search?q={}", encoded(dice.skewed(&WORDS))), 200),
            "wrong" => {
                let (path, status) = WRONG[dice.below(WRONG.len() as u64) as usize];
                (path.to_owned(), status)
            }
            page => (page.to_owned(), 200),
        };
        Request { page, path, expected }
    }
}

/// One text of each element of a list that a page gives.
async fn names(client: &mut Client, page: &str, list: &str, name: &str) -> Result<Vec<String>, String> {
    let answer = client.get(page).await?;
    let found: Value = serde_json::from_slice(&answer.body).map_err(|error| format!("{page}: {error}"))?;
    let list = found[list].as_array().into_iter().flatten();
    let names: Vec<String> = list.filter_map(|one| Some(one[name].as_str()?.to_owned())).collect();
    if names.is_empty() { Err(format!("{page} lists nothing")) } else { Ok(names) }
}

/// A text as part of an address: letters, digits and what is never special, the rest as percents.
fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'/' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    /// One of a list, the first ones most often: half of all draws take from its first eighth.
    fn skewed<'l>(&mut self, list: &'l [impl AsRef<str>]) -> &'l str {
        const PARTS: u64 = 1 << 20;
        let part = self.below(PARTS);
        let place = u128::from(part).pow(3) * list.len() as u128 / u128::from(PARTS).pow(3);
        list[place as usize].as_ref()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn mix() -> Mix {
        let list = |name: &str| (0..100).map(|number| format!("{name} {number}")).collect();
        Mix { files: list("file"), crates: list("crate") }
    }

    #[test]
    fn one_seed_gives_the_same_requests_and_another_seed_others() {
        let paths = |seed| (0..500).map(|number| mix().request(seed, number).path).collect::<Vec<_>>();
        assert_eq!(paths(1), paths(1));
        assert_ne!(paths(1), paths(2));
    }

    #[test]
    fn each_page_has_about_its_share() {
        let mut counts = BTreeMap::new();
        (0..10_000).for_each(|number| *counts.entry(mix().request(7, number).page).or_insert(0_u64) += 1);
        for (page, share) in PAGES {
            let asked = counts[page];
            assert!(asked.abs_diff(share * 100) < share * 25, "{page}: {asked} of 10,000, meant {share} of 100");
        }
    }

    #[test]
    fn what_is_special_in_an_address_is_encoded() {
        assert_eq!(encoded("a b/c.rs?q=<é>&#"), "a%20b/c.rs%3Fq%3D%3C%C3%A9%3E%26%23");
    }

    #[test]
    fn half_of_the_draws_take_from_the_first_eighth() {
        let list: Vec<String> = (0..80).map(|place| place.to_string()).collect();
        let mut dice = Dice(3);
        let first = (0..10_000).filter(|_| dice.skewed(&list).parse::<u32>().expect("a place") < 10).count();
        assert!((4_700..5_300).contains(&first), "{first} of 10,000");
    }
}
