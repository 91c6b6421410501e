//! What is refused, and changes of open orders.

use super::*;

#[test]
fn wrong_input_is_refused_and_named() {
    let mut desk = Desk::new();
    let ask = desk.ask(RELIANCE);
    let option = "NSE:NIFTY26DEC26000CE";
    let cases: Vec<(NewOrder, Refusal)> = vec![
        (
            desk.order("NSE:NIFTY50-INDEX", Side::Buy, 1),
            Refusal::IndexNotTradable,
        ),
        (desk.order(RELIANCE, Side::Buy, 0), Refusal::QuantityNotPositive),
        (desk.order(RELIANCE, Side::Buy, -5), Refusal::QuantityNotPositive),
        (
            desk.order(option, Side::Buy, 64),
            Refusal::NotALotMultiple { lot: 65 },
        ),
        (
            desk.order(option, Side::Buy, 65 * 28),
            Refusal::AboveFreeze { freeze: 1_755 },
        ),
        (
            desk.limit(RELIANCE, Side::Buy, 1, Paise::ZERO),
            Refusal::PriceMissing,
        ),
        (
            NewOrder {
                price: ask,
                ..desk.order(RELIANCE, Side::Buy, 1)
            },
            Refusal::PriceNotAllowed,
        ),
        (
            desk.limit(RELIANCE, Side::Buy, 1, ask + Paise(5)),
            Refusal::OffTick { tick: Paise(10) },
        ),
        (
            NewOrder {
                kind: OrderKind::StopMarket,
                ..desk.order(RELIANCE, Side::Buy, 1)
            },
            Refusal::TriggerMissing,
        ),
        (
            NewOrder {
                trigger: ask,
                ..desk.limit(RELIANCE, Side::Buy, 1, ask)
            },
            Refusal::TriggerNotAllowed,
        ),
        (
            NewOrder {
                kind: OrderKind::StopLimit,
                trigger: ask + Paise::rupees(9),
                ..desk.limit(RELIANCE, Side::Buy, 1, ask + Paise::rupees(8))
            },
            Refusal::TriggerBeyondPrice,
        ),
        (
            NewOrder {
                disclosed: 11,
                ..desk.order(RELIANCE, Side::Buy, 10)
            },
            Refusal::DisclosedNotAllowed,
        ),
        (
            NewOrder {
                disclosed: 65,
                ..desk.order(option, Side::Buy, 65)
            },
            Refusal::DisclosedNotAllowed,
        ),
        (
            NewOrder {
                product: Product::CarryForward,
                ..desk.order(RELIANCE, Side::Buy, 1)
            },
            Refusal::ProductNotAllowed,
        ),
        (
            NewOrder {
                product: Product::Delivery,
                ..desk.order(option, Side::Buy, 65)
            },
            Refusal::ProductNotAllowed,
        ),
        (
            NewOrder {
                product: Product::Intraday,
                ..desk.order("NSE:GATECHDVR-BE", Side::Buy, 1)
            },
            Refusal::ProductNotAllowed,
        ),
    ];
    for (new, expected) in cases {
        assert!(!expected.is_risk());
        let order = desk.place(new);
        assert_eq!(
            (order.state, order.reason, order.exchange_id),
            (OrderState::Rejected, Some(expected), None)
        );
        assert_eq!(
            kinds(&desk.after(0).pop().expect("in the book")),
            [EventKind::Received, EventKind::Rejected]
        );
    }
    assert_eq!(desk.funds().available(), Paise::rupees(100_000));
}

