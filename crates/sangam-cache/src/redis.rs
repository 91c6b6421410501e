//! The cache in Redis or Valkey, which several processes share. Redis lost, slow, full or emptied costs speed alone: callers
//! get a miss and ask their source, a breaker spares them the wait, and it comes back by itself. `docs/cache.md` says what
//! holds when.

mod envelope;
mod forgotten;
mod line;
mod settings;
mod state;
mod store;
mod tend;

use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use sangam_core::Clock;
use sangam_core::ports::{Cache, CacheEntry, CacheKind};
use tokio::task::JoinHandle;

use crate::backoff::Backoff;
use crate::connection;
use crate::settings::CachePlan;
use store::Store;

pub use settings::{RedisCacheError, RedisCacheSettings};
pub use state::{Away, RedisCacheState};

/// A cache in Redis.
#[derive(Debug)]
pub struct RedisCache {
    store: Arc<Store>,
    task: JoinHandle<()>,
}

impl Drop for RedisCache {
    fn drop(&mut self) {
        self.task.abort();
        self.store.line.hang_up(self.store.clock.now(), "was closed");
    }
}

impl RedisCache {
    /// Starts to use Redis. It need not be there: it is tried once, for a second at most, and from then on in the
    /// background. Must be called on a runtime with a timer.
    ///
    /// `chance` is 64 random bits, other ones for every start of every process: entries carry them, and they spread the
    /// attempts to reach a Redis that is away.
    ///
    /// # Errors
    /// [`RedisCacheError`] for a setting that cannot be. A server that is away or refuses us is none: [`state`](Self::state)
    /// says so.
    pub async fn connect(
        settings: RedisCacheSettings,
        plan: &CachePlan,
        clock: Arc<dyn Clock>,
        chance: u64,
    ) -> Result<Self, RedisCacheError> {
        settings.check()?;
        let config = connection::address(&settings.url, "the cache").map_err(|error| RedisCacheError {
            field: "redis_url",
            problem: format!(
                "is no address of Redis ({}); write it like redis://127.0.0.1:6379",
                error.details()
            ),
        })?;
        let store = Arc::new(Store::new(config, settings, plan.clone(), clock, chance));
        // Boxed, or the futures of whoever connects would be as large as fred's.
        let first: Pin<Box<dyn Future<Output = bool> + Send + '_>> = Box::pin(store.reach());
        let _reached = first.await;
        let task = tokio::spawn(Arc::clone(&store).tend(Backoff::new(chance)));
        Ok(Self { store, task })
    }

    /// How it goes.
    #[must_use]
    pub fn state(&self) -> RedisCacheState {
        let line = &self.store.line;
        let away = line.away().map(|(since, why)| Away { since, why });
        self.store.counts.state(away, line.lives(), self.store.owes())
    }

    /// Whether Redis is in use at the moment.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.store.line.is_closed()
    }

    /// How often Redis was reached.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.store.line.lives()
    }

    /// Stores an entry and tells whether Redis has it now, or had no need to because it is too old.
    pub async fn keep(&self, kind: CacheKind, key: &str, entry: &CacheEntry) -> bool {
        self.store.set(kind, key, entry).await
    }
}

#[async_trait]
impl Cache for RedisCache {
    async fn get(&self, kind: CacheKind, key: &str) -> Option<CacheEntry> {
        self.store.get(kind, key).await
    }

    async fn set(&self, kind: CacheKind, key: &str, entry: CacheEntry) {
        self.store.set(kind, key, &entry).await;
    }

    async fn remove(&self, kind: CacheKind, key: &str) {
        self.store.remove(kind, key).await;
    }

    async fn flush_all(&self) {
        self.store.flush_all().await;
    }
}
