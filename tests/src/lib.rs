//! The promises of the workspace, as tests: what they share, and the pages whose examples run.

pub mod again;
pub mod codecs;
pub mod crowd;
pub mod dice;
pub mod forger;
pub mod hooks;
pub mod origin;
pub mod support;
pub mod verified;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}

#[cfg(doctest)]
#[doc = include_str!("../../COMING_FROM.md")]
mod coming_from {}

#[cfg(test)]
pub mod strict;
