//! What holds for the directory and its files.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use cached_core::ErrorKind;
use cached_core::backend::{Backend, When};
use cached_file::FileBackend;

use crate::{delete, get, place_of_k, ready, set, value};

#[test]
fn the_first_write_makes_the_directory_and_those_above_it() {
    let scratch = tempfile::tempdir().unwrap();
    let inside = scratch.path().join("above").join("cache");
    let backend = FileBackend::new(inside.join("")); // a separator at the end makes no difference
    assert_eq!(get(&backend, "k").unwrap(), None);
    assert!(!delete(&backend, "k", When::Always).unwrap());
    ready(backend.clear("")).unwrap();
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
    assert!(set(&backend, "k", value(1, "one"), When::Absent).unwrap());
    assert_eq!(get(&backend, "k").unwrap(), Some(value(1, "one")));
    assert_eq!(format!("{backend:?}"), format!("FileBackend({inside:?})"));
}

#[test]
fn a_file_in_place_of_the_directory_or_above_it_is_an_error() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("file");
    fs::write(&file, "mine").unwrap();
    for directory in [file.clone(), file.join("cache")] {
        let backend = FileBackend::new(&directory);
        let faults = [
            get(&backend, "secret-key").unwrap_err(),
            set(&backend, "secret-key", value(1, ""), When::Always).unwrap_err(),
            delete(&backend, "secret-key", When::Always).unwrap_err(),
            ready(backend.clear("")).unwrap_err(),
        ];
        for fault in faults {
            assert_eq!(fault.kind(), ErrorKind::Backend);
            let text = fault.to_string();
            assert!(text.contains(&*directory.to_string_lossy()) && !text.contains("secret-key"), "{text}");
        }
    }
    assert_eq!(fs::read(&file).unwrap(), b"mine");
}

#[test]
fn a_relative_path_is_taken_from_the_working_directory_of_the_start() {
    let backend = FileBackend::new("./cache//below/.");
    let settled = std::env::current_dir().unwrap().join("cache").join("below");
    assert_eq!(format!("{backend:?}"), format!("FileBackend({settled:?})"));
}

#[test]
fn an_empty_path_is_not_the_working_directory() {
    let backend = FileBackend::new("");
    assert_eq!(get(&backend, "k").unwrap(), None);
    set(&backend, "k", value(1, ""), When::Always).unwrap_err();
}

