//! R50: what a disk, or a process, has too little of. No call of a function fails for it, nothing partial is read, and
//! each failed operation is counted.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use cached_core::backend::{Backend, Bytes, When};
use cached_core::{Config, ErrorKind, cached};
use cached_file::FileBackend;

use crate::apart::{command, part, play, shell, skipped};
use crate::{delete, files, get, ready, set, stamp, value};

static RUNS: AtomicU64 = AtomicU64::new(0);

fn text(n: u64, words: usize) -> String {
    format!("{n} ").repeat(words)
}

#[cached(ttl = "1h", name = "scarce.page")]
fn page(n: u64, words: usize) -> String {
    RUNS.fetch_add(1, Ordering::Relaxed);
    text(n, words)
}

/// Calls the function, which has to give what it would without a cache.
fn call(numbers: std::ops::Range<u64>, words: usize) {
    numbers.for_each(|n| assert_eq!(page(n, words), text(n, words)));
}

/// How often the body runs in some calls.
fn runs(calls: impl FnOnce()) -> u64 {
    let before = RUNS.load(Ordering::Relaxed);
    calls();
    RUNS.load(Ordering::Relaxed) - before
}

fn errors() -> u64 {
    let report = cached_core::report();
    report.sites().iter().find(|site| site.name == "scarce.page").unwrap().stats.backend_errors
}

fn install(directory: &Path) {
    let place = directory.to_str().unwrap();
    let disk = format!("[backends.default]\nkind = \"file\"\nlocation = {place:?}\nbreaker = \"off\"");
    Config::from_toml(&disk).unwrap().install().unwrap();
}

/// What holds after each part: all calls are answered, nothing partial was found, and who reads the log is told once.
fn judge(check: &str) {
    let stats = page::site().stats();
    assert_eq!((stats.errors, stats.undecodable), (0, 0));
    assert_eq!(stats.calls, stats.hits + stats.joined + stats.misses);
    println!("R50 {check}: {} calls, 0 failed, {} hits, {} errors counted", stats.calls, stats.hits, errors());
}

/// Values on their way that were left behind.
fn litter(directory: &Path) -> usize {
    let Ok(there) = fs::read_dir(directory) else { return 0 };
    let count = |path: PathBuf| if path.is_dir() { litter(&path) } else { usize::from(is_staged(&path)) };
    there.map(|file| count(file.unwrap().path())).sum()
}

fn is_staged(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".tmp-"))
}

/// What puts a process where it can mount: root as it is, others in a name space of their own. None says so.
fn mounting(place: &Path) -> Option<&'static [&'static str]> {
    let mut why = String::new();
    for unshare in [&["unshare", "-m"][..], &["unshare", "-r", "-m"]] {
        let mut probe = Command::new(unshare[0]);
        probe.args(&unshare[1..]).args(["mount", "-t", "tmpfs", "-o", "size=64k", "cached"]).arg(place);
        match probe.output() {
            Ok(output) if output.status.success() => return Some(unshare),
            Ok(output) => why = String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => why = format!("unshare: {error}"),
        }
    }
    skipped("R50", &format!("the disks that are full and read-only: {why}"));
    None
}

/// Said on stderr at most once for the function.
fn is_said_once(said: &str) {
    assert_eq!(said.lines().filter(|line| line.starts_with("cached: ")).count(), 1, "{said}");
}

#[test]
fn r50_a_full_disk_costs_no_call_and_no_older_value_is_found_after_a_failed_write() {
    const TEST: &str = "scarce::r50_a_full_disk_costs_no_call_and_no_older_value_is_found_after_a_failed_write";
    if let Some((_, place)) = part() {
        fill_up_by_calls(&place);
        fill_up_by_others(&place);
        return judge("tmpfs of 64 KiB");
    }
    let scratch = tempfile::tempdir().unwrap();
    let Some(unshare) = mounting(scratch.path()) else { return };
    let script = "mount -t tmpfs -o size=64k,mode=0700 cached \"$0\" && exec \"$@\"";
    is_said_once(&play(shell(unshare, script, TEST, "full", scratch.path())));
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0, "it was mounted there");
}

