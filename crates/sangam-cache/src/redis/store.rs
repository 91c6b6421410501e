//! The commands: what is sent for a `get`, a `set`, a `remove` and a flush, and what their answers mean.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fred::error::Error;
use fred::interfaces::{ClientLike as _, KeysInterface as _};
use fred::types::config::Config;
use fred::types::{Expiration, Key, Value};
use parking_lot::Mutex;
use sangam_core::ports::{CacheEntry, CacheKind};
use sangam_core::{Clock, Monotonic};
use tokio::sync::{Notify, Semaphore, SemaphorePermit};

use super::envelope::{self, FORMAT, Stamp};
use super::forgotten::{Forgotten, Now, Owed};
use super::line::{Line, Trouble, Wire};
use super::settings::RedisCacheSettings;
use super::state::{Counts, count};
use crate::memory::age;
use crate::settings::CachePlan;

/// What a command takes beside key and value, about: its place in fred's queue and its answer's.
const COMMAND_OVERHEAD: usize = 512;
/// Keys looked at, and dropped, in one command of a sweep: a few milliseconds of the server at most.
const SWEEP_COUNT: u32 = 1_000;
/// A Redis that refused a write is spared the next ones for so long; it is full, or may not write.
const WRITE_PAUSE: Duration = Duration::from_secs(1);

/// What all clones and the task share.
pub(super) struct Store {
    pub(super) config: Config,
    pub(super) settings: RedisCacheSettings,
    pub(super) plan: CachePlan,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) line: Line,
    pub(super) counts: Counts,
    /// Wakes the task: the breaker opened, or something is owed.
    pub(super) wake: Notify,
    pub(super) forgotten: Mutex<Forgotten>,
    writer: u64,
    writes: AtomicU64,
    pending: Semaphore,
    paying: tokio::sync::Mutex<()>,
    write_again_at: Mutex<Monotonic>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("settings", &self.settings)
            .field("away", &self.line.away())
            .finish_non_exhaustive()
    }
}

/// Wakes the task unless all went well: also where the caller goes away in the middle.
struct WakeUnless<'a> {
    wake: &'a Notify,
    well: bool,
}

impl Drop for WakeUnless<'_> {
    fn drop(&mut self) {
        if !self.well {
            self.wake.notify_one();
        }
    }
}

impl Store {
    pub(super) fn new(
        config: Config,
        settings: RedisCacheSettings,
        plan: CachePlan,
        clock: Arc<dyn Clock>,
        writer: u64,
    ) -> Self {
        let longest = CacheKind::ALL.into_iter().map(|kind| plan.ttl(kind)).max();
        Self {
            line: Line::new(settings.patience, settings.failures_max, clock.now()),
            forgotten: Mutex::new(Forgotten::new(writer, longest.unwrap_or_default())),
            pending: Semaphore::new(settings.pending_bytes_max),
            config,
            settings,
            plan,
            clock,
            counts: Counts::default(),
            wake: Notify::new(),
            writer,
            writes: AtomicU64::new(0),
            paying: tokio::sync::Mutex::default(),
            write_again_at: Mutex::default(),
        }
    }

    /// Whether Redis is to be told of something that was forgotten.
    pub(super) fn owes(&self) -> bool {
        self.forgotten.lock().owes()
    }

    fn now(&self) -> Now {
        Now {
            wall: self.clock.now(),
            monotonic: self.clock.monotonic(),
        }
    }