#[test]
fn a_directory_that_is_removed_under_load_is_an_error_or_a_fresh_one() {
    let scratch = tempfile::tempdir().unwrap();
    let inside = scratch.path().join("cache");
    let (backend, done) = (FileBackend::new(&inside), AtomicBool::new(false));
    thread::scope(|scope| {
        for thread in 0..4 {
            let (backend, done) = (&backend, &done);
            scope.spawn(move || {
                for i in (0..10).cycle().take_while(|_| !done.load(Ordering::Relaxed)) {
                    let key = format!("k:{i}");
                    let _ = set(backend, &key, value(thread, &key), [When::Always, When::Absent][i % 2]);
                    if let Some(found) = get(backend, &key).unwrap() {
                        assert_eq!(&found[16..], key.as_bytes());
                    }
                    let _ = delete(backend, &key, When::Always);
                    let _ = ready(backend.clear("k:7"));
                }
            });
        }
        for _ in 0..200 {
            let _ = fs::remove_dir_all(&inside);
            thread::yield_now();
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(set(&backend, "k", value(1, "after"), When::Always).unwrap());
    assert_eq!(get(&backend, "k").unwrap(), Some(value(1, "after")));
}

#[test]
fn a_lock_that_nobody_gives_back_is_a_timeout_and_reading_goes_on() {
    let scratch = tempfile::tempdir().unwrap();
    let backend = FileBackend::new(scratch.path());
    set(&backend, "k", value(1, "one"), When::Always).unwrap();
    let lock = fs::read_dir(scratch.path()).unwrap().map(|file| file.unwrap().path());
    let lock = lock.into_iter().find(|file| file.to_string_lossy().contains(".lock-")).unwrap();
    let held = fs::File::open(lock).unwrap();
    held.lock().unwrap();
    assert_eq!(set(&backend, "k", value(2, "two"), When::Always).unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(get(&backend, "k").unwrap(), Some(value(1, "one")));
    drop(held);
    assert!(set(&backend, "k", value(2, "two"), When::Always).unwrap());
}

#[test]
fn a_value_on_its_way_is_not_swept_while_its_writer_lives() {
    let scratch = tempfile::tempdir().unwrap();
    set(&FileBackend::new(scratch.path()), "k", value(1, "one"), When::Always).unwrap();
    let entry = place_of_k(scratch.path());
    // The first format had both in one place.
    for directory in [scratch.path(), entry.parent().unwrap()] {
        let staged = directory.join(".tmp-abcdef.cached-new");
        let writer = fs::File::create(&staged).unwrap();
        writer.lock().unwrap();
        set(&FileBackend::new(scratch.path()), "k", value(1, "one"), When::Always).unwrap();
        ready(FileBackend::new(scratch.path()).clear("")).unwrap();
        assert!(staged.exists());
        writer.unlock().unwrap();
        set(&FileBackend::new(scratch.path()), "k", value(1, "one"), When::Always).unwrap();
        assert!(!staged.exists());
    }
}

#[test]
fn entries_of_the_first_format_are_misses_and_go_once_an_older_release_has_no_use_for_them() {
    let scratch = tempfile::tempdir().unwrap();
    let backend = FileBackend::new(scratch.path());
    set(&backend, "k", value(1, "one"), When::Always).unwrap();
    // What was written just now may be asked for by an older release that still runs.
    let (fresh, old, foreign) = ("fresh.cached", "old.cached", "Old.cached");
    for (flat, age) in [(fresh, 3_000), (old, 4_000), (foreign, 4_000)] {
        let flat = scratch.path().join(flat);
        fs::copy(place_of_k(scratch.path()), &flat).unwrap();
        let written = SystemTime::now() - Duration::from_secs(age);
        fs::File::options().write(true).open(flat).unwrap().set_modified(written).unwrap();
    }
    let second = FileBackend::new(scratch.path());
    assert_eq!(get(&second, "fresh").unwrap(), None);
    assert!(set(&second, "fresh", value(2, "two"), When::Absent).unwrap());
    let is_there = |flat| scratch.path().join(flat).exists();
    assert_eq!([fresh, old, foreign].map(is_there), [true, false, true]);
    assert_eq!(get(&second, "fresh").unwrap(), Some(value(2, "two")));
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, chown, symlink};
    use std::path::Path;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn directories_are_0700_and_files_0600() {
        let scratch = tempfile::tempdir().unwrap();
        let above = scratch.path().join("above");
        let backend = FileBackend::new(above.join("cache"));
        set(&backend, "k", value(1, "one"), When::Always).unwrap();
        let entry = place_of_k(&above.join("cache"));
        let sub = entry.parent().unwrap();
        assert_eq!([&above, &above.join("cache"), sub].map(mode), [0o700; 3]);
        let files: Vec<_> = fs::read_dir(above.join("cache")).unwrap().map(|file| file.unwrap().path()).collect();
        assert_eq!(files.len(), 2, "the sub-directory and its lock");
        assert!(files.iter().chain([&entry]).filter(|file| *file != sub).all(|file| mode(file) == 0o600));
    }

    #[test]
    fn a_link_in_place_of_the_directory_is_refused() {
        let scratch = tempfile::tempdir().unwrap();
        let (real, link) = (scratch.path().join("real"), scratch.path().join("link"));
        fs::create_dir(&real).unwrap();
        symlink(&real, &link).unwrap();
        for backend in [FileBackend::new(&link), FileBackend::new(link.join("")), FileBackend::new(link.join("."))] {
            get(&backend, "k").unwrap_err();
            set(&backend, "k", value(1, ""), When::Always).unwrap_err();
            delete(&backend, "k", When::Always).unwrap_err();
            ready(backend.clear("")).unwrap_err();
        }
        assert_eq!(fs::read_dir(&real).unwrap().count(), 0);
    }

    #[test]
    fn a_link_in_place_of_a_sub_directory_is_refused() {
        let scratch = tempfile::tempdir().unwrap();
        let (inside, outside) = (scratch.path().join("cache"), scratch.path().join("outside"));
        let backend = FileBackend::new(&inside);
        set(&backend, "k", value(1, "one"), When::Always).unwrap();
        let entry = place_of_k(&inside);
        fs::rename(entry.parent().unwrap(), &outside).unwrap();
        symlink(&outside, entry.parent().unwrap()).unwrap();

        get(&backend, "k").unwrap_err();
        set(&backend, "k", value(2, "two"), When::Always).unwrap_err();
        delete(&backend, "k", When::Always).unwrap_err();
        ready(backend.clear("")).unwrap_err();
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 1, "the entry, which lies elsewhere now");
    }

    #[test]
    fn links_in_the_directories_above_are_followed() {
        let scratch = tempfile::tempdir().unwrap();
        let (real, link) = (scratch.path().join("real"), scratch.path().join("link"));
        fs::create_dir(&real).unwrap();
        symlink(&real, &link).unwrap();
        let (through, straight) = (FileBackend::new(link.join("cache")), FileBackend::new(real.join("cache")));
        assert_eq!(get(&through, "k").unwrap(), None);
        set(&through, "k", value(1, "one"), When::Absent).unwrap();
        assert_eq!(get(&through, "k").unwrap(), Some(value(1, "one")));
        assert_eq!(get(&straight, "k").unwrap(), Some(value(1, "one")));
    }

    #[test]
    fn a_link_in_place_of_an_entry_or_a_lock_is_not_followed() {
        let scratch = tempfile::tempdir().unwrap();
        let (inside, outside) = (scratch.path().join("cache"), scratch.path().join("outside"));
        let backend = FileBackend::new(&inside);
        set(&backend, "k", value(1, "one"), When::Always).unwrap();
        let place = place_of_k(&inside);
        fs::rename(&place, &outside).unwrap();
        let whole = fs::read(&outside).unwrap();

        symlink(&outside, &place).unwrap();
        assert_eq!(get(&backend, "k").unwrap(), None);
        assert!(set(&backend, "k", value(2, "two"), When::Absent).unwrap());
        assert_eq!(get(&backend, "k").unwrap(), Some(value(2, "two")));
        assert_eq!(fs::read(&outside).unwrap(), whole);

        let lock = fs::read_dir(&inside).unwrap().map(|file| file.unwrap().path());
        let lock = lock.into_iter().find(|file| file.to_string_lossy().contains(".lock-")).unwrap();
        fs::remove_file(&lock).unwrap();
        symlink(&outside, &lock).unwrap();
        set(&backend, "k", value(3, "three"), When::Always).unwrap_err();
        assert_eq!(fs::read(&outside).unwrap(), whole);
    }

    #[test]
    fn what_another_user_wrote_or_may_write_is_a_miss() {
        let scratch = tempfile::tempdir().unwrap();
        let backend = FileBackend::new(scratch.path());
        for loose in [0o620, 0o602, 0o666] {
            set(&backend, "k", value(1, ""), When::Always).unwrap();
            let file = place_of_k(scratch.path());
            fs::set_permissions(&file, fs::Permissions::from_mode(loose)).unwrap();
            assert_eq!(get(&backend, "k").unwrap(), None, "{loose:o}");
        }
        set(&backend, "k", value(1, ""), When::Always).unwrap();
        assert!(get(&backend, "k").unwrap().is_some());
        if chown(place_of_k(scratch.path()), Some(12_345), None).is_ok() {
            assert_eq!(get(&backend, "k").unwrap(), None);
        }
    }

    #[test]
    fn a_pipe_in_place_of_an_entry_is_a_miss_and_blocks_nobody() {
        let scratch = tempfile::tempdir().unwrap();
        let backend = FileBackend::new(scratch.path());
        set(&backend, "k", value(1, ""), When::Always).unwrap();
        let pipe = place_of_k(scratch.path());
        fs::remove_file(&pipe).unwrap();
        if std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()) {
            assert_eq!(get(&backend, "k").unwrap(), None);
            assert!(set(&backend, "k", value(1, ""), When::Absent).unwrap());
            assert_eq!(get(&backend, "k").unwrap(), Some(value(1, "")));
        }
    }
}
