#![doc = include_str!("../README.md")]

pub mod client;
pub mod config;
pub mod credential;
pub mod error;
pub mod translate;
pub mod urls;
mod wire;

pub use client::Fyers;
pub use config::Config;
pub use credential::Credentials;
pub use urls::Urls;
