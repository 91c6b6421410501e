//! Why an order or a change is refused, in neutral words; each broker server has its own texts and codes for them.

use super::OrderState;
use crate::money::Paise;

/// Why an order or a change was refused. `Display` gives a plain English sentence; servers word it in their own way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// An index cannot be traded.
    #[error("an index cannot be traded")]
    IndexNotTradable,
    /// Quantity zero or negative.
    #[error("the quantity must be above zero")]
    QuantityNotPositive,
    /// Not a multiple of the lot.
    #[error("the quantity must be a multiple of the lot size {lot}")]
    NotALotMultiple {
        /// Lot size.
        lot: i64,
    },
    /// More than one order may carry.
    #[error("the quantity is above the freeze quantity {freeze}")]
    AboveFreeze {
        /// Freeze quantity.
        freeze: i64,
    },
    /// A limit order without a price.
    #[error("a limit price is required")]
    PriceMissing,
    /// A price on an order that takes none.
    #[error("this order type takes no price")]
    PriceNotAllowed,
    /// Not on the tick grid.
    #[error("the price must be a multiple of the tick {tick}")]
    OffTick {
        /// Tick.
        tick: Paise,
    },
    /// A stop order without a trigger.
    #[error("a trigger price is required")]
    TriggerMissing,
    /// A trigger on an order that takes none.
    #[error("this order type takes no trigger price")]
    TriggerNotAllowed,
    /// A trigger on the wrong side of its limit price.
    #[error("the trigger is on the wrong side of the limit price")]
    TriggerBeyondPrice,
    /// A trigger on the wrong side of the last price.
    #[error("the trigger is on the wrong side of the last price {last}")]
    TriggerWrongSide {
        /// Last price.
        last: Paise,
    },
    /// Disclosed quantity negative or above the quantity, or given for a derivative.
    #[error("the disclosed quantity is not allowed")]
    DisclosedNotAllowed,
    /// The product does not exist in the segment or series.
    #[error("the product is not allowed for this contract")]
    ProductNotAllowed,
    /// An after-market order in the session (only when sessions follow the clock).
    #[error("after-market orders are taken outside the session only")]
    AfterMarketInSession,
    /// An ordinary order outside the session.
    #[error("the market is closed")]
    MarketClosed,
    /// Outside the day's price band.
    #[error("the price is outside the circuit limits {lower} and {upper}")]
    OutsideCircuit {
        /// Lower limit.
        lower: Paise,
        /// Upper limit.
        upper: Paise,
    },
    /// Funds do not reach.
    #[error("margin shortfall: required {required}, available {available}")]
    Margin {
        /// What the order needs.
        required: Paise,
        /// What is free.
        available: Paise,
    },
    /// A delivery sell beyond holdings and today's buys.
    #[error("holdings do not reach: {wanted} wanted, {available} available")]
    Holdings {
        /// What the order sells.
        wanted: i64,
        /// What can be sold.
        available: i64,
    },
    /// No order of that id.
    #[error("order not found")]
    UnknownOrder,
    /// The order is final.
    #[error("the order is no longer open")]
    NotOpen {
        /// Its state.
        state: OrderState,
    },
    /// The new quantity is not above what is filled.
    #[error("the new quantity must be above the filled quantity {filled}")]
    BelowFilled {
        /// Filled quantity.
        filled: i64,
    },
    /// No position to convert, or less than asked for.
    #[error("no such position")]
    UnknownPosition,
}

impl Refusal {
    /// True for what a broker finds in its risk engine after taking the order: margin, holdings, circuits, session.
    /// The rest is wrong input and is mostly answered at once.
    #[must_use]
    pub const fn is_risk(&self) -> bool {
        matches!(
            self,
            Self::Margin { .. }
                | Self::Holdings { .. }
                | Self::OutsideCircuit { .. }
                | Self::MarketClosed
                | Self::TriggerWrongSide { .. }
        )
    }
}
