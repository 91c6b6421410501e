#![doc = include_str!("../README.md")]

mod client;
mod config;
mod credential;
pub mod error;
pub mod translate;
mod urls;
mod wire;

pub use client::Flattrade;
pub use config::{AmpersandForm, Config, Hosts};
pub use credential::Credentials;
pub use translate::{FundsFilter, FundsSegment, SearchHit, Sender};
