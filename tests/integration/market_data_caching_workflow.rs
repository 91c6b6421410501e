//! The seed's `market_data_caching_workflow`: a quote is fetched once, comes back from memory as it was, with its age, and
//! is fetched anew when it is too old.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use sangam::SystemClock;
use sangam_core::{BrokerName, Clock as _, InstrumentId, ManualClock};

use crate::support::Stack;

async fn quote_calls(stack: &Stack) -> u64 {
    let stats = stack.stats(BrokerName::Upstox).await;
    let by_path = stats["requests"]
        .as_object()
        .or_else(|| stats["requests_by_path"].as_object())
        .expect("counts by path");
    by_path
        .iter()
        .filter(|(path, _)| path.contains("market-quote/quotes"))
        .map(|(_, count)| {
            count
                .as_u64()
                .or_else(|| count["count"].as_u64())
                .expect("a count")
        })
        .sum()
}

#[tokio::test]
async fn market_data_caching_workflow() {
    let clock = Arc::new(ManualClock::at(SystemClock::new().now()));
    let stack = Stack::with(&[BrokerName::Upstox], Arc::<ManualClock>::clone(&clock), |_| ()).await;
    let id: InstrumentId = "NSE_INDEX:NIFTY".parse().expect("a name");

    let first = stack.system.quote(&id).await.expect("a quote");
    assert_eq!(quote_calls(&stack).await, 1);

    clock.advance(Duration::from_millis(400));
    let cached = stack.system.quote(&id).await.expect("a quote");
    assert_eq!(quote_calls(&stack).await, 1);
    assert_eq!(cached.value, first.value);
    assert_eq!(cached.age, Duration::from_millis(400));

    clock.advance(Duration::from_millis(700));
    let fresh = stack.system.quote(&id).await.expect("a quote");
    assert_eq!(quote_calls(&stack).await, 2);
    assert_eq!(fresh.age, Duration::ZERO);
}

#[tokio::test]
async fn a_hundred_who_ask_at_once_make_one_call() {
    let stack = Stack::over(&[BrokerName::Upstox]).await;
    let id: InstrumentId = "NSE:TCS".parse().expect("a name");
    let answers = join_all((0..100).map(|_| stack.system.quote(&id))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(quote_calls(&stack).await, 1);
}
