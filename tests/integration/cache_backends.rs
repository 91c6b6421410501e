//! The back ends of the cache, each for a test that has to hold on all of them.

use std::sync::Arc;
use std::time::Duration;

use sangam_cache::{
    CachePlan, CacheSettings, MemoryCache, RedisCache, RedisCacheSettings, TieredCache, TypedCache,
};
use sangam_core::Clock;
use sangam_core::ports::Cache;
use sangam_testkit::RedisServer;

/// What is behind the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    Memory,
    Redis,
    MemoryBeforeRedis,
}

/// A cache, with its server if it has one.
pub(crate) struct Running {
    pub(crate) typed: TypedCache,
    _server: Option<RedisServer>,
}

impl Backend {
    pub(crate) async fn start(self, clock: &Arc<dyn Clock>) -> Running {
        let plan = plan();
        let server = (self != Self::Memory).then(RedisServer::start);
        let cache: Arc<dyn Cache> = match (self, &server) {
            (Self::Redis, Some(server)) => Arc::new(redis(server, &plan, clock).await),
            (Self::MemoryBeforeRedis, Some(server)) => {
                let redis = redis(server, &plan, clock).await;
                Arc::new(TieredCache::new(&plan, clock, redis))
            }
            _ => Arc::new(MemoryCache::new(&plan, Arc::clone(clock))),
        };
        Running {
            typed: TypedCache::new(cache, Arc::clone(clock)),
            _server: server,
        }
    }
}

/// Prices live for a minute: no test outlasts that by Redis's own clock.
fn plan() -> CachePlan {
    let settings = CacheSettings {
        market_data_ttl: Duration::from_secs(60),
        ..CacheSettings::default()
    };
    settings.check().expect("in range")
}

/// Patience as long as the seed's limit: a machine that builds beside the tests is no Redis that is away.
async fn redis(server: &RedisServer, plan: &CachePlan, clock: &Arc<dyn Clock>) -> RedisCache {
    let settings = RedisCacheSettings {
        url: server.url(),
        patience: Duration::from_secs(5),
        ..RedisCacheSettings::default()
    };
    let cache = RedisCache::connect(settings, plan, Arc::clone(clock), 1)
        .await
        .expect("right settings");
    assert!(cache.is_connected(), "{:?}", cache.state());
    cache
}
