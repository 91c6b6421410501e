//! Limits around a last price and between circuits: which go, which do not, and what the refusal says.

use proptest::prelude::*;
use sangam_core::Timestamp;
use sangam_testkit::samples::{price, request};

use super::*;

fn known(last: &str) -> KnownPrice {
    KnownPrice {
        last: price(last),
        lower_circuit: Some(price("900")),
        upper_circuit: Some(price("1100")),
        at: Timestamp::UNIX_EPOCH,
    }
}

fn order(side: Side, pricing: Pricing) -> OrderRequest {
    OrderRequest {
        side,
        pricing,
        ..request()
    }
}

fn limit(side: Side, at: &str) -> OrderRequest {
    order(side, Pricing::Limit { limit: price(at) })
}

const TEN: PriceBand = PriceBand {
    percent: 10,
    both_sides: false,
    ask: false,
};

fn goes(request: &OrderRequest, last: Option<&str>, band: PriceBand) -> bool {
    let found = check(request, last.map(known).as_ref(), band);
    if let Err(refusal) = &found {
        assert_eq!(refusal.rule, Rule::PriceBand);
        assert!(refusal.message.contains("10 %"), "{refusal}");
    }
    found.is_ok()
}

#[test]
fn the_side_that_costs_is_bounded_and_the_other_if_asked() {
    let both = PriceBand {
        both_sides: true,
        ..TEN
    };
    for (side, at, one_side, both_sides) in [
        (Side::Buy, "1100", true, true),
        (Side::Buy, "1100.1", false, false),
        (Side::Buy, "899.9", true, false),
        (Side::Buy, "900", true, true),
        (Side::Sell, "900", true, true),
        (Side::Sell, "899.9", false, false),
        (Side::Sell, "1100.1", true, false),
    ] {
        let order = limit(side, at);
        assert_eq!(goes(&order, Some("1000"), TEN), one_side, "{side} {at}");
        assert_eq!(
            goes(&order, Some("1000"), both),
            both_sides,
            "{side} {at}, both sides"
        );
        assert!(goes(&order, None, both), "nothing to compare with");
    }
}

/// A stop waits far from the last price: its limit is compared with its trigger.
#[test]
fn a_stop_is_bounded_by_its_trigger() {
    let stop = |limit| {
        order(
            Side::Buy,
            Pricing::StopLossLimit {
                trigger: price("2000"),
                limit: price(limit),
            },
        )
    };
    assert!(goes(&stop("2200"), Some("1000"), TEN));
    assert!(!goes(&stop("2200.1"), Some("1000"), TEN));
    assert!(!goes(&stop("2200.1"), None, TEN));
    assert!(goes(&order(Side::Buy, Pricing::Market), Some("1000"), TEN));
}

#[test]
fn what_the_exchange_does_not_take_today_is_refused() {
    for (at, word) in [("899.9", "lower circuit 900"), ("1100.1", "upper circuit 1100")] {
        for side in [Side::Buy, Side::Sell] {
            let refusal = check_circuit(&limit(side, at), Some(&known("1000"))).expect_err("outside");
            assert_eq!(refusal.rule, Rule::CircuitLimits);
            assert!(refusal.message.contains(word), "{refusal}");
        }
    }
    assert!(check_circuit(&limit(Side::Buy, "900"), Some(&known("1000"))).is_ok());
    assert!(check_circuit(&limit(Side::Buy, "1100"), Some(&known("1000"))).is_ok());
    assert!(check_circuit(&limit(Side::Buy, "5000"), None).is_ok());
    let untold = KnownPrice {
        lower_circuit: Some(Price::ZERO),
        upper_circuit: Some(Price::ZERO),
        ..known("1000")
    };
    assert!(
        check_circuit(&limit(Side::Buy, "5000"), Some(&untold)).is_ok(),
        "nought is no circuit"
    );
}

proptest! {
    /// A buy that goes at a price goes at every lower one, a sale at every higher one; and a price within the band always goes.
    #[test]
    fn a_better_price_is_never_refused(last in 100_i64..1_000_000, at in 1_i64..2_000_000, step in 0_i64..1_000, percent in 1_u32..100) {
        let paise = |n: i64| Price::new(Decimal::new(n, 2)).expect("small");
        let known = KnownPrice { last: paise(last), lower_circuit: None, upper_circuit: None, at: Timestamp::UNIX_EPOCH };
        let band = PriceBand { percent, both_sides: false, ask: false };
        let passes = |side, n: i64| check(&order(side, Pricing::Limit { limit: paise(n) }), Some(&known), band).is_ok();
        if passes(Side::Buy, at) {
            prop_assert!(passes(Side::Buy, (at - step).max(1)));
        }
        if passes(Side::Sell, at) {
            prop_assert!(passes(Side::Sell, at + step));
        }
        let near = Decimal::new(at, 2) - Decimal::new(last, 2);
        if near.abs() * Decimal::from(100) <= Decimal::new(last, 2) * Decimal::from(percent) {
            prop_assert!(passes(Side::Buy, at) && passes(Side::Sell, at));
        } else {
            let costly = if near.is_sign_positive() { Side::Buy } else { Side::Sell };
            prop_assert!(!passes(costly, at));
        }
    }
}
