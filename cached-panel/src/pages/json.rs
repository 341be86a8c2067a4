//! Everything that the panel shows, for programs.
//!
//! In: the same as the pages. Out: JSON, behind the same gate. Times are nanoseconds, and say so in their names.

use std::time::Duration;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use cached_core::recorder::Call;
use cached_core::{Setting, report};
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::request::number;
use crate::gate::Visit;
use crate::log::Finished;

fn answer(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}

pub(super) async fn sites(_: Visit) -> Response {
    answer(StatusCode::OK, report().to_json())
}

pub(super) async fn requests(visit: Visit) -> Response {
    let (dropped, bytes) = visit.shared.log.figures();
    let requests: Vec<_> = visit.shared.log.newest().iter().map(|request| head(request)).collect();
    answer(StatusCode::OK, json!({ "requests": requests, "dropped": dropped, "bytes": bytes }).to_string())
}

pub(super) async fn request(visit: Visit, Path(name): Path<String>) -> Response {
    let Some(id) = name.strip_suffix(".json").and_then(number) else {
        let error = json!({ "error": "a request has a number, as in requests/12.json" });
        return answer(StatusCode::BAD_REQUEST, error.to_string());
    };
    let Some(request) = visit.shared.log.find(id) else {
        return answer(StatusCode::OK, json!({ "id": id, "kept": false }).to_string());
    };
    let mut object = head(&request);
    let calls: Vec<_> = request.recording.calls.iter().map(|call| one(call, visit.keys)).collect();
    let counts = request.recording.totals().counts;
    object["kept"] = true.into();
    object["calls"] = calls.into();
    object["dropped_calls"] = request.recording.dropped.into();
    object["counts"] = counts.into_iter().map(|(method, count)| (method.to_string(), Value::from(count))).collect();
    answer(StatusCode::OK, object.to_string())
}

fn head(request: &Finished) -> Value {
    let (totals, head) = (request.recording.totals(), &request.head);
    json!({
        "id": request.id,
        "method": head.method,
        "path": head.path,
        "query": head.query,
        "status": request.status,
        "began": humantime::format_rfc3339_nanos(request.recording.began).to_string(),
        "took_ns": nanos(request.took()),
        "total_calls": totals.calls,
        "total_ns": nanos(totals.time),
        "hits": totals.hits,
        "misses": totals.misses,
    })
}

fn one(call: &Call, keys: bool) -> Value {
    json!({
        "method": call.method.to_string(),
        "site": call.site.map(|site| site.name()),
        "alias": &*call.alias,
        "kind": &*call.kind,
        "key": call.key.as_deref().filter(|_| keys),
        "value": call.value.as_deref().filter(|_| keys),
        "keys": call.keys,
        "hits": call.hits,
        "misses": call.misses,
        "outcome": call.ended.to_string(),
        "bytes": call.bytes,
        "began_ns": nanos(call.began),
        "took_ns": nanos(call.took),
        "at": format!("{}:{}", call.file, call.line),
        "depth": call.depth,
    })
}

pub(super) async fn backends(_: Visit) -> Response {
    let all: Vec<_> = cached_core::backends().iter().map(|backend| {
        json!({
            "alias": backend.alias,
            "kind": backend.kind,
            "sites": backend.sites,
            "entries": backend.entries,
            "bytes": backend.bytes,
            "operations": backend.operations.iter().map(|(name, count)| ((*name).to_owned(), Value::from(*count))).collect::<Value>(),
            "latency": {
                "total_ns": nanos(backend.latency.total),
                "steps": backend.latency.steps.iter().map(|(longest, count)| json!({
                    "longest_ns": (*longest != Duration::MAX).then(|| nanos(*longest)),
                    "count": count,
                })).collect::<Vec<_>>(),
            },
            "is_broken": backend.is_broken,
            "broke": backend.broke,
            "options": backend.options.iter().map(setting).collect::<Vec<_>>(),
        })
    }).collect();
    answer(StatusCode::OK, json!({ "backends": all }).to_string())
}

pub(super) async fn configuration(_: Visit) -> Response {
    let values: Vec<_> = cached_core::settings().iter().map(setting).collect();
    answer(StatusCode::OK, json!({ "values": values, "warnings": report().warnings() }).to_string())
}

fn setting(setting: &Setting) -> Value {
    json!({ "path": setting.path, "name": setting.name, "value": setting.value, "source": setting.source })
}

fn nanos(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
