//! Tables and laws of protection.

use std::time::Duration;

use proptest::prelude::*;

use super::{Slippage, protect};
use crate::amount::{Price, Quantity};
use crate::broker::{Capabilities, OrderKinds};
use crate::error::{ErrorKind, Outcome};
use crate::market::Quote;
use crate::order::{OrderKind, OrderRequest, Pricing, Product, Side, Validity};
use crate::timestamp::Timestamp;

fn price(text: &str) -> Price {
    text.parse().expect("a price")
}

fn request(side: Side, pricing: Pricing) -> OrderRequest {
    OrderRequest {
        instrument: "NSE:RELIANCE".parse().expect("an id"),
        side,
        quantity: Quantity::new(1).expect("small"),
        pricing,
        product: Product::Intraday,
        validity: Validity::Day,
        disclosed: Quantity::ZERO,
        after_market: false,
        position_effect: None,
    }
}

fn quote(last: &str, bid: Option<&str>, ask: Option<&str>) -> Quote {
    Quote {
        instrument: "NSE:RELIANCE".parse().expect("an id"),
        last: price(last),
        bid: bid.map(price),
        ask: ask.map(price),
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
        received_at: Timestamp::UNIX_EPOCH,
    }
}

fn limit_of(side: Side, quote: &Quote) -> String {
    let sent = protect(
        &request(side, Pricing::Market),
        &Capabilities::least(),
        price("0.1"),
        Some(quote),
        Slippage::default(),
        Timestamp::UNIX_EPOCH,
    )
    .expect("a fresh quote");
    assert_eq!(sent.pricing.kind(), OrderKind::Limit);
    sent.pricing.limit().expect("a limit").to_string()
}

#[test]
fn a_market_order_takes_the_far_side_plus_slippage() {
    assert_eq!(
        limit_of(Side::Buy, &quote("1450", Some("1449.9"), Some("1450.1"))),
        "1457.3"
    );
    assert_eq!(
        limit_of(Side::Sell, &quote("1450", Some("1449.9"), Some("1450.1"))),
        "1442.7"
    );
    assert_eq!(limit_of(Side::Buy, &quote("1450", None, None)), "1457.2");
}

/// Flattrade's cash masters have no tick: its quotes tell it. Where nothing does no limit is made up.
#[test]
fn a_tick_no_master_tells_is_the_quotes() {
    let sent = |quote: &Quote| {
        protect(
            &request(Side::Buy, Pricing::Market),
            &Capabilities::least(),
            Price::ZERO,
            Some(quote),
            Slippage::default(),
            Timestamp::UNIX_EPOCH,
        )
    };
    let mut told = quote("1449.9", None, None);
    let error = sent(&told).expect_err("no step");
    assert!(error.to_string().contains("step of its prices"), "{error}");
    told.tick = Some(price("0.1"));
    let limit = sent(&told).expect("a fresh quote").pricing.limit();
    assert_eq!(limit, Some(price("1457.1")));
}

#[test]
fn the_circuit_bounds_the_limit() {
    let mut near = quote("1450", None, None);
    near.upper_circuit = Some(price("1452"));
    near.lower_circuit = Some(price("1448"));
    assert_eq!(limit_of(Side::Buy, &near), "1452");
    assert_eq!(limit_of(Side::Sell, &near), "1448");
}

#[test]
fn without_a_fresh_quote_nothing_is_sent() {
    let refused = |quote: Option<&Quote>, now: Timestamp| {
        let error = protect(
            &request(Side::Buy, Pricing::Market),
            &Capabilities::least(),
            price("0.1"),
            quote,
            Slippage::default(),
            now,
        )
        .expect_err("must be refused");
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::InvalidRequest, Outcome::NotSent)
        );
    };
    refused(None, Timestamp::UNIX_EPOCH);
    let old = Timestamp::UNIX_EPOCH + Duration::from_secs(4);
    refused(Some(&quote("1450", None, None)), old);
}

#[test]
fn what_the_account_may_send_passes_unchanged() {
    let mut all = Capabilities::least();
    all.order_kinds = OrderKinds::ALL;
    for pricing in [
        Pricing::Market,
        Pricing::StopLossMarket {
            trigger: price("1400"),
        },
    ] {
        let request = request(Side::Sell, pricing);
        let sent = protect(
            &request,
            &all,
            price("0.1"),
            None,
            Slippage::default(),
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(sent.expect("unchanged"), request);
    }
}

proptest! {
    /// The limit lies on the tick, beyond the start, and never further than the slippage allows.
    #[test]
    fn property_the_limit_stays_within_the_slippage(
        ticks in 100_i64..200_000,
        basis_points in 0_u32..500,
        buy in any::<bool>(),
        tick in proptest::sample::select(vec!["0.05", "0.1", "1"]),
    ) {
        let tick = price(tick);
        let trigger = Price::new(tick.decimal() * rust_decimal::Decimal::from(ticks)).expect("fits");
        let side = if buy { Side::Buy } else { Side::Sell };
        let slippage = Slippage { basis_points, ..Slippage::default() };
        let request = request(side, Pricing::StopLossMarket { trigger });
        let sent = protect(&request, &Capabilities::least(), tick, None, slippage, Timestamp::UNIX_EPOCH)
            .expect("protected");
        let limit = sent.pricing.limit().expect("a limit");
        prop_assert!(limit.is_on_tick(tick));
        prop_assert_eq!(sent.pricing.trigger(), Some(trigger));
        let room = trigger.decimal() * rust_decimal::Decimal::new(i64::from(basis_points), 4);
        let gone = (limit.decimal() - trigger.decimal()).abs();
        prop_assert!(gone <= room);
        let beyond = if buy { limit >= trigger } else { limit <= trigger };
        prop_assert!(beyond);
    }
}