fn fill_up_by_calls(place: &Path) {
    install(&place.join("cache"));
    assert_eq!(runs(|| call(0..100, 1_000)), 100);
    let stored = files(place).len() as u64;
    assert!((5..30).contains(&stored), "{stored} entries fit");
    assert_eq!(errors(), 100 - stored);
    assert_eq!(runs(|| call(0..100, 1_000)), 100 - stored, "what fits is found");
    assert_eq!(litter(place), 0);
    page::site().clear().unwrap();
    assert_eq!(files(place), [] as [PathBuf; 0]);
}

fn fill_up_by_others(place: &Path) {
    let backend = FileBackend::new(place.join("raw"));
    let (old, new) = (value(1, "old"), value(2, &"new ".repeat(2_000)));
    let fill = || {
        let mut filler = File::create(place.join("filler")).unwrap();
        while filler.write_all(&[7; 512]).is_ok() {}
    };
    for when in [When::Always, When::Stamp(stamp(1))] {
        assert!(set(&backend, "k", old.clone(), When::Always).unwrap());
        fill();
        // A write that is not to happen changes nothing.
        assert!(!set(&backend, "k", new.clone(), When::Absent).unwrap());
        assert!(!set(&backend, "k", new.clone(), When::Stamp(stamp(9))).unwrap());
        assert_eq!(get(&backend, "k").unwrap(), Some(old.clone()));
        let error = set(&backend, "k", new.clone(), when).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Backend);
        assert_eq!(get(&backend, "k").unwrap(), None, "older than what {when:?} was to store");
        fs::remove_file(place.join("filler")).unwrap();
        assert!(set(&backend, "k", new.clone(), When::Absent).unwrap());
        assert_eq!(get(&backend, "k").unwrap(), Some(new.clone()));
        assert!(delete(&backend, "k", When::Always).unwrap());
    }
    // An invalidation that cannot be written is an error, and holds nevertheless.
    call(0..1, 10);
    fill();
    page::entry(&0, &10).invalidate().unwrap_err();
    assert_eq!(runs(|| call(0..1, 10)), 1);
    assert_eq!(litter(place), 0);
}

#[test]
fn r50_a_disk_that_is_read_only_serves_what_it_has() {
    const TEST: &str = "scarce::r50_a_disk_that_is_read_only_serves_what_it_has";
    if let Some((part, place)) = part() {
        install(&place.join("cache"));
        let backend = FileBackend::new(place.join("raw"));
        if part == "first" {
            assert!(set(&backend, "k", value(1, "old"), When::Always).unwrap());
            return call(0..10, 10);
        }
        assert_eq!(runs(|| call(0..10, 10)), 0);
        assert_eq!(errors(), 0);
        assert_eq!(runs(|| call(10..20, 10)), 10);
        assert_eq!(errors(), 10);
        page::entry(&0, &10).invalidate().unwrap_err();
        page::site().clear().unwrap_err();
        assert_eq!(set(&backend, "k", value(2, "new"), When::Always).unwrap_err().kind(), ErrorKind::Backend);
        assert_eq!(delete(&backend, "k", When::Always).unwrap_err().kind(), ErrorKind::Backend);
        assert_eq!(get(&backend, "k").unwrap(), Some(value(1, "old")), "nothing can be removed there");
        return judge("EROFS");
    }
    let scratch = tempfile::tempdir().unwrap();
    let Some(unshare) = mounting(scratch.path()) else { return };
    let script = "mount -t tmpfs -o size=1m,mode=0700 cached \"$0\" && CACHED_FILE_TEST_PART=first \"$@\" \
                  && mount -o remount,ro \"$0\" && exec \"$@\"";
    is_said_once(&play(shell(unshare, script, TEST, "then", scratch.path())));
}

