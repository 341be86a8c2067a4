//! The bar of reliability: a test `rNN_…` is one of its checks, and prints the figure it found.
//!
//! Where the bar is in real time it is that of idle cores. Tests run beside others, so the quickest
//! round has to meet it; the median and the most are printed.

cached_core::link!(cached_file);

mod accounts;
mod asynchrony;
mod audited;
mod barrier;
mod bounds;
mod bytes;
mod cancelled;
mod codecs;
mod collisions;
mod concurrency;
mod config_bar;
mod cycles;
mod drops;
mod durations;
mod edits;
mod fuzzed;
mod golden;
mod isolation;
mod lifetimes;
mod linear;
mod models;
mod origin;
mod panics;
mod reentry;
mod refresh;
mod registration;
mod releases;
mod sends;
mod supply;
mod uncacheable;
mod versions;
