//! Memory before Redis: the port with and without the server, what is read from where, and what no tier brings back.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "support/until.rs"]
mod until;

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use sangam_cache::{CachePlan, CacheSettings, RedisCache, RedisCacheSettings, TieredCache};
use sangam_core::ports::{Cache as _, CacheEntry, CacheKind};
use sangam_core::{Clock, ManualClock};
use sangam_testkit::{RedisServer, cache_conformance, samples};

use until::{ms, until};

/// Read from memory first.
const PRICE: CacheKind = CacheKind::MarketData;
/// Read from Redis, which other processes may tell to forget it.
const SHARED: CacheKind = CacheKind::Positions;

/// Times to live that no test outlasts by Redis's own clock.
fn plan() -> CachePlan {
    let long = Duration::from_secs(600);
    let settings = CacheSettings {
        market_data_ttl: long,
        depth_ttl: long,
        positions_ttl: long,
        funds_ttl: long,
        holdings_ttl: long,
        sessions_ttl: long,
        ..CacheSettings::default()
    };
    settings.check().unwrap()
}

async fn tiered(url: &str, prefix: &str, clock: &Arc<ManualClock>, chance: u64) -> TieredCache {
    let settings = RedisCacheSettings {
        url: url.to_owned(),
        key_prefix: prefix.to_owned(),
        patience: ms(2_000),
        ..RedisCacheSettings::default()
    };
    let clock: Arc<dyn Clock> = clock.clone();
    let redis = RedisCache::connect(settings, &plan(), clock.clone(), chance)
        .await
        .unwrap();
    TieredCache::new(&plan(), &clock, redis)
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(samples::morning()))
}

fn entry(clock: &ManualClock, text: &str) -> CacheEntry {
    CacheEntry {
        bytes: Arc::from(text.as_bytes()),
        made_at: clock.now(),
    }
}

#[tokio::test]
async fn both_tiers_together_keep_the_port() {
    let server = RedisServer::start();
    let plan = plan();
    let mut prefixes = 0..;
    cache_conformance(
        async |clock| {
            let prefix = format!("suite-{}", prefixes.next().unwrap());
            tiered(&server.url(), &prefix, &clock, 1).await
        },
        |kind| plan.ttl(kind),
    )
    .await;
}

#[tokio::test]
async fn memory_alone_keeps_the_port_while_redis_is_away() {
    let mut server = RedisServer::start();
    server.kill();
    let plan = plan();
    cache_conformance(
        async |clock| tiered(&server.url(), "suite", &clock, 1).await,
        |kind| plan.ttl(kind),
    )
    .await;
}

#[tokio::test]
async fn prices_come_from_memory_and_the_rest_from_redis() {
    let server = RedisServer::start();
    let clock = clock();
    let one = tiered(&server.url(), "sangam", &clock, 1).await;
    let two = tiered(&server.url(), "sangam", &clock, 2).await;
    for kind in [PRICE, SHARED] {
        one.set(kind, "x", entry(&clock, "v")).await;
        assert!(two.get(kind, "x").await.is_some());
        assert!(two.get(kind, "x").await.is_some());
        assert!(one.get(kind, "x").await.is_some());
    }
    assert_eq!(one.redis().state().hits, 1, "its own price it had in memory");
    assert_eq!(two.redis().state().hits, 3, "a price is read from Redis once");
    two.remove(SHARED, "x").await;
    assert_eq!(
        one.get(SHARED, "x").await,
        None,
        "a removal elsewhere is seen at once"
    );
}

#[tokio::test]
async fn memory_takes_over_and_what_it_had_is_of_that_outage_alone() {
    let mut server = RedisServer::start();
    let clock = clock();
    let cache = tiered(&server.url(), "sangam", &clock, 1).await;
    for outage in ["first", "second"] {
        server.kill();
        until("the loss is seen", || !cache.redis().is_connected()).await;
        assert_eq!(cache.get(SHARED, "x").await, None, "{outage}");
        for kind in [PRICE, SHARED] {
            cache.set(kind, "x", entry(&clock, outage)).await;
            assert_eq!(cache.get(kind, "x").await, Some(entry(&clock, outage)));
        }
        cache.set(SHARED, "y", entry(&clock, outage)).await;
        cache.remove(SHARED, "y").await;
        assert_eq!(cache.get(SHARED, "y").await, None);
        server.restart();
        until("Redis is back", || cache.redis().is_connected()).await;
        assert_eq!(
            cache.get(SHARED, "x").await,
            None,
            "others may have forgotten it meanwhile"
        );
        assert!(cache.get(PRICE, "x").await.is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_set_or_removed_while_redis_answers_counts() {
    let server = RedisServer::start();
    let clock = clock();
    let one = tiered(&server.url(), "sangam", &clock, 1).await;
    let other = tiered(&server.url(), "sangam", &clock, 2).await;
    for round in 0..200 {
        let key = format!("x{round}");
        other.set(PRICE, &key, entry(&clock, "old")).await;
        // Several read it into memory while it changes.
        let reads = join_all((0..4).map(|_| one.get(PRICE, &key)));
        if round % 2 == 0 {
            tokio::join!(reads, one.remove(PRICE, &key));
            assert_eq!(one.get(PRICE, &key).await, None, "round {round}");
        } else {
            tokio::join!(reads, one.set(PRICE, &key, entry(&clock, "new")));
            assert_eq!(
                one.get(PRICE, &key).await,
                Some(entry(&clock, "new")),
                "round {round}"
            );
        }
    }
}
