//! Sales for delivery and closing orders: only to the account that holds what they sell, and never twice the same units.

use std::sync::Arc;

use sangam_core::OrderState::{Rejected, Working};
use sangam_core::{Holding, NetQuantity, OrderDraft, Position, PositionEffect, Product, Side};
use sangam_orders::DeskError;
use sangam_testkit::{ScriptedBroker, samples};

use crate::support::*;

fn holds(broker: &ScriptedBroker, quantity: u64, saleable: u64) {
    broker.holdings.always(move |()| {
        Ok(vec![Holding {
            instrument: samples::book_instrument(),
            isin: None,
            quantity: samples::quantity(quantity),
            undelivered: samples::quantity(quantity - saleable),
            saleable: samples::quantity(saleable),
            average_price: None,
            last_price: None,
        }])
    });
}

fn has_position(broker: &ScriptedBroker, product: Product, net: i64) {
    broker.positions.always(move |()| {
        Ok(vec![Position {
            product: Some(product.clone()),
            net: NetQuantity::new(net).expect("a quantity"),
            ..samples::position_record("fyers-1", net).position
        }])
    });
}

fn sale() -> OrderDraft {
    OrderDraft {
        side: Side::Sell,
        product: Product::Delivery,
        position_effect: None,
        ..opening()
    }
}

fn close(side: Side) -> OrderDraft {
    OrderDraft {
        side,
        position_effect: Some(PositionEffect::Close),
        ..opening()
    }
}

fn two() -> [Arc<ScriptedBroker>; 2] {
    let brokers = [broker(A), broker(B)];
    for broker in &brokers {
        holds(broker, 0, 0);
        broker.place.always(|_| Ok(samples::placed("1")));
    }
    brokers
}

#[tokio::test(start_paused = true)]
async fn a_delivery_sale_goes_where_the_shares_are() {
    for (at_a, at_b, bought_at_b, goes_to) in [
        ((10, 10), (50, 50), 0, Some(A)),
        ((9, 9), (10, 10), 0, Some(B)),
        // Owned and not yet delivered is not saleable.
        ((10, 4), (0, 0), 0, None),
        ((5, 5), (5, 5), 0, None),
        ((0, 0), (4, 4), 6, Some(B)),
        ((0, 0), (4, 4), 5, None),
    ] {
        let brokers = two();
        holds(&brokers[0], at_a.0, at_a.1);
        holds(&brokers[1], at_b.0, at_b.1);
        has_position(&brokers[1], Product::Delivery, bought_at_b);
        let bench = Bench::over(&brokers);
        match (bench.submitted(sale()).await, goes_to) {
            (Ok(taken), Some(to)) => assert_eq!(taken.order.broker, Some(to)),
            (Err(DeskError::Invalid(errors)), None) => assert_eq!(errors.0[0].field, "quantity"),
            (other, _) => panic!("{at_a:?} {at_b:?} {bought_at_b}: {other:?}"),
        }
        assert_eq!(
            bench.sends().iter().sum::<usize>(),
            usize::from(goes_to.is_some())
        );
    }
}

/// Declared to open or not, a delivery sale never moves to the other broker.
#[tokio::test(start_paused = true)]
async fn a_delivery_sale_never_moves() {
    for effect in [None, Some(PositionEffect::Open), Some(PositionEffect::Close)] {
        let brokers = two();
        holds(&brokers[0], 10, 10);
        holds(&brokers[1], 10, 10);
        brokers[0].place.then(Err(unreachable()));
        let bench = Bench::over(&brokers);
        let order = bench
            .submit(OrderDraft {
                position_effect: effect,
                ..sale()
            })
            .await;
        assert_eq!(order.state, Rejected);
        assert_eq!(bench.sends(), [1, 0], "{effect:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_closing_order_goes_where_the_position_is() {
    for (net_a, net_b, side, goes_to) in [
        (10, 10, Side::Sell, Some(A)),
        (-10, 10, Side::Sell, Some(B)),
        (-10, 10, Side::Buy, Some(A)),
        (4, -4, Side::Sell, None),
    ] {
        let brokers = two();
        has_position(&brokers[0], Product::Intraday, net_a);
        has_position(&brokers[1], Product::Intraday, net_b);
        let bench = Bench::over(&brokers);
        match (bench.submitted(close(side)).await, goes_to) {
            (Ok(taken), Some(to)) => assert_eq!(taken.order.broker, Some(to)),
            (Err(DeskError::Invalid(errors)), None) => assert_eq!(errors.0[0].field, "position_effect"),
            (other, _) => panic!("{net_a} {net_b}: {other:?}"),
        }
    }
}

/// A position of another product is not what the order closes.
#[tokio::test(start_paused = true)]
async fn another_product_is_another_position() {
    let brokers = two();
    has_position(&brokers[0], Product::CarryForward, 10);
    let bench = Bench::over(&brokers);
    assert!(matches!(
        bench.submitted(close(Side::Sell)).await,
        Err(DeskError::Invalid(_))
    ));
}

/// An order that closes already, standing or in doubt, takes its units away from the next one: a broker would open the
/// other side.
#[tokio::test(start_paused = true)]
async fn a_position_is_closed_once() {
    for doubt in [false, true] {
        let brokers = two();
        has_position(&brokers[0], Product::Intraday, 15);
        if doubt {
            brokers[0].place.then(Err(timeout()));
        }
        let bench = Bench::over(&brokers);
        bench.submit(close(Side::Sell)).await;
        assert!(matches!(
            bench.submitted(close(Side::Sell)).await,
            Err(DeskError::Invalid(_))
        ));
        let rest = OrderDraft {
            quantity: samples::quantity(5),
            ..close(Side::Sell)
        };
        assert_eq!(bench.submit(rest).await.state, Working);
        assert_eq!(bench.sends(), [2, 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn two_closing_orders_at_one_moment() {
    let brokers = two();
    has_position(&brokers[0], Product::Intraday, 10);
    let bench = Bench::over(&brokers);
    let all = futures::future::join_all((0..8).map(|_| bench.submitted(close(Side::Sell)))).await;
    assert_eq!(all.iter().filter(|a| a.is_ok()).count(), 1);
    assert_eq!(bench.sends(), [1, 0]);
}

/// An account that cannot be read may be the one that holds it: that is no fault of the order.
#[tokio::test(start_paused = true)]
async fn an_unreadable_account_is_named() {
    let brokers = two();
    brokers[0].holdings.then(Err(unreachable()));
    let bench = Bench::over(&brokers);
    let answer = bench.submitted(sale()).await;
    let Err(DeskError::NoAccount { reasons }) = answer else {
        panic!("{answer:?}")
    };
    assert!(
        reasons.contains("fyers-1 could not be read") && reasons.contains("upstox-1 has 0"),
        "{reasons}"
    );
    assert_eq!(bench.sends(), [0, 0]);
}
