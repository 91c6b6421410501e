//! Values with their age over any cache: encoded, fetched once however many ask at once, never an error kept.
//!
//! What the bytes look like is this layer's own affair; a value that does not decode (another version wrote it) is a miss.

mod encoding;
mod flight;

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sangam_core::ports::{Cache, CacheEntry, CacheKind};
use sangam_core::{Clock, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use encoding::decode;
use flight::{Flights, Landed, Seat};

/// A value and how old it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aged<T> {
    /// The value.
    pub value: T,
    /// When its source answered.
    pub made_at: Timestamp,
    /// How long ago that was.
    pub age: Duration,
}

/// Typed values over a [`Cache`], with one fetch per key at a time.
#[derive(Clone)]
pub struct TypedCache {
    cache: Arc<dyn Cache>,
    clock: Arc<dyn Clock>,
    flights: Flights,
}

impl TypedCache {
    /// A typed view of a cache. Views made by cloning share their fetches; views made anew do not.
    #[must_use]
    pub fn new(cache: Arc<dyn Cache>, clock: Arc<dyn Clock>) -> Self {
        Self {
            cache,
            clock,
            flights: Flights::default(),
        }
    }

    /// The value of a key if it is there and younger than `max_age`.
    pub async fn get<T: DeserializeOwned>(
        &self,
        kind: CacheKind,
        key: &str,
        max_age: Duration,
    ) -> Option<Aged<T>> {
        if max_age.is_zero() {
            return None;
        }
        let entry = self.cache.get(kind, key).await?;
        if self.age(entry.made_at) >= max_age {
            return None;
        }
        match decode(&entry.bytes) {
            Ok(value) => Some(self.aged(value, entry.made_at)),
            Err(error) => {
                tracing::debug!(kind = kind.as_str(), key, %error, "a cached value of another version is left out");
                self.cache.remove(kind, key).await;
                None
            }
        }
    }

    /// Keeps a value that was just made.
    pub async fn put<T: Serialize>(&self, kind: CacheKind, key: &str, value: &T) {
        if let Some(bytes) = encode(kind, key, value) {
            let made_at = self.clock.now();
            self.cache.set(kind, key, CacheEntry { bytes, made_at }).await;
        }
    }

    /// The value of a key: from the cache if younger than `max_age`, else from a fetch under way, else fetched now and
    /// kept. With a `max_age` of nought the cache is not read.
    ///
    /// However many ask at once, one fetch runs. If it panics or its caller goes away, one of the others fetches in its
    /// place. Ages count from the moment the source answered. A fetch must not ask for its own key: it would wait for
    /// itself.
    ///
    /// # Errors
    /// That of the fetch, shared by all who waited for it and kept for nobody else.
    pub async fn get_or_fetch<T, E, F, Fut>(
        &self,
        kind: CacheKind,
        key: &str,
        max_age: Duration,
        fetch: F,
    ) -> Result<Aged<T>, Arc<E>>
    where
        T: Serialize + DeserializeOwned,
        E: Any + Send + Sync,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        if let Some(found) = self.get(kind, key, max_age).await {
            return Ok(found);
        }
        let seat = self.flights.join(kind, key);
        let mut landed = seat.wait().await;
        if let Some(answer) = landed.as_ref().and_then(|landed| self.shared(landed)) {
            return answer;
        }
        // The fetch of somebody else may have landed between the look above and the seat.
        if let Some(found) = self.get(kind, key, max_age).await {
            return Ok(found);
        }
        let fetched = fetch().await;
        let made_at = self.clock.now();
        match fetched {
            Ok(value) => {
                if let Some(bytes) = encode(kind, key, &value) {
                    let entry = CacheEntry { bytes, made_at };
                    self.keep(&seat, kind, key, entry.clone()).await;
                    *landed = Some(Landed::Value(entry));
                }
                seat.leave_to_later_askers();
                Ok(self.aged(value, made_at))
            }
            Err(error) => {
                let error = Arc::new(error);
                *landed = Some(Landed::Failure(error.clone()));
                seat.leave_to_later_askers();
                Err(error)
            }
        }
    }

    /// Forgets one value; a fetch under way is not kept.
    pub async fn remove(&self, kind: CacheKind, key: &str) {
        self.flights.disown(kind, key);
        self.cache.remove(kind, key).await;
    }

    /// Forgets every value; fetches under way are not kept.
    pub async fn flush_all(&self) {
        self.flights.disown_all();
        self.cache.flush_all().await;
    }

    /// Keeps a fetched value unless its key was forgotten meanwhile: it may be of before the change.
    async fn keep(&self, seat: &Seat, kind: CacheKind, key: &str, entry: CacheEntry) {
        if seat.is_disowned() {
            return;
        }
        self.cache.set(kind, key, entry).await;
        if seat.is_disowned() {
            self.cache.remove(kind, key).await;
        }
    }

    /// What another caller's fetch means for this one; `None` if it was of other types.
    fn shared<T, E>(&self, landed: &Landed) -> Option<Result<Aged<T>, Arc<E>>>
    where
        T: DeserializeOwned,
        E: Any + Send + Sync,
    {
        match landed {
            Landed::Value(entry) => {
                let value = decode(&entry.bytes).ok()?;
                Some(Ok(self.aged(value, entry.made_at)))
            }
            Landed::Failure(error) => error.clone().downcast().ok().map(Err),
        }
    }

    fn aged<T>(&self, value: T, made_at: Timestamp) -> Aged<T> {
        Aged {
            value,
            made_at,
            age: self.age(made_at),
        }
    }

    fn age(&self, made_at: Timestamp) -> Duration {
        // A value from a clock ahead of ours counts as new.
        Duration::try_from(self.clock.now().duration_since(made_at)).unwrap_or_default()
    }
}

impl fmt::Debug for TypedCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedCache")
            .field("cache", &self.cache)
            .field("fetches", &self.flights.len())
            .finish_non_exhaustive()
    }
}

fn encode<T: Serialize>(kind: CacheKind, key: &str, value: &T) -> Option<Arc<[u8]>> {
    let encoded = encoding::encode(value);
    if let Err(error) = &encoded {
        tracing::warn!(kind = kind.as_str(), key, %error, "a value cannot be kept in the cache");
    }
    encoded.ok()
}
