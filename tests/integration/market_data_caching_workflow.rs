//! The seed's `market_data_caching_workflow`, on every back end: market data is stored and comes back as it was; and a quote
//! of the whole stack is fetched once, comes back from the cache with its age, and is fetched anew when it is too old.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use sangam::SystemClock;
use sangam::config::RawConfig;
use sangam_core::ports::CacheKind;
use sangam_core::{BrokerName, Clock, InstrumentId, ManualClock, Price, Timestamp};
use sangam_testkit::RedisServer;
use serde::{Deserialize, Serialize};

use crate::cache_backends::Backend;
use crate::support::Stack;

/// The seed's data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct MarketData {
    last_price: Price,
    change: Price,
    volume: u64,
    timestamp: Timestamp,
}

async fn stored_and_found(backend: Backend) {
    let clock = Arc::new(ManualClock::at(SystemClock::new().now()));
    let port: Arc<dyn Clock> = clock.clone();
    let running = backend.start(&port).await;
    let price = |text: &str| text.parse().expect("a price");
    let data = MarketData {
        last_price: price("25840.50"),
        change: price("127.30"),
        volume: 1_234_567,
        timestamp: clock.now(),
    };
    let second = Duration::from_secs(1);
    let get = || {
        running
            .typed
            .get::<MarketData>(CacheKind::MarketData, "NIFTY", second)
    };
    assert_eq!(get().await, None);
    running.typed.put(CacheKind::MarketData, "NIFTY", &data).await;
    clock.advance(Duration::from_millis(400));
    let found = get().await.expect("it is kept");
    assert_eq!((found.value, found.age), (data, Duration::from_millis(400)));
    clock.advance(Duration::from_millis(600));
    assert_eq!(get().await, None, "too old for who asks");
    running.typed.flush_all().await;
    let minute = Duration::from_secs(60);
    let any_age = running
        .typed
        .get::<MarketData>(CacheKind::MarketData, "NIFTY", minute);
    assert_eq!(any_age.await, None);
}

#[tokio::test]
async fn on_memory() {
    stored_and_found(Backend::Memory).await;
}

#[tokio::test]
async fn on_redis() {
    stored_and_found(Backend::Redis).await;
}

#[tokio::test]
async fn on_memory_before_redis() {
    stored_and_found(Backend::MemoryBeforeRedis).await;
}

/// Calls for prices the broker has seen.
async fn calls(stack: &Stack, path: &str) -> u64 {
    let stats = stack.stats(BrokerName::Upstox).await;
    let by_path = stats["requests"]
        .as_object()
        .or_else(|| stats["requests_by_path"].as_object())
        .expect("counts by path");
    by_path
        .iter()
        .filter(|(found, _)| found.contains(path))
        .map(|(_, count)| {
            count
                .as_u64()
                .or_else(|| count["count"].as_u64())
                .expect("a count")
        })
        .sum()
}

const QUOTES: &str = "market-quote/quotes";

/// A minute instead of the second that is the default: Redis forgets by its own clock, which no test moves.
fn a_minute(raw: &mut RawConfig) {
    raw.cache.quote_max_age_ms = 60_000;
    raw.cache.depth_max_age_ms = 60_000;
}

fn over(raw: &mut RawConfig, server: &RedisServer) {
    a_minute(raw);
    raw.cache.redis_url = Some(server.url().into());
    raw.cache.redis_patience_ms = 5_000;
}

/// From nothing to a quote that is too old, with a change of configuration.
async fn workflow(change: impl FnOnce(&mut RawConfig)) {
    let clock = Arc::new(ManualClock::at(SystemClock::new().now()));
    let stack = Stack::with(&[BrokerName::Upstox], Arc::<ManualClock>::clone(&clock), change).await;
    let id: InstrumentId = "NSE_INDEX:NIFTY".parse().expect("a name");

    let first = stack.system.quote(&id).await.expect("a quote");
    assert_eq!(calls(&stack, QUOTES).await, 1);

    clock.advance(Duration::from_secs(24));
    let cached = stack.system.quote(&id).await.expect("a quote");
    assert_eq!(calls(&stack, QUOTES).await, 1);
    assert_eq!(cached.value, first.value);
    assert_eq!(cached.age, Duration::from_secs(24));

    clock.advance(Duration::from_secs(42));
    let fresh = stack.system.quote(&id).await.expect("a quote");
    assert_eq!(calls(&stack, QUOTES).await, 2);
    assert_eq!(fresh.age, Duration::ZERO);
}

#[tokio::test]
async fn market_data_caching_workflow() {
    workflow(a_minute).await;
}

#[tokio::test]
async fn market_data_caching_workflow_over_redis() {
    let server = RedisServer::start();
    workflow(|raw| over(raw, &server)).await;
}

#[tokio::test]
async fn market_data_caching_workflow_without_the_redis_it_was_given() {
    workflow(|raw| {
        a_minute(raw);
        raw.cache.redis_url = Some("redis://127.0.0.1:1".to_owned().into());
    })
    .await;
}

#[tokio::test]
async fn a_hundred_who_ask_at_once_make_one_call() {
    let stack = Stack::over(&[BrokerName::Upstox]).await;
    let id: InstrumentId = "NSE:TCS".parse().expect("a name");
    let before = calls(&stack, QUOTES).await;
    let answers = join_all((0..100).map(|_| stack.system.quote(&id))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(calls(&stack, QUOTES).await, before + 1);
    // Depth is an entry of its own, at the same address of this broker.
    let answers = join_all((0..100).map(|_| stack.system.depth(&id))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(calls(&stack, QUOTES).await, before + 2);
}

#[tokio::test]
async fn what_one_gateway_fetched_serves_the_other() {
    let server = RedisServer::start();
    let stack = Stack::with_sims(&[BrokerName::Upstox], |raw| over(raw, &server)).await;
    let other = stack.beside(|raw| over(raw, &server)).await.expect("a system");
    let id: InstrumentId = "NSE:INFY".parse().expect("a name");
    let first = stack.system.quote(&id).await.expect("a quote");
    let depth = stack.system.depth(&id).await.expect("a depth");
    let made = calls(&stack, QUOTES).await;
    let second = other.quote(&id).await.expect("a quote");
    assert_eq!((second.value, second.broker), (first.value, first.broker));
    assert_eq!(other.depth(&id).await.expect("a depth").value, depth.value);
    assert_eq!(calls(&stack, QUOTES).await, made, "nobody asked the broker again");
    assert_eq!(other.cache_redis().expect("over Redis").hits, 2);
    let real = server.command(&["EXISTS", "sangam:real:cache:v1:market_data:NSE:INFY"]);
    let simulated = server.command(&["EXISTS", "sangam:sim:cache:v1:market_data:NSE:INFY"]);
    assert_eq!(
        (real.as_str(), simulated.as_str()),
        (":0", ":1"),
        "simulated prices are apart"
    );
    other.stop().await;
}