#[test]
fn r50_a_directory_that_may_not_be_used_costs_no_call() {
    const TEST: &str = "scarce::r50_a_directory_that_may_not_be_used_costs_no_call";
    if let Some((_, place)) = part() {
        return play_without_permission(&place.join("home").join("cache"));
    }
    let scratch = tempfile::tempdir().unwrap();
    let home = scratch.path().join("home");
    fs::create_dir(&home).unwrap();
    let mut command = command(&[], TEST, "unprivileged", scratch.path());
    if fs::metadata(&home).unwrap().uid() == 0 {
        // What root may do is not for permissions to say; another user needs a binary that it can reach.
        let own = scratch.path().join("own");
        fs::copy(std::env::current_exe().unwrap(), &own).unwrap();
        fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o755)).unwrap();
        chown(&home, Some(65_534), Some(65_534)).unwrap();
        let mut other = Command::new(own);
        other.args(command.get_args()).envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        other.uid(65_534).gid(65_534).current_dir("/");
        if let Err(error) = other.output() {
            return skipped("R50", &format!("the directory that may not be used: {error}"));
        }
        fs::remove_dir_all(home.join("cache")).unwrap();
        command = other;
    }
    is_said_once(&play(command));
}

fn play_without_permission(directory: &Path) {
    install(directory);
    let (raw, allow) = (FileBackend::new(directory), |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    });
    call(0..10, 10);
    let subs: Vec<_> = files(directory).iter().map(|file| file.parent().unwrap().to_owned()).collect();
    // Files may be read, and none may be made, neither there nor where there was none yet.
    subs.iter().chain([&directory.to_owned()]).for_each(|path| allow(path, 0o500));
    assert_eq!(runs(|| call(0..10, 10)), 0);
    assert_eq!(runs(|| call(10..30, 10)), 20);
    assert_eq!(errors(), 20);
    // Nothing may be read.
    allow(directory, 0);
    assert_eq!(runs(|| call(0..10, 10)), 10);
    assert!(errors() >= 30);
    assert_eq!(get(&raw, "k").unwrap_err().kind(), ErrorKind::Backend);
    // All is well again.
    [&directory.to_owned()].into_iter().chain(&subs).for_each(|path| allow(path, 0o700));
    assert_eq!(runs(|| call(0..10, 10)), 0);
    judge("EACCES");
}

#[test]
fn r50_a_process_without_free_handles_computes_and_finds_its_entries_afterwards() {
    const TEST: &str = "scarce::r50_a_process_without_free_handles_computes_and_finds_its_entries_afterwards";
    if let Some((_, place)) = part() {
        install(&place.join("cache"));
        let raw = FileBackend::new(place.join("raw"));
        call(0..10, 10);
        for key in ["k", "l"] {
            assert!(set(&raw, key, value(1, "old"), When::Always).unwrap());
        }
        let mut held = Vec::new();
        while let Ok(file) = File::open("/dev/null") {
            held.push(file);
        }
        assert!(held.len() < 32);
        thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(|| call(0..20, 10)))));
        assert!(errors() > 0);
        page::entry(&0, &10).invalidate().unwrap_err();
        assert_eq!(get(&raw, "k").unwrap_err().kind(), ErrorKind::Backend);
        assert_eq!(set(&raw, "k", value(2, "new"), When::Always).unwrap_err().kind(), ErrorKind::Backend);
        assert_eq!(set(&raw, "l", value(2, "new"), When::Absent).unwrap_err().kind(), ErrorKind::Backend);
        drop(held);
        assert_eq!(get(&raw, "k").unwrap(), None, "a write in any case needs no handle to withdraw the older value");
        assert_eq!(get(&raw, "l").unwrap(), Some(value(1, "old")), "one on a condition does");
        assert_eq!(runs(|| call(1..10, 10)), 0);
        assert_eq!(runs(|| call(0..1, 10)), 1);
        assert_eq!(litter(&place), 0);
        return judge("EMFILE");
    }
    let scratch = tempfile::tempdir().unwrap();
    is_said_once(&play(shell(&[], "ulimit -n 32; exec \"$@\"", TEST, "poor", scratch.path())));
}

