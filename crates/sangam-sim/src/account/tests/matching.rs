//! How orders fill.

use super::*;

#[test]
fn a_marketable_limit_fills_at_once_at_the_best_price() {
    let mut desk = Desk::new();
    let ask = desk.ask(RELIANCE);
    let order = desk.place(desk.limit(RELIANCE, Side::Buy, 10, ask + Paise::rupees(5)));
    assert_eq!(
        (order.state, order.filled, order.pending()),
        (OrderState::Complete, 10, 0)
    );
    assert_eq!(order.average(), ask, "price improvement");
    assert_eq!(
        kinds(&order),
        [EventKind::Received, EventKind::Opened, EventKind::Filled]
    );
    assert!(order.exchange_id.is_some());
    let positions = desk.positions();
    assert_eq!(
        (positions.len(), positions[0].net(), positions[0].net_average()),
        (1, 10, ask)
    );
    assert_eq!(desk.funds().available(), Paise::rupees(100_000) - ask.times(10));
}

#[test]
fn a_distant_limit_rests_blocks_money_and_is_cancelled() {
    let mut desk = Desk::new();
    let price = Paise(desk.last(RELIANCE).0 * 95 / 100).floor_to(Paise(10));
    let order = desk.place(desk.limit(RELIANCE, Side::Buy, 10, price));
    assert_eq!(order.state, OrderState::Open);
    assert_eq!(desk.funds().blocked, price.times(10));
    assert!(desk.after(10 * MINUTE_US)[0].fills.is_empty());
    let cancelled = desk
        .with_account(|account, scene| account.cancel(scene, "o1"))
        .expect("open");
    assert_eq!(
        (cancelled.state, cancelled.cancelled(), cancelled.requests),
        (OrderState::Cancelled, 10, 2)
    );
    assert_eq!(desk.funds().available(), Paise::rupees(100_000));
    let again = desk.with_account(|account, scene| account.cancel(scene, "o1"));
    assert_eq!(
        again.expect_err("final"),
        Refusal::NotOpen {
            state: OrderState::Cancelled
        }
    );
    let unknown = desk.with_account(|account, scene| account.cancel(scene, "o9"));
    assert_eq!(unknown.expect_err("unknown"), Refusal::UnknownOrder);
}

#[test]
fn a_resting_limit_fills_at_its_own_price_when_the_market_comes() {
    let mut desk = Desk::new();
    let price = desk.ask(RELIANCE) - Paise(30);
    assert_eq!(
        desk.place(desk.limit(RELIANCE, Side::Buy, 5, price)).state,
        OrderState::Open
    );
    let mut steps = 0;
    while desk.after(MINUTE_US)[0].state == OrderState::Open {
        steps += 1;
        assert!(steps < 4_000, "the series walks below the price within its round");
    }
    let order = desk.after(0).remove(0);
    assert_eq!((order.state, order.average()), (OrderState::Complete, price));
}

#[test]
fn a_large_order_fills_in_several_trades_over_several_ticks() {
    let mut desk = Desk::with(&SimConfig {
        cash: Paise::rupees(100_000_000),
        ..SimConfig::default()
    });
    let order = desk.place(desk.order(RELIANCE, Side::Buy, 2_000));
    assert_eq!(order.state, OrderState::Open);
    assert_eq!(order.fills.len(), 5, "the five levels shown");
    let shown: i64 = order.fills.iter().map(|fill| fill.quantity).sum();
    assert_eq!((order.filled, order.pending()), (shown, 2_000 - shown));
    let next = desk.after(TICK_US).remove(0);
    assert!(next.filled > order.filled && next.state == OrderState::Open);
    let done = desk.after(60 * SECOND_US).remove(0);
    assert_eq!((done.state, done.filled), (OrderState::Complete, 2_000));
    assert_eq!(done.fills.iter().map(|fill| fill.quantity).sum::<i64>(), 2_000);
    assert_eq!(
        done.fills
            .iter()
            .map(|fill| fill.price.times(fill.quantity))
            .sum::<Paise>(),
        done.value
    );
    assert!(
        done.fills
            .windows(2)
            .all(|pair| pair[0].at <= pair[1].at && pair[0].trade_id != pair[1].trade_id)
    );
    assert!(
        done.fills.last().expect("filled").at < desk.now,
        "stamped when it fell due, not when it was read"
    );
}

