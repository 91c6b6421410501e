//! Fyers' bodies as they travel: field names and shapes, nothing understood yet. These types never leave the crate.

pub(crate) mod account;
pub(crate) mod envelope;
pub(crate) mod field;
pub(crate) mod login;
pub(crate) mod market;
pub(crate) mod orders;
