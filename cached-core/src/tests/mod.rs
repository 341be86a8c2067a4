//! Tests that stand apart from their room.

// The models of `tests/loom` take in the room `memory` without its tests.
mod horizon;
mod memory;
