//! A lock file as a graph.
//!
//! In: the text of a `Cargo.lock`. Out: what each package depends on. Packages that depend on one
//! another (dev-dependencies may) form one group, so that the graph of groups has no cycle.

use std::collections::BTreeSet;

use toml::de::{DeTable, DeValue};

pub(crate) struct Graph {
    /// Tells this lock file from others: a part of the keys.
    pub(crate) id: u64,
    /// `name version`, in the order of the file.
    pub(crate) packages: Vec<String>,
    /// The group of each package: the number of one of its members.
    pub(crate) group: Vec<usize>,
    /// The members of a group.
    pub(crate) members: Vec<BTreeSet<usize>>,
    /// The groups that a group depends on.
    pub(crate) below: Vec<BTreeSet<usize>>,
}

/// Name, version, dependencies.
type Package<'t> = (&'t str, &'t str, Vec<&'t str>);

impl Graph {
    /// Reads a lock file, or says in one line what is wrong with it.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let document = DeTable::parse(text).map_err(|error| {
            let before = error.span().map_or("", |span| &text[..span.start]);
            let line = before.matches('\n').count() + 1;
            format!("line {line}: {}", error.message().replace('\n', ", "))
        })?;
        let Some(DeValue::Array(tables)) = document.get_ref().get("package").map(|list| list.get_ref()) else {
            return Err("no [[package]] in it, so it is no lock file".into());
        };
        let packages: Option<Vec<Package>> = tables.iter().map(|table| package(table.get_ref())).collect();
        let packages = packages.ok_or("a [[package]] in it lacks a name or a version, or has strange dependencies")?;

        let mut edges = Vec::new();
        for (name, _, needs) in &packages {
            let found = |need| find(&packages, need).ok_or(format!("{name} needs {need}, which is not locked"));
            edges.push(needs.iter().copied().map(found).collect::<Result<Vec<_>, _>>()?);
        }
        let group = groups(&edges);
        let mut members = vec![BTreeSet::new(); edges.len()];
        let mut below = members.clone();
        for (number, needs) in edges.iter().enumerate() {
            members[group[number]].insert(number);
            below[group[number]].extend(needs.iter().map(|need| group[*need]));
            below[group[number]].remove(&group[number]);
        }
        let id = crate::fnv(text.as_bytes(), 0);
        let packages = packages.iter().map(|(name, version, _)| format!("{name} {version}"));
        Ok(Self { id, packages: packages.collect(), group, members, below })
    }
}

fn package<'t>(table: &'t DeValue<'t>) -> Option<Package<'t>> {
    let text = |name: &str| table.get(name)?.get_ref().as_str();
    let list = table.get("dependencies").map(|list| list.get_ref().as_array());
    let list = list.map_or(Some(&[][..]), |list| list.map(|list| &**list));
    let needs = list?.iter().map(|need| need.get_ref().as_str()).collect::<Option<_>>()?;
    Some((text("name")?, text("version")?, needs))
}

/// A dependency is written `name`, `name version` or `name version (source)`, as short as it is clear.
fn find(packages: &[Package], need: &str) -> Option<usize> {
    let mut words = need.split(' ');
    let (name, version) = (words.next()?, words.next());
    let meant = |package: &Package| package.0 == name && version.is_none_or(|version| package.1 == version);
    packages.iter().position(meant)
}

/// The group of each node: those that reach one another (Kosaraju's two walks).
fn groups(edges: &[Vec<usize>]) -> Vec<usize> {
    let mut back = vec![Vec::new(); edges.len()];
    for (from, needs) in edges.iter().enumerate() {
        needs.iter().for_each(|to| back[*to].push(from));
    }
    let (mut seen, mut order) = (vec![false; edges.len()], Vec::new());
    (0..edges.len()).for_each(|node| visit(edges, node, &mut seen, &mut order));
    let (mut seen, mut group) = (vec![false; edges.len()], vec![0; edges.len()]);
    for node in order.into_iter().rev() {
        let mut found = Vec::new();
        visit(&back, node, &mut seen, &mut found);
        found.into_iter().for_each(|member| group[member] = node);
    }
    group
}

/// Adds what `node` reaches and nobody has seen, deepest first.
fn visit(edges: &[Vec<usize>], node: usize, seen: &mut [bool], done: &mut Vec<usize>) {
    if !std::mem::replace(&mut seen[node], true) {
        edges[node].iter().for_each(|next| visit(edges, *next, seen, done));
        done.push(node);
    }
}
