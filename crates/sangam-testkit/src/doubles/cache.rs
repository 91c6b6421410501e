//! A cache that expects calls.

use async_trait::async_trait;
use sangam_core::ports::{Cache, CacheEntry, CacheKind};

mockall::mock! {
    /// A [`Cache`] that answers what a test expects of it, and panics on any other call.
    #[derive(Debug)]
    pub Cache {}

    #[async_trait]
    impl Cache for Cache {
        async fn get(&self, kind: CacheKind, key: &str) -> Option<CacheEntry>;
        async fn set(&self, kind: CacheKind, key: &str, entry: CacheEntry);
        async fn remove(&self, kind: CacheKind, key: &str);
        async fn flush_all(&self);
    }
}
