//! The checks as they stand, for people and programs to look at.

use sangam_core::{AccountId, BrokerName, GroupId, Money, Timestamp};

use super::ratio::RatioState;

/// The checks of one group: what left today, and what is left of the day's limits.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct ChecksView {
    /// The group.
    pub group: GroupId,
    /// Whether its market is simulated.
    pub simulated: bool,
    /// The market's time; `None` where it is in session at any hour.
    pub market_time: Option<Timestamp>,
    /// Whether today's holidays are not known, so that it is taken to trade.
    pub unknown_year: bool,
    /// What today's orders are worth together, in rupees.
    pub day_value: Money,
    /// The most they may be; `None` without a limit.
    pub day_value_max: Option<Money>,
    /// The most one order may be worth, in rupees.
    pub order_value_max: Option<Money>,
    /// The group's accounts.
    pub accounts: Vec<AccountChecks>,
}

/// What one account sent today.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct AccountChecks {
    /// The account.
    pub account: AccountId,
    /// Its broker.
    pub broker: BrokerName,
    /// Orders that left, those the broker refused included.
    pub orders: u64,
    /// Changes.
    pub modifies: u64,
    /// Cancellations.
    pub cancels: u64,
    /// Trades of our orders.
    pub trades: u64,
    /// Orders, changes and cancellations for each trade, to hundredths; of a day without trades, all of them.
    pub ratio: rust_decimal::Decimal,
    /// From here on it is told; `None` without a check.
    pub ratio_warning: Option<u32>,
    /// Beyond this only exits and cancellations leave; `None` without a check.
    pub ratio_max: Option<u32>,
    /// How it stands.
    pub state: RatioState,
    /// Why the session does not serve for an order of now; `None` where it does or there is none.
    pub session: Option<String>,
}
