//! Funds, version 3.

use rust_decimal::Decimal;
use sangam_broker::Number;
use sangam_core::{Funds, Money};
use serde_json::value::RawValue;

use super::rows::{ParseError, Place, row};
use crate::wire;

/// The funds of an answer's data. Free for orders is the cash alone: what pledges back is told apart as collateral,
/// because it does not pay for everything cash pays for.
pub(crate) fn funds(data: Option<&RawValue>) -> Result<Funds, ParseError> {
    let place = Place {
        list: "funds",
        row: 0,
    };
    let data = data.ok_or_else(|| ParseError::new("funds", "no data in it"))?;
    let found: wire::Funds = row(place, data)?;
    let available = found.available_to_trade.unwrap_or_default();
    let cash = available.cash_available_to_trade.unwrap_or_default();
    let pledge = available.pledge_available_to_trade.unwrap_or_default();
    let cash_used = cash.margin_used.unwrap_or_default();
    let loss = cash_used.loss.unwrap_or_default();
    let profit = found
        .unavailable_to_trade
        .and_then(|unavailable| unavailable.cash_unavailable_to_trade?.unsettled_profit)
        .unwrap_or_default();
    let free = place
        .some_money("available_to_trade.cash_available_to_trade.total", cash.total)?
        .ok_or_else(|| {
            ParseError::new(
                "funds",
                "field available_to_trade.cash_available_to_trade.total is missing",
            )
        })?;
    Ok(Funds {
        available: free,
        used: total(&[
            (Decimal::ONE, cash_used.total),
            (Decimal::ONE, pledge.margin_used.unwrap_or_default().total),
        ])?,
        collateral: total(&[(Decimal::ONE, pledge.margin_from_pledge.unwrap_or_default().total)])?,
        realised: total(&[
            (Decimal::ONE, profit.todays_profit),
            (Decimal::NEGATIVE_ONE, loss.realised),
        ])?,
        unrealised: total(&[(Decimal::NEGATIVE_ONE, loss.unrealised)])?,
    })
}

fn total(parts: &[(Decimal, Number)]) -> Result<Money, ParseError> {
    parts
        .iter()
        .try_fold(Decimal::ZERO, |sum, (sign, number)| {
            sum.checked_add(sign * number.get().unwrap_or_default())
        })
        .and_then(|sum| Money::rounded(sum).ok())
        .ok_or_else(|| ParseError::new("funds", "an amount is beyond any account"))
}
