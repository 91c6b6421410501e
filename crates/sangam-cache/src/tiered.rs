//! Memory before Redis. Prices are read from memory first: nobody forgets them before their time, so a copy here is as good
//! as the entry there. What other processes may forget (positions, funds and the like) is read from Redis alone while it
//! can be reached, and from memory while it cannot: then no other process could tell us anything anyway.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use sangam_core::Clock;
use sangam_core::ports::{Cache, CacheEntry, CacheKind};

use crate::memory::MemoryCache;
use crate::redis::RedisCache;
use crate::settings::CachePlan;

/// Counters of changes, each for its part of the keys.
const STRIPES: usize = 64;

/// A cache in memory before one in Redis.
#[derive(Debug)]
pub struct TieredCache {
    /// Prices.
    front: MemoryCache,
    /// The rest, while Redis is away.
    alone: MemoryCache,
    redis: RedisCache,
    /// Which time Redis is away: what is in `alone` is of this one.
    outage: AtomicU64,
    /// What came from Redis is kept in memory only if its part of the keys did not change meanwhile.
    changes: [AtomicU64; STRIPES],
}

/// Whether a kind is forgotten by nobody before its time.
fn is_price(kind: CacheKind) -> bool {
    matches!(kind, CacheKind::MarketData | CacheKind::Depth)
}

impl TieredCache {
    /// An empty memory before this Redis; `plan` is of both. The most bytes are those of memory.
    #[must_use]
    pub fn new(plan: &CachePlan, clock: &Arc<dyn Clock>, redis: RedisCache) -> Self {
        let memory = |percent| MemoryCache::new(&plan.with_bytes_of(percent), Arc::clone(clock));
        Self {
            front: memory(75),
            alone: memory(25),
            redis,
            outage: AtomicU64::new(0),
            changes: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    /// The cache behind memory.
    #[must_use]
    pub fn redis(&self) -> &RedisCache {
        &self.redis
    }

    fn stripe(&self, kind: CacheKind, key: &str) -> &AtomicU64 {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one((kind, key));
        &self.changes[hash as usize % STRIPES]
    }

    /// Memory for what Redis cannot be asked about now; empty at the beginning of each time it is away.
    fn alone(&self) -> &MemoryCache {
        let outage = self.redis.connections();
        if self.outage.swap(outage, Ordering::SeqCst) != outage {
            self.alone.flush_now();
        }
        &self.alone
    }

    async fn price(&self, kind: CacheKind, key: &str) -> Option<CacheEntry> {
        if let Some(entry) = self.front.get_now(kind, key) {
            return Some(entry);
        }
        let stripe = self.stripe(kind, key);
        let before = stripe.load(Ordering::SeqCst);
        let entry = self.redis.get(kind, key).await?;
        self.front.set_now(kind, key, entry.clone());
        if stripe.load(Ordering::SeqCst) != before {
            // Something was set or forgotten while Redis was asked: it counts, and this does not.
            self.front.remove_now(kind, key);
        }
        Some(entry)
    }
}

#[async_trait]
impl Cache for TieredCache {
    async fn get(&self, kind: CacheKind, key: &str) -> Option<CacheEntry> {
        if is_price(kind) {
            return self.price(kind, key).await;
        }
        if self.redis.is_connected() {
            self.redis.get(kind, key).await
        } else {
            self.alone().get_now(kind, key)
        }
    }

    async fn set(&self, kind: CacheKind, key: &str, entry: CacheEntry) {
        if is_price(kind) {
            self.stripe(kind, key).fetch_add(1, Ordering::SeqCst);
            self.front.set_now(kind, key, entry.clone());
            self.redis.keep(kind, key, &entry).await;
        } else if !self.redis.keep(kind, key, &entry).await && !self.redis.is_connected() {
            self.alone().set_now(kind, key, entry);
        }
    }

    async fn remove(&self, kind: CacheKind, key: &str) {
        self.stripe(kind, key).fetch_add(1, Ordering::SeqCst);
        self.front.remove_now(kind, key);
        self.alone.remove_now(kind, key);
        self.redis.remove(kind, key).await;
    }

    async fn flush_all(&self) {
        for stripe in &self.changes {
            stripe.fetch_add(1, Ordering::SeqCst);
        }
        self.front.flush_now();
        self.alone.flush_now();
        self.redis.flush_all().await;
    }
}
