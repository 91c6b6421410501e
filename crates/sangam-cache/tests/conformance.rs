//! The cache in memory against the suite of core's port.

use std::sync::Arc;

use sangam_cache::{CachePlan, MemoryCache};
use sangam_testkit::cache_conformance;

#[tokio::test]
async fn memory_keeps_the_port() {
    let plan = CachePlan::default();
    cache_conformance(
        async |clock| MemoryCache::new(&CachePlan::default(), clock),
        |kind| plan.ttl(kind),
    )
    .await;
}

#[tokio::test]
async fn memory_is_bounded() {
    use sangam_core::ports::{Cache as _, CacheEntry, CacheKind};
    use sangam_testkit::{ManualClock, samples};

    let settings = sangam_cache::CacheSettings {
        bytes_max: 128 << 10,
        ..Default::default()
    };
    let plan = settings.check().expect("in range");
    let cache = MemoryCache::new(&plan, Arc::new(ManualClock::at(samples::morning())));
    let entry = |size: usize| CacheEntry {
        bytes: vec![7; size].into(),
        made_at: samples::morning(),
    };
    for place in 0..5_000 {
        cache
            .set(CacheKind::Depth, &format!("key {place}"), entry(1_000))
            .await;
    }
    let bytes = cache.bytes();
    assert!(bytes <= plan.bytes_max(), "{bytes}");
    assert!(
        bytes > plan.bytes_max() / 2,
        "{bytes}: the bound is there to be used"
    );

    // What is too large is not kept, nor is what it came after.
    cache.set(CacheKind::Depth, "giant", entry(10)).await;
    cache.set(CacheKind::Depth, "giant", entry(1 << 20)).await;
    assert!(cache.bytes() <= plan.bytes_max());
    assert_eq!(cache.get(CacheKind::Depth, "giant").await, None);
}
