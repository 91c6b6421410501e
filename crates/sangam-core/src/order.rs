//! An order in the trade's words: what a caller asks for ([`OrderDraft`]), what has been checked ([`OrderRequest`]), and
//! the three commands adapters carry out. Prices sit inside [`Pricing`], so a limit order without a price cannot exist.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::amount::{Price, Quantity};
use crate::ids::{AlgoName, BrokerOrderId, ClientOrderId, Tag};
use crate::instrument::InstrumentId;

macro_rules! code_enum {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$vdoc:meta])* $variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $code)] $variant),+
        }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code traders write.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code),+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownCode;

            fn from_str(text: &str) -> Result<Self, UnknownCode> {
                match text {
                    $($code => Ok(Self::$variant),)+
                    _ => Err(UnknownCode {
                        what: $what,
                        text: text.chars().take(40).collect(),
                        known: &[$($code),+],
                    }),
                }
            }
        }
    };
}

/// A text that is none of the codes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} {text:?}; known are {}", known.join(", "))]
pub struct UnknownCode {
    /// Which word.
    pub what: &'static str,
    /// What was given, cut to 40 characters.
    pub text: String,
    /// The codes there are.
    pub known: &'static [&'static str],
}

code_enum! {
    /// Buy or sell.
    Side, "side" {
        /// Buy.
        Buy = "BUY",
        /// Sell.
        Sell = "SELL",
    }
}

impl Side {
    /// The other one.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }
}

code_enum! {
    /// What kind of order.
    OrderKind, "order type" {
        /// At whatever price there is.
        Market = "MARKET",
        /// At a price or better.
        Limit = "LIMIT",
        /// A limit order that waits for a trigger.
        StopLossLimit = "SL",
        /// A market order that waits for a trigger.
        StopLossMarket = "SL-M",
    }
}

code_enum! {
    /// How long an order stands.
    Validity, "validity" {
        /// Until the session's end.
        Day = "DAY",
        /// Fill at once what can be filled, cancel the rest.
        Ioc = "IOC",
    }
}

/// Whether an order opens or closes a position, as declared by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PositionEffect {
    /// It opens or adds: it may move to another broker when it certainly was not placed.
    Open,
    /// It closes: it stays with the broker that holds the position.
    Close,
}

impl FromStr for PositionEffect {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        match text.to_ascii_lowercase().as_str() {
            "open" => Ok(Self::Open),
            "close" => Ok(Self::Close),
            _ => Err(UnknownCode {
                what: "position_effect",
                text: text.chars().take(40).collect(),
                known: &["open", "close"],
            }),
        }
    }
}

/// What margin and settlement an order is under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Product {
    /// Delivery of shares.
    Delivery,
    /// Squared off the same day.
    Intraday,
    /// Derivatives carried forward.
    CarryForward,
    /// A product seen in a book that Sangam does not place (cover, bracket, margin trading), in the broker's word.
    Other(String),
}

impl Product {
    /// The code traders write; the broker's own word for [`Product::Other`].
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Delivery => "CNC",
            Self::Intraday => "MIS",
            Self::CarryForward => "NRML",
            Self::Other(word) => word,
        }
    }
}

impl From<String> for Product {
    fn from(text: String) -> Self {
        match text.as_str() {
            "CNC" => Self::Delivery,
            "MIS" => Self::Intraday,
            "NRML" => Self::CarryForward,
            _ => Self::Other(text),
        }
    }
}

