//! The portfolio as it is shown. What is not known is `None`, never nought. Amounts and prices serialise as decimal text.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use sangam_core::{
    AccountId, BrokerName, Exchange, InstrumentId, Money, NetQuantity, Price, Product, Quantity, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::inputs::BookKind;

/// Positions and holdings of all accounts at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portfolio {
    /// The instant.
    pub as_of: Timestamp,
    /// One line an instrument and product, by exchange and symbol; holdings are of the product CNC.
    pub lines: Vec<Line>,
    /// Over everything. Its counts are of lines.
    pub totals: Totals,
    /// By broker. The counts are of parts.
    pub by_broker: BTreeMap<BrokerName, Totals>,
    /// By account. The counts are of parts.
    pub by_account: BTreeMap<AccountId, Totals>,
    /// Kept positions that have no line, because they are flat and had no fill today.
    pub closed: ClosedPositions,
    /// Books that were not read: what is in them is missing above, or comes from our fills alone.
    pub unread: Vec<UnreadBook>,
}

/// One instrument under one product, over all accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What, where the table of symbols knows the broker's name for it. Names it does not know stay apart by broker.
    pub id: Option<InstrumentId>,
    /// Where it is listed, `None` where the broker names an exchange we do not know.
    pub exchange: Option<Exchange>,
    /// Its canonical symbol, else the broker's name for it.
    pub symbol: String,
    /// The product, `None` where the broker told none.
    pub product: Option<Product>,
    /// What a unit gains when the price rises by a rupee; `None` where that is not known, and then no amount is.
    pub multiplier: Option<Decimal>,
    /// The last price of all parts.
    pub price: Option<LastPrice>,
    /// The figures over all parts.
    #[serde(flatten)]
    pub figures: Figures,
    /// One part an account.
    pub parts: Vec<Part>,
}

/// A last price with its age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastPrice {
    /// The price.
    pub price: Price,
    /// When it was made or read.
    pub made_at: Timestamp,
    /// Milliseconds since; nought for a price from a clock ahead of ours.
    pub age_ms: u64,
    /// Older than the caller trusts.
    pub stale: bool,
}

/// The figures of a line or a part. Amounts are rupees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Open units: positive long, negative short.
    pub quantity: NetQuantity,
    /// Cost over quantity, rounded half to even at six decimals; `None` when flat or the cost is not known.
    pub average_price: Option<Price>,
    /// What the open units cost; negative when short.
    pub cost: Option<Money>,
    /// Quantity x last price x multiplier; negative when short.
    pub value: Option<Money>,
    /// Value less cost.
    pub unrealised: Option<Money>,
    /// Profit realised since the first fill we saw, before charges; `None` where we saw none.
    pub realised: Option<Money>,
    /// Profit realised today: ours, or the broker's figure where we keep nothing.
    pub realised_today: Option<Money>,
    /// The broker's book and our fills tell different quantities.
    pub differs: bool,
}

/// One account's part of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The account.
    pub account: AccountId,
    /// Its broker.
    pub broker: BrokerName,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
    /// The quantity by the broker's books, where all that tell it were read.
    pub book: Option<NetQuantity>,
    /// Of the quantity, units in the demat account or on their way there, today's sales taken off.
    pub held: Quantity,
    /// Of those, units on their way.
    pub undelivered: Quantity,
    /// Unrealised profit as the broker tells it, over the rows of its position book.
    pub told_unrealised: Option<Money>,
    /// What follows from our fills.
    pub kept: Option<KeptPart>,
}

/// What follows from our fills, beside what the broker says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptPart {
    /// Open units.
    pub net: NetQuantity,
    /// What an open unit costs.
    pub average_price: Option<Price>,
    /// What the open units cost, in rupees; `None` where the multiplier is not known.
    pub cost: Option<Money>,
    /// Units sold for delivery that we never saw bought; above nought, the realised profit is not the whole truth.
    pub unseen: Quantity,
}

/// Sums over lines or parts. Sums are over what is known; the counts say how much is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Entries.
    pub entries: u64,
    /// Value.
    pub value: Money,
    /// Cost.
    pub cost: Money,
    /// Unrealised profit, of entries that have both.
    pub unrealised: Money,
    /// Realised profit since the first fill, closed positions included.
    pub realised: Money,
    /// Realised profit of today.
    pub realised_today: Money,
    /// Open entries without a value: no price, or no multiplier.
    pub without_value: u64,
    /// Open entries without a cost.
    pub without_cost: u64,
    /// Open entries whose price is stale.
    pub stale: u64,
    /// Entries where book and fills tell different quantities.
    pub differing: u64,
}

/// Kept positions that are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClosedPositions {
    /// How many.
    pub positions: u64,
    /// What they realised, in the totals too.
    pub realised: Money,
    /// Of them, how many have no multiplier any more, so that what they realised is in no sum.
    pub without_multiplier: u64,
}

/// A book that was not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadBook {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub broker: BrokerName,
    /// Which.
    pub book: BookKind,
}
