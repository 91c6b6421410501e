//! The seed's `api_failover_mechanism`: when the first broker's health check fails, the order goes to the next, and the
//! audit record says why.

use sangam_core::{BrokerName, OrderState, PositionEffect};
use serde_json::{Value, json};

use crate::support::{Stack, market_buy, resting_buy};

#[tokio::test]
async fn api_failover_mechanism() {
    let stack = Stack::over(&[BrokerName::Flattrade, BrokerName::Upstox]).await;
    // Flattrade's health check fails and Upstox's passes; Flattrade would take orders all the same.
    stack
        .fault(BrokerName::Flattrade, json!({"reads_down": true}))
        .await;
    stack.system.check_health_once().await;
    let views = stack.system.brokers();
    let health: Vec<_> = views
        .iter()
        .map(|view| (view.broker, view.unhealthy.is_none()))
        .collect();
    assert_eq!(
        health,
        [(BrokerName::Flattrade, false), (BrokerName::Upstox, true)]
    );
    let why = views[0].unhealthy.clone().expect("a reason");

    let order = stack.submit(market_buy()).await;
    let order = stack.wait(&order, &[OrderState::Filled]).await;

    assert_eq!(order.broker, Some(BrokerName::Upstox));
    assert_eq!(stack.accepted(BrokerName::Flattrade).await, 0);
    assert_eq!(stack.accepted(BrokerName::Upstox).await, 1);
    let audit = stack
        .system
        .ledger()
        .audit_of(&order.uid.to_string())
        .await
        .expect("readable");
    let received = audit
        .iter()
        .find(|entry| entry.event == "order.received")
        .expect("recorded");
    let detail: Value = serde_json::from_str(&received.detail).expect("json");
    assert_eq!(detail["candidates"][0]["broker"], "upstox");
    assert_eq!(detail["passed_over"][0]["broker"], "flattrade");
    assert_eq!(detail["passed_over"][0]["reason"], format!("unhealthy: {why}"));
}

#[tokio::test]
async fn a_broker_that_is_gone_is_found_out_by_its_health_check_and_reads_go_elsewhere() {
    let mut stack = Stack::over(&[BrokerName::Flattrade, BrokerName::Upstox]).await;
    stack.shut_down(BrokerName::Flattrade).await;
    let id = "NSE:RELIANCE".parse().expect("a name");
    assert_eq!(
        stack.system.quote(&id).await.expect("a quote").broker,
        BrokerName::Upstox
    );
    stack.system.check_health_once().await;
    let views = stack.system.brokers();
    assert!(views[0].unhealthy.is_some(), "{views:?}");
    assert!(views[1].unhealthy.is_none(), "{views:?}");
    let order = stack.submit(resting_buy(stack.last().await)).await;
    assert_eq!(order.broker, Some(BrokerName::Upstox));
}

/// A connection that was never made proves that nothing was placed; only an order declared to open a position moves.
#[tokio::test]
async fn an_unreachable_broker_passes_an_opening_order_on_and_keeps_any_other() {
    let mut stack = Stack::over(&[BrokerName::Flattrade, BrokerName::Upstox]).await;
    let resting = resting_buy(stack.last().await);
    stack.shut_down(BrokerName::Flattrade).await;

    let undeclared = stack.submit(resting.clone()).await;
    assert_eq!(undeclared.state, OrderState::Rejected, "{undeclared:?}");
    assert_eq!(stack.accepted(BrokerName::Upstox).await, 0);

    let mut opening = resting;
    opening.position_effect = Some(PositionEffect::Open);
    let moved = stack.submit(opening).await;
    assert_eq!(moved.broker, Some(BrokerName::Upstox), "{moved:?}");
    assert_eq!(moved.state, OrderState::Working);
    let attempts = stack.system.ledger().attempts(moved.uid).await.expect("readable");
    let states: Vec<_> = attempts.iter().map(|attempt| attempt.state.name()).collect();
    assert_eq!(states, ["not_placed", "acked"]);
}
