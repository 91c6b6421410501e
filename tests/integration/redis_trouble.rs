//! A gateway under load whose Redis is killed, frozen, emptied and full: every price is answered, few wait, and Redis is in
//! use again without anybody doing anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sangam::System;
use sangam_cache::RedisCacheState;
use sangam_core::{BrokerName, InstrumentId};
use sangam_testkit::RedisServer;

use crate::support::Stack;

const PATIENCE: Duration = Duration::from_secs(30);
const CALLERS: usize = 32;
/// The breaker's default.
const FAILURES_MAX: u64 = 3;

fn state(system: &System) -> RedisCacheState {
    system.cache_redis().expect("over Redis")
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        let mut pace = tokio::time::interval(Duration::from_millis(5));
        while !holds() {
            pace.tick().await;
        }
    };
    assert!(
        tokio::time::timeout(PATIENCE, waiting).await.is_ok(),
        "waited in vain until {what}"
    );
}

/// Callers that ask for prices as long as the value lives.
struct Load {
    answered: Arc<AtomicU64>,
    refused: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Load {
    fn on(system: &System) -> Self {
        let load = Self {
            answered: Arc::default(),
            refused: Arc::default(),
            over: Arc::default(),
        };
        let names: [InstrumentId; 4] =
            ["NSE:INFY", "NSE:TCS", "NSE:SBIN", "NSE:RELIANCE"].map(|name| name.parse().expect("a name"));
        for caller in 0..CALLERS {
            let (system, name) = (system.clone(), names[caller % names.len()].clone());
            let (answered, refused, over) = (
                Arc::clone(&load.answered),
                Arc::clone(&load.refused),
                Arc::clone(&load.over),
            );
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    let counter = if system.quote(&name).await.is_ok() {
                        &answered
                    } else {
                        &refused
                    };
                    counter.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                }
            });
        }
        load
    }

    /// Waits until every caller has been answered some more times.
    async fn goes_on(&self) {
        let before = self.answered.load(Ordering::Relaxed);
        until("prices are answered", || {
            self.answered.load(Ordering::Relaxed) >= before + 10 * CALLERS as u64
        })
        .await;
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prices_are_answered_whatever_becomes_of_redis() {
    let mut server = RedisServer::start();
    let stack = Stack::with_sims(&[BrokerName::Upstox], |raw| {
        // Short, so that memory does not hide Redis.
        raw.cache.quote_max_age_ms = 250;
        raw.cache.redis_url = Some(server.url().into());
        raw.cache.redis_patience_ms = 500;
    })
    .await;
    let system = &stack.system;
    let in_use = || state(system).away.is_none();
    let away = || state(system).away.is_some();
    let load = Load::on(system);
    let kept_more = async || {
        let before = state(system).kept;
        until("entries go to Redis", || state(system).kept > before).await;
    };
    kept_more().await;

    server.kill();
    until("the loss is seen", away).await;
    load.goes_on().await;
    server.restart();
    until("Redis is back after its death", in_use).await;
    kept_more().await;

    let before = state(system);
    server.freeze();
    until("the freeze is seen", away).await;
    load.goes_on().await;
    let frozen = state(system);
    // Those under way waited; whoever came after the breaker opened did not. A command waits at most once.
    let waited = frozen.late - before.late;
    assert!(waited >= FAILURES_MAX, "{frozen:?}");
    assert!(
        waited <= CALLERS as u64,
        "{waited} waited for a frozen Redis: {frozen:?}"
    );
    load.goes_on().await;
    assert_eq!(
        state(system).late,
        frozen.late,
        "nobody waits while it is left alone"
    );
    server.thaw();
    until("Redis is back after the freeze", in_use).await;
    kept_more().await;

    let connections = state(system).connections;
    assert_eq!(server.command(&["FLUSHALL"]), "+OK");
    load.goes_on().await;
    kept_more().await;

    assert_eq!(server.command(&["CONFIG", "SET", "maxmemory", "1"]), "+OK");
    let refused = state(system).refused;
    until("a write is refused", || state(system).refused > refused).await;
    load.goes_on().await;
    assert_eq!(server.command(&["CONFIG", "SET", "maxmemory", "0"]), "+OK");
    kept_more().await;
    assert_eq!(
        state(system).connections,
        connections,
        "neither empty nor full is a reason to hang up: {:?}",
        state(system)
    );
    assert_eq!(
        load.refused.load(Ordering::Relaxed),
        0,
        "every price was answered"
    );
    let stats = stack.stats(BrokerName::Upstox).await;
    assert_eq!(stats["violations"], 0, "{stats}");
}
