//! The promises of the workspace, as tests; and the README, whose examples run.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}

#[cfg(test)]
pub mod strict;
