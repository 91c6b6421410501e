//! What brokers and networks do to orders: a lost reply, a page of an edge, a refusal, a repeated key. Never twice, never
//! lost.

use sangam_core::{BrokerName, OrderState, PositionEffect};
use sangam_orders::DeskError;
use serde_json::json;

use crate::support::{Stack, resting_buy};

const BROKERS: [BrokerName; 2] = [BrokerName::Upstox, BrokerName::Fyers];

/// The reply is lost after the broker took the order: it is in doubt, it is not sent again, and the book settles it.
async fn lost(fault: serde_json::Value) {
    let stack = Stack::over(&BROKERS).await;
    let mut opening = resting_buy(stack.last().await);
    opening.position_effect = Some(PositionEffect::Open);
    let mut fault = fault;
    fault["paths"] = json!(["/order/place"]);
    stack.fault(BrokerName::Upstox, fault).await;

    let order = stack.submit(opening).await;
    assert_eq!(order.state, OrderState::InDoubt, "{order:?}");
    assert!(
        order
            .message
            .as_deref()
            .is_some_and(|message| message.contains("looked for under tag S")),
        "{order:?}"
    );

    stack.fault(BrokerName::Upstox, json!({"clear": true})).await;
    let order = stack.wait(&order, &[OrderState::Working]).await;
    assert_eq!(order.broker, Some(BrokerName::Upstox));
    assert_eq!(stack.accepted(BrokerName::Upstox).await, 1);
    assert_eq!(stack.accepted(BrokerName::Fyers).await, 0);
    let attempts = stack.system.ledger().attempts(order.uid).await.expect("readable");
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0].state.name(), "acked");
}

#[tokio::test]
async fn a_lost_reply_never_doubles_an_order() {
    lost(json!({"drop_after_accept": 1.0})).await;
}

#[tokio::test]
async fn half_a_reply_never_doubles_an_order() {
    lost(json!({"cut_body": 1.0})).await;
}

#[tokio::test]
async fn an_edge_page_after_acceptance_never_doubles_an_order() {
    for code in [429, 403, 502] {
        lost(
            json!({"status": {"code": code, "body": "<html>busy</html>", "rate": 1.0, "after_accept": true}}),
        )
        .await;
    }
}

/// A redirect may be followed by nobody: the order is in doubt, and it never shows, so it stays so.
#[tokio::test]
async fn a_redirect_is_not_followed_and_leaves_doubt() {
    let stack = Stack::over(&BROKERS).await;
    stack
        .fault(
            BrokerName::Upstox,
            json!({"redirect": 1.0, "paths": ["/order/place"]}),
        )
        .await;
    let order = stack.submit(resting_buy(stack.last().await)).await;
    assert_eq!(order.state, OrderState::InDoubt);
    stack.fault(BrokerName::Upstox, json!({"clear": true})).await;
    let account = "sim-upstox".parse().expect("a name");
    let found = stack.system.desks()[0]
        .reconcile(&account)
        .await
        .expect("books read");
    assert_eq!((found.settled, found.doubts), (0, 1));
    assert_eq!(stack.accepted(BrokerName::Upstox).await, 0);
    assert_eq!(stack.accepted(BrokerName::Fyers).await, 0);
}

#[tokio::test]
async fn a_doubt_survives_a_restart_and_is_settled_after_it() {
    let stack = Stack::over(&BROKERS).await;
    stack
        .fault(
            BrokerName::Upstox,
            json!({"drop_after_accept": 1.0, "paths": ["/order/place"]}),
        )
        .await;
    // The book cannot be read either, so the doubt is still there when the program ends.
    stack.fault(BrokerName::Upstox, json!({"reads_down": true})).await;
    let order = stack.submit(resting_buy("1450".parse().expect("a price"))).await;
    assert_eq!(order.state, OrderState::InDoubt);
    stack.fault(BrokerName::Upstox, json!({"clear": true})).await;
    let stack = stack.restart().await;
    let settled = stack.wait(&order, &[OrderState::Working]).await;
    assert!(settled.broker_order_id.is_some());
    assert_eq!(stack.accepted(BrokerName::Upstox).await, 1);
}

#[tokio::test]
async fn one_client_order_id_is_one_order_however_often_and_however_fast() {
    let stack = Stack::over(&BROKERS).await;
    let mut draft = resting_buy(stack.last().await);
    draft.client_order_id = Some("alert-1".parse().expect("an id"));
    let desk = &stack.system.desks()[0];
    let answers = futures::future::join_all((0..20).map(|_| desk.submit(draft.clone(), None))).await;
    for answer in &answers {
        match answer {
            Ok(submitted) => assert_eq!(submitted.order.state, OrderState::Working),
            Err(DeskError::InProgress { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert!(answers.iter().any(Result::is_ok));
    let again = desk.submit(draft.clone(), None).await.expect("replayed");
    assert!(again.replayed);
    assert_eq!(stack.accepted(BrokerName::Upstox).await, 1);
    assert_eq!(stack.accepted(BrokerName::Fyers).await, 0);

    draft.quantity = sangam_core::Quantity::new(2).expect("small");
    assert!(matches!(
        desk.submit(draft, None).await,
        Err(DeskError::KeyReused { .. })
    ));
}

/// An order beyond the funds is refused by the broker's risk checks: it shows as rejected, with the reason.
#[tokio::test]
async fn a_risk_rejection_shows_with_its_reason() {
    let stack = Stack::over(&BROKERS).await;
    let mut draft = resting_buy(stack.last().await);
    draft.quantity = sangam_core::Quantity::new(5_000).expect("small");
    let order = stack.submit(draft).await;
    let order = stack.wait(&order, &[OrderState::Rejected]).await;
    assert!(order.message.is_some(), "{order:?}");
    assert!(order.filled.is_zero());
}
