//! What the cache in Redis counts, and tells people of itself.

use std::sync::atomic::{AtomicU64, Ordering};

use sangam_core::Timestamp;

/// How it goes with a cache in Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisCacheState {
    /// Set while Redis is left alone and every `get` is a miss at once.
    pub away: Option<Away>,
    /// How often Redis was reached.
    pub connections: u64,
    /// Whether Redis is still to be told of something that was forgotten.
    pub owes: bool,
    /// Values found.
    pub hits: u64,
    /// Values not there, or past their time.
    pub misses: u64,
    /// Entries stored.
    pub kept: u64,
    /// Commands given up after their patience.
    pub late: u64,
    /// Commands whose connection was lost.
    pub lost: u64,
    /// Commands that Redis refused: it is full, or we may not.
    pub refused: u64,
    /// What stood under our keys and was none of ours, or of another version.
    pub garbage: u64,
    /// Commands not sent, because Redis is away, too much is under way, or an entry is too large.
    pub not_sent: u64,
}

/// Since when and why Redis is left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Away {
    /// When it was given up.
    pub since: Timestamp,
    /// Why it cannot be used, by the last attempt.
    pub why: String,
}

/// The counters behind it.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) hits: AtomicU64,
    pub(super) misses: AtomicU64,
    pub(super) kept: AtomicU64,
    pub(super) late: AtomicU64,
    pub(super) lost: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) garbage: AtomicU64,
    pub(super) not_sent: AtomicU64,
}

impl Counts {
    pub(super) fn state(&self, away: Option<Away>, connections: u64, owes: bool) -> RedisCacheState {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        RedisCacheState {
            away,
            connections,
            owes,
            hits: read(&self.hits),
            misses: read(&self.misses),
            kept: read(&self.kept),
            late: read(&self.late),
            lost: read(&self.lost),
            refused: read(&self.refused),
            garbage: read(&self.garbage),
            not_sent: read(&self.not_sent),
        }
    }
}

/// One more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