#[test]
fn a_late_read_gives_the_same_book_as_a_busy_one() {
    let rich = SimConfig {
        cash: Paise::rupees(100_000_000),
        ..SimConfig::default()
    };
    let (mut busy, mut lazy) = (Desk::with(&rich), Desk::with(&rich));
    for desk in [&mut busy, &mut lazy] {
        desk.place(desk.order(RELIANCE, Side::Buy, 2_000));
    }
    for _ in 0..200 {
        busy.after(SECOND_US / 20);
    }
    let view = |orders: Vec<Order>| -> Vec<(i64, Paise, Instant64)> {
        orders[0]
            .fills
            .iter()
            .map(|fill| (fill.quantity, fill.price, fill.at))
            .collect()
    };
    assert_eq!(view(busy.after(0)), view(lazy.after(10 * SECOND_US)));
}

#[test]
fn stops_wait_for_their_trigger() {
    let config = SimConfig::from_toml("[[moves]]\nsymbol = \"SBIN\"\nat_s = 60\nover_s = 10\npercent = -5\n")
        .expect("valid");
    let mut desk = Desk::with(&config);
    let last = desk.last(SBIN);
    let trigger = Paise(last.0 * 97 / 100).floor_to(Paise(10));
    let limit = Paise(last.0 * 93 / 100).floor_to(Paise(10));
    let stop_limit = NewOrder {
        kind: OrderKind::StopLimit,
        trigger,
        ..desk.limit(SBIN, Side::Sell, 5, limit)
    };
    let stop_market = NewOrder {
        kind: OrderKind::StopMarket,
        trigger,
        ..desk.order(SBIN, Side::Sell, 5)
    };
    for new in [stop_limit, stop_market] {
        let order = desk.place(new);
        assert_eq!(order.state, OrderState::TriggerPending);
        assert_eq!(kinds(&order), [EventKind::Received, EventKind::Armed]);
    }
    assert!(
        desk.after(59 * SECOND_US)
            .iter()
            .all(|order| order.state == OrderState::TriggerPending)
    );
    for order in desk.after(15 * SECOND_US) {
        assert_eq!(order.state, OrderState::Complete);
        assert!(kinds(&order).contains(&EventKind::Triggered));
        assert!(
            order.average() <= trigger + Paise(50) && order.average() >= limit,
            "{}",
            order.average()
        );
    }
}

#[test]
fn immediate_or_cancel_drops_what_is_left() {
    let mut desk = Desk::with(&SimConfig {
        cash: Paise::rupees(100_000_000),
        ..SimConfig::default()
    });
    let distant = Paise(desk.last(RELIANCE).0 * 95 / 100).floor_to(Paise(10));
    let nothing = NewOrder {
        validity: Validity::Ioc,
        ..desk.limit(RELIANCE, Side::Buy, 5, distant)
    };
    let order = desk.place(nothing);
    assert_eq!(
        (order.state, order.filled, order.cancelled()),
        (OrderState::Cancelled, 0, 5)
    );
    let part = NewOrder {
        validity: Validity::Ioc,
        ..desk.order(RELIANCE, Side::Buy, 5_000)
    };
    let order = desk.place(part);
    assert_eq!(order.state, OrderState::Cancelled);
    assert!(order.filled > 0 && order.filled + order.cancelled() == 5_000);
    assert_eq!(order.history.last().expect("history").kind, EventKind::Lapsed);
}

#[test]
fn a_fill_delay_leaves_time_to_cancel() {
    let mut desk = Desk::with(&SimConfig {
        fill_delay_ms: 400,
        ..SimConfig::default()
    });
    assert_eq!(
        desk.place(desk.order(RELIANCE, Side::Buy, 1)).state,
        OrderState::Open
    );
    assert_eq!(desk.after(399_000)[0].state, OrderState::Open);
    assert_eq!(desk.after(1_000)[0].state, OrderState::Complete);
}

#[test]
fn a_resting_limit_trades_at_its_price_even_when_the_market_jumps_past_it() {
    let jump = "[[moves]]\nsymbol = \"RELIANCE\"\nat_s = 60\npercent = -5\n";
    let mut desk = Desk::with(&SimConfig::from_toml(jump).expect("valid"));
    let price = Paise(desk.last(RELIANCE).0 * 98 / 100).floor_to(Paise(10));
    assert_eq!(
        desk.place(desk.limit(RELIANCE, Side::Buy, 10, price)).state,
        OrderState::Open
    );
    assert_eq!(desk.after(59 * SECOND_US)[0].filled, 0);
    let order = desk.after(2 * SECOND_US).remove(0);
    assert!(desk.ask(RELIANCE) < price - Paise::rupees(20));
    assert_eq!((order.state, order.average()), (OrderState::Complete, price));
}