#[test]
fn r50_a_directory_that_is_removed_under_load_costs_no_call() {
    const TEST: &str = "scarce::r50_a_directory_that_is_removed_under_load_costs_no_call";
    if let Some((_, place)) = part() {
        let directory = place.join("cache");
        install(&directory);
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        call(0..20, 100);
                    }
                });
            }
            for _ in 0..300 {
                let _ = fs::remove_dir_all(&directory);
                thread::yield_now();
            }
            done.store(true, Ordering::Relaxed);
        });
        call(0..20, 100);
        assert_eq!(runs(|| call(0..20, 100)), 0, "it is a directory again");
        return judge("ENOENT");
    }
    let scratch = crate::scratch();
    play(command(&[], TEST, "removed", scratch.path()));
}

#[test]
fn r50_links_are_refused_and_nobody_else_may_read_whatever_the_umask() {
    const TEST: &str = "scarce::r50_links_are_refused_and_nobody_else_may_read_whatever_the_umask";
    if let Some((_, place)) = part() {
        let (real, link) = (place.join("real"), place.join("link"));
        install(&real);
        call(0..20, 10);
        private(&real);
        symlink(&real, &link).unwrap();
        install(&link);
        assert_eq!(runs(|| call(0..20, 10)), 20, "what is behind the link is not found");
        assert_eq!(errors(), 20);
        // A link in place of a sub-directory, and one in place of a file.
        install(&real);
        let sub = files(&real)[0].parent().unwrap().to_owned();
        fs::rename(&sub, place.join("elsewhere")).unwrap();
        symlink(place.join("elsewhere"), &sub).unwrap();
        let in_sub = files(&place.join("elsewhere")).len() as u64;
        assert_eq!(runs(|| call(0..20, 10)), in_sub);
        let entry = files(&real).into_iter().find(|file| file.parent() != Some(&*sub)).unwrap();
        fs::rename(&entry, place.join("entry")).unwrap();
        symlink(place.join("entry"), &entry).unwrap();
        assert_eq!(runs(|| call(0..20, 10)), in_sub + 1);
        return judge("links and modes");
    }
    let scratch = crate::scratch();
    is_said_once(&play(shell(&[], "umask 0; exec \"$@\"", TEST, "links", scratch.path())));
}

/// All directories have mode 0700, and all files 0600.
fn private(path: &Path) {
    let found = fs::symlink_metadata(path).unwrap();
    assert_eq!(found.mode() & 0o7777, if found.is_dir() { 0o700 } else { 0o600 }, "{path:?}");
    if found.is_dir() {
        fs::read_dir(path).unwrap().for_each(|file| private(&file.unwrap().path()));
    }
}

#[test]
fn r50_a_place_whose_name_is_too_long_costs_no_call_and_the_longest_key_fits() {
    const TEST: &str = "scarce::r50_a_place_whose_name_is_too_long_costs_no_call_and_the_longest_key_fits";
    if let Some((_, place)) = part() {
        for location in [place.join("n".repeat(256)), place.join("n/".repeat(3_000))] {
            install(&location);
            assert_eq!(runs(|| call(0..10, 10)), 10);
            let backend = FileBackend::new(&location);
            assert_eq!(get(&backend, "k").unwrap_err().kind(), ErrorKind::Backend);
            ready(backend.clear("")).unwrap_err();
        }
        assert_eq!(errors(), 20);
        let (longest, stored): (String, Bytes) = ("Z".repeat(200), value(1, "stored"));
        let backend = FileBackend::new(place.join("n".repeat(255)));
        assert!(set(&backend, &longest, stored.clone(), When::Absent).unwrap());
        assert_eq!(get(&backend, &longest).unwrap(), Some(stored));
        return judge("ENAMETOOLONG");
    }
    let scratch = crate::scratch();
    is_said_once(&play(command(&[], TEST, "long", scratch.path())));
}
