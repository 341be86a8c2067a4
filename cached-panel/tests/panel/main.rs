//! What the panel promises, in a process of its own: recording is on or off for all of it.

mod acts;
mod closed;
mod django;
mod gate;
mod injected;
mod layered;
mod live;
mod low;
mod pages;
mod support;
