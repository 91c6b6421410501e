//! Market orders become limits at a fresh quote; without one nothing is sent, and a second broker stays inside the bound.

use std::time::Duration;

use sangam_core::OrderState::{Rejected, Working};
use sangam_core::{
    Capabilities, InstrumentId, OrderDraft, OrderKind, OrderKinds, Price, Pricing, Quote, Side, Timestamp,
};
use sangam_testkit::samples;

use crate::support::*;

fn market(side: Side) -> OrderDraft {
    OrderDraft {
        kind: OrderKind::Market,
        price: None,
        side,
        ..opening()
    }
}

fn quote(last: &str, received_at: Timestamp) -> Quote {
    Quote {
        instrument: samples::request().instrument,
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
        received_at,
    }
}

fn answer(of: &InstrumentId, quote: Quote) -> Vec<(InstrumentId, sangam_core::Result<Quote>)> {
    vec![(of.clone(), Ok(quote))]
}

fn limits(bench: &Bench) -> Vec<Option<Price>> {
    let sent = bench.brokers.iter().flat_map(|b| b.place.calls());
    sent.map(|order| order.request.pricing.limit()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_market_order_goes_as_a_limit_inside_the_slippage() {
    for (side, limit) in [(Side::Buy, "1457.2"), (Side::Sell, "1442.8")] {
        let bench = Bench::over(&[broker(A)]);
        let id = samples::request().instrument;
        bench.brokers[0]
            .quotes
            .then(Ok(answer(&id, quote("1450", samples::morning()))));
        bench.brokers[0].place.then(Ok(samples::placed("1")));
        let order = bench.submit(market(side)).await;
        assert_eq!(order.state, Working);
        assert_eq!(
            order.request.pricing,
            Pricing::Market,
            "the order is what was asked"
        );
        assert_eq!(limits(&bench), [Some(samples::price(limit))]);
        assert_eq!(
            bench.attempts(&order).await[0].request.pricing.limit(),
            Some(samples::price(limit))
        );
    }
}

/// No quote, a failed one, an old one, one of another instrument: not sent, and the reason says so.
#[tokio::test(start_paused = true)]
async fn without_a_fresh_quote_nothing_is_sent() {
    let id = samples::request().instrument;
    let other: InstrumentId = "NSE:TCS".parse().expect("a name");
    let old = samples::morning() - Duration::from_secs(4);
    let fresh = samples::morning();
    for answer in [
        Ok(Vec::new()),
        Err(timeout()),
        Ok(vec![(id.clone(), Err(unreachable()))]),
        Ok(answer(&id, quote("1450", old))),
        Ok(answer(&id, quote("0", fresh))),
        Ok(answer(&other, quote("1450", fresh))),
    ] {
        let bench = Bench::over(&[broker(A)]);
        bench.brokers[0].quotes.then(answer);
        let order = bench.submit(market(Side::Buy)).await;
        assert_eq!(order.state, Rejected);
        assert!(bench.attempts(&order).await.is_empty());
        assert!(order.message.is_some_and(|m| m.contains("quote")));
        assert_eq!(bench.sends(), [0]);
    }
}

/// The bound of the first intent holds for every broker that follows: one that would take a plain market order, and one
/// whose own quote has run away.
#[tokio::test(start_paused = true)]
async fn the_first_bound_holds_elsewhere() {
    let mut takes_markets = Capabilities::least();
    takes_markets.order_kinds = OrderKinds::ALL;
    for second in [broker(B), broker_with(B, takes_markets)] {
        let bench = Bench::over(&[broker(A), second]);
        let id = samples::request().instrument;
        bench.brokers[0]
            .quotes
            .then(Ok(answer(&id, quote("1450", samples::morning()))));
        bench.brokers[1].quotes.always({
            let id = id.clone();
            move |_| Ok(answer(&id, quote("1600", samples::morning())))
        });
        bench.brokers[0].place.then(Err(unreachable()));
        bench.brokers[1].place.then(Ok(samples::placed("2")));
        let order = bench.submit(market(Side::Buy)).await;
        assert_eq!((order.state, order.broker), (Working, Some(B)));
        let bound = Some(samples::price("1457.2"));
        assert_eq!(limits(&bench), [bound, bound]);
    }
}

/// An order that waited too long for its quote is not sent at all.
#[tokio::test(start_paused = true)]
async fn a_quote_after_the_deadline_sends_nothing() {
    let bench = Bench::over(&[broker(A), broker(B)]);
    let id = samples::request().instrument;
    let held = bench.brokers[0].quotes.hold();
    let desk = bench.desk.clone();
    let submitting = tokio::spawn(async move { desk.submit(market(Side::Buy), None).await });
    bench.brokers[0].quotes.called(1).await;
    crate::wait::pass(Duration::from_secs(12)).await;
    let now = samples::morning() + Duration::from_secs(12);
    held.answer(Ok(answer(&id, quote("1450", now))));
    let order = submitting.await.expect("no panic").expect("taken").order;
    assert_eq!(order.state, Rejected);
    assert!(order.message.is_some_and(|m| m.contains("10 s")));
    assert_eq!(bench.sends(), [0, 0]);
}
