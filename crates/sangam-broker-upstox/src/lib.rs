#![doc = include_str!("../README.md")]

mod client;
mod config;
mod credential;
pub mod error;
pub mod translate;
mod urls;
mod wire;

pub use client::Upstox;
pub use config::{ApiVersion, Config, MarketBand, QuoteSource};
pub use credential::Credentials;
pub use urls::Urls;
