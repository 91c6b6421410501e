//! The cache in this process: bounded by bytes, each entry alive as long as its kind says by the injected clock. The
//! least useful entries give way first. Why quick_cache and not moka: `docs/cache.md`.

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
/// Bytes of a usual entry: a quote with its name. From it follows how many entries are kept track of after they gave way.
const ENTRY_TYPICAL: u64 = 1_024;
/// A part with a lock of its own holds at least so many bytes, as an entry larger than a part is not kept.
const SHARD_MIN: u64 = 4 << 20;
/// Most parts.
const SHARDS_MAX: u64 = 64;

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
    entries: quick_cache::sync::Cache<Key, Kept, Bytes>,
    plan: CachePlan,
    clock: Arc<dyn Clock>,
}

impl MemoryCache {
    /// An empty cache.
    #[must_use]
    pub fn new(plan: &CachePlan, clock: Arc<dyn Clock>) -> Self {
        let bytes_max = plan.bytes_max();
        let shards = (bytes_max / SHARD_MIN).clamp(1, SHARDS_MAX);
        let options = quick_cache::OptionsBuilder::new()
            .weight_capacity(bytes_max)
            .estimated_items_capacity(usize::try_from(bytes_max / ENTRY_TYPICAL).unwrap_or(usize::MAX))
            .shards(usize::try_from(shards).unwrap_or(1))
            .build()
            .expect("both capacities are set");
        let entries = quick_cache::sync::Cache::with_options(
            options,
            Bytes,
            quick_cache::DefaultHashBuilder::default(),
            quick_cache::sync::DefaultLifecycle::default(),
        );
        Self {
            entries,
            plan: plan.clone(),
            clock,
        }
    }

    /// The entry of a key, if it is still there and alive: what the port's `get` answers, without its future.
    #[must_use]
    pub fn get_now(&self, kind: CacheKind, key: &str) -> Option<CacheEntry> {
        let key = KeyRef { kind, text: key };
        let kept = self.entries.get(&key)?;
        let now = self.clock.monotonic();
        if now < kept.dies_at {
            return Some(kept.entry);
        }
        // Only if nobody has stored a younger one meanwhile.
        self.entries.remove_if(&key, |kept| kept.dies_at <= now);
        None
    }

    /// Stores an entry: what the port's `set` does.
    pub fn set_now(&self, kind: CacheKind, key: &str, entry: CacheEntry) {
        let left = self
            .plan
            .ttl(kind)
            .saturating_sub(age(self.clock.as_ref(), &entry));
        if left.is_zero() {
            self.remove_now(kind, key);
            return;
        }
        // From here the monotonic clock decides: setting the wall clock neither kills entries nor wakes them.
        let dies_at = self.clock.monotonic().after(left);
        let key = Key {
            kind,
            text: key.into(),
        };
        self.entries.insert(key, Kept { entry, dies_at });
    }

    /// Forgets one entry: what the port's `remove` does.
    pub fn remove_now(&self, kind: CacheKind, key: &str) {
        self.entries.remove(&KeyRef { kind, text: key });
    }

    /// Forgets every entry: what the port's `flush_all` does.
    pub fn flush_now(&self) {
        self.entries.clear();
    }

    /// Bytes taken now, about; entries past their time count until they are asked for or give way.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.entries.weight()
    }
}

#[async_trait]
impl Cache for MemoryCache {
    async fn get(&self, kind: CacheKind, key: &str) -> Option<CacheEntry> {
        self.get_now(kind, key)
    }

    async fn set(&self, kind: CacheKind, key: &str, entry: CacheEntry) {
        self.set_now(kind, key, entry);
    }

    async fn remove(&self, kind: CacheKind, key: &str) {
        self.remove_now(kind, key);
    }

    async fn flush_all(&self) {
        self.flush_now();
    }
}

/// How old an entry is by the wall clock. One from a clock ahead of ours counts as new.
pub(crate) fn age(clock: &dyn Clock, entry: &CacheEntry) -> Duration {
    Duration::try_from(clock.now().duration_since(entry.made_at)).unwrap_or_default()
}

/// Weighs entries by their bytes.
#[derive(Debug, Clone)]
struct Bytes;

impl quick_cache::Weighter<Key, Kept> for Bytes {
    fn weight(&self, key: &Key, kept: &Kept) -> u64 {
        (ENTRY_OVERHEAD + key.text.len() + kept.entry.bytes.len()) as u64
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
