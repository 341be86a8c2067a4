//! All keys with one beginning, gone.
//!
//! In: a prefix. Out: nothing, once every server that has keys was read through. Nothing is ever asked of a server that
//! reads or removes all its keys at once: it is read in steps, and what was found is freed in its background.

use std::sync::Arc;

use futures_util::future::join_all;
use redis::{Pipeline, Value, cmd};

use super::commands::tell;
use super::fault::{Fault, Why};
use super::link::{Link, error_in};
use super::message;
use super::nodes::{Nodes, after, one};

/// How many keys a server looks at in one step.
const STEP: usize = 1_000;

/// Removes every key that begins with `prefix`, and tells so as `teller`.
pub(super) async fn clear(nodes: &Arc<Nodes>, prefix: &str, teller: &str) -> Result<(), Fault> {
    let owners = nodes.owners().await?;
    let cleared = join_all(owners.iter().map(|link| clear_one(nodes, link, prefix))).await;
    cleared.into_iter().collect::<Result<(), _>>()?;
    let Some(any) = owners.first() else { return Ok(()) };
    let told = tell(&message::channel(prefix), &message::cleared(teller, prefix));
    one(any, told, after(nodes.config.op_timeout)).await.map(drop)
}

async fn clear_one(nodes: &Nodes, link: &Link, prefix: &str) -> Result<(), Fault> {
    let pattern = message::literally(prefix) + "*";
    let mut cursor = b"0".to_vec();
    loop {
        let mut scan = cmd("SCAN");
        scan.arg(&cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(STEP);
        let step = one(link, scan, after(nodes.config.op_timeout)).await?;
        let strange = || Fault::at(&link.address, Why::Strange);
        let (next, mut keys) = found(step).ok_or_else(strange)?;
        keys.retain(|key| key.starts_with(prefix.as_bytes()));
        remove(nodes, link, &keys).await?;
        if next == b"0" {
            return Ok(());
        }
        cursor = next;
    }
}

/// The next cursor, and some keys.
fn found(step: Value) -> Option<(Vec<u8>, Vec<Vec<u8>>)> {
    let Value::Array(parts) = step else { return None };
    let [Value::BulkString(cursor), Value::Array(keys)] = <[Value; 2]>::try_from(parts).ok()? else { return None };
    let key = |value| if let Value::BulkString(key) = value { Some(key) } else { None };
    Some((cursor, keys.into_iter().map(key).collect::<Option<_>>()?))
}

/// Removes keys: in one command, or where they may be of several slots, in one each.
async fn remove(nodes: &Nodes, link: &Link, keys: &[Vec<u8>]) -> Result<(), Fault> {
    let at_once = if nodes.config.is_cluster { 1 } else { STEP };
    let mut pipeline = Pipeline::new();
    for keys in keys.chunks(at_once) {
        pipeline.cmd("UNLINK");
        for key in keys {
            pipeline.arg(key);
        }
    }
    if pipeline.is_empty() {
        return Ok(());
    }
    let values = link.ask(&pipeline, after(nodes.config.op_timeout)).await?;
    match values.iter().find_map(error_in) {
        Some(why) => Err(Fault::at(&link.address, why)),
        None => Ok(()),
    }
}
