//! What is done to one key.
//!
//! In: a key, a value in bytes, a lifetime. Out: what really happened, as the backend says; a change of an entry is a
//! read and a write on the condition that it is still there, again if it is not.

use std::time::Duration;

use serde::de::DeserializeOwned;

use super::Ttl;
use super::operation::{Encoded, Lasts, Operation, TRIES, contended, not_found, not_number, refused};
use crate::backend::When;
use crate::codec;
use crate::error::Error;
use crate::store::{Found, unchanged};

impl Operation {
    pub(super) async fn get<V: DeserializeOwned>(mut self, key: &str) -> Result<Option<V>, Error> {
        let found = self.find(key).await;
        self.end(&[key], found, Option::is_some)
    }

    async fn find<V: DeserializeOwned>(&mut self, key: &str) -> Result<Option<V>, Error> {
        let spot = self.spot(key)?;
        let bytes = self.read(&spot).await?;
        Ok(self.value(&spot, bytes.as_ref()))
    }

    pub(super) async fn set(mut self, key: &str, value: Result<Encoded, Error>, ttl: Ttl) -> Result<(), Error> {
        let stored = self.put(key, value, ttl).await;
        self.end(&[key], stored, |()| true)
    }

    async fn put(&mut self, key: &str, value: Result<Encoded, Error>, ttl: Ttl) -> Result<(), Error> {
        let value = value?;
        let (spot, life) = (self.spot_for(key, &value)?, self.life(ttl)?);
        self.met.bytes = value.payload.len();
        if life == Some(Duration::ZERO) {
            return self.remove(&spot).await.map(drop);
        }
        let write = spot.sealed(&value.payload, life, When::Always)?;
        spot.overtake()?;
        if self.write(&spot, write).await? { Ok(()) } else { Err(refused()) }
    }

    pub(super) async fn add(mut self, key: &str, value: Result<Encoded, Error>, ttl: Ttl) -> Result<bool, Error> {
        let added = self.put_new(key, value, ttl).await;
        self.end(&[key], added, |is_added| *is_added)
    }

    async fn put_new(&mut self, key: &str, value: Result<Encoded, Error>, ttl: Ttl) -> Result<bool, Error> {
        let value = value?;
        let (spot, life) = (self.spot_for(key, &value)?, self.life(ttl)?);
        self.met.bytes = value.payload.len();
        if life == Some(Duration::ZERO) {
            let bytes = self.read(&spot).await?;
            return Ok(!spot.is_live(bytes.as_ref()));
        }
        let mut when = When::Absent;
        for _ in 0..TRIES {
            if self.write(&spot, spot.sealed(&value.payload, life, when)?).await? {
                return Ok(true);
            }
            // What a backend counts as live may have ended, or may be nothing that is ours.
            let bytes = self.read(&spot).await?;
            let before = std::mem::replace(&mut when, unchanged(bytes.as_ref()));
            if spot.is_live(bytes.as_ref()) || before == when {
                return Ok(false);
            }
        }
        Err(contended())
    }

    pub(super) async fn touch(mut self, key: &str, ttl: Ttl) -> Result<bool, Error> {
        let touched = self.prolong(key, ttl).await;
        self.end(&[key], touched, |is_live| *is_live)
    }

    async fn prolong(&mut self, key: &str, ttl: Ttl) -> Result<bool, Error> {
        let (spot, life) = (self.spot(key)?, self.life(ttl)?);
        if life == Some(Duration::ZERO) {
            return self.remove(&spot).await;
        }
        let same = |payload: &[u8]| Ok(((), payload.to_vec()));
        Ok(self.change(&spot, Lasts::For(life), same).await?.is_some())
    }

    pub(super) async fn delete(self, key: &str) -> Result<bool, Error> {
        let removed = match self.spot(key) {
            Ok(spot) => self.remove(&spot).await,
            Err(error) => Err(error),
        };
        self.end(&[key], removed, |was_live| *was_live)
    }

    pub(super) async fn has_key(mut self, key: &str) -> Result<bool, Error> {
        let found = self.holds(key).await;
        self.end(&[key], found, |is_live| *is_live)
    }

    async fn holds(&mut self, key: &str) -> Result<bool, Error> {
        let spot = self.spot(key)?;
        let bytes = self.read(&spot).await?;
        Ok(spot.is_live(bytes.as_ref()))
    }

    /// Adds `delta`, as it stands or negated; it ends when it did.
    pub(super) async fn incr(mut self, key: &str, delta: Option<i64>) -> Result<i64, Error> {
        let sum = self.sum(key, delta).await;
        self.end(&[key], sum, |_| true)
    }

    async fn sum(&mut self, key: &str, delta: Option<i64>) -> Result<i64, Error> {
        let (spot, format) = (self.spot(key)?, self.format()?);
        let add = |payload: &[u8]| {
            let number: i64 =
                codec::decode(format, payload).map_err(|_| not_number("what is stored is no whole number"))?;
            let sum = delta.and_then(|delta| number.checked_add(delta));
            let sum = sum.ok_or_else(|| not_number("the result does not fit into 64 bits"))?;
            Ok((sum, codec::encode(format, &sum)?))
        };
        self.change(&spot, Lasts::AsBefore, add).await?.ok_or_else(not_found)
    }

    /// Moves an entry to another version; it ends when it did. `delta` as for [`Operation::incr`].
    pub(super) async fn incr_version(mut self, key: &str, delta: Option<i64>) -> Result<u64, Error> {
        let version = self.move_by(key, delta).await;
        self.end(&[key], version, |_| true)
    }

    async fn move_by(&mut self, key: &str, delta: Option<i64>) -> Result<u64, Error> {
        let (from, version) = (self.spot(key)?, self.version()?);
        let to = delta.and_then(|delta| version.checked_add_signed(delta));
        let to = to.ok_or_else(|| not_number("there is no such version; they begin at 0"))?;
        let mut is_guarded = false;
        for _ in 0..TRIES {
            let bytes = self.read(&from).await?;
            let Found::Live { payload, end, .. } = from.judge(bytes.as_ref()) else { return Err(not_found()) };
            if to == version {
                return Ok(version);
            }
            let target = self.spot_of(key, to)?;
            let write = target.sealed_until(payload, end, When::Always)?;
            self.met.bytes = payload.len();
            is_guarded |= from.overtake()?;
            // Taken first, by exactly one; what is lost between the two steps is a miss.
            if self.take(&from, unchanged(bytes.as_ref()), is_guarded).await? {
                target.overtake()?;
                return if self.write(&target, write).await? { Ok(to) } else { Err(refused()) };
            }
        }
        Err(contended())
    }
}
