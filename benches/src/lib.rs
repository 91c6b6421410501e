//! What the benches share.

pub mod cache;
