//! Measurements beside the peers.
