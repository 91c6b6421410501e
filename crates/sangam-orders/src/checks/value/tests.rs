//! What orders are worth, exactly, and sums around the limits.

use proptest::prelude::*;
use sangam_core::{Pricing, Quantity};
use sangam_testkit::samples::{price, quantity, request};

use super::*;

fn money(text: &str) -> Money {
    text.parse().expect("an amount")
}

#[test]
fn an_order_is_worth_its_worst_price() {
    let with = |pricing| OrderRequest { pricing, ..request() };
    let stop = Pricing::StopLossLimit {
        trigger: price("100"),
        limit: price("101"),
    };
    let last = Some(price("90"));
    for (pricing, last, worth) in [
        (
            Pricing::Limit {
                limit: price("1450.50"),
            },
            last,
            Some("14505"),
        ),
        (stop, last, Some("1010")),
        (
            Pricing::StopLossMarket {
                trigger: price("100"),
            },
            last,
            Some("1000"),
        ),
        (Pricing::Market, last, Some("900")),
        (Pricing::Market, None, None),
    ] {
        assert_eq!(of(&with(pricing), last), Ok(worth.map(money)), "{pricing:?}");
    }
    let gold = OrderRequest {
        instrument: "MCX:GOLD26DECFUT".parse().expect("a name"),
        ..request()
    };
    assert_eq!(of(&gold, last), Ok(None), "lots of a size no master tells");
}

#[test]
fn what_cannot_be_counted_is_refused() {
    let huge = OrderRequest {
        quantity: quantity(1_000_000_000_000),
        pricing: Pricing::Limit {
            limit: price("10000000000"),
        },
        ..request()
    };
    assert_eq!(
        of(&huge, None).map_err(|refusal| refusal.rule),
        Err(Rule::OrderValue)
    );
}

#[test]
fn the_limits_themselves_go_and_a_paisa_more_does_not() {
    assert!(check(money("1000"), money("1000")).is_ok());
    let refusal = check(money("1000.01"), money("1000")).expect_err("too much");
    assert!(refusal.message.contains("1000.01") && refusal.message.contains("1000 of one order"));
    assert_eq!(
        check_day(money("600"), money("400"), money("1000")),
        Ok(money("1000"))
    );
    let refusal = check_day(money("600"), money("400.01"), money("1000")).expect_err("too much");
    assert_eq!(refusal.rule, Rule::DayValue);
    assert!(
        refusal.message.contains("400.01") && refusal.message.contains("600 already"),
        "{refusal}"
    );
}

proptest! {
    /// However a day's orders come, what was let in is never worth more than the day may be.
    #[test]
    fn a_day_never_holds_more_than_its_limit(orders in prop::collection::vec(1_i64..10_000_000, 0..60), most in 1_i64..100_000_000) {
        let paise = |n: i64| Money::new(rust_decimal::Decimal::new(n, 2)).expect("small");
        let (most, mut sum) = (paise(most), Money::ZERO);
        for order in orders.into_iter().map(paise) {
            match check_day(sum, order, most) {
                Ok(next) => {
                    prop_assert_eq!(next, sum.checked_add(order).expect("small"));
                    sum = next;
                }
                Err(_) => prop_assert!(sum.checked_add(order).expect("small") > most),
            }
            prop_assert!(sum <= most);
        }
    }

    /// A value is exact: price times quantity, to the last paisa.
    #[test]
    fn a_value_is_exact(paise in 1_i64..100_000_000, units in 1_u64..1_000_000) {
        let limit = Price::new(rust_decimal::Decimal::new(paise, 2)).expect("small");
        let order = OrderRequest { quantity: Quantity::new(units).expect("small"), pricing: Pricing::Limit { limit }, ..request() };
        let exact = rust_decimal::Decimal::new(paise, 2) * rust_decimal::Decimal::from(units);
        prop_assert_eq!(of(&order, None).expect("small").map(Money::decimal), Some(exact.normalize()));
    }
}
