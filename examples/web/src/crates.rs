//! What the packages of a lock file pull in.
//!
//! In: the `Cargo.lock` of the workspace. Out: of each package what it depends on, what depends on it, and how many
//! packages it brings. Dev-dependencies make cycles, so a walk remembers where it was.

use std::collections::VecDeque;
use std::fs;
use std::sync::Arc;

use cached_core::cached;
use serde::{Deserialize, Serialize};

use crate::answer::Fault;
use crate::tree::changed;

/// A lock file as a graph; what needs what stands in it by number.
pub(crate) struct Graph {
    /// Length and time of change of the file: a part of every key.
    edition: (u64, u64),
    packages: Vec<Package>,
    needs: Vec<Vec<usize>>,
    needed_by: Vec<Vec<usize>>,
}

/// A package as the lock file has it.
#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    #[serde(default)]
    dependencies: Vec<String>,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

/// One package beside the others.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Weight {
    name: String,
    version: String,
    needs: Vec<String>,
    needed_by: Vec<String>,
    /// Packages that it brings, itself included.
    total: usize,
}

/// The graph of the workspace's lock file.
///
/// # Errors
/// When there is none, or it is no lock file.
pub(crate) fn graph() -> Result<Arc<Graph>, Fault> {
    let about = fs::metadata("Cargo.lock")?;
    read(about.len(), changed(&about)?)
}

/// Reads a lock file; only another edition of it is read again, and the last four are kept.
#[cached(max_entries = 4)]
fn read(bytes: u64, modified: u64) -> Result<Arc<Graph>, Fault> {
    let text = fs::read_to_string("Cargo.lock")?;
    let lock: Lock =
        toml::from_str(&text).map_err(|error| Fault::broken(format!("Cargo.lock: {}", error.message())))?;
    let packages = lock.package;
    let mut needs = vec![Vec::new(); packages.len()];
    let mut needed_by = needs.clone();
    for (user, package) in packages.iter().enumerate() {
        for written in &package.dependencies {
            let found = packages.iter().position(|package| package.is(written));
            let need = found.ok_or_else(|| Fault::broken(format!("Cargo.lock: {written} is not locked")))?;
            needs[user].push(need);
            needed_by[need].push(user);
        }
    }
    Ok(Arc::new(Graph { edition: (bytes, modified), packages, needs, needed_by }))
}

impl Package {
    /// Whether a dependency means this package. It is written `name`, `name version` or `name version (source)`, as
    /// short as it is clear.
    fn is(&self, written: &str) -> bool {
        let mut words = written.split(' ');
        words.next() == Some(&self.name) && words.next().is_none_or(|version| version == self.version)
    }

    fn shown(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}

#[cached]
impl Graph {
    /// Every package of the lock file.
    pub(crate) fn all(&self) -> Vec<Weight> {
        (0..self.packages.len()).map(|package| self.weight(package)).collect()
    }

    /// The packages with this name, one of each version.
    ///
    /// # Errors
    /// When the lock file has none.
    pub(crate) fn named(&self, name: &str) -> Result<Vec<usize>, Fault> {
        let found = (0..self.packages.len()).filter(|package| self.packages[*package].name == name);
        let found: Vec<usize> = found.collect();
        if found.is_empty() {
            let there = self.packages.len();
            return Err(Fault::missing(format!("no {name:?} among {there} packages"), "GET /crates lists them"));
        }
        Ok(found)
    }

    /// A package beside the others.
    pub(crate) fn weight(&self, package: usize) -> Weight {
        let shown = |list: &[usize]| list.iter().map(|other| self.packages[*other].shown()).collect();
        Weight {
            name: self.packages[package].name.clone(),
            version: self.packages[package].version.clone(),
            needs: shown(&self.needs[package]),
            needed_by: shown(&self.needed_by[package]),
            total: self.total(package),
        }
    }

    /// How many packages one brings, itself included.
    #[cached(key = (self.edition, package))]
    fn total(&self, package: usize) -> usize {
        self.came_from(package).iter().flatten().count()
    }

    /// A shortest way from one package to another, by names; nothing if there is none.
    #[cached(key = (self.edition, from, to), max_entries = 1_000)]
    pub(crate) fn chain(&self, from: usize, to: usize) -> Option<Vec<String>> {
        let came_from = self.came_from(from);
        let mut chain = vec![to];
        while let Some(before) = came_from[chain[chain.len() - 1]].filter(|_| chain[chain.len() - 1] != from) {
            chain.push(before);
        }
        let reached = chain.last() == Some(&from);
        reached.then(|| chain.iter().rev().map(|package| self.packages[*package].shown()).collect())
    }

    /// From where a walk over the dependencies reached each package first; the start came from itself.
    fn came_from(&self, start: usize) -> Vec<Option<usize>> {
        let mut came_from = vec![None; self.packages.len()];
        came_from[start] = Some(start);
        let mut open = VecDeque::from([start]);
        while let Some(package) = open.pop_front() {
            for need in &self.needs[package] {
                if came_from[*need].is_none() {
                    came_from[*need] = Some(package);
                    open.push_back(*need);
                }
            }
        }
        came_from
    }
}
