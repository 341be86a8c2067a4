//! What holds for keys and values of this backend beside what every backend owes.

use cached_core::ErrorKind;
use cached_core::backend::{Backend, When, Write};
use cached_file::FileBackend;

use crate::{delete, get, ready, set, value};

#[test]
fn clear_leaves_files_that_are_not_ours_and_removes_what_dead_writers_left() {
    const FOREIGN: [&str; 5] = ["notes.txt", "Shop.cached", ".tmp-abcdef", "shop:a", "shop+b.cached.bak"];
    let scratch = tempfile::tempdir().unwrap();
    let backend = FileBackend::new(scratch.path());
    set(&backend, "shop:a", value(1, ""), When::Always).unwrap();
    let subs: Vec<_> = std::fs::read_dir(scratch.path()).unwrap().map(|file| file.unwrap().path()).collect();
    let subs: Vec<_> = subs.into_iter().filter(|file| file.is_dir()).chain([scratch.path().to_owned()]).collect();
    assert!(subs.len() > 1);
    for sub in &subs {
        for foreign in FOREIGN {
            std::fs::write(sub.join(foreign), "mine").unwrap();
        }
        std::fs::create_dir(sub.join("shop+directory.cached")).unwrap();
    }
    for prefix in ["shop:", ""] {
        set(&backend, "shop:a", value(1, ""), When::Always).unwrap();
        std::fs::write(scratch.path().join(".tmp-abcdef.cached-new"), "left by a dead writer").unwrap();
        ready(backend.clear(prefix)).unwrap();
        assert_eq!(get(&backend, "shop:a").unwrap(), None);
        for foreign in FOREIGN.iter().chain(&["shop+directory.cached"]) {
            assert!(subs.iter().all(|sub| sub.join(foreign).exists()), "{foreign}");
        }
        assert!(!scratch.path().join(".tmp-abcdef.cached-new").exists());
    }
}

#[test]
fn a_key_the_engine_would_not_make_is_refused_and_touches_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let inside = scratch.path().join("cache");
    let backend = FileBackend::new(&inside);
    let long = "k".repeat(201);
    for key in ["", "../up", "/etc/passwd", "a/b", "a\\b", "a\0b", "a b", "a\nb", "é", "a+b", "a=b", "a%2e", &long] {
        let refusals = [
            get(&backend, key).unwrap_err(),
            set(&backend, key, value(1, ""), When::Always).unwrap_err(),
            delete(&backend, key, When::Always).unwrap_err(),
        ];
        for refusal in refusals {
            assert_eq!(refusal.kind(), ErrorKind::Unsupported);
            assert!(key.len() < 4 || !refusal.to_string().contains(key));
        }
        // One bad key stops its batch before the first write.
        let batch = ["good", key].map(|key| Write::new(key.into(), value(1, ""), None, When::Always));
        ready(backend.set_many(batch.to_vec())).unwrap_err();
        ready(backend.clear(key)).unwrap();
    }
    assert!(!inside.exists());
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
}

#[test]
fn a_value_that_is_too_long_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let backend = FileBackend::new(scratch.path());
    let longest = backend.capabilities().max_value.unwrap();
    let refusal = set(&backend, "k", vec![0; longest + 1].into(), When::Always).unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::Unsupported);
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
}
