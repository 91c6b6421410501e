//! What every cache owes, checked through core's port. How memory is bounded, and what a lost back end does, is each
//! implementation's own to test.

use std::sync::Arc;
use std::time::Duration;

use sangam_core::ports::{Cache, CacheEntry, CacheKind};
use sangam_core::{Clock as _, ManualClock};

use crate::samples;

/// Runs the whole suite; `fresh` makes an empty cache that reads the clock it is given, `ttl` tells how long it keeps
/// entries of a kind.
///
/// # Panics
/// With the rule that is broken.
pub async fn cache_conformance<F, C>(mut fresh: F, ttl: impl Fn(CacheKind) -> Duration)
where
    F: AsyncFnMut(Arc<ManualClock>) -> C,
    C: Cache,
{
    let clock = Arc::new(ManualClock::at(samples::morning()));
    kinds_and_keys_are_apart(&fresh(clock.clone()).await, &clock).await;
    a_later_value_replaces(&fresh(clock.clone()).await, &clock).await;
    removing_takes_one(&fresh(clock.clone()).await, &clock).await;
    flushing_takes_all(&fresh(clock.clone()).await, &clock).await;
    bytes_come_back_as_they_were(&fresh(clock.clone()).await, &clock).await;
    for kind in CacheKind::ALL {
        entries_die_at_their_time(&fresh(clock.clone()).await, &clock, kind, ttl(kind)).await;
    }
}

fn entry(clock: &ManualClock, text: &str) -> CacheEntry {
    CacheEntry {
        bytes: Arc::from(text.as_bytes()),
        made_at: clock.now(),
    }
}

async fn kinds_and_keys_are_apart(cache: &impl Cache, clock: &ManualClock) {
    let keys = ["a", "b", "", "a:b", "market_data", "NSE:M&M", "₹ and a\nbreak"];
    for kind in CacheKind::ALL {
        for key in keys {
            assert_eq!(cache.get(kind, key).await, None, "{kind:?} {key:?}");
            cache
                .set(kind, key, entry(clock, &format!("{}|{key}", kind.as_str())))
                .await;
        }
    }
    for kind in CacheKind::ALL {
        for key in keys {
            let expected = entry(clock, &format!("{}|{key}", kind.as_str()));
            assert_eq!(cache.get(kind, key).await, Some(expected));
        }
    }
}

async fn a_later_value_replaces(cache: &impl Cache, clock: &ManualClock) {
    cache.set(CacheKind::Funds, "x", entry(clock, "one")).await;
    clock.advance(Duration::from_millis(10));
    let two = entry(clock, "two");
    cache.set(CacheKind::Funds, "x", two.clone()).await;
    assert_eq!(cache.get(CacheKind::Funds, "x").await, Some(two));
}

async fn removing_takes_one(cache: &impl Cache, clock: &ManualClock) {
    cache.set(CacheKind::Funds, "x", entry(clock, "one")).await;
    cache.set(CacheKind::Funds, "y", entry(clock, "two")).await;
    cache.set(CacheKind::Depth, "x", entry(clock, "three")).await;
    cache.remove(CacheKind::Funds, "x").await;
    cache.remove(CacheKind::Funds, "never there").await;
    assert_eq!(cache.get(CacheKind::Funds, "x").await, None);
    assert!(cache.get(CacheKind::Funds, "y").await.is_some());
    assert!(cache.get(CacheKind::Depth, "x").await.is_some());
}

async fn flushing_takes_all(cache: &impl Cache, clock: &ManualClock) {
    for kind in CacheKind::ALL {
        cache.set(kind, "x", entry(clock, "one")).await;
    }
    cache.flush_all().await;
    for kind in CacheKind::ALL {
        assert_eq!(cache.get(kind, "x").await, None, "{kind:?}");
    }
    let again = entry(clock, "two");
    cache.set(CacheKind::Depth, "x", again.clone()).await;
    assert_eq!(cache.get(CacheKind::Depth, "x").await, Some(again));
}

async fn bytes_come_back_as_they_were(cache: &impl Cache, clock: &ManualClock) {
    for bytes in [Vec::new(), vec![0, 255, 10, 13, 34], vec![7; 20_000]] {
        let entry = CacheEntry {
            bytes: bytes.into(),
            made_at: clock.now(),
        };
        cache.set(CacheKind::Depth, "x", entry.clone()).await;
        assert_eq!(cache.get(CacheKind::Depth, "x").await, Some(entry));
    }
}

async fn entries_die_at_their_time(cache: &impl Cache, clock: &ManualClock, kind: CacheKind, ttl: Duration) {
    let tick = Duration::from_millis(1);
    let new = entry(clock, "new");
    cache.set(kind, "new", new.clone()).await;
    clock.advance(ttl / 2);
    let of_before = CacheEntry {
        made_at: new.made_at,
        ..entry(clock, "of before")
    };
    cache.set(kind, "of before", of_before.clone()).await;
    clock.advance(ttl - ttl / 2 - tick);
    assert_eq!(cache.get(kind, "new").await, Some(new), "{kind:?}");
    assert_eq!(
        cache.get(kind, "of before").await,
        Some(of_before.clone()),
        "{kind:?}"
    );
    clock.advance(tick);
    assert_eq!(cache.get(kind, "new").await, None, "{kind:?}");
    assert_eq!(
        cache.get(kind, "of before").await,
        None,
        "{kind:?}: age counts from when it was made"
    );
    cache.set(kind, "of before", of_before).await;
    assert_eq!(cache.get(kind, "of before").await, None, "{kind:?}");
}
