//! What is done to many keys, or to all, in few exchanges with the backend.
//!
//! In: keys as the caller spells them, values in bytes. Out: what was found, what failed, how many went. Everything is
//! encoded before anything is written.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::Ttl;
use super::operation::{Encoded, Operation};
use crate::backend::{Backend as _, When};
use crate::error::Error;
use crate::store::Channel;

impl Operation {
    pub(super) async fn get_many<K, V>(mut self, keys: Vec<K>) -> Result<HashMap<K, V>, Error>
    where
        K: AsRef<str> + Eq + Hash,
        V: DeserializeOwned,
    {
        let keys = distinct(keys);
        let found = self.find_many(&keys).await;
        let texts: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
        let found = self.end(&texts, found, |found| found.iter().any(Option::is_some))?;
        Ok(keys.into_iter().zip(found).filter_map(|(key, value)| Some((key, value?))).collect())
    }

    async fn find_many<K: AsRef<str>, V: DeserializeOwned>(&mut self, keys: &[K]) -> Result<Vec<Option<V>>, Error> {
        let spots = keys.iter().map(|key| self.spot(key.as_ref())).collect::<Result<Vec<_>, _>>()?;
        if spots.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.read_many(spots.iter()).await?;
        let (mut hits, mut misses) = (0, 0);
        let values = spots.iter().zip(found).map(|(spot, bytes)| {
            let value = self.value(spot, bytes.as_ref());
            (hits, misses) = (hits + self.met.hits, misses + self.met.misses);
            value
        });
        let values = values.collect();
        (self.met.hits, self.met.misses, self.met.outcome) = (hits, misses, None);
        Ok(values)
    }

    pub(super) async fn set_many<K: AsRef<str>>(
        mut self,
        entries: Vec<(K, Result<Encoded, Error>)>,
        ttl: Ttl,
    ) -> Result<Vec<K>, Error> {
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        // Of a key that is given twice the last value counts.
        let mut seen = HashSet::new();
        for (key, value) in entries.into_iter().rev() {
            if seen.insert(key.as_ref().to_owned()) {
                keys.push(key);
                values.push(value);
            }
        }
        let stored = self.put_many(&keys, values, ttl).await;
        let texts: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
        let stored = self.end(&texts, stored, |stored| stored.contains(&true))?;
        Ok(keys.into_iter().zip(stored).filter_map(|(key, stored)| (!stored).then_some(key)).rev().collect())
    }

    async fn put_many<K: AsRef<str>>(
        &mut self,
        keys: &[K],
        values: Vec<Result<Encoded, Error>>,
        ttl: Ttl,
    ) -> Result<Vec<bool>, Error> {
        let (life, mut spots, mut writes) = (self.life(ttl)?, Vec::new(), Vec::new());
        for (key, value) in keys.iter().zip(values) {
            let value = value?;
            let spot = self.spot_for(key.as_ref(), &value)?;
            self.met.bytes += value.payload.len();
            writes.push(spot.sealed(&value.payload, life, When::Always)?);
            spots.push(spot);
        }
        if spots.is_empty() {
            return Ok(Vec::new());
        }
        if life == Some(Duration::ZERO) {
            self.remove_many(&spots).await?;
            return Ok(vec![true; keys.len()]);
        }
        spots.iter().try_for_each(|spot| spot.overtake().map(drop))?;
        let channel = self.channel()?.clone();
        self.write_many(&channel, writes).await
    }

    pub(super) async fn delete_many<K: AsRef<str>>(mut self, keys: Vec<K>) -> Result<usize, Error> {
        let keys = distinct(keys);
        let removed = self.forget_many(&keys).await;
        let texts: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
        self.end(&texts, removed, |removed| *removed > 0)
    }

    async fn forget_many<K: AsRef<str>>(&mut self, keys: &[K]) -> Result<usize, Error> {
        let spots = keys.iter().map(|key| self.spot(key.as_ref())).collect::<Result<Vec<_>, _>>()?;
        self.remove_many(&spots).await
    }

    /// Removes what the alias holds: the entries of its namespace and prefix, of all versions.
    pub(super) async fn clear(self) -> Result<(), Error> {
        let cleared = self.forget_all().await;
        self.end(&[], cleared, |()| true)
    }

    async fn forget_all(&self) -> Result<(), Error> {
        let prefix = self.prefix()?;
        let clear = move |channel: &Channel| {
            // After the writers who have begun; those who computed before find the number changed.
            channel.turns.count();
            channel.backend.clear(&prefix)
        };
        self.channel()?.ask_inside(self.how, true, clear, drop).await
    }
}

/// The keys without repetitions, in their order.
fn distinct<K: AsRef<str>>(mut keys: Vec<K>) -> Vec<K> {
    let mut seen = HashSet::new();
    keys.retain(|key| seen.insert(key.as_ref().to_owned()));
    keys
}
