//! What can be set about the checks, with units and defaults.

use std::collections::BTreeSet;
use std::time::Duration;

use sangam_core::calendar::Calendar;
use sangam_core::{AccountId, Money, Quantity};

/// How far a limit may be from the last price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceBand {
    /// Percent of the last price (of the trigger, for a stop).
    pub percent: u32,
    /// Whether a price better than the last one by more than that is refused too.
    pub both_sides: bool,
    /// Whether a limit order waits for a price to be asked for where none is known; without one it is refused.
    pub ask: bool,
}

/// Orders, changes and cancellations for each trade, by account and day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TradeRatio {
    /// From here on it is told.
    pub warning: u32,
    /// Beyond this nothing but exits and cancellations leaves.
    pub limit: u32,
}

/// Settings of the checks of one desk. `None` switches a check off.
#[derive(Debug, Clone, Default)]
pub struct CheckSettings {
    /// Holidays and hours; `None` leaves market hours to the broker.
    pub calendar: Option<Calendar>,
    /// The most one order is worth, in rupees.
    pub order_value_max: Option<Money>,
    /// The most the orders of an Indian day are worth together, in rupees, over the whole group.
    pub day_value_max: Option<Money>,
    /// The most units of one order (lots on MCX).
    pub quantity_max: Option<Quantity>,
    /// How far a limit may be from the last price.
    pub price_band: Option<PriceBand>,
    /// The oldest price that counts as known.
    pub price_age_max: Duration,
    /// Orders for each trade.
    pub trade_ratio: Option<TradeRatio>,
    /// Accounts whose orders must name a registered algorithm, where their broker has a field for it.
    pub algo_required: BTreeSet<AccountId>,
}

impl CheckSettings {
    /// Whether what was sent today has to be known before an order leaves.
    pub(crate) fn counts(&self) -> bool {
        self.day_value_max.is_some() || self.trade_ratio.is_some()
    }
}
