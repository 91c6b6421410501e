//! Numbers of answers: exact decimals written as JSON numbers with a point, as OpenAlgo writes its floats.

use rust_decimal::Decimal;
use sangam::core::{Money, Price};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A decimal that serialises as a JSON number with its own digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Num(pub(crate) Decimal);

impl Num {
    /// A price, nought when there is none.
    pub(crate) fn price(price: Option<Price>) -> Self {
        Self(price.map(Price::decimal).unwrap_or_default())
    }

    /// An amount, rounded to paise.
    pub(crate) fn money(money: Money) -> Self {
        Self(money.decimal().round_dp(2))
    }
}

impl Serialize for Num {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = self.0.normalize().to_string();
        if !text.contains('.') {
            text.push_str(".0");
        }
        RawValue::from_string(text)
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_kept() {
        let shown = |text: &str| serde_json::to_string(&Num(text.parse().expect("a decimal"))).expect("json");
        assert_eq!(shown("2500"), "2500.0");
        assert_eq!(shown("2499.850"), "2499.85");
        assert_eq!(shown("-0.05"), "-0.05");
        assert_eq!(shown("0"), "0.0");
    }
}
