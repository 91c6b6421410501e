//! Values as brokers send them: numbers as numbers or text, nulls and blanks for "none", flags as words. Numbers are
//! read from the raw JSON text, so no binary floating point touches a price.

use std::fmt;

use rust_decimal::Decimal;
use sangam_core::{Money, NetQuantity, Price, Quantity};
use serde::de::{Deserializer, Error as _, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

/// A number that may come as a JSON number, as text, as null or as a blank. Exact.
///
/// It reads only from JSON text directly: keep it out of `flatten`ed and untagged types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Number(Option<Decimal>);

impl Number {
    /// The number, `None` when there was none.
    #[must_use]
    pub fn get(self) -> Option<Decimal> {
        self.0
    }

    /// The number as a price rounded to six decimals, `None` when there is none or it is outside the range.
    #[must_use]
    pub fn price(self) -> Option<Price> {
        self.0.and_then(|value| Price::rounded(value).ok())
    }

    /// The number as a price, with nought counted as none: how brokers write "no price".
    #[must_use]
    pub fn some_price(self) -> Option<Price> {
        self.price().filter(|price| !price.is_zero())
    }

    /// The number as an amount of money rounded to six decimals.
    #[must_use]
    pub fn money(self) -> Option<Money> {
        self.0.and_then(|value| Money::rounded(value).ok())
    }

    /// The number as a whole quantity, `None` when there is none, it is negative or has a fraction.
    #[must_use]
    pub fn quantity(self) -> Option<Quantity> {
        let value = self.0?.normalize();
        (value.scale() == 0)
            .then(|| u64::try_from(value).ok())
            .flatten()
            .and_then(|units| Quantity::new(units).ok())
    }

    /// The number as a signed whole quantity.
    #[must_use]
    pub fn net_quantity(self) -> Option<NetQuantity> {
        self.integer().and_then(|units| NetQuantity::new(units).ok())
    }

    /// The number as a whole number.
    #[must_use]
    pub fn integer(self) -> Option<i64> {
        let value = self.0?.normalize();
        (value.scale() == 0).then(|| i64::try_from(value).ok()).flatten()
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        if text == "null" {
            return Ok(Self(None));
        }
        if text.starts_with('"') {
            let inner: std::borrow::Cow<'_, str> = serde_json::from_str::<CowText<'_>>(text)
                .map_err(D::Error::custom)?
                .0;
            return decimal(inner.trim()).map_err(D::Error::custom);
        }
        decimal(text).map_err(D::Error::custom)
    }
}

fn decimal(text: &str) -> Result<Number, String> {
    if text.is_empty() || text == "-" || text.eq_ignore_ascii_case("na") {
        return Ok(Number(None));
    }
    Decimal::from_str_exact(text)
        .or_else(|_| Decimal::from_scientific(text))
        .or_else(|_| text.parse::<Decimal>())
        .map(|value| Number(Some(value)))
        .map_err(|_| format!("{:?} is not a number", text.chars().take(40).collect::<String>()))
}

#[derive(Deserialize)]
struct CowText<'a>(#[serde(borrow)] std::borrow::Cow<'a, str>);

impl Serialize for Number {
    /// As a JSON number with the decimal's own digits; null when there is none.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            None => serializer.serialize_none(),
            Some(value) => raw_number(value)
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
        }
    }
}

impl From<Price> for Number {
    fn from(price: Price) -> Self {
        Self(Some(price.decimal()))
    }
}

impl From<Quantity> for Number {
    fn from(quantity: Quantity) -> Self {
        Self(Some(Decimal::from(quantity.units())))
    }
}

fn raw_number(value: Decimal) -> Result<Box<RawValue>, serde_json::Error> {
    RawValue::from_string(value.to_string())
}

/// A text that may come as a JSON string, as a number (ids) or as null. Blank counts as none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Text(Option<String>);

impl Text {
    /// The text, `None` when there was none or only blanks.
    #[must_use]
    pub fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The text taken out.
    #[must_use]
    pub fn into_option(self) -> Option<String> {
        self.0
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl Visitor<'_> for TextVisitor {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a whole number or null")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Text, E> {
                let text = text.trim();
                Ok(Text((!text.is_empty()).then(|| text.to_owned())))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Text, E> {
                Ok(Text(Some(number.to_string())))
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Text, E> {
                Ok(Text(Some(number.to_string())))
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Text, E> {
                Ok(Text(None))
            }

            fn visit_none<E: serde::de::Error>(self) -> Result<Text, E> {
                Ok(Text(None))
            }
        }

        deserializer.deserialize_any(TextVisitor)
    }
}

/// A yes or no that may come as a boolean, a number or a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flag(pub bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FlagVisitor;

        impl Visitor<'_> for FlagVisitor {
            type Value = Flag;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a yes or no")
            }

            fn visit_bool<E: serde::de::Error>(self, flag: bool) -> Result<Flag, E> {
                Ok(Flag(flag))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Flag, E> {
                Ok(Flag(number != 0))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Flag, E> {
                Ok(Flag(matches!(
                    text.to_ascii_lowercase().as_str(),
                    "yes" | "y" | "true" | "1"
                )))
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Flag, E> {
                Ok(Flag(false))
            }
        }

        deserializer.deserialize_any(FlagVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(json: &str) -> Option<String> {
        serde_json::from_str::<Number>(json)
            .expect("reads")
            .get()
            .map(|value| value.normalize().to_string())
    }

    #[test]
    fn numbers_in_all_their_clothes() {
        assert_eq!(number("1450.5"), Some("1450.5".into()));
        assert_eq!(number("\"1450.50\""), Some("1450.5".into()));
        assert_eq!(number("52.04999923706055"), Some("52.04999923706055".into()));
        assert_eq!(number("1e3"), Some("1000".into()));
        assert_eq!(number("\" 5 \""), Some("5".into()));
        assert_eq!(number("null"), None);
        assert_eq!(number("\"\""), None);
        assert_eq!(number("-0.0"), Some("0".into()));
        assert!(serde_json::from_str::<Number>("\"1,450\"").is_err());
        assert!(serde_json::from_str::<Number>("{}").is_err());
    }

    #[test]
    fn numbers_leave_with_their_own_digits() {
        let price: Price = "58250.2".parse().expect("a price");
        assert_eq!(
            serde_json::to_string(&Number::from(price)).expect("writes"),
            "58250.2"
        );
        assert_eq!(serde_json::to_string(&Number::default()).expect("writes"), "null");
    }

    #[test]
    fn ids_come_as_text_or_number() {
        let text = |json| serde_json::from_str::<Text>(json).expect("reads").into_option();
        assert_eq!(text("\"240108010445130\""), Some("240108010445130".into()));
        assert_eq!(text("240108010445130"), Some("240108010445130".into()));
        assert_eq!(text("null"), None);
        assert_eq!(text("\" \""), None);
    }
}