impl From<Product> for String {
    fn from(product: Product) -> String {
        match product {
            Product::Other(word) => word,
            known => known.as_str().to_owned(),
        }
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// An order's kind with the prices that kind needs.
///
/// ```
/// use sangam_core::{OrderKind, Pricing};
/// let pricing = Pricing::StopLossLimit { trigger: "1500".parse()?, limit: "1505".parse()? };
/// assert_eq!(pricing.kind(), OrderKind::StopLossLimit);
/// assert_eq!(pricing.limit().map(|p| p.to_string()), Some("1505".into()));
/// # Ok::<(), sangam_core::AmountError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "order_type")]
pub enum Pricing {
    /// No price.
    #[serde(rename = "MARKET")]
    Market,
    /// A limit.
    #[serde(rename = "LIMIT")]
    Limit {
        /// The worst price.
        #[serde(rename = "price")]
        limit: Price,
    },
    /// A trigger and a limit.
    #[serde(rename = "SL")]
    StopLossLimit {
        /// The price that wakes the order.
        #[serde(rename = "trigger_price")]
        trigger: Price,
        /// The worst price.
        #[serde(rename = "price")]
        limit: Price,
    },
    /// A trigger.
    #[serde(rename = "SL-M")]
    StopLossMarket {
        /// The price that wakes the order.
        #[serde(rename = "trigger_price")]
        trigger: Price,
    },
}

impl Pricing {
    /// The kind.
    #[must_use]
    pub fn kind(&self) -> OrderKind {
        match self {
            Self::Market => OrderKind::Market,
            Self::Limit { .. } => OrderKind::Limit,
            Self::StopLossLimit { .. } => OrderKind::StopLossLimit,
            Self::StopLossMarket { .. } => OrderKind::StopLossMarket,
        }
    }

    /// The limit, where the kind has one.
    #[must_use]
    pub fn limit(&self) -> Option<Price> {
        match *self {
            Self::Limit { limit } | Self::StopLossLimit { limit, .. } => Some(limit),
            Self::Market | Self::StopLossMarket { .. } => None,
        }
    }

    /// The trigger, where the kind has one.
    #[must_use]
    pub fn trigger(&self) -> Option<Price> {
        match *self {
            Self::StopLossLimit { trigger, .. } | Self::StopLossMarket { trigger } => Some(trigger),
            Self::Market | Self::Limit { .. } => None,
        }
    }
}

/// An order as a caller writes it, nothing checked yet. Turn it into an [`OrderRequest`] with
/// [`OrderDraft::check`](crate::order_check).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderDraft {
    /// What to trade.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// Units (lots on MCX).
    pub quantity: Quantity,
    /// The kind.
    pub kind: OrderKind,
    /// The limit; nought counts as absent.
    pub price: Option<Price>,
    /// The trigger; nought counts as absent.
    pub trigger_price: Option<Price>,
    /// The product.
    pub product: Product,
    /// How long it stands.
    pub validity: Validity,
    /// Units shown to the market; nought shows all.
    pub disclosed: Quantity,
    /// Queued for the next session.
    pub after_market: bool,
    /// Opens or closes, as declared.
    pub position_effect: Option<PositionEffect>,
    /// The caller's idempotency key.
    pub client_order_id: Option<ClientOrderId>,
    /// The caller's name for what trades.
    pub strategy: Option<String>,
}

/// An order that passed its checks: quantity in whole lots, prices on the tick, product allowed in the segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRequest {
    /// What to trade.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// Units (lots on MCX), above nought.
    pub quantity: Quantity,
    /// Kind and prices.
    #[serde(flatten)]
    pub pricing: Pricing,
    /// The product.
    pub product: Product,
    /// How long it stands.
    pub validity: Validity,
    /// Units shown to the market; nought shows all.
    pub disclosed: Quantity,
    /// Queued for the next session.
    pub after_market: bool,
    /// Opens or closes, as declared.
    pub position_effect: Option<PositionEffect>,
}

/// The command to place one attempt of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceOrder {
    /// The order.
    pub request: OrderRequest,
    /// The attempt's tag.
    pub tag: Option<Tag>,
    /// The registered algorithm's name.
    pub algo: Option<AlgoName>,
}

/// The command to change an order that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModifyOrder {
    /// The order at the broker.
    pub broker_order_id: BrokerOrderId,
    /// Its instrument; some brokers ask for it again.
    pub instrument: InstrumentId,
    /// The new kind and prices.
    pub pricing: Pricing,
    /// The new whole quantity, filled part included; absent keeps it. Flattrade requires it.
    pub quantity: Option<Quantity>,
    /// The validity; brokers that require it again get `Day` when absent.
    pub validity: Option<Validity>,
    /// The new disclosed quantity; absent keeps it.
    pub disclosed: Option<Quantity>,
    /// The registered algorithm's name.
    pub algo: Option<AlgoName>,
}

/// The command to cancel an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelOrder {
    /// The order at the broker.
    pub broker_order_id: BrokerOrderId,
    /// The registered algorithm's name.
    pub algo: Option<AlgoName>,
}
