//! The seed's tests of rate limits, each under its own name, and what stands around them: no window is passed at a broker,
//! reads or orders, and what one broker has no room for another takes.

use futures::future::join_all;
use sangam::config::{RawConfig, RawLimits};
use sangam_core::{BrokerName, CallClass, InstrumentId, OrderState};
use serde_json::{Value, json};

use crate::support::{Stack, market_buy, resting_buy};

fn violations(stats: &Value) -> u64 {
    stats["violations"]
        .as_u64()
        .unwrap_or_else(|| panic!("no count of violations in {stats}"))
}

async fn no_violations(stack: &Stack) {
    for broker in BrokerName::ALL {
        let stats = stack.stats(broker).await;
        assert_eq!(violations(&stats), 0, "{broker}: {stats}");
    }
}

/// Each quote asks a broker.
fn uncached(raw: &mut RawConfig) {
    raw.cache.quote_max_age_ms = 0;
}

/// The seed's rules of the three brokers: 10, 50 and 20 a second, and sixty times that a minute.
fn seed_rules(raw: &mut RawConfig) {
    for account in &mut raw.account {
        let (scopes, second): (&[&str], u32) = match account.broker.as_str() {
            "fyers" => (&["all", "orders"], 10),
            "upstox" => (&["orders"], 50),
            _ => (&["all", "orders"], 20),
        };
        let windows = vec![format!("{second}/1s"), format!("{}/1min", second * 60)];
        account.limits = RawLimits {
            reserve_percent: Some(0),
            windows: scopes
                .iter()
                .map(|scope| ((*scope).to_owned(), windows.clone()))
                .collect(),
            ..RawLimits::default()
        };
    }
}

/// A hundred contracts these brokers list.
fn names(stack: &Stack, brokers: &[BrokerName]) -> Vec<InstrumentId> {
    let table = stack.system.table();
    let listed = |id: &InstrumentId| {
        use sangam_core::ports::SymbolMap as _;
        brokers.iter().all(|broker| table.listing(*broker, id).is_some())
    };
    let mut ids: Vec<InstrumentId> = Vec::new();
    for word in ["NIFTY", "BANKNIFTY", "SENSEX"] {
        let found = stack.system.search(word, 500);
        let found = found
            .iter()
            .map(|found| found.instrument.parse().expect("a name"));
        ids.extend(found.filter(listed));
    }
    ids.sort();
    ids.dedup();
    assert!(ids.len() >= 100, "{} contracts are listed everywhere", ids.len());
    ids.truncate(100);
    ids
}

/// Seed: a hundred requests at once, no rate-limit error.
#[tokio::test]
async fn rate_limit_distribution() {
    let stack = Stack::with_sims(&BrokerName::ALL, uncached).await;
    let names = names(&stack, &BrokerName::ALL);
    let answers = join_all(names.iter().map(|id| stack.system.quote(id))).await;
    let failed: Vec<_> = answers
        .iter()
        .filter_map(|answer| answer.as_ref().err())
        .collect();
    assert!(failed.is_empty(), "{failed:?}");
    no_violations(&stack).await;
    for broker in BrokerName::ALL {
        let share = answers
            .iter()
            .flatten()
            .filter(|seen| seen.broker == broker)
            .count();
        assert!(share > 0, "{broker} served none of a hundred");
    }
}

/// Seed: fifteen requests against ten a second; all succeed, and at most ten go there.
#[tokio::test]
async fn rate_limit_violation_prevention() {
    let stack = Stack::with_sims(
        &[BrokerName::Fyers, BrokerName::Upstox, BrokerName::Flattrade],
        seed_rules,
    )
    .await;
    let order = resting_buy(stack.last().await);
    let placed = join_all((0..15).map(|_| stack.submit(order.clone()))).await;
    let working = placed
        .iter()
        .filter(|order| order.state == OrderState::Working)
        .count();
    assert_eq!(working, 15, "{placed:?}");
    let at = |broker| placed.iter().filter(|order| order.broker == Some(broker)).count();
    assert!(at(BrokerName::Fyers) <= 10 && at(BrokerName::Fyers) > 0);
    no_violations(&stack).await;
}

/// Seed: eight of ten calls used is exactly the threshold; the next orders go elsewhere.
#[tokio::test]
async fn automatic_failover_at_80_percent() {
    // Ten in three seconds: the eight are still in the window when the next are ranked, however busy the machine is.
    let three_seconds = |raw: &mut RawConfig| {
        seed_rules(raw);
        let windows = &mut raw.account[0].limits.windows;
        windows
            .values_mut()
            .for_each(|windows| windows[0] = "10/3s".to_owned());
    };
    let brokers = [BrokerName::Fyers, BrokerName::Upstox, BrokerName::Flattrade];
    let stack = Stack::with_sims(&brokers, three_seconds).await;
    let order = resting_buy(stack.last().await);
    stack.quiet(BrokerName::Fyers).await;
    let first = join_all((0..8).map(|_| stack.submit_to(BrokerName::Fyers, order.clone()))).await;
    assert!(
        first.iter().all(|order| order.broker == Some(BrokerName::Fyers)),
        "{first:?}"
    );
    let used = stack
        .system
        .limiter()
        .fullness_permille(&stack.scope(BrokerName::Fyers, CallClass::Orders));
    assert_eq!(used, 800, "eight of ten");
    let before = stack.requests(BrokerName::Fyers).await;
    let next = join_all((0..5).map(|_| stack.submit(order.clone()))).await;
    assert!(
        next.iter().all(|order| order.state == OrderState::Working),
        "{next:?}"
    );
    let elsewhere = next
        .iter()
        .filter(|order| order.broker != Some(BrokerName::Fyers))
        .count();
    assert_eq!(elsewhere, 5, "{next:?}");
    assert_eq!(
        stack.requests(BrokerName::Fyers).await,
        before,
        "it was passed over"
    );
    no_violations(&stack).await;
}

