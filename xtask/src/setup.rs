//! What the chores need from the machine.
//!
//! In: Debian packages, each with a command that shows whether it is there. Out: nothing, if all
//! are or could be installed (as root, or with `CI=true`); else the commands to type.

use std::env;
use std::process::{Command, Stdio};

/// A Debian package, and a command that succeeds where it is installed.
type Need = (&'static str, &'static str);

/// What `cargo xtask test` needs: the linker and its headers, who judges the text for Prometheus, the servers of the
/// tests, who makes their certificates, what fetches the server that Debian does not have, and for the files a clock
/// that is stepped and a list of what is asked of the system.
pub(crate) const FOR_TEST: &[Need] = &[
    ("gcc", "cc --version"),
    ("libc6-dev", "cc -E -include stdlib.h -x c /dev/null"),
    ("prometheus", "promtool --version"),
    ("redis-server", "redis-server --version"),
    ("redis-tools", "redis-cli --version"),
    ("openssl", "openssl version"),
    ("python3-pip", "python3 -m pip --version"),
    ("faketime", "faketime --version"),
    ("strace", "strace --version"),
];

/// What `cargo xtask bench` needs: callgrind counts the instructions, a server is asked, and traces may be packed.
pub(crate) const FOR_BENCH: &[Need] =
    &[("valgrind", "valgrind --version"), ("redis-server", "redis-server --version"), ("zstd", "zstd --version")];

/// What `cargo xtask browser` needs. Its driver asks for Node 20.
pub(crate) const FOR_BROWSER: &[Need] = &[
    ("nodejs", "node --eval process.exit(+(parseInt(process.versions.node)<18))"),
    ("npm", "npm --version"),
    ("chromium", "chromium --version"),
];

/// What `cargo xtask screenshots` needs beside the browser: a small picture has a palette.
pub(crate) const FOR_SCREENSHOTS: &[Need] = &[("pngquant", "pngquant --version")];

/// Installs what is missing, or says how to.
pub(crate) fn install(needs: &[Need]) -> Result<(), String> {
    let missing = missing(needs);
    if missing.is_empty() {
        println!("nothing is missing");
        return Ok(());
    }
    let root = output("id -u").is_some_and(|id| id.trim() == "0");
    let apt = if root { "apt-get" } else { "sudo apt-get" };
    let packages = missing.join(" ");
    let commands = [format!("{apt} update"), format!("{apt} install -y --no-install-recommends {packages}")];
    if !root && env::var("CI").as_deref() != Ok("true") {
        return Err(format!("missing: {packages}; install with\n  {}", commands.join("\n  ")));
    }
    for command in &commands {
        println!("{command}");
        let status = words(command).env("DEBIAN_FRONTEND", "noninteractive").status();
        if !status.is_ok_and(|status| status.success()) {
            return Err(format!("failed: {command}"));
        }
    }
    match needs.iter().find(|need| output(need.1).is_none()) {
        Some((package, command)) => Err(format!("{package} is installed, and still this fails: {command}")),
        None => Ok(()),
    }
}

/// The packages whose commands fail.
fn missing(needs: &[Need]) -> Vec<&'static str> {
    needs.iter().filter(|need| output(need.1).is_none()).map(|need| need.0).collect()
}

/// What a command prints, if it succeeds.
fn output(command: &str) -> Option<String> {
    let output = words(command).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn words(command: &str) -> Command {
    let mut words = command.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    command
}
