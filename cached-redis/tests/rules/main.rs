//! The Redis backend, seen from outside, on real servers.

#![allow(missing_docs, reason = "tests")]

mod callers;
mod config;
mod conformance;
#[cfg(feature = "tls")]
mod encrypted;
mod errors;
mod forks;
mod news;
mod operations;
mod outages;
mod proxy;
mod redirects;
mod streams;
mod support;
mod wire;
