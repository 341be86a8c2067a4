//! The bar of reliability: a test `rNN_…` is one of its checks, and prints the figure it found.

mod asynchrony;
mod bytes;
mod concurrency;
mod config_bar;
mod identity_bar;
mod keys_bar;
