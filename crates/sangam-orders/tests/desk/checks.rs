//! Orders a check refuses: nothing is recorded and nothing is sent, and the refusal names rule, figure, limit and source.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sangam_core::calendar::Calendar;
use sangam_core::ports::{Ledger as _, Login as _, OrderFilter};
use sangam_core::session::{AccessToken, MarketSession};
use sangam_core::{
    Capabilities, IST, InstrumentId, Money, OrderDraft, OrderKind, OrderKinds, OrderState, Quantity, Quote,
    Side, Timestamp,
};
use sangam_orders::checks::{
    CheckSettings, Checks, KnownPrice, MarketFacts, PriceBand, Refusal, Rule, TradeRatio,
};
use sangam_orders::{DeskError, Modification};
use sangam_storage::MemoryLedger;
use sangam_testkit::{FaultyLedger, ScriptedBroker, samples};

use crate::changes::accepted;
use crate::support::*;

/// A market whose time and price a test sets.
#[derive(Debug, Default)]
pub(crate) struct Market {
    at: Mutex<Option<Timestamp>>,
    price: Mutex<Option<KnownPrice>>,
}

impl Market {
    /// Sets the Indian time.
    pub(crate) fn set(&self, ist: &str) {
        *self.at.lock() = IST::instant(ist.parse().expect("a civil time"));
    }

    /// Sets the last price, between circuits of 1300 and 1600.
    pub(crate) fn price(&self, last: &str, at: Timestamp) {
        *self.price.lock() = Some(KnownPrice {
            last: samples::price(last),
            lower_circuit: Some(samples::price("1300")),
            upper_circuit: Some(samples::price("1600")),
            at,
        });
    }
}

impl MarketFacts for Market {
    fn time(&self, now: Timestamp) -> Option<Timestamp> {
        Some(self.at.lock().unwrap_or(now))
    }

    fn has_derivatives(&self, _: &InstrumentId) -> Option<bool> {
        Some(true)
    }

    fn price(&self, _: &InstrumentId) -> Option<KnownPrice> {
        *self.price.lock()
    }

    fn note(&self, quote: &Quote) {
        *self.price.lock() = Some(quote.into());
    }
}

pub(crate) fn money(text: &str) -> Option<Money> {
    Some(text.parse().expect("an amount"))
}

/// Every check on, with room for the sample order of 14,505 rupees.
pub(crate) fn strict() -> CheckSettings {
    CheckSettings {
        calendar: Some(Calendar::shipped()),
        order_value_max: money("20000"),
        day_value_max: money("100000"),
        quantity_max: Some(samples::quantity(13)),
        price_band: Some(PriceBand {
            percent: 5,
            both_sides: false,
            ask: false,
        }),
        price_age_max: Duration::from_secs(300),
        trade_ratio: Some(TradeRatio { warning: 3, limit: 5 }),
        algo_required: ["upstox-1".parse().expect("a name")].into(),
    }
}

/// A desk with these checks, in a market of Monday at ten with the last price at 1450.
pub(crate) fn desk_of(brokers: &[Arc<ScriptedBroker>], settings: CheckSettings) -> (Bench, Arc<Market>) {
    let market = Arc::new(Market::default());
    market.set("2026-11-23T10:00:00");
    market.price("1450", samples::morning());
    let books = Arc::new(FaultyLedger::new(MemoryLedger::new()));
    let checks = Checks::new(settings, Arc::<Market>::clone(&market));
    (Bench::checked(brokers, books, 1, checks), market)
}

/// The refusal of an order, with nothing recorded and nothing sent.
async fn refused(bench: &Bench, draft: OrderDraft) -> Refusal {
    let before = bench
        .books
        .orders(&OrderFilter::default())
        .await
        .expect("readable")
        .len();
    let sends = bench.sends();
    let error = bench.submitted(draft).await.expect_err("refused");
    let DeskError::Refused(refusal) = error else {
        panic!("not a refusal of a check: {error}");
    };
    let after = bench
        .books
        .orders(&OrderFilter::default())
        .await
        .expect("readable")
        .len();
    assert_eq!(after, before, "nothing is recorded");
    assert_eq!(bench.sends(), sends, "nothing is sent");
    assert!(!refusal.source.is_empty() && refusal.to_string().contains(refusal.rule.as_str()));
    refusal
}

fn limit(price: &str) -> OrderDraft {
    OrderDraft {
        price: Some(samples::price(price)),
        ..opening()
    }
}

