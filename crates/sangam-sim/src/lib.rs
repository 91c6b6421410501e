#![doc = include_str!("../README.md")]

pub mod account;
mod base64url;
pub mod broker;
pub mod clock;
pub mod config;
pub mod contracts;
pub mod faults;
pub mod flattrade;
pub mod fyers;
pub mod limits;
pub mod market;
pub mod masters;
pub mod money;
pub mod rng;
pub mod server;
pub mod sessions;
pub mod stats;
pub mod upstox;
pub mod world;

pub use broker::{BrokerApi, Call, CallClass, Charge};
pub use clock::{Instant64, SimClock};
pub use config::SimConfig;
pub use money::Paise;
pub use server::{RunningSim, SimServer};
pub use world::World;
