#![doc = include_str!("../README.md")]

#[cfg(feature = "redis")]
mod backoff;
#[cfg(feature = "redis")]
mod connection;
mod memory;
#[cfg(feature = "redis")]
mod redis;
mod settings;
#[cfg(feature = "redis")]
pub mod shared_budget;
#[cfg(feature = "redis")]
mod tiered;
mod typed;

pub use memory::MemoryCache;
#[cfg(feature = "redis")]
pub use redis::{Away, RedisCache, RedisCacheError, RedisCacheSettings, RedisCacheState};
pub use settings::{CachePlan, CacheSettings, CacheSettingsError};
#[cfg(feature = "redis")]
pub use tiered::TieredCache;
pub use typed::{Aged, TypedCache};