#[tokio::test(start_paused = true)]
async fn each_rule_refuses_with_nothing_recorded_and_nothing_sent() {
    let (bench, market) = desk_of(&[broker(A)], strict());
    let units = |n| OrderDraft {
        quantity: Quantity::new(n).expect("small"),
        ..opening()
    };
    for (draft, rule, figures) in [
        (units(14), Rule::OrderQuantity, ["14", "13"]),
        (limit("1540"), Rule::PriceBand, ["1540", "1450"]),
        (limit("1610"), Rule::CircuitLimits, ["1610", "1600"]),
        (limit("1290"), Rule::CircuitLimits, ["1290", "1300"]),
    ] {
        let refusal = refused(&bench, draft).await;
        assert_eq!(refusal.rule, rule, "{refusal}");
        for figure in figures {
            assert!(refusal.message.contains(figure), "{refusal}");
        }
    }
    market.set("2026-11-23T15:36:00");
    let refusal = refused(&bench, opening()).await;
    assert_eq!(refusal.rule, Rule::MarketHours);
    assert!(refusal.message.contains("after_market"), "{refusal}");
    market.set("2026-11-23T10:00:00");
    bench.brokers[0].place.then(Ok(samples::placed("1")));
    assert_eq!(
        bench.submit(opening()).await.state,
        OrderState::Working,
        "what passes goes"
    );
}

#[tokio::test(start_paused = true)]
async fn an_order_worth_too_much_is_refused() {
    let settings = CheckSettings {
        order_value_max: money("14505"),
        ..strict()
    };
    let (bench, _) = desk_of(&[broker(A)], settings);
    let refusal = refused(&bench, limit("1450.6")).await;
    assert_eq!(refusal.rule, Rule::OrderValue);
    assert!(
        refusal.message.contains("14506") && refusal.message.contains("14505"),
        "{refusal}"
    );
    bench.brokers[0].place.then(Ok(samples::placed("1")));
    bench.submit(opening()).await;
}

fn session_of(ist: &str) -> MarketSession {
    MarketSession {
        granted_at: IST::instant(ist.parse().expect("a civil time")).expect("an instant"),
        token: AccessToken::new("test-token"),
        ..session()
    }
}

/// The broker would still take the token: the rule is one log-in each trading day. Another account goes instead, and the
/// record says why.
#[tokio::test(start_paused = true)]
async fn a_session_of_an_earlier_day_is_passed_over_and_alone_refused() {
    let (old, fresh) = (broker(A), broker(C));
    old.resume(session_of("2026-11-20T09:00:00"));
    let (bench, market) = desk_of(std::slice::from_ref(&old), strict());
    market.set("2026-11-23T09:15:00");
    let refusal = refused(&bench, opening()).await;
    assert_eq!(refusal.rule, Rule::SessionOfToday);
    assert!(refusal.message.contains("sangam login fyers-1"), "{refusal}");

    let (bench, market) = desk_of(&[old, fresh], strict());
    market.set("2026-11-23T09:15:00");
    bench.brokers[1].place.then(Ok(samples::placed("2")));
    let order = bench.submit(opening()).await;
    assert_eq!((order.state, order.broker), (OrderState::Working, Some(C)));
    let audit = bench
        .books
        .audit_of(&order.uid.to_string())
        .await
        .expect("readable");
    assert!(audit[0].detail.contains("sangam login fyers-1"), "{audit:?}");
}

#[tokio::test(start_paused = true)]
async fn an_account_without_its_algorithms_name_sends_nothing() {
    let mut can = Capabilities::least();
    can.carries_algo = true;
    let (bench, _) = desk_of(&[broker_with(B, can)], strict());
    let refusal = refused(&bench, opening()).await;
    assert_eq!(refusal.rule, Rule::AlgorithmTag);
    assert!(refusal.message.contains("upstox-1"), "{refusal}");
}

fn market_order() -> OrderDraft {
    OrderDraft {
        kind: OrderKind::Market,
        price: None,
        ..opening()
    }
}

fn told(last: &str) -> Vec<(InstrumentId, sangam_core::Result<Quote>)> {
    let id = samples::request().instrument;
    let quote = Quote {
        instrument: id.clone(),
        last: samples::price(last),
        bid: None,
        ask: None,
        open: None,
        high: None,
        low: None,
        previous_close: None,
        volume: None,
        open_interest: None,
        lower_circuit: None,
        upper_circuit: None,
        tick: None,
        exchange_time: None,
        received_at: samples::morning(),
    };
    vec![(id, Ok(quote))]
}

