//! Identities: ours (owner, account, group, order, attempt) and the broker's. Each is its own type, so that one
//! cannot stand where another belongs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {text:?} is not valid: {rule}")]
pub struct IdError {
    /// Which id.
    pub what: &'static str,
    /// What was given, cut to 60 characters.
    pub text: String,
    /// What it must look like.
    pub rule: &'static str,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal, $rule:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Most characters.
            pub const LENGTH_MAX: usize = $max;

            /// Checks and wraps a text.
            ///
            /// # Errors
            /// [`IdError`] when the text is empty, too long or has a character that is not allowed.
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                let text = text.into();
                let allowed: fn(char) -> bool = $allowed;
                if text.is_empty() || text.chars().count() > $max || !text.chars().all(allowed) {
                    return Err(IdError { what: $what, text: text.chars().take(60).collect(), rule: $rule });
                }
                Ok(Self(text))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), self.0)
            }
        }
    };
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

fn is_visible(c: char) -> bool {
    c.is_ascii_graphic()
}

text_id! {
    /// A person who owns accounts; idempotency keys are unique per owner.
    OwnerId, "owner", 40, "1 to 40 letters, digits, '-', '_' or '.'", is_name
}
text_id! {
    /// A log-in at one broker, by the name the configuration gives it.
    AccountId, "account", 40, "1 to 40 letters, digits, '-', '_' or '.'", is_name
}
text_id! {
    /// Accounts of one owner that may fail over to each other.
    GroupId, "group", 40, "1 to 40 letters, digits, '-', '_' or '.'", is_name
}
text_id! {
    /// The caller's idempotency key for one order.
    ClientOrderId, "client_order_id", 64, "1 to 64 visible ASCII characters", is_visible
}
text_id! {
    /// The number a broker gave an order. Text: leading zeros and hyphens carry meaning.
    BrokerOrderId, "broker order id", 64, "1 to 64 visible ASCII characters", is_visible
}
text_id! {
    /// The number an exchange gave a trade, unique with its broker, exchange, day and order.
    TradeId, "trade id", 64, "1 to 64 visible ASCII characters", is_visible
}
text_id! {
    /// A label that travels with an order to the broker and comes back in its books.
    ///
    /// Each broker narrows it further (Fyers: letters and digits, at most 30); an adapter refuses what its broker
    /// cannot carry.
    Tag, "tag", 40, "1 to 40 letters, digits, '-', '_' or '.'", is_name
}
text_id! {
    /// The registered algorithm's name, sent where a broker has a field for it.
    AlgoName, "algorithm name", 40, "1 to 40 letters, digits, '-', '_' or '.'", is_name
}

/// An order of ours: a UUID version 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderUid(Uuid);

impl OrderUid {
    /// Makes an id from the wall clock in milliseconds and ten random bytes.
    #[must_use]
    pub fn new(unix_ms: u64, random: &[u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(unix_ms, random).into_uuid())
    }

    /// Wraps a UUID read back from storage.
    #[must_use]
    pub fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The UUID.
    #[must_use]
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for OrderUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for OrderUid {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Uuid::parse_str(text).map(Self).map_err(|_| IdError {
            what: "order uid",
            text: text.chars().take(60).collect(),
            rule: "a UUID",
        })
    }
}

/// An order's number as people and OpenAlgo clients see it: `YYMMDD` of its Indian date, then seven digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderNumber(u64);

impl OrderNumber {
    /// Orders a day that fit the seven digits.
    pub const PER_DAY: u64 = 10_000_000;

    /// The number of the `sequence`-th order of a date.
    #[must_use]
    pub fn new(date: crate::timestamp::Date, sequence: u64) -> Self {
        let year = u64::from(date.year().rem_euclid(100).unsigned_abs());
        let month = u64::from(date.month().unsigned_abs());
        let day = u64::from(date.day().unsigned_abs());
        Self((year * 10_000 + month * 100 + day) * Self::PER_DAY + sequence % Self::PER_DAY)
    }

    /// Wraps a number read back from storage or a request.
    #[must_use]
    pub fn from_u64(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for OrderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for OrderNumber {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let all_digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        text.parse()
            .ok()
            .filter(|_| all_digits)
            .map(Self)
            .ok_or_else(|| IdError {
                what: "orderid",
                text: text.chars().take(60).collect(),
                rule: "the digits an order was answered with",
            })
    }
}

/// The place of an attempt among the attempts of one order, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttemptNo(pub u16);

impl AttemptNo {
    /// The first attempt.
    pub const FIRST: Self = Self(1);

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for AttemptNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_shows_its_date() {
        let number = OrderNumber::new(jiff::civil::date(2026, 11, 23), 42);
        assert_eq!(number.to_string(), "2611230000042");
        assert_eq!("2611230000042".parse(), Ok(number));
        assert!("26112300000x2".parse::<OrderNumber>().is_err());
        assert!("+5".parse::<OrderNumber>().is_err());
    }

    #[test]
    fn ids_refuse_what_could_hurt_elsewhere() {
        assert!(Tag::new("S1234-ab_c.D").is_ok());
        for bad in ["", "a b", "a&b", "a\"b", "é"] {
            assert!(Tag::new(bad).is_err(), "{bad:?}");
        }
        assert!(AccountId::new("x".repeat(41)).is_err());
        assert!(ClientOrderId::new("chart/alert:42").is_ok());
    }
}
