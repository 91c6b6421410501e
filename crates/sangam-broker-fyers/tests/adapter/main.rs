//! The adapter over scripted transports.

#![expect(clippy::unwrap_used, reason = "tests")]

mod account;
mod common;
mod damaged;
