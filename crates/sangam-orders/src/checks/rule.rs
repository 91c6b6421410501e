//! The rules an order is held to before it leaves, and what a refusal says: the rule, the figure, the limit, the way out,
//! and where the rule is from.

use std::fmt;

/// What an order or a change was refused by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A log-in of today at the broker.
    SessionOfToday,
    /// What the segment's phase lets in.
    MarketHours,
    /// The most orders a second of an account.
    OrderRate,
    /// Orders, changes and cancellations for each trade.
    OrderToTradeRatio,
    /// The most one order is worth.
    OrderValue,
    /// The most a day's orders are worth.
    DayValue,
    /// The most units of one order.
    OrderQuantity,
    /// How far a limit is from the last price.
    PriceBand,
    /// The prices the exchange takes today.
    CircuitLimits,
    /// The algorithm's name on each order.
    AlgorithmTag,
    /// The most legs of a basket.
    BasketSize,
}

impl Rule {
    /// Its name on the outside.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SessionOfToday => "session_of_today",
            Self::MarketHours => "market_hours",
            Self::OrderRate => "order_rate",
            Self::OrderToTradeRatio => "order_to_trade_ratio",
            Self::OrderValue => "order_value",
            Self::DayValue => "day_value",
            Self::OrderQuantity => "order_quantity",
            Self::PriceBand => "price_band",
            Self::CircuitLimits => "circuit_limits",
            Self::AlgorithmTag => "algorithm_tag",
            Self::BasketSize => "basket_size",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why an order, a change or a basket was not taken. Nothing was recorded or sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The rule.
    pub rule: Rule,
    /// The figure, the limit, and what to do.
    pub message: String,
    /// Where the rule is from: document, section, date; or the configuration's key.
    pub source: &'static str,
}

impl Refusal {
    /// A refusal by a rule.
    pub(crate) fn new(rule: Rule, source: &'static str, message: impl Into<String>) -> Self {
        Self {
            rule,
            message: message.into(),
            source,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (rule: {})", self.rule, self.message, self.source)
    }
}

impl std::error::Error for Refusal {}
