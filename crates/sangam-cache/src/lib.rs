#![doc = include_str!("../README.md")]

mod memory;
mod settings;
#[cfg(feature = "redis")]
pub mod shared_budget;
mod typed;

pub use memory::MemoryCache;
pub use settings::{CachePlan, CacheSettings, CacheSettingsError};
pub use typed::{Aged, TypedCache};