/// A market order has no price of its own: it is valued at the last one known, else at one asked for, and without any it
/// stays here.
#[tokio::test(start_paused = true)]
async fn a_market_order_is_valued_before_it_goes() {
    let mut can = Capabilities::least();
    can.order_kinds = OrderKinds::ALL;
    let (bench, market) = desk_of(&[broker_with(A, can)], strict());
    *market.price.lock() = None;
    let quotes = &bench.brokers[0].quotes;
    quotes
        .then(Err(unreachable()))
        .then(Ok(told("2000.1")))
        .then(Ok(told("1450")));
    let refusal = refused(&bench, market_order()).await;
    assert!(refusal.message.contains("no price is known"), "{refusal}");
    let refusal = refused(&bench, market_order()).await;
    assert_eq!(refusal.rule, Rule::OrderValue);
    assert!(refusal.message.contains("20001"), "{refusal}");
    *market.price.lock() = None;
    bench.brokers[0]
        .place
        .then(Ok(samples::placed("1")))
        .then(Ok(samples::placed("2")));
    bench.submit(market_order()).await;
    bench.submit(market_order()).await;
    assert_eq!(
        quotes.calls().len(),
        3,
        "a price just told is not asked for again"
    );
}

/// A price that has grown old is none.
#[tokio::test(start_paused = true)]
async fn an_old_price_compares_with_nothing() {
    let (bench, market) = desk_of(&[broker(A)], strict());
    refused(&bench, limit("1540")).await;
    market.price("1450", samples::morning() - Duration::from_secs(301));
    bench.brokers[0].place.then(Ok(samples::placed("1")));
    bench.submit(limit("1540")).await;
    let mut asks = strict();
    asks.price_band = asks.price_band.map(|band| PriceBand { ask: true, ..band });
    let (bench, market) = desk_of(&[broker(A)], asks);
    *market.price.lock() = None;
    bench.brokers[0]
        .quotes
        .then(Err(unreachable()))
        .then(Ok(told("1450")));
    let refusal = refused(&bench, limit("1540")).await;
    assert!(refusal.message.contains("no price is known"), "{refusal}");
    assert!(refused(&bench, limit("1540")).await.message.contains("1450"));
}

/// New terms pass what the order passed; nothing is sent for those that do not. A cancellation always goes.
#[tokio::test(start_paused = true)]
async fn changes_are_held_to_the_checks_and_cancellations_are_not() {
    let (bench, market) = desk_of(&[broker(A)], strict());
    let order = bench.working("1").await;
    let change = |price: &str, units: Option<u64>| Modification {
        price: Some(samples::price(price)),
        quantity: units.map(samples::quantity),
        ..Modification::default()
    };
    for (change, hour, rule) in [
        (change("1540", None), "2026-11-23T10:00:00", Rule::PriceBand),
        (change("1700", None), "2026-11-23T10:00:00", Rule::CircuitLimits),
        (
            change("1450", Some(14)),
            "2026-11-23T10:00:00",
            Rule::OrderQuantity,
        ),
        (change("1451", None), "2026-11-23T16:00:00", Rule::MarketHours),
    ] {
        market.set(hour);
        match bench.desk.modify(order.number, change).await {
            Err(DeskError::Refused(refusal)) => assert_eq!(refusal.rule, rule, "{refusal}"),
            other => panic!("{rule}: {other:?}"),
        }
    }
    market.set("2026-11-23T09:15:00");
    bench.brokers[0].resume(session_of("2026-11-20T09:00:00"));
    let stale = bench.desk.modify(order.number, change("1451", None)).await;
    assert!(
        matches!(&stale, Err(DeskError::Refused(refusal)) if refusal.rule == Rule::SessionOfToday),
        "{stale:?}"
    );
    assert!(bench.brokers[0].modify.calls().is_empty());
    bench.brokers[0].cancel.then(Ok(accepted()));
    bench.brokers[0].order.always(|_| Err(unreachable()));
    bench.desk.cancel(order.number).await.expect("accepted");
    assert_eq!(bench.brokers[0].cancel.calls().len(), 1);
}

