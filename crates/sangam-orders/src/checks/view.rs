//! The checks as they stand, for people and programs to look at.

use rust_decimal::Decimal;
use sangam_core::calendar::TradingDay;
use sangam_core::{AccountId, BrokerName, GroupId, IST, Money, Timestamp};

use super::ratio::RatioState;
use super::session;
use crate::account::DeskAccount;
use crate::desk::Desk;
use crate::error::DeskError;

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
    pub ratio: Decimal,
    /// From here on it is told; `None` without a check.
    pub ratio_warning: Option<u32>,
    /// Beyond this only exits and cancellations leave; `None` without a check.
    pub ratio_max: Option<u32>,
    /// How it stands.
    pub state: RatioState,
    /// Why the session does not serve for an order of now; `None` where it does or there is none.
    pub session: Option<String>,
}

impl Desk {
    /// The checks as they stand, with today's counts.
    ///
    /// # Errors
    /// [`DeskError::Ledger`] when today's orders cannot be read.
    pub async fn checks(&self) -> Result<ChecksView, DeskError> {
        let inner = &self.inner;
        let (checks, now) = (&inner.checks, inner.parts.clock.now());
        inner.load_today(now).await?;
        let settings = &checks.settings;
        let market_time = checks.market.time(now);
        let day = checks.tally.shown();
        let account = |account: &DeskAccount| {
            let counts = checks.tally.counts(account.id());
            let ratio = Decimal::from(counts.messages()) / Decimal::from(counts.trades.max(1));
            let session = match (&settings.calendar, market_time, account.broker.session()) {
                (Some(calendar), Some(at), Some(session)) => {
                    let granted = session::granted_at(&session, now, at);
                    session::check(calendar, account.id(), granted, at).err()
                }
                _ => None,
            };
            AccountChecks {
                account: account.id().clone(),
                broker: account.name(),
                orders: counts.orders,
                modifies: counts.modifies,
                cancels: counts.cancels,
                trades: counts.trades,
                ratio: ratio.round_dp(2).normalize(),
                ratio_warning: settings.trade_ratio.map(|ratio| ratio.warning),
                ratio_max: settings.trade_ratio.map(|ratio| ratio.limit),
                state: checks.state(&counts),
                session: session.map(|refusal| refusal.message),
            }
        };
        Ok(ChecksView {
            group: inner.parts.group.clone(),
            simulated: inner.parts.simulated,
            market_time,
            unknown_year: settings
                .calendar
                .as_ref()
                .zip(market_time)
                .is_some_and(|(calendar, at)| calendar.day(IST::date(at)) == TradingDay::Assumed),
            day_value: day.map_or(Money::ZERO, |day| day.value),
            day_value_max: settings.day_value_max,
            order_value_max: settings.order_value_max,
            accounts: inner.parts.accounts.iter().map(account).collect(),
        })
    }
}
