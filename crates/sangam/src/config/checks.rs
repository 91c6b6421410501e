//! `[checks]`: what an order is held to before it leaves (`docs/checks.md`), and the rate that no configuration may pass.

use std::time::Duration;

use sangam_core::calendar::{Calendar, Holiday};
use sangam_core::timestamp::Date;
use sangam_core::{AccountId, BrokerName, Money, Quantity};
use sangam_orders::checks::{CheckSettings, PriceBand, TradeRatio, check_rate};
use serde::Deserialize;

use super::checked::{AccountConfig, ConfigError, within, wrong};

/// `[checks]`. Nought switches a limit off.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawChecks {
    /// Whether orders are held to the sessions of their segment and to a log-in of today; `false` leaves both to the
    /// broker. Default true.
    pub market_hours: bool,
    /// Years whose list of `holidays` below is whole. Default none beside 2026, which ships.
    pub holiday_years: Vec<i16>,
    /// Holidays beside those that ship. Default none.
    pub holidays: Vec<RawHoliday>,
    /// The most one order is worth, in rupees. Default 10000000 (one crore).
    pub order_value_max: u64,
    /// The most the orders of a group are worth together in a day, in rupees. Default 100000000 (ten crore).
    pub day_value_max: u64,
    /// The most units of one order (lots on MCX). Default 100000.
    pub quantity_max: u64,
    /// How far a limit may be from the last price, in percent, at most 1000. Default 20.
    pub price_band_percent: u32,
    /// Whether a limit better than the last price by more than that is refused too. Default false.
    pub price_band_both_sides: bool,
    /// Whether a limit order waits for a price to be asked for where none is known. Default false.
    pub price_ask: bool,
    /// The oldest price that counts as known, in seconds, 1 to 86400. Default 300.
    pub price_age_max_s: u64,
    /// Orders, changes and cancellations for each trade of an account and day from which on it is told. Default 50.
    pub trade_ratio_warning: u32,
    /// Beyond so many only exits and cancellations leave. Default 500.
    pub trade_ratio_max: u32,
    /// Accounts whose orders must name their algorithm, where their broker has a field for it (Upstox). Default none.
    pub algo_required: Vec<String>,
}

/// One `[[checks.holidays]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawHoliday {
    /// The day: `2027-01-26`.
    pub date: String,
    /// Why it is one.
    pub name: String,
    /// The circular it is from.
    pub source: String,
}

impl Default for RawChecks {
    fn default() -> Self {
        Self {
            market_hours: true,
            holiday_years: Vec::new(),
            holidays: Vec::new(),
            order_value_max: 10_000_000,
            day_value_max: 100_000_000,
            quantity_max: 100_000,
            price_band_percent: 20,
            price_band_both_sides: false,
            price_ask: false,
            price_age_max_s: 300,
            trade_ratio_warning: 50,
            trade_ratio_max: 500,
            algo_required: Vec::new(),
        }
    }
}

/// Checks `[checks]` against itself and the accounts.
pub(super) fn check(raw: &RawChecks, accounts: &[AccountConfig]) -> Result<CheckSettings, ConfigError> {
    let calendar = calendar(raw)?;
    let trade_ratio = match (raw.trade_ratio_warning, raw.trade_ratio_max) {
        (0, 0) => None,
        (warning, limit) => {
            let or_never = |figure| if figure == 0 { u32::MAX } else { figure };
            let (warning, limit) = (or_never(warning), or_never(limit));
            if raw.trade_ratio_warning > limit {
                return wrong(
                    "checks.trade_ratio_warning",
                    format!(
                        "{warning} is above trade_ratio_max ({limit}): nothing would be told before it is stopped"
                    ),
                );
            }
            Some(TradeRatio { warning, limit })
        }
    };
    let percent = within("checks.price_band_percent", raw.price_band_percent, 0, 1_000)?;
    Ok(CheckSettings {
        calendar: raw.market_hours.then_some(calendar),
        order_value_max: rupees("checks.order_value_max", raw.order_value_max)?,
        day_value_max: rupees("checks.day_value_max", raw.day_value_max)?,
        quantity_max: match raw.quantity_max {
            0 => None,
            units => match Quantity::new(units) {
                Ok(quantity) => Some(quantity),
                Err(error) => return wrong("checks.quantity_max", error.to_string()),
            },
        },
        price_band: (percent > 0).then_some(PriceBand {
            percent,
            both_sides: raw.price_band_both_sides,
            ask: raw.price_ask,
        }),
        price_age_max: Duration::from_secs(within("checks.price_age_max_s", raw.price_age_max_s, 1, 86_400)?),
        trade_ratio,
        algo_required: raw
            .algo_required
            .iter()
            .map(|name| required(name, accounts))
            .collect::<Result<_, _>>()?,
    })
}

fn rupees(key: &str, most: u64) -> Result<Option<Money>, ConfigError> {
    if most == 0 {
        return Ok(None);
    }
    match Money::new(most.into()) {
        Ok(money) => Ok(Some(money)),
        Err(error) => wrong(key, error.to_string()),
    }
}

fn calendar(raw: &RawChecks) -> Result<Calendar, ConfigError> {
    let mut holidays = Vec::with_capacity(raw.holidays.len());
    for row in &raw.holidays {
        let Ok(date) = row.date.parse::<Date>() else {
            return wrong(
                "checks.holidays.date",
                format!("{:?} is no day; write it like 2027-01-26", row.date),
            );
        };
        if row.source.trim().is_empty() || row.name.trim().is_empty() {
            return wrong(
                format!("checks.holidays {date}"),
                "a holiday needs a name and the circular it is from",
            );
        }
        holidays.push(Holiday {
            date,
            name: row.name.clone(),
        });
    }
    Ok(Calendar::shipped().with(raw.holiday_years.iter().copied(), holidays))
}

fn required(name: &str, accounts: &[AccountConfig]) -> Result<AccountId, ConfigError> {
    let key = "checks.algo_required";
    let Some(account) = accounts.iter().find(|account| account.name.as_str() == name) else {
        return wrong(key, format!("{name:?} is no account of this file"));
    };
    if account.broker == BrokerName::Upstox && account.algo.is_none() {
        return wrong(
            key,
            format!(
                "{name} has to name its algorithm on each order and has none; set `algo` in its [[account]]"
            ),
        );
    }
    Ok(account.name.clone())
}

/// Refuses windows that let an account without a registered algorithm send too many orders a second. Behind a simulated
/// one there is no exchange.
pub(super) fn check_order_rate(account: &AccountConfig) -> Result<(), ConfigError> {
    if account.simulated {
        return Ok(());
    }
    let scopes = &account.limits.rules.scopes;
    let mut windows = Vec::new();
    let mut scope = scopes.iter().find(|scope| scope.name == "orders");
    while let Some(found) = scope {
        windows.extend(found.windows.iter().map(|window| (window.count, window.length)));
        let around = found.within.as_ref();
        scope = around.and_then(|name| scopes.iter().find(|scope| scope.name == *name));
    }
    check_rate(&windows, account.algo.is_some()).or_else(|refusal| {
        wrong(
            format!("account.{}.limits.windows.orders", account.name),
            format!("{} ({})", refusal.message, refusal.source),
        )
    })
}

#[cfg(test)]
mod tests;
