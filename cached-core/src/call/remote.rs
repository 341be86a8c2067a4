//! The byte side of a call.
//!
//! In: where the entry of a call lies. Out: what is there, and the note that it was given.

use std::sync::Arc;
use std::time::Duration;

use super::Call;
use crate::backend::{Bytes, When};
use crate::bounded::Answer;
use crate::clock;
use crate::key::{OwnedKey, Value};
use crate::store::{Address, Channel, How};
use crate::workers::Purpose;

/// The byte side of a call.
pub(super) struct Remote {
    pub(super) channel: Arc<Channel>,
    pub(super) address: Address,
    /// What has to be there still for the write to happen.
    pub(super) when: When,
    /// Flights that had landed before the bytes were read.
    pub(super) landed: u64,
    /// When the call began, by the wall clock, which goes on while the machine is suspended.
    pub(super) began: u64,
}

impl<K: OwnedKey, V: Value> Call<K, V> {
    /// Has a worker note that bytes were given: nobody waits for that.
    pub(super) fn renew(&self, bytes: Bytes, life: Duration) {
        let Some(remote) = &self.remote else { return };
        let (channel, address) = (Arc::clone(&remote.channel), remote.address.clone());
        // One of all who are given it does so.
        let is_first = self.route.lives.idle.is_some_and(|idle| self.core.renewing.begins(self.key.hash, idle / 16));
        if !is_first {
            return;
        }
        let (site, given) = (self.memo.site, clock::wall());
        let kept = life.saturating_add(self.route.lives.window());
        let workers = Arc::clone(&channel.turns.workers);
        let _ = workers.submit(Purpose::Write(bytes.len()), bytes, move |bytes| {
            let _pass = channel.turns.gate.pass();
            if let Err(error) = channel.renew(&address, &bytes, given, kept) {
                site.fault(&error);
            }
        });
    }

    pub(super) fn read(&self, how: How) -> Answer<Option<Bytes>> {
        match &self.remote {
            Some(remote) => remote.channel.read(how, &remote.address),
            None => Box::pin(std::future::ready(Ok(None))),
        }
    }
}
