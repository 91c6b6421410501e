//! The seed's `trade_logging_integration`: a trade is stored as it happened and read back by its order, also after a
//! restart.

use sangam_core::{BrokerName, IST, OrderState, Side};

use crate::support::{Stack, market_buy};

#[tokio::test]
async fn trade_logging_integration() {
    let stack = Stack::over(&[BrokerName::Upstox]).await;
    let order = stack.submit(market_buy()).await;
    let order = stack.wait(&order, &[OrderState::Filled]).await;
    let account = "sim-upstox".parse().expect("a name");
    stack.system.desks()[0]
        .reconcile(&account)
        .await
        .expect("books read");

    let stored = stack.system.ledger().fills_of(order.uid).await.expect("readable");
    assert_eq!(stored.len(), 1, "{stored:?}");
    let trade = &stored[0];
    assert_eq!(Some(&trade.fill.order_id), order.broker_order_id.as_ref());
    assert_eq!(trade.fill.instrument.id.as_ref(), Some(&order.request.instrument));
    assert_eq!(
        (trade.fill.side, trade.fill.quantity),
        (Side::Buy, order.request.quantity)
    );
    assert_eq!(Some(trade.fill.price), order.average_price);
    assert_eq!(trade.broker, BrokerName::Upstox);

    let stack = stack.restart().await;
    let ledger = stack.system.ledger();
    let kept = ledger
        .order_by_number(order.number)
        .await
        .expect("readable")
        .expect("kept");
    assert_eq!(kept, order);
    assert_eq!(ledger.fills_of(order.uid).await.expect("readable"), stored);
    assert_eq!(
        ledger
            .fills(IST::date(stack.system.now()))
            .await
            .expect("readable"),
        stored
    );
    let positions = ledger.positions().await.expect("readable");
    assert_eq!(positions.len(), 1, "{positions:?}");
    assert_eq!(positions[0].position.net.units(), 1);
    // Reading the same book again counts nothing twice.
    stack.system.desks()[0]
        .reconcile(&account)
        .await
        .expect("books read");
    assert_eq!(ledger.fills_of(order.uid).await.expect("readable").len(), 1);
}

#[tokio::test]
async fn an_order_that_rests_over_a_restart_is_still_ours() {
    let stack = Stack::over(&[BrokerName::Upstox]).await;
    let order = stack
        .submit(crate::support::resting_buy(stack.last().await))
        .await;
    assert_eq!(order.state, OrderState::Working);
    let stack = stack.restart().await;
    let cancelled = stack.system.desks()[0]
        .cancel(order.number)
        .await
        .expect("cancelled");
    let cancelled = stack.wait(&cancelled, &[OrderState::Cancelled]).await;
    assert_eq!(cancelled.broker_order_id, order.broker_order_id);
    assert!(stack.folder.path().join("data/ledger.sqlite").exists());
}
