//! Prices and amounts in whole paise. No binary float is kept anywhere; JSON numbers are read and written through
//! their decimal text.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Neg, Sub};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A price or an amount in paise (1/100 rupee). Displays as rupees with two decimals: `1450.50`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Paise(pub i64);

impl Paise {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Whole rupees.
    #[must_use]
    pub const fn rupees(rupees: i64) -> Self {
        Self(rupees * 100)
    }

    /// True for zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// This price times a quantity.
    #[must_use]
    pub const fn times(self, quantity: i64) -> Self {
        Self(self.0 * quantity)
    }

    /// Rounded down to the tick grid (`tick` in paise, at least 1).
    #[must_use]
    pub const fn floor_to(self, tick: Self) -> Self {
        Self(self.0.div_euclid(tick.0) * tick.0)
    }

    /// Rounded up to the tick grid.
    #[must_use]
    pub const fn ceil_to(self, tick: Self) -> Self {
        Self(-((-self.0).div_euclid(tick.0)) * tick.0)
    }

    /// The JSON number in rupees with no more decimals than needed: `1450`, `1450.5`, `1450.05`.
    #[must_use]
    pub fn to_json(self) -> Value {
        if self.0 % 100 == 0 {
            return Value::from(self.0 / 100);
        }
        // Text to number: serde_json reads the shortest decimal and writes the same one back.
        serde_json::from_str(&self.to_string()).expect("a decimal with two places is a JSON number")
    }

    /// The JSON number in rupees, always with a decimal point: `1450.0`, `1450.5`.
    #[must_use]
    pub fn to_json_decimal(self) -> Value {
        serde_json::from_str(&self.to_string()).expect("a decimal with two places is a JSON number")
    }

    /// Reads rupees from a JSON number or a decimal text; anything else, and more than two decimals, is `None`.
    #[must_use]
    pub fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.to_string().parse().ok(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }
}

/// The text is no amount in rupees with at most two decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an amount in rupees with at most two decimals")]
pub struct NotAnAmount;

impl FromStr for Paise {
    type Err = NotAnAmount;

    fn from_str(text: &str) -> Result<Self, NotAnAmount> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
            return Err(NotAnAmount);
        }
        let (cents, beyond) = fraction.split_at(fraction.len().min(2));
        if beyond.bytes().any(|byte| byte != b'0') || whole.len() > 14 {
            return Err(NotAnAmount);
        }
        let rupees: i64 = if whole.is_empty() {
            0
        } else {
            whole.parse().map_err(|_| NotAnAmount)?
        };
        let paise: i64 = match cents.len() {
            0 => 0,
            1 => 10 * cents.parse::<i64>().map_err(|_| NotAnAmount)?,
            _ => cents.parse().map_err(|_| NotAnAmount)?,
        };
        let amount = rupees * 100 + paise;
        Ok(Self(if negative { -amount } else { amount }))
    }
}

impl fmt::Display for Paise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", magnitude / 100, magnitude % 100)
    }
}

impl Add for Paise {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Paise {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Paise {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sum for Paise {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.map(|amount| amount.0).sum())
    }
}

impl Serialize for Paise {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Paise {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::from_json(&value).ok_or_else(|| serde::de::Error::custom(NotAnAmount))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        for (text, paise) in [
            ("0", 0),
            ("1450.5", 145_050),
            ("1450.05", 145_005),
            ("-3.10", -310),
            (".5", 50),
            ("7.000", 700),
        ] {
            assert_eq!(text.parse(), Ok(Paise(paise)), "{text}");
        }
        for text in ["", "-", ".", "1.005", "1e3", "abc", "1,000", "999999999999999"] {
            assert_eq!(text.parse::<Paise>(), Err(NotAnAmount), "{text}");
        }
        assert_eq!(Paise(-5).to_string(), "-0.05");
    }

    #[test]
    fn json_numbers_keep_their_decimals() {
        assert_eq!(Paise(145_005).to_json().to_string(), "1450.05");
        assert_eq!(Paise(145_000).to_json().to_string(), "1450");
        assert_eq!(Paise(145_000).to_json_decimal().to_string(), "1450.0");
        assert_eq!(Paise::from_json(&serde_json::json!(1450.1)), Some(Paise(145_010)));
        assert_eq!(
            Paise::from_json(&serde_json::json!("1450.10")),
            Some(Paise(145_010))
        );
        assert_eq!(Paise::from_json(&serde_json::json!(null)), None);
    }

    #[test]
    fn tick_grid() {
        assert_eq!(Paise(1_004).floor_to(Paise(5)), Paise(1_000));
        assert_eq!(Paise(1_001).ceil_to(Paise(5)), Paise(1_005));
        assert_eq!(Paise(1_005).ceil_to(Paise(5)), Paise(1_005));
    }
}
