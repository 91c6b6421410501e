//! The cache put together: memory alone, or memory before the Redis that gateways share prices over.

use std::pin::Pin;
use std::sync::Arc;

use sangam_cache::{MemoryCache, RedisCache, RedisCacheError, RedisCacheState, TieredCache, TypedCache};
use sangam_core::Clock;
use sangam_core::ports::Cache;

use crate::config::CacheConfig;
use crate::entropy::random_bytes;
use crate::error::StartError;

/// Typed values, and what is behind them for people to look at.
#[derive(Debug)]
pub(crate) struct Caching {
    pub(crate) typed: TypedCache,
    tiers: Option<Arc<TieredCache>>,
}

impl Caching {
    /// Redis need not be there. Real prices and simulated ones never meet in it.
    pub(crate) async fn start(
        config: &CacheConfig,
        simulated_only: bool,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let typed = |cache: Arc<dyn Cache>| TypedCache::new(cache, Arc::clone(clock));
        let Some(redis) = &config.redis else {
            let memory = MemoryCache::new(&config.plan, Arc::clone(clock));
            return Ok(Self {
                typed: typed(Arc::new(memory)),
                tiers: None,
            });
        };
        let settings = redis.settings(if simulated_only { "sim" } else { "real" });
        let chance = u64::from_le_bytes(random_bytes::<8>());
        // Boxed, or the futures of whoever starts a system would be as large as Redis's client.
        let redis: Pin<Box<dyn Future<Output = Result<RedisCache, RedisCacheError>> + Send + '_>> = Box::pin(
            RedisCache::connect(settings, &config.plan, Arc::clone(clock), chance),
        );
        let redis = redis
            .await
            .map_err(|error| StartError::Cache(error.to_string()))?;
        let tiers = Arc::new(TieredCache::new(&config.plan, clock, redis));
        Ok(Self {
            typed: typed(Arc::<TieredCache>::clone(&tiers)),
            tiers: Some(tiers),
        })
    }

    /// How it goes with Redis; `None` without one.
    pub(crate) fn redis(&self) -> Option<RedisCacheState> {
        self.tiers.as_ref().map(|tiers| tiers.redis().state())
    }
}