/// An after-market order may be changed at any hour: whether it still waits is for the broker to say. What it is worth
/// counts all the same.
#[tokio::test(start_paused = true)]
async fn an_after_market_order_is_changed_at_any_hour() {
    let mut can = Capabilities::least();
    can.after_market = true;
    let (bench, market) = desk_of(&[broker_with(A, can)], strict());
    market.set("2026-11-23T18:00:00");
    bench.brokers[0].place.then(Ok(samples::placed("1")));
    bench.brokers[0].order.always(|_| Err(unreachable()));
    let order = bench
        .submit(OrderDraft {
            after_market: true,
            ..opening()
        })
        .await;
    assert_eq!(order.state, OrderState::AfterMarket);
    let change = |units| Modification {
        quantity: Some(samples::quantity(units)),
        ..Modification::default()
    };
    for hour in ["2026-11-23T18:30:00", "2026-11-23T10:00:00"] {
        market.set(hour);
        bench.brokers[0].modify.then(Ok(accepted()));
        bench
            .desk
            .modify(order.number, change(11))
            .await
            .expect("accepted");
        let refused = bench.desk.modify(order.number, change(14)).await;
        assert!(matches!(refused, Err(DeskError::Refused(_))), "{refused:?}");
    }
}

/// An exit is not held up for want of a price or of room in the day.
#[tokio::test(start_paused = true)]
async fn an_exit_needs_no_price_and_no_room() {
    let mut can = Capabilities::least();
    can.order_kinds = OrderKinds::ALL;
    let settings = CheckSettings {
        order_value_max: money("1"),
        day_value_max: money("1"),
        quantity_max: Some(samples::quantity(1)),
        ..strict()
    };
    let (bench, market) = desk_of(&[broker_with(A, can)], settings);
    *market.price.lock() = None;
    let exit = OrderDraft {
        side: Side::Sell,
        position_effect: Some(sangam_core::PositionEffect::Close),
        ..market_order()
    };
    bench.brokers[0].positions.always(|()| {
        let mut position = samples::position_record("fyers-1", 10).position;
        position.product = Some(sangam_core::Product::Intraday);
        Ok(vec![position])
    });
    bench.brokers[0]
        .place
        .then(Ok(samples::placed("1")))
        .then(Ok(samples::placed("2")));
    assert_eq!(bench.submit(exit.clone()).await.state, OrderState::Working);
    market.price("1450", samples::morning());
    let half = OrderDraft {
        quantity: samples::quantity(5),
        ..exit
    };
    bench.brokers[0].positions.always(|()| {
        let mut position = samples::position_record("fyers-1", 20).position;
        position.product = Some(sangam_core::Product::Intraday);
        Ok(vec![position])
    });
    assert_eq!(bench.submit(half).await.state, OrderState::Working);
}

/// A year whose holidays are not known trades on weekdays, and says that it is not known.
#[tokio::test(start_paused = true)]
async fn an_unknown_year_trades_on_weekdays_and_is_told() {
    let (bench, market) = desk_of(&[broker(A)], strict());
    assert!(!bench.desk.checks().await.expect("readable").unknown_year);
    market.set("2027-01-26T10:00:00");
    assert!(bench.desk.checks().await.expect("readable").unknown_year);
    bench.brokers[0].place.then(Ok(samples::placed("1")));
    bench.submit(opening()).await;
    market.set("2027-01-24T10:00:00");
    assert_eq!(refused(&bench, opening()).await.rule, Rule::MarketHours);
}

/// A change is compared with the market, never with the order's own old price.
#[tokio::test(start_paused = true)]
async fn a_change_is_compared_with_the_market_alone() {
    let (bench, market) = desk_of(&[broker(A)], strict());
    bench.brokers[0].place.then(Ok(samples::placed("1")));
    bench.brokers[0].order.always(|_| Err(unreachable()));
    let order = bench.submit(limit("1300")).await;
    *market.price.lock() = None;
    bench.brokers[0].modify.then(Ok(accepted()));
    let nearer = Modification {
        price: Some(samples::price("1450")),
        ..Modification::default()
    };
    bench.desk.modify(order.number, nearer).await.expect("accepted");
    assert!(
        bench.brokers[0].quotes.calls().is_empty(),
        "no price was asked for"
    );
    let dearer = Modification {
        price: Some(samples::price("2001")),
        ..nearer
    };
    match bench.desk.modify(order.number, dearer).await {
        Err(DeskError::Refused(refusal)) => assert_eq!(refusal.rule, Rule::OrderValue),
        other => panic!("{other:?}"),
    }
}

/// A sale far below the market is as costly as a purchase far above it.
#[tokio::test(start_paused = true)]
async fn both_sides_are_guarded() {
    let (bench, _) = desk_of(&[broker(A)], strict());
    let sale = OrderDraft {
        side: Side::Sell,
        ..limit("1370")
    };
    assert_eq!(refused(&bench, sale).await.rule, Rule::PriceBand);
}