    fn next_write(&self) -> u64 {
        self.writes.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn key(&self, kind: CacheKind, key: &str) -> String {
        format!(
            "{}:cache:v{FORMAT}:{}:{key}",
            self.settings.key_prefix,
            kind.as_str()
        )
    }

    /// The way to Redis with room for a command of so many bytes on it.
    fn wire(&self, bytes: usize) -> Result<(Wire, SemaphorePermit<'_>), Trouble> {
        let wire = self.line.wire()?;
        let bytes = u32::try_from(COMMAND_OVERHEAD + bytes).map_err(|_| Trouble::Busy)?;
        let room = self.pending.try_acquire_many(bytes).map_err(|_| Trouble::Busy)?;
        Ok((wire, room))
    }

    /// The answer with what it says of the line; trouble is counted.
    fn heard(
        &self,
        wire: &Wire,
        answer: Result<Value, Error>,
        counts: impl FnOnce(&Trouble) -> bool,
    ) -> Result<Value, Trouble> {
        let answer = self.line.heard(wire, answer, || self.clock.now(), counts);
        if let Err(trouble) = &answer {
            self.note(trouble);
        }
        answer
    }

    fn note(&self, trouble: &Trouble) {
        match trouble {
            Trouble::Away | Trouble::Busy => return count(&self.counts.not_sent),
            Trouble::Late(_) => count(&self.counts.late),
            Trouble::Lost(_) | Trouble::Garbage(_) => count(&self.counts.lost),
            Trouble::Refused(_) if trouble.is_wrong_type() => count(&self.counts.garbage),
            Trouble::Refused(_) => count(&self.counts.refused),
        }
        if !self.line.is_closed() {
            self.wake.notify_one();
        }
    }

    pub(super) async fn get(&self, kind: CacheKind, key: &str) -> Option<CacheEntry> {
        let name = self.key(kind, key);
        let (wire, _room) = match self.wire(name.len()) {
            Ok(way) => way,
            Err(trouble) => {
                self.note(&trouble);
                return None;
            }
        };
        // A range, so that a giant that is none of ours is not carried over. What is missing is empty, which no entry is.
        let most = self.settings.value_bytes_max + envelope::HEAD;
        let answer = wire.client.getrange(name, 0, most).await;
        let answer = self.heard(&wire, answer, |trouble| !trouble.is_wrong_type());
        let bytes = answer.ok()?.into_bytes().unwrap_or_default();
        if bytes.is_empty() {
            count(&self.counts.misses);
            return None;
        }
        let opened = envelope::open(&bytes).filter(|_| bytes.len() <= most);
        let Some((stamp, entry)) = opened else {
            count(&self.counts.garbage);
            return None;
        };
        if !self.is_alive(kind, key, stamp, &entry) {
            count(&self.counts.misses);
            return None;
        }
        count(&self.counts.hits);
        Some(entry)
    }

    /// Whether an entry is of an age and of a time that count.
    fn is_alive(&self, kind: CacheKind, key: &str, stamp: Stamp, entry: &CacheEntry) -> bool {
        let now = self.now();
        let mut forgotten = self.forgotten.lock();
        forgotten.look(now);
        // What we wrote ourselves is judged as in memory: setting the wall clock changes nothing.
        let young = if stamp.writer == self.writer {
            now.monotonic < stamp.dies_at
        } else {
            age(self.clock.as_ref(), entry) < self.plan.ttl(kind)
        };
        young && forgotten.counts(kind, key, stamp, now)
    }

    /// Stores an entry. Whether Redis has it now, or had no need to.
    pub(super) async fn set(&self, kind: CacheKind, key: &str, entry: &CacheEntry) -> bool {
        let ttl = self.plan.ttl(kind);
        let left = ttl.saturating_sub(age(self.clock.as_ref(), entry));
        if left.is_zero() {
            self.remove(kind, key).await;
            return true;
        }
        let now = self.now();
        let stamp = Stamp {
            writer: self.writer,
            write: self.next_write(),
            made_at: entry.made_at,
            dies_at: now.monotonic.after(left),
        };
        // Unless Redis says that it has it, nothing older may pass for the newest; also if the caller goes away.
        let mut lost = LostUnless {
            store: self,
            kind,
            key,
            stamp,
            ttl,
            stored: false,
        };
        let sent = self.try_set(kind, key, entry, stamp, left, now).await;
        lost.stored = sent.is_ok();
        drop(lost);
        if sent.is_ok() {
            count(&self.counts.kept);
            let now = self.now();
            self.forgotten.lock().stored(kind, key, stamp.write, ttl, now);
        }
        sent.is_ok()
    }

    async fn try_set(
        &self,
        kind: CacheKind,
        key: &str,
        entry: &CacheEntry,
        stamp: Stamp,
        left: Duration,
        now: Now,
    ) -> Result<(), Trouble> {
        let name = self.key(kind, key);
        let refuse = |trouble: Trouble| {
            self.note(&trouble);
            trouble
        };
        if name.len() + entry.bytes.len() > self.settings.value_bytes_max
            || now.monotonic < *self.write_again_at.lock()
        {
            return Err(refuse(Trouble::Busy));
        }
        let bytes = envelope::seal(stamp, &entry.bytes)
            .ok_or(Trouble::Busy)
            .map_err(refuse)?;
        let (wire, _room) = self.wire(name.len() + bytes.len()).map_err(refuse)?;
        let left_ms = i64::try_from(left.as_millis()).unwrap_or(i64::MAX).max(1);
        let value = Value::Bytes(bytes.into());
        let answer = wire
            .client
            .set(name, value, Some(Expiration::PX(left_ms)), None, false)
            .await;
        // Reading may go on where writing is refused.
        let answer = self.heard(&wire, answer, |_| false);
        if let Err(Trouble::Refused(text)) = &answer {
            self.pause_writes(text);
        }
        answer.map(drop)
    }

    fn pause_writes(&self, why: &str) {
        let now = self.clock.monotonic();
        let mut again_at = self.write_again_at.lock();
        if *again_at <= now {
            *again_at = now.after(WRITE_PAUSE);
            drop(again_at);
            tracing::warn!(
                why,
                "Redis takes no entries of the cache; it is asked again every second"
            );
        }
    }

    /// Forgets a key here at once and in Redis as soon as it can be reached.
    pub(super) async fn remove(&self, kind: CacheKind, key: &str) {
        let write = self.next_write();
        let now = self.now();
        self.forgotten
            .lock()
            .forget(kind, key, write, self.plan.ttl(kind), now);
        let mut guard = WakeUnless {
            wake: &self.wake,
            well: false,
        };
        let keys = vec![(kind, key.into())];
        if let Ok((wire, _room)) = self.wire(key.len())
            && self.unlink(&wire, &keys).await.is_ok()
        {
            self.forgotten.lock().told(&Owed::Keys(keys), write);
            guard.well = true;
        }
    }

    /// Forgets everything here at once and in Redis as soon as it can be reached.
    pub(super) async fn flush_all(&self) {
        let write = self.next_write();
        let now = self.now();
        self.forgotten.lock().flush(write, now);
        let mut guard = WakeUnless {
            wake: &self.wake,
            well: false,
        };
        if let Ok(wire) = self.line.wire() {
            guard.well = self.pay(&wire).await.is_ok();
        }
    }

    /// Tells Redis everything it is owed.
    pub(super) async fn pay(&self, wire: &Wire) -> Result<(), Trouble> {
        let _one_at_a_time = self.paying.lock().await;
        loop {
            let write = self.writes.load(Ordering::SeqCst);
            let now = self.now();
            let owed = self.forgotten.lock().next_owed(SWEEP_COUNT as usize, now);
            let Some(owed) = owed else { return Ok(()) };
            match &owed {
                Owed::All => self.sweep(wire, "*").await?,
                Owed::Kind(kind) => self.sweep(wire, &format!("v*:{}:*", kind.as_str())).await?,
                Owed::Keys(keys) => self.unlink(wire, keys).await?,
            }
            self.forgotten.lock().told(&owed, write);
        }
    }

    async fn unlink(&self, wire: &Wire, keys: &[(CacheKind, Box<str>)]) -> Result<(), Trouble> {
        let names: Vec<Key> = keys
            .iter()
            .map(|(kind, key)| Key::from(self.key(*kind, key)))
            .collect();
        let answer = wire.client.unlink(names).await;
        self.heard(wire, answer, |_| true).map(drop)
    }

    /// Drops the keys of ours that match, of every version. No character of a prefix means anything in a pattern.
    async fn sweep(&self, wire: &Wire, pattern: &str) -> Result<(), Trouble> {
        let pattern = format!("{}:cache:{pattern}", self.settings.key_prefix);
        let mut cursor = "0".to_owned();
        loop {
            let answer = wire
                .client
                .scan_page(cursor, pattern.as_str(), Some(SWEEP_COUNT), None)
                .await;
            let page = self.heard(wire, answer, |_| true)?;
            let (next, names) = read_page(page).ok_or_else(|| self.gibberish(wire))?;
            if !names.is_empty() {
                let answer = wire.client.unlink(names).await;
                self.heard(wire, answer, |_| true)?;
            }
            if next == "0" {
                return Ok(());
            }
            cursor = next;
        }
    }

    fn gibberish(&self, wire: &Wire) -> Trouble {
        let trouble = Trouble::Garbage("a page of keys that is none".to_owned());
        self.line.give_up(wire, self.clock.now(), &trouble);
        trouble
    }

    /// Asks for a sign of life.
    pub(super) async fn ping(&self, client: &fred::clients::Client) -> Result<(), Trouble> {
        let answer: Result<Value, Error> = client.ping(None).await;
        answer
            .map(drop)
            .map_err(|error| Trouble::of(&error, self.settings.patience))
    }
}

/// Marks a write as lost unless Redis said that it has it.
struct LostUnless<'a> {
    store: &'a Store,
    kind: CacheKind,
    key: &'a str,
    stamp: Stamp,
    ttl: Duration,
    stored: bool,
}

impl Drop for LostUnless<'_> {
    fn drop(&mut self) {
        if !self.stored {
            let now = self.store.now();
            let mut forgotten = self.store.forgotten.lock();
            forgotten.lost(self.kind, self.key, self.stamp, self.ttl, now);
        }
    }
}

/// The next cursor and the keys of a page.
fn read_page(page: Value) -> Option<(String, Vec<Key>)> {
    let mut parts = page.into_array().into_iter();
    let (cursor, keys, None) = (parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    let keys: Result<Vec<Key>, Error> = keys.into_array().into_iter().map(Key::try_from).collect();
    Some((cursor.into_string()?, keys.ok()?))
}
