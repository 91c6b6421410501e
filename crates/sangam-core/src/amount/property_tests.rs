//! Laws of the arithmetic, over values a market can print and beyond.

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{AmountError, Money, NetQuantity, Price, Quantity, Rounding};

fn price() -> impl Strategy<Value = Price> {
    (-4_000_000_000_i64..4_000_000_000, 0_u32..=4)
        .prop_map(|(units, scale)| Price::new(Decimal::new(units, scale)).expect("within the range"))
}

fn tick() -> impl Strategy<Value = Price> {
    prop_oneof![
        Just("0.05"),
        Just("0.1"),
        Just("0.01"),
        Just("0.0025"),
        Just("1"),
        Just("5")
    ]
    .prop_map(|text| text.parse().expect("a tick"))
}

proptest! {
    #[test]
    fn text_round_trips(price in price()) {
        prop_assert_eq!(price.to_string().parse::<Price>(), Ok(price));
        let json = serde_json::to_string(&price).expect("a price serialises");
        prop_assert_eq!(serde_json::from_str::<Price>(&json).expect("and comes back"), price);
    }

    #[test]
    fn adding_and_taking_away_is_exact(a in price(), b in price()) {
        let sum = a.checked_add(b).expect("two prices of this size fit");
        prop_assert_eq!(sum.checked_sub(b), Ok(a));
        prop_assert_eq!(b.checked_add(a), Ok(sum));
    }

    #[test]
    fn value_is_linear(price in price(), a in 0_u64..50_000, b in 0_u64..50_000) {
        let value = |units| price.times(Quantity::new(units).expect("small")).expect("fits");
        prop_assert_eq!(value(a).checked_add(value(b)), Ok(value(a + b)));
    }

    #[test]
    fn a_short_position_is_worth_the_negative(price in price(), units in 0_i64..100_000) {
        let long = price.times_net(NetQuantity::new(units).expect("small")).expect("fits");
        let short = price.times_net(NetQuantity::new(-units).expect("small")).expect("fits");
        prop_assert_eq!(long.checked_add(short), Ok(Money::ZERO));
    }

    #[test]
    fn rounding_lands_on_the_grid_and_stays_near(price in price(), tick in tick()) {
        let down = price.to_tick(tick, Rounding::Down).expect("fits");
        let up = price.to_tick(tick, Rounding::Up).expect("fits");
        let near = price.to_tick(tick, Rounding::Nearest).expect("fits");
        for rounded in [down, up, near] {
            prop_assert!(rounded.is_on_tick(tick));
        }
        prop_assert!(down <= price && price <= up);
        prop_assert!(up.checked_sub(down).expect("fits") <= tick);
        prop_assert!(near == down || near == up);
        prop_assert_eq!(down == up, price.is_on_tick(tick));
    }

    #[test]
    fn an_average_times_its_quantity_is_the_amount(price in price(), units in 1_u64..10_000) {
        let quantity = Quantity::new(units).expect("small");
        let amount = price.times(quantity).expect("fits");
        prop_assert_eq!(amount.per_unit(quantity), Some(price));
    }

    #[test]
    fn any_text_parses_or_errs_without_a_panic(text in "\\PC{0,40}") {
        let _: Result<Price, AmountError> = text.parse();
        let _: Result<Quantity, AmountError> = text.parse();
        let _: Result<NetQuantity, AmountError> = text.parse();
    }

    #[test]
    fn a_whole_number_of_lots_is_a_multiple(lot in 1_u64..2_000, lots in 0_u64..5_000, extra in 1_u64..2_000) {
        let q = |units| Quantity::new(units).expect("small");
        prop_assert!(q(lot * lots).is_multiple_of(q(lot)));
        prop_assume!(extra % lot != 0);
        prop_assert!(!q(lot * lots + extra).is_multiple_of(q(lot)));
    }
}

#[test]
fn refuses_what_is_no_amount() {
    for text in ["", " ", "abc", "1,450", "NaN", "--1", "1.2.3", "0.1234567"] {
        assert!(text.parse::<Price>().is_err(), "{text:?} must be refused");
    }
    for text in ["1.5", "-1", "1000000000001", "x"] {
        assert!(text.parse::<Quantity>().is_err(), "{text:?} must be refused");
    }
    assert_eq!("65.00".parse::<Quantity>(), Quantity::new(65));
    assert_eq!(Money::ZERO.per_unit(Quantity::ZERO), None);
}
