//! What many sites forget at once: by tag, by alias, or everything.
//!
//! In: a name. Out: every entry that it stands for is gone, and what is being computed for it is neither
//! stored nor given to later callers.

use crate::entry::called_back;
use crate::error::{Error, ErrorKind};
use crate::registry::{self, Place};
use crate::scope;
use crate::site::{Site, sites};
use crate::store::How;
use crate::sync::block_on;

/// Forgets every entry with a tag, of all sites: `#[cached(tags = ["user:{id}"])]`. A call that starts
/// after this returned `Ok` never sees a value whose computation began before it.
///
/// Takes time proportional to the entries in memory that have the tag; on each byte backend one write.
///
/// # Errors
/// With the first backend that fails: what it holds of the tag may still be there.
///
/// # Example: all that is known of a user
/// ```
/// use cached_core::{cached, invalidate_tag};
///
/// #[cached(tags = ["user:{id}"])]
/// fn name(id: u64) -> String { format!("user {id}") }
///
/// name(7);
/// invalidate_tag("user:7")?;
/// assert_eq!(name::entry(&7).peek()?, None);
/// # Ok::<(), cached_core::Error>(())
/// ```
pub fn invalidate_tag(tag: &str) -> Result<(), Error> {
    block_on(forget_tag(How::Here, tag))
}

/// As [`invalidate_tag`], for async callers.
///
/// # Errors
/// With the first backend that fails: what it holds of the tag may still be there.
pub async fn invalidate_tag_async(tag: &str) -> Result<(), Error> {
    forget_tag(How::Later, tag).await
}

async fn forget_tag(how: How, tag: &str) -> Result<(), Error> {
    let (mut result, tag) = (Ok(()), &*scope::tag(tag));
    for alias in registry::current().aliases.values() {
        if let (Place::Bytes(channel), None) = (&alias.place, &alias.near) {
            // The stamp first: who starts after it looks elsewhere. Then whoever computes is overtaken.
            result = result.and(channel.restamp(how, tag).await);
        }
    }
    registry::current().aliases.values().filter_map(|alias| alias.near.as_ref()).for_each(|near| near.change());
    let forgotten = sites().iter().filter(|site| site.is_tagged()).try_for_each(|site| site.forget_tag(tag));
    result.and(forgotten.ok_or_else(called_back))
}

/// Forgets every entry of the sites that an alias serves now, as [`Site::clear`] does.
///
/// # Errors
/// When nobody configured the alias, or with the first backend that fails.
pub fn clear_alias(alias: &str) -> Result<(), Error> {
    let registry = registry::current();
    if !registry.aliases.contains_key(alias) {
        return Err(Error::new(ErrorKind::Config, registry.unknown(alias)));
    }
    clear(sites().into_iter().filter(|site| site.alias() == alias))
}

/// Forgets every entry of every site, as [`Site::clear`] does.
///
/// # Errors
/// With the first backend that fails.
pub fn clear_all() -> Result<(), Error> {
    clear(sites().into_iter())
}

fn clear(sites: impl Iterator<Item = &'static Site>) -> Result<(), Error> {
    let mut result = Ok(());
    for site in sites {
        // All of them, also behind one that fails.
        result = result.and(site.clear());
    }
    result
}