/// The last broker is never starved by a threshold: alone, it is used to its last permit, and then waited for.
#[tokio::test]
async fn above_the_threshold_everywhere_capacity_is_used_to_the_last_permit() {
    let stack = Stack::with_sims(&[BrokerName::Fyers], seed_rules).await;
    let order = resting_buy(stack.last().await);
    let placed = join_all((0..14).map(|_| stack.submit(order.clone()))).await;
    assert!(
        placed.iter().all(|order| order.state == OrderState::Working),
        "{placed:?}"
    );
    assert_eq!(violations(&stack.stats(BrokerName::Fyers).await), 0);
}

/// Orders that have to be quoted first hold no permit while they wait for the quote, or they would wait for each other.
#[tokio::test]
async fn many_market_orders_at_once_do_not_lock_each_other_out() {
    let stack = Stack::with_sims(&[BrokerName::Fyers], |raw| {
        seed_rules(raw);
        uncached(raw);
    })
    .await;
    let placed = join_all((0..12).map(|_| stack.submit(market_buy()))).await;
    let taken = |order: &sangam_core::ports::OrderRecord| {
        matches!(
            order.state,
            OrderState::Working | OrderState::Filled | OrderState::PartiallyFilled
        )
    };
    assert!(placed.iter().all(taken), "{placed:?}");
    assert_eq!(violations(&stack.stats(BrokerName::Fyers).await), 0);
}

/// A refusal by the broker shuts its account for the time it names; reads go elsewhere meanwhile, and nothing fails.
#[tokio::test]
async fn a_brokers_own_refusal_is_heard_in_each_form() {
    let forms = [
        (
            BrokerName::Flattrade,
            200,
            json!({"stat": "Not_Ok", "emsg": "Invalid Input :  Order Recieved 11 in a current second exceeds Limit 10 for user"}),
        ),
        (
            BrokerName::Fyers,
            429,
            json!({"s": "error", "code": -429, "message": "request limit reached"}),
        ),
        (
            BrokerName::Upstox,
            429,
            json!({"status": "error", "errors": [{"errorCode": "UDAPI10005", "message": "Too Many Request Sent"}]}),
        ),
    ];
    for (broker, code, body) in forms {
        let other = if broker == BrokerName::Upstox {
            BrokerName::Fyers
        } else {
            BrokerName::Upstox
        };
        let stack = Stack::with_sims(&[broker, other], uncached).await;
        let fault = json!({"status": {"code": code, "body": body, "rate": 1.0, "after_accept": false}});
        stack.fault(broker, fault).await;
        let id = "NSE:INFY".parse().expect("a name");
        let seen = stack.system.quote(&id).await.expect("the other answers");
        assert_eq!(seen.broker, other);
        let scope = stack.scope(broker, CallClass::MarketData);
        assert!(
            stack.system.limiter().fullness_permille(&scope) >= 1_000,
            "{broker} is shut"
        );
        let before = stack.requests(broker).await;
        stack.system.quote(&id).await.expect("the other answers");
        assert_eq!(
            stack.requests(broker).await,
            before,
            "{broker} is not asked again"
        );
    }
}

/// A process that ends and starts again goes on where its windows were: the broker's own are not empty either.
#[tokio::test]
async fn a_restart_takes_the_windows_up_where_they_were() {
    let stack = Stack::with_sims(&[BrokerName::Fyers], uncached).await;
    let names = names(&stack, &[BrokerName::Fyers]);
    let first = join_all(names[..20].iter().map(|id| stack.system.quote(id))).await;
    assert!(first.iter().all(Result::is_ok), "{first:?}");
    let stack = stack.restart().await;
    let second = join_all(names[20..40].iter().map(|id| stack.system.quote(id))).await;
    assert!(second.iter().all(Result::is_ok), "{second:?}");
    let stats = stack.stats(BrokerName::Fyers).await;
    assert_eq!(violations(&stats), 0, "{stats}");
    let scope = stack.scope(BrokerName::Fyers, CallClass::MarketData);
    let usage = stack.system.limiter().usage();
    let minute = usage
        .iter()
        .find(|w| w.scope == scope && w.window.as_secs() == 60)
        .expect("a window");
    let counted = stack.requests(BrokerName::Fyers).await;
    assert!(
        u64::from(minute.used) >= 40 && u64::from(minute.used) <= counted + 5,
        "{minute:?} of {counted}"
    );
}
