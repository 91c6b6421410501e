//! What the integration tests share.

pub mod shared_checks;
pub mod vectors;
