//! The seed's `cache_performance_under_load`: a thousand set and get at once, on every back end, well within five seconds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use sangam::SystemClock;
use sangam_core::Clock;
use sangam_core::ports::CacheKind;

use crate::cache_backends::Backend;

/// The seed's limit. What it takes when nothing else runs is in docs/cache.md.
const LIMIT: Duration = Duration::from_secs(5);

async fn a_thousand_at_once(backend: Backend) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let running = backend.start(&clock).await;
    let calls = (0..1_000_u64).map(|n| {
        let cache = running.typed.clone();
        tokio::spawn(async move {
            let key = format!("symbol_{n}");
            let data = BTreeMap::from([("price".to_owned(), n * 100)]);
            cache.put(CacheKind::MarketData, &key, &data).await;
            let found = cache
                .get::<BTreeMap<String, u64>>(CacheKind::MarketData, &key, LIMIT)
                .await;
            assert_eq!(found.map(|found| found.value), Some(data), "{key}");
        })
    });
    let results = tokio::time::timeout(LIMIT, join_all(calls))
        .await
        .expect("done within the limit");
    assert_eq!(results.len(), 1_000);
    for result in results {
        result.expect("it was found");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_memory() {
    a_thousand_at_once(Backend::Memory).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_redis() {
    a_thousand_at_once(Backend::Redis).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_memory_before_redis() {
    a_thousand_at_once(Backend::MemoryBeforeRedis).await;
}