#[test]
fn prices_outside_the_circuits_and_triggers_behind_the_market_are_refused() {
    let mut desk = Desk::new();
    let (lower, upper) = desk.market.circuits(&desk.contract(RELIANCE), desk.now);
    for price in [lower - Paise(10), upper + Paise(10)] {
        let refusal = desk.reason(desk.limit(RELIANCE, Side::Buy, 1, price));
        assert_eq!(refusal, Refusal::OutsideCircuit { lower, upper });
        assert!(refusal.is_risk());
    }
    assert_eq!(
        desk.place(desk.limit(RELIANCE, Side::Buy, 1, lower)).state,
        OrderState::Open
    );
    let last = desk.last(RELIANCE);
    let behind = NewOrder {
        kind: OrderKind::StopMarket,
        trigger: last - Paise::rupees(10),
        ..desk.order(RELIANCE, Side::Buy, 1)
    };
    assert_eq!(desk.reason(behind), Refusal::TriggerWrongSide { last });
}

#[test]
fn a_change_takes_effect_or_leaves_the_old_terms() {
    let mut desk = Desk::new();
    let price = Paise(desk.last(RELIANCE).0 * 95 / 100).floor_to(Paise(10));
    desk.place(desk.limit(RELIANCE, Side::Buy, 10, price));
    let modify = |desk: &mut Desk, change: Change| {
        desk.with_account(|account, scene| account.modify(scene, "o1", &change))
    };
    let refused = [
        (
            Change {
                quantity: Some(0),
                ..Change::default()
            },
            Refusal::BelowFilled { filled: 0 },
        ),
        (
            Change {
                price: Some(price + Paise(3)),
                ..Change::default()
            },
            Refusal::OffTick { tick: Paise(10) },
        ),
        (
            Change {
                trigger: Some(price),
                ..Change::default()
            },
            Refusal::TriggerNotAllowed,
        ),
    ];
    for (change, expected) in refused {
        assert_eq!(modify(&mut desk, change).expect_err("refused"), expected);
    }
    let margin = modify(
        &mut desk,
        Change {
            quantity: Some(1_000),
            ..Change::default()
        },
    )
    .expect_err("no money");
    assert!(matches!(margin, Refusal::Margin { .. }));
    let order = modify(
        &mut desk,
        Change {
            quantity: Some(12),
            ..Change::default()
        },
    )
    .expect("fits");
    assert_eq!(
        (order.terms.quantity, order.terms.price, order.original.quantity),
        (12, price, 10)
    );
    assert_eq!(
        (order.requests, order.history.last().expect("history").kind),
        (2, EventKind::Modified)
    );
    let ask = desk.ask(RELIANCE);
    let order = modify(
        &mut desk,
        Change {
            price: Some(ask),
            ..Change::default()
        },
    )
    .expect("marketable now");
    assert_eq!(
        (order.state, order.filled, order.average()),
        (OrderState::Complete, 12, ask)
    );
    let late = modify(
        &mut desk,
        Change {
            quantity: Some(20),
            ..Change::default()
        },
    );
    assert_eq!(
        late.expect_err("final"),
        Refusal::NotOpen {
            state: OrderState::Complete
        }
    );
}

#[test]
fn sessions_and_after_market_orders_follow_the_clock_when_told() {
    let mut desk = Desk::with(&SimConfig {
        always_open: false,
        ..SimConfig::default()
    });
    let amo = NewOrder {
        after_market: true,
        ..desk.order(RELIANCE, Side::Buy, 1)
    };
    assert_eq!(desk.reason(amo.clone()), Refusal::AfterMarketInSession);
    desk.after(5 * 60 * MINUTE_US);
    assert_eq!(
        desk.reason(desk.order(RELIANCE, Side::Buy, 1)),
        Refusal::MarketClosed
    );
    let queued = desk.place(amo);
    assert_eq!(
        (queued.state, queued.exchange_id.as_deref()),
        (OrderState::AfterMarket, None)
    );
    assert_eq!(kinds(&queued), [EventKind::Received, EventKind::Queued]);
    let next_morning = Instant64::at(date(2026, 11, 26).at(9, 14, 59, 0));
    let orders = desk.after(next_morning.0 - desk.now.0);
    assert_eq!(
        (orders.len(), orders[0].state),
        (1, OrderState::AfterMarket),
        "only the queued order is left"
    );
    let order = desk.after(2 * SECOND_US).remove(0);
    assert_eq!(order.state, OrderState::Complete);
}
