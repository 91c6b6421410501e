//! The brokers by name, and what an account at one may do, as data.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::instrument::Exchange;
use crate::order::{OrderKind, Validity};

/// A broker Sangam speaks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BrokerName {
    /// Flattrade (Noren OMS, PiConnect).
    Flattrade,
    /// Fyers (API v3).
    Fyers,
    /// Upstox (API v2 and v3).
    Upstox,
}

impl BrokerName {
    /// Every broker, in the order used for indexes.
    pub const ALL: [Self; 3] = [Self::Flattrade, Self::Fyers, Self::Upstox];

    /// The lower-case name used in configuration, JSON and paths.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flattrade => "flattrade",
            Self::Fyers => "fyers",
            Self::Upstox => "upstox",
        }
    }

    /// A small index, for tables with one column a broker.
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::Flattrade => 0,
            Self::Fyers => 1,
            Self::Upstox => 2,
        }
    }
}

impl fmt::Display for BrokerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no broker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown broker {0:?}; known are flattrade, fyers, upstox")]
pub struct UnknownBroker(pub String);

impl FromStr for BrokerName {
    type Err = UnknownBroker;

    fn from_str(text: &str) -> Result<Self, UnknownBroker> {
        Self::ALL
            .into_iter()
            .find(|name| name.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownBroker(text.chars().take(40).collect()))
    }
}

/// A set of order kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OrderKinds(u8);

impl OrderKinds {
    /// Limit and stop-limit: what every broker takes from programs.
    pub const LIMITS: Self = Self(0).with(OrderKind::Limit).with(OrderKind::StopLossLimit);
    /// All four kinds.
    pub const ALL: Self = Self::LIMITS
        .with(OrderKind::Market)
        .with(OrderKind::StopLossMarket);

    /// The set with one more kind.
    #[must_use]
    pub const fn with(self, kind: OrderKind) -> Self {
        Self(self.0 | 1 << kind as u8)
    }

    /// Whether a kind is in the set.
    #[must_use]
    pub const fn contains(self, kind: OrderKind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }
}

/// What stands behind a market order at a broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketProtection {
    /// Market orders are not sent; they become protected limits before any adapter.
    Refused,
    /// The broker bounds them itself and its field says how (Upstox `market_protection`).
    ByBroker,
}

/// What an account may send and read at its broker.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Order kinds the account may send. The translation of the adapter is faithful for all four; what is missing here
    /// is turned into what is present by [`crate::protect`] or refused.
    pub order_kinds: OrderKinds,
    /// What stands behind a market order where it is among the kinds.
    pub market_protection: MarketProtection,
    /// Validities the account may send.
    pub validities: Vec<Validity>,
    /// Exchanges the account may trade on.
    pub exchanges: Vec<Exchange>,
    /// Most characters of a tag.
    pub tag_length_max: usize,
    /// Whether a tag may hold letters and digits only.
    pub tag_alphanumeric: bool,
    /// Most instruments in one quotes call.
    pub quotes_per_call: usize,
    /// Whether candles can be read.
    pub candles: bool,
    /// Whether orders can be filtered by tag at the broker; if not, the whole book is read.
    pub orders_by_tag: bool,
    /// Whether after-market orders can be placed.
    pub after_market: bool,
    /// Whether an order has a field for the algorithm's name.
    pub carries_algo: bool,
    /// Whether a modification must name the quantity even when it does not change.
    pub modify_needs_quantity: bool,
    /// Whether it is documented that the quantity of a modification is the whole one, filled part included. Where it is
    /// not, the quantity is not changed after a fill.
    pub modify_quantity_is_total: bool,
}

impl Capabilities {
    /// A starting point that refuses all there is to refuse; adapters set what their broker offers.
    #[must_use]
    pub fn least() -> Self {
        Self {
            order_kinds: OrderKinds::LIMITS,
            market_protection: MarketProtection::Refused,
            validities: vec![Validity::Day],
            exchanges: vec![Exchange::Nse, Exchange::Bse],
            tag_length_max: 14,
            tag_alphanumeric: true,
            quotes_per_call: 1,
            candles: false,
            orders_by_tag: false,
            after_market: false,
            carries_algo: false,
            modify_needs_quantity: false,
            modify_quantity_is_total: false,
        }
    }

    /// Whether the account can carry a tag.
    #[must_use]
    pub fn carries_tag(&self, tag: &crate::ids::Tag) -> bool {
        let text = tag.as_str();
        text.len() <= self.tag_length_max
            && (!self.tag_alphanumeric || text.bytes().all(|b| b.is_ascii_alphanumeric()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_kinds() {
        assert!(OrderKinds::LIMITS.contains(OrderKind::StopLossLimit));
        assert!(!OrderKinds::LIMITS.contains(OrderKind::Market));
        assert!(OrderKinds::ALL.contains(OrderKind::StopLossMarket));
    }

    #[test]
    fn brokers_parse_without_case() {
        assert_eq!("Upstox".parse(), Ok(BrokerName::Upstox));
        assert!(
            "zerodha"
                .parse::<BrokerName>()
                .expect_err("no such broker")
                .to_string()
                .contains("flattrade, fyers, upstox")
        );
    }
}
