//! Every form that a cached function may have, and every word of its attribute on each of them.

cached_core::link!(cached_file);

mod shapes;
mod words;
