//! One binary for all integration tests: a file is one theme, a test is one sentence.

cached_core::link!(cached_file);

mod asynchronous;
mod backends;
mod breaker;
mod census;
mod companions;
mod configuration;
mod differential;
mod faults;
mod flights;
mod freshness;
mod identity;
mod identity_bar;
mod idle;
mod keys;
mod keys_bar;
mod lateness;
mod layers;
mod lease;
mod origin;
mod overrides;
mod policies;
mod quickstart;
mod report;
mod reroute;
mod scopes;
mod seeing;
mod tags;
mod tiered;
mod twins;
mod verified;
mod weights;
