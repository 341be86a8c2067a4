//! Copies in memory of what is bytes elsewhere: what becomes of them when others change something.
//!
//! In: news of a backend. Out: the sites in front of it forget what the news names.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Listed, Site};
use crate::backend::News;
use crate::near::Near;
use crate::store::{LEASE, RENEWAL};

/// Where a site keeps copies, and how the storage keys of its entries begin.
#[derive(Clone)]
pub(crate) struct Copies {
    pub(crate) near: Arc<Near>,
    head: Arc<str>,
}

impl Copies {
    pub(super) fn of(near: &Arc<Near>, site: &Site) -> Self {
        Self { near: Arc::clone(near), head: near.channel.site_prefix(site.schema("")).into() }
    }

    /// How long a copy made now may be given. What is to end when nobody asks for it has to be asked for often enough
    /// where it lies.
    pub(crate) fn life(&self, idle: Option<Duration>) -> Duration {
        idle.map_or(self.near.life(), |idle| self.near.life().min(idle / u32::try_from(RENEWAL).unwrap_or(1)))
    }

    /// Whether entries under this key are of the site; a lease is none.
    fn are_of(&self, key: &str) -> bool {
        key.starts_with(&*self.head) && !key.ends_with(LEASE)
    }

    /// Has the backend tell what others change, if this process has not asked for that yet.
    pub(crate) fn listen(&self) {
        let channel = &self.near.channel;
        if channel.capabilities.notifies && self.near.begins_to_listen() {
            hear(&self.near, News::Lost);
            let near = Arc::downgrade(&self.near);
            channel.subscribe(Arc::new(move |news| near.upgrade().into_iter().for_each(|near| hear(&near, news))));
        }
    }
}

/// The sites in front of a backend hear news of it.
fn hear(near: &Arc<Near>, news: News<'_>) {
    // Of what no site has copies of there is nothing to forget, and nobody who copies it has to begin again.
    if let News::Changed(keys) = news {
        let concerned = AtomicBool::new(false);
        in_front(near, |site, copies| {
            let is_tag = |key: &str| site.is_tagged() && near.channel.is_tag_key(key);
            let of_site = keys.iter().any(|key| copies.are_of(key) || is_tag(key));
            concerned.fetch_or(of_site, Ordering::Relaxed);
        });
        if !concerned.into_inner() {
            return;
        }
    }
    if news == News::Lost {
        near.hears(false);
    }
    // First, so that whoever read before it keeps no copy; then what is kept goes.
    near.change();
    in_front(near, |site, copies| site.hear(copies, news));
    if news == News::Heard {
        // What went untold is gone: copies live long again.
        near.hears(true);
        in_front(near, |site, _| site.limit());
    }
}

/// Every site with copies of this backend.
fn in_front(near: &Arc<Near>, each: impl Fn(&'static Site, &Copies)) {
    for site in inventory::iter::<Listed>().map(|listed| listed.0) {
        let copies = site.route.lock().as_ref().and_then(|route| route.copies.clone());
        if let Some(copies) = copies.filter(|copies| Arc::ptr_eq(&copies.near, near)) {
            each(site, &copies);
        }
    }
}

impl Site {
    fn hear(&self, copies: &Copies, news: News<'_>) {
        match news {
            News::Changed(keys) => {
                let is_tag = |key: &str| self.is_tagged() && copies.near.channel.is_tag_key(key);
                let named = |key: &&Arc<str>| copies.are_of(key) || is_tag(key);
                keys.iter().filter(named).for_each(|key| {
                    let _ = self.forget_tag(key);
                });
            }
            News::Cleared(prefix) if copies.head.starts_with(prefix) || prefix.starts_with(&*copies.head) => {
                // What is being computed is not to be stored after that either.
                let held = self.route.lock();
                self.word.advance();
                drop(held);
                self.clear_memory();
            }
            News::Cleared(_) => {}
            News::Lost => self.limit(),
            News::Heard => self.clear_memory(),
        }
    }

    pub(super) fn clear_memory(&self) {
        let memos = self.memos.lock().clone();
        memos.iter().for_each(|memo| memo.clear_memory());
    }

    /// Copies live as long as they may now.
    fn limit(&self) {
        let held = self.route.lock();
        if let Some(route) = &*held {
            self.publish(route, false);
        }
    }
}
