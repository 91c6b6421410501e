//! Amounts as whole millionths, so that products and shares are exact before the one rounding there is.
//!
//! The largest product here is an amount times a quantity, 10^21 x 10^12, which 128 bits hold 10^5 times over.

use rust_decimal::Decimal;
use sangam_core::amount::SCALE_MAX;
use sangam_core::{Money, Price};

/// A factor in millionths. `None` with more than six decimals or beyond 128 bits.
pub(crate) fn millionths(value: Decimal) -> Option<i128> {
    scaled(value.normalize())
}

/// An amount in millionths.
pub(crate) fn of(amount: Money) -> i128 {
    scaled(amount.decimal()).expect("money has at most six decimals and fits 96 bits")
}

/// A price in millionths.
pub(crate) fn of_price(price: Price) -> i128 {
    scaled(price.decimal()).expect("a price has at most six decimals and fits 96 bits")
}

fn scaled(value: Decimal) -> Option<i128> {
    let lacking = SCALE_MAX.checked_sub(value.scale())?;
    value.mantissa().checked_mul(10_i128.pow(lacking))
}

/// The amount, if it lies in the range of money.
pub(crate) fn money(millionths: i128) -> Option<Money> {
    if millionths == 0 {
        return Some(Money::ZERO);
    }
    decimal(millionths).and_then(|value| Money::new(value).ok())
}

/// The price, if it lies in the range of prices.
pub(crate) fn price(millionths: i128) -> Option<Price> {
    decimal(millionths).and_then(|value| Price::new(value).ok())
}

fn decimal(millionths: i128) -> Option<Decimal> {
    Decimal::try_from_i128_with_scale(millionths, SCALE_MAX).ok()
}

/// The quotient, rounded half to even. The divisor is not nought.
pub(crate) fn divided(dividend: i128, divisor: i128) -> i128 {
    let (dividend, divisor) = if divisor < 0 {
        (-dividend, -divisor)
    } else {
        (dividend, divisor)
    };
    let (below, rest) = (dividend.div_euclid(divisor), dividend.rem_euclid(divisor));
    let up = rest > divisor - rest || (rest == divisor - rest && below % 2 != 0);
    below + i128::from(up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_to_the_even_neighbour() {
        for (dividend, divisor, quotient) in [
            (1, 2, 0),
            (3, 2, 2),
            (5, 2, 2),
            (-1, 2, 0),
            (-3, 2, -2),
            (-5, 2, -2),
            (5, -2, -2),
            (2, 3, 1),
            (-2, 3, -1),
            (1, 3, 0),
            (-6, -3, 2),
        ] {
            assert_eq!(divided(dividend, divisor), quotient, "{dividend} / {divisor}");
        }
    }

    #[test]
    fn amounts_come_back_and_the_range_holds() {
        for text in [
            "0",
            "0.000001",
            "-1450.5",
            "1000000000000000",
            "-1000000000000000",
        ] {
            let amount: Money = text.parse().expect("an amount");
            assert_eq!(money(of(amount)), Some(amount), "{text}");
        }
        assert_eq!(money(1_000_000_000_000_000_000_001), None);
        assert_eq!(price(-10_000_000_000_000_001), None);
        assert_eq!(money(i128::MAX), None);
        assert_eq!(millionths("0.0000001".parse().expect("a decimal")), None);
    }
}
