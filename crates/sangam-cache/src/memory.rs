//! The cache in this process: bounded by bytes, each entry alive as long as its kind says by the injected clock. The
//! least useful entries give way first. moka's own expiry is left off, as it reads a clock no test can move.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use equivalent::Equivalent;
use sangam_core::ports::{Cache, CacheEntry, CacheKind};
use sangam_core::{Clock, Monotonic};

use crate::settings::CachePlan;

/// Bytes an entry takes beside key and value, about: two allocations, counters and links.
const ENTRY_OVERHEAD: usize = 160;

/// A cache in memory.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use sangam_cache::{CachePlan, MemoryCache};
/// use sangam_core::ports::{Cache, CacheEntry, CacheKind};
/// use sangam_core::{Clock, ManualClock, Timestamp};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
/// let cache = MemoryCache::new(&CachePlan::default(), clock.clone());
/// let entry = CacheEntry { bytes: Arc::from(*b"1450.50"), made_at: clock.now() };
/// cache.set(CacheKind::MarketData, "NSE:RELIANCE", entry).await;
/// assert!(cache.get(CacheKind::MarketData, "NSE:RELIANCE").await.is_some());
/// clock.advance(Duration::from_secs(1));
/// assert!(cache.get(CacheKind::MarketData, "NSE:RELIANCE").await.is_none());
/// # }
/// ```
#[derive(Debug)]
pub struct MemoryCache {
    entries: moka::future::Cache<Key, Kept>,
    plan: CachePlan,
    clock: Arc<dyn Clock>,
}

impl MemoryCache {
    /// An empty cache.
    #[must_use]
    pub fn new(plan: &CachePlan, clock: Arc<dyn Clock>) -> Self {
        let entries = moka::future::Cache::builder()
            .name("sangam")
            .max_capacity(plan.bytes_max())
            .weigher(|key: &Key, kept: &Kept| {
                let bytes = ENTRY_OVERHEAD + key.text.len() + kept.entry.bytes.len();
                u32::try_from(bytes).unwrap_or(u32::MAX)
            })
            .build();
        Self {
            entries,
            plan: plan.clone(),
            clock,
        }
    }

    /// Bytes taken now, about; entries past their time count until they are asked for or give way.
    pub async fn bytes(&self) -> u64 {
        self.entries.run_pending_tasks().await;
        self.entries.weighted_size()
    }
}

#[async_trait]
impl Cache for MemoryCache {
    async fn get(&self, kind: CacheKind, key: &str) -> Option<CacheEntry> {
        let key = KeyRef { kind, text: key };
        let kept = self.entries.get(&key).await?;
        if self.clock.monotonic() < kept.dies_at {
            return Some(kept.entry);
        }
        self.entries.invalidate(&key).await;
        None
    }

    async fn set(&self, kind: CacheKind, key: &str, entry: CacheEntry) {
        let left = self.plan.ttl(kind).saturating_sub(self.age(&entry));
        if left.is_zero() {
            self.remove(kind, key).await;
            return;
        }
        // From here the monotonic clock decides: setting the wall clock neither kills entries nor wakes them.
        let dies_at = self.clock.monotonic().after(left);
        let key = Key {
            kind,
            text: key.into(),
        };
        self.entries.insert(key, Kept { entry, dies_at }).await;
    }

    async fn remove(&self, kind: CacheKind, key: &str) {
        self.entries.invalidate(&KeyRef { kind, text: key }).await;
    }

    async fn flush_all(&self) {
        self.entries.invalidate_all();
    }
}

impl MemoryCache {
    fn age(&self, entry: &CacheEntry) -> Duration {
        // A value from a clock ahead of ours counts as new.
        Duration::try_from(self.clock.now().duration_since(entry.made_at)).unwrap_or_default()
    }
}

#[derive(Debug, Clone)]
struct Kept {
    entry: CacheEntry,
    dies_at: Monotonic,
}

#[derive(Debug, PartialEq, Eq)]
struct Key {
    kind: CacheKind,
    text: Box<str>,
}

/// A key as it is asked for, without an allocation. Hashes as [`Key`] does.
struct KeyRef<'a> {
    kind: CacheKind,
    text: &'a str,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        KeyRef {
            kind: self.kind,
            text: &self.text,
        }
        .hash(state);
    }
}

impl Hash for KeyRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kind.hash(state);
        self.text.hash(state);
    }
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.kind == key.kind && *self.text == *key.text
    }
}
