//! What the methods do (B1 to B48).

use cached_core::Ttl;

use crate::both::everywhere;

#[test]
fn a_stored_value_is_given_back_equal() {
    everywhere(|cache| {
        cache.set("key", "value", Ttl::Default).unwrap();
        assert_eq!(cache.get::<String>("key").unwrap().as_deref(), Some("value"));
    });
}

#[test]
fn what_was_never_stored_is_none() {
    everywhere(|cache| {
        assert_eq!(cache.get::<String>("never").unwrap(), None);
        assert_eq!(cache.get("never").unwrap().unwrap_or("bang".to_owned()), "bang");
    });
}

#[test]
fn delete_removes_and_says_whether_there_was_an_entry() {
    everywhere(|cache| {
        cache.set_many([("one", "a"), ("two", "b")], Ttl::Default).unwrap();
        assert!(cache.delete("one").unwrap());
        assert!(!cache.delete("one").unwrap());
        assert!(!cache.has_key("one").unwrap());
        assert!(cache.has_key("two").unwrap());
    });
}
