//! A burst of orders: no window of a broker's order rule is passed as the broker counts it, and what one broker has no room
//! for goes to the next.

use sangam_core::{BrokerName, OrderState};
use serde_json::Value;

use crate::support::{Stack, resting_buy};

fn violations(stats: &Value) -> u64 {
    stats["violations"]
        .as_u64()
        .unwrap_or_else(|| panic!("no count of violations in {stats}"))
}

#[tokio::test]
async fn a_burst_of_orders_stays_inside_every_window_and_spreads_over_the_brokers() {
    let stack = Stack::over(&BrokerName::ALL).await;
    let order = resting_buy(stack.last().await);
    let mut brokers = Vec::new();
    for _ in 0..24 {
        let placed = stack.submit(order.clone()).await;
        assert_eq!(placed.state, OrderState::Working, "{placed:?}");
        brokers.push(placed.broker.expect("placed somewhere"));
    }
    for broker in BrokerName::ALL {
        let count = brokers.iter().filter(|b| **b == broker).count();
        assert!(count > 0, "{broker} took none of {brokers:?}");
        assert_eq!(violations(&stack.stats(broker).await), 0, "{broker}");
    }
}

/// All at once, before any of them could be told that another took the place: they wait for their permits.
#[tokio::test]
async fn orders_that_come_at_once_wait_their_turn() {
    let stack = Stack::over(&[BrokerName::Upstox]).await;
    let order = resting_buy(stack.last().await);
    let placed = futures::future::join_all((0..20).map(|_| stack.submit(order.clone()))).await;
    assert!(
        placed.iter().all(|order| order.state == OrderState::Working),
        "{placed:?}"
    );
    assert_eq!(violations(&stack.stats(BrokerName::Upstox).await), 0);
    assert_eq!(stack.accepted(BrokerName::Upstox).await, 20);
}

/// Whoever asks for an order again and again is answered from the ledger between reads, and spends nobody's budget.
#[tokio::test]
async fn asking_for_an_order_a_hundred_times_costs_a_read_or_two() {
    let stack = Stack::over(&[BrokerName::Fyers]).await;
    let order = stack.submit(resting_buy(stack.last().await)).await;
    let desk = &stack.system.desks()[0];
    for _ in 0..100 {
        let seen = desk.refresh(order.number).await.expect("an order of ours");
        assert_eq!(seen.state, OrderState::Working);
        stack.system.orders_today().await.expect("readable");
    }
    assert_eq!(violations(&stack.stats(BrokerName::Fyers).await), 0);
}
