//! The port to the cache: bytes with their age. Types and single flight live in `sangam-cache`.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use crate::timestamp::Timestamp;

/// What an entry is; each kind has its own time to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CacheKind {
    /// A quote.
    MarketData,
    /// Market depth.
    Depth,
    /// Positions of an account.
    Positions,
    /// Holdings of an account.
    Holdings,
    /// Funds of an account.
    Funds,
    /// A symbol table.
    Instruments,
    /// A session.
    Sessions,
}

impl CacheKind {
    /// Every kind there is.
    pub const ALL: [Self; 7] = [
        Self::MarketData,
        Self::Depth,
        Self::Positions,
        Self::Holdings,
        Self::Funds,
        Self::Instruments,
        Self::Sessions,
    ];

    /// The word used in keys and configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MarketData => "market_data",
            Self::Depth => "depth",
            Self::Positions => "positions",
            Self::Holdings => "holdings",
            Self::Funds => "funds",
            Self::Instruments => "instruments",
            Self::Sessions => "sessions",
        }
    }
}

/// A value and when it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheEntry {
    /// The encoded value.
    pub bytes: Arc<[u8]>,
    /// When the value was made, on the wall clock of whoever made it.
    pub made_at: Timestamp,
}

/// A store of entries that may forget anything at any time.
///
/// An implementation owes: it never fails a caller (a lost back end is a miss), an entry past its time to live is a
/// miss, memory is bounded, `flush_all` removes our entries only.
#[async_trait]
pub trait Cache: Send + Sync + Debug {
    /// The entry of a key, if it is still there and alive.
    async fn get(&self, kind: CacheKind, key: &str) -> Option<CacheEntry>;

    /// Stores an entry.
    async fn set(&self, kind: CacheKind, key: &str, entry: CacheEntry);

    /// Forgets one entry.
    async fn remove(&self, kind: CacheKind, key: &str);

    /// Forgets every entry of ours.
    async fn flush_all(&self);
}
