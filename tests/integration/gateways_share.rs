//! Two gateways on one account, their budget shared over a real Redis: together they stay inside the broker's windows, each
//! goes on when Redis is gone, and a slot has one owner.

use std::time::Duration;

use futures::future::join_all;
use sangam::System;
use sangam::config::{RawConfig, RawLimits, RawShared};
use sangam_core::{BrokerName, InstrumentId};
use sangam_testkit::RedisServer;
use serde_json::Value;

use crate::support::Stack;

const PATIENCE: Duration = Duration::from_secs(30);

/// Short windows and patience, so that a pool that has lost its memory opens again soon.
fn sharing(raw: &mut RawConfig, url: &str, slot: u32) {
    raw.cache.quote_max_age_ms = 0;
    raw.orders.deadline_ms = 500;
    let account = &mut raw.account[0];
    account.order_timeout_ms = Some(500);
    account.read_timeout_ms = Some(500);
    let windows = ["8/1s", "12/2s"].map(str::to_owned).to_vec();
    account.limits = RawLimits {
        unanswered_ms: Some(500),
        reserve_percent: Some(0),
        read_wait_ms: Some(20_000),
        windows: ["all", "orders"]
            .map(|scope| (scope.to_owned(), windows.clone()))
            .into(),
        ..RawLimits::default()
    };
    raw.shared = Some(RawShared {
        redis_url: Some(url.to_owned().into()),
        processes: 2,
        slot,
        base_percent: 50,
        key_prefix: "sangam-test".to_owned(),
    });
}

fn names() -> Vec<InstrumentId> {
    ["NSE:INFY", "NSE:TCS", "NSE:SBIN", "NSE:RELIANCE"]
        .map(|name| name.parse().expect("a name"))
        .to_vec()
}

/// Asks for prices until so many came from the pool of both, and returns how many were asked for.
async fn call_until_pooled(systems: [&System; 2], granted: u64) -> usize {
    let pooled = |system: &System| system.limits()[0].pool.as_ref().map_or(0, |pool| pool.granted);
    let mut asked = 0;
    while systems.iter().any(|system| pooled(system) < granted) {
        for name in names() {
            let answers = join_all(systems.map(|system| system.quote(&name))).await;
            assert!(answers.iter().all(Result::is_ok), "{answers:?}");
            asked += answers.len();
        }
    }
    asked
}

fn violations(stats: &Value) -> u64 {
    stats["violations"].as_u64().expect("a count")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gateways_on_one_account_stay_inside_its_windows_with_and_without_redis() {
    let redis = RedisServer::start();
    let stack = Stack::with_sims(&[BrokerName::Fyers], |raw| sharing(raw, &redis.url(), 0)).await;
    let other = stack
        .beside(|raw| sharing(raw, &redis.url(), 1))
        .await
        .expect("the second slot is free");
    let both = [&stack.system, &other];
    tokio::time::timeout(PATIENCE, call_until_pooled(both, 5))
        .await
        .expect("the pool opens and is used by both");
    let taken = stack
        .beside(|raw| sharing(raw, &redis.url(), 1))
        .await
        .map(|_| ())
        .expect_err("slot 1 is taken");
    assert!(taken.to_string().contains("slot 1"), "{taken}");
    // Without Redis each has its base share.
    drop(redis);
    for name in names() {
        let answers = join_all(both.map(|system| system.quote(&name))).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    }
    let stats = stack.stats(BrokerName::Fyers).await;
    assert_eq!(violations(&stats), 0, "{stats}");
    other.stop().await;
}

#[tokio::test]
async fn a_gateway_starts_without_redis_on_its_own_share() {
    let stack = Stack::with_sims(&[BrokerName::Fyers], |raw| sharing(raw, "redis://127.0.0.1:1", 0)).await;
    let names = names();
    let answers = join_all(names.iter().map(|name| stack.system.quote(name))).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let pool = stack.system.limits()[0].pool.clone().expect("it is shared");
    assert!(!pool.joined && pool.granted == 0, "{pool:?}");
}
