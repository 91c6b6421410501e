//! The neutral words of an order book: no broker's field names or codes, those belong to the broker servers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Refusal;
use crate::clock::Instant64;
use crate::contracts::Contract;
use crate::money::Paise;

/// Buy or sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// Buy.
    Buy,
    /// Sell.
    Sell,
}

impl Side {
    /// +1 for a buy, -1 for a sell.
    #[must_use]
    pub const fn sign(self) -> i64 {
        match self {
            Self::Buy => 1,
            Self::Sell => -1,
        }
    }
}

/// How the price is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderKind {
    /// At the market.
    Market,
    /// At the limit or better.
    Limit,
    /// A limit order once the trigger is touched.
    StopLimit,
    /// A market order once the trigger is touched.
    StopMarket,
}

impl OrderKind {
    /// True if the order has a limit price.
    #[must_use]
    pub const fn has_price(self) -> bool {
        matches!(self, Self::Limit | Self::StopLimit)
    }

    /// True if the order waits for a trigger.
    #[must_use]
    pub const fn has_trigger(self) -> bool {
        matches!(self, Self::StopLimit | Self::StopMarket)
    }
}

/// What the trade is held as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Product {
    /// Cash market delivery (CNC).
    Delivery,
    /// Squared off the same day (MIS).
    Intraday,
    /// Derivatives carried forward (NRML, MARGIN).
    CarryForward,
    /// Cash market delivery on the broker's money (MTF).
    MarginFunded,
}

/// How long an order works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Validity {
    /// To the end of the day.
    Day,
    /// At once or not at all; what is not filled is cancelled.
    Ioc,
}

/// An order as the broker server read it.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// What to trade.
    pub contract: Arc<Contract>,
    /// Buy or sell.
    pub side: Side,
    /// Price kind.
    pub kind: OrderKind,
    /// Product.
    pub product: Product,
    /// Validity.
    pub validity: Validity,
    /// Units, not lots.
    pub quantity: i64,
    /// Shown part of the quantity, 0 for all of it.
    pub disclosed: i64,
    /// Limit price, zero if the kind has none.
    pub price: Paise,
    /// Trigger price, zero if the kind has none.
    pub trigger: Paise,
    /// After-market order: kept until the next session opens.
    pub after_market: bool,
    /// The caller's tag, as it is to come back.
    pub tag: Option<String>,
    /// Anything else the server wants to echo later; the engine never reads it.
    pub extra: BTreeMap<String, String>,
}

/// A change of an open order; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// New total quantity, filled part included.
    pub quantity: Option<i64>,
    /// New limit price.
    pub price: Option<Paise>,
    /// New trigger price.
    pub trigger: Option<Paise>,
    /// New price kind.
    pub kind: Option<OrderKind>,
    /// New validity.
    pub validity: Option<Validity>,
    /// New disclosed quantity.
    pub disclosed: Option<i64>,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderState {
    /// Taken by the broker, not yet at the exchange (never seen at rest; the first entry of a history).
    Received,
    /// After-market order waiting for the next session.
    AfterMarket,
    /// Stop order waiting for its trigger.
    TriggerPending,
    /// Working, possibly with some fills.
    Open,
    /// Filled in full.
    Complete,
    /// Cancelled, possibly with some fills.
    Cancelled,
    /// Refused by the risk engine.
    Rejected,
}

impl OrderState {
    /// True if nothing more can happen to the order.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Complete | Self::Cancelled | Self::Rejected)
    }
}

/// What happened to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The broker took the request.
    Received,
    /// Queued for the next session.
    Queued,
    /// Sent to the exchange and working.
    Opened,
    /// Sent to the exchange, waiting for its trigger.
    Armed,
    /// The trigger was touched.
    Triggered,
    /// Terms changed.
    Modified,
    /// Some or all of it filled.
    Filled,
    /// Cancelled by the client.
    Cancelled,
    /// The rest of an immediate-or-cancel order was dropped.
    Lapsed,
    /// Refused by the risk engine.
    Rejected,
}

/// One entry of an order's history: what happened and how the order stood after it.
#[derive(Clone, Debug)]
pub struct Event {
    /// When.
    pub at: Instant64,
    /// What.
    pub kind: EventKind,
    /// State after it.
    pub state: OrderState,
    /// Terms after it.
    pub terms: Terms,
    /// Cumulative filled quantity after it.
    pub filled: i64,
    /// Cumulative value of the fills after it.
    pub value: Paise,
    /// Why, on a rejection.
    pub reason: Option<Refusal>,
}

/// The terms of an order that a modification can change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Price kind.
    pub kind: OrderKind,
    /// Validity.
    pub validity: Validity,
    /// Total quantity.
    pub quantity: i64,
    /// Disclosed quantity.
    pub disclosed: i64,
    /// Limit price.
    pub price: Paise,
    /// Trigger price.
    pub trigger: Paise,
}

/// An order with its whole history.
#[derive(Clone, Debug)]
pub struct Order {
    /// The broker's order id, as made by the server.
    pub id: String,
    /// The exchange's order id; none until the exchange has it (rejected and queued orders).
    pub exchange_id: Option<String>,
    /// What is traded.
    pub contract: Arc<Contract>,
    /// Buy or sell.
    pub side: Side,
    /// Product.
    pub product: Product,
    /// After-market order.
    pub after_market: bool,
    /// The caller's tag.
    pub tag: Option<String>,
    /// What the server keeps with the order.
    pub extra: BTreeMap<String, String>,
    /// Present terms.
    pub terms: Terms,
    /// Terms as first placed.
    pub original: Terms,
    /// Present state.
    pub state: OrderState,
    /// Why it was rejected.
    pub reason: Option<Refusal>,
    /// Cumulative filled quantity.
    pub filled: i64,
    /// Cumulative value of the fills.
    pub value: Paise,
    /// When the broker took it.
    pub placed_at: Instant64,
    /// When it last changed.
    pub updated_at: Instant64,
    /// Number of requests on this order: 1 after placing, one more for each modification and cancellation.
    pub requests: u32,
    /// Running number in the day's book, from 1.
    pub serial: u64,
    /// Everything that happened, oldest first.
    pub history: Vec<Event>,
    /// Fills, oldest first.
    pub fills: Vec<Fill>,
}

impl Order {
    /// Quantity still to be filled; zero once the order is final.
    #[must_use]
    pub const fn pending(&self) -> i64 {
        if self.state.is_final() {
            0
        } else {
            self.terms.quantity - self.filled
        }
    }

    /// Quantity that was cancelled.
    #[must_use]
    pub const fn cancelled(&self) -> i64 {
        if matches!(self.state, OrderState::Cancelled) {
            self.terms.quantity - self.filled
        } else {
            0
        }
    }

    /// Average price of the fills, rounded to the paisa; zero before the first.
    #[must_use]
    pub const fn average(&self) -> Paise {
        average(self.value, self.filled)
    }
}

/// Value per unit, rounded half away from zero; zero for no units.
#[must_use]
pub const fn average(value: Paise, quantity: i64) -> Paise {
    if quantity == 0 {
        return Paise::ZERO;
    }
    let doubled = 2 * value.0 / quantity;
    Paise((doubled + if doubled >= 0 { 1 } else { -1 }) / 2)
}

/// One trade of an order.
#[derive(Clone, Debug)]
pub struct Fill {
    /// Trade id of the exchange.
    pub trade_id: String,
    /// The broker's order id.
    pub order_id: String,
    /// Units.
    pub quantity: i64,
    /// Price.
    pub price: Paise,
    /// When.
    pub at: Instant64,
    /// Running number in the day's trades, from 1.
    pub serial: u64,
}
