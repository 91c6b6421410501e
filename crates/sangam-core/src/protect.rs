//! Market orders become limits before they reach an adapter, where an account may not send them.
//!
//! Since 1 April 2026 plain market orders from programs are refused or converted (SEBI circular of 4 February 2025 on
//! retail algorithmic trading and the exchanges' standards NSE/INVG/67858). [`protect`] is pure: it takes the order, the
//! account's capabilities, a fresh quote where one is needed, and the slippage allowed.

use std::time::Duration;

use rust_decimal::Decimal;

use crate::amount::{Price, Rounding};
use crate::broker::Capabilities;
use crate::error::{Error, ErrorKind, Result};
use crate::market::Quote;
use crate::order::{OrderKind, OrderRequest, Pricing, Side};
use crate::timestamp::Timestamp;

/// How far a protected order may go from the quote, and how old that quote may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slippage {
    /// Part of the price, in hundredths of a percent: 50 is 0.5 %.
    pub basis_points: u32,
    /// Oldest quote that counts as fresh.
    pub quote_age_max: Duration,
}

impl Default for Slippage {
    /// Half a percent, on a quote of the last three seconds.
    fn default() -> Self {
        Self {
            basis_points: 50,
            quote_age_max: Duration::from_secs(3),
        }
    }
}

/// The order as the account may send it.
///
/// MARKET becomes a limit at the fresh quote's far side plus the slippage; SL-M becomes SL with its limit that far
/// beyond the trigger; both rounded to the tick towards the trigger's or quote's far side and kept inside the quote's
/// circuit. Everything else passes unchanged.
///
/// # Errors
/// [`ErrorKind::NotOffered`] for a kind the account may not send and that has no protected form;
/// [`ErrorKind::InvalidRequest`] when a fresh quote is needed and missing or old, or when nothing tells the step of the
/// prices. Nothing is sent in either case.
///
/// ```
/// use sangam_core::protect::{Slippage, protect};
/// # use sangam_core::*;
/// # let request = OrderRequest { instrument: "NSE:INFY".parse().unwrap(), side: Side::Sell,
/// #   quantity: Quantity::new(5).unwrap(), pricing: Pricing::StopLossMarket { trigger: "1450".parse().unwrap() },
/// #   product: Product::Intraday, validity: Validity::Day, disclosed: Quantity::ZERO, after_market: false,
/// #   position_effect: None };
/// let mut account = Capabilities::least(); // limits only
/// let tick: Price = "0.1".parse().unwrap();
/// let sent = protect(&request, &account, tick, None, Slippage::default(), Timestamp::UNIX_EPOCH).unwrap();
/// assert_eq!(sent.pricing.kind(), OrderKind::StopLossLimit);
/// assert_eq!(sent.pricing.limit().unwrap().to_string(), "1442.8"); // 1450 less 0.5 %, to the tick
/// ```
pub fn protect(
    request: &OrderRequest,
    account: &Capabilities,
    tick: Price,
    quote: Option<&Quote>,
    slippage: Slippage,
    now: Timestamp,
) -> Result<OrderRequest> {
    if account.order_kinds.contains(request.pricing.kind()) {
        return Ok(request.clone());
    }
    // Some masters do not tell the tick; the broker's quote may.
    let told = quote.and_then(|quote| quote.tick);
    let tick = if tick.is_zero() {
        told.unwrap_or(tick)
    } else {
        tick
    };
    let pricing = match request.pricing {
        Pricing::StopLossMarket { trigger } if account.order_kinds.contains(OrderKind::StopLossLimit) => {
            let limit = beyond(trigger, request.side, slippage, tick)?;
            Pricing::StopLossLimit {
                trigger,
                limit: within_circuit(limit, quote),
            }
        }
        Pricing::Market if account.order_kinds.contains(OrderKind::Limit) => {
            let quote = fresh(quote, slippage, now)?;
            let far = match request.side {
                Side::Buy => quote.ask.unwrap_or(quote.last).max(quote.last),
                Side::Sell => quote.bid.unwrap_or(quote.last).min(quote.last),
            };
            let limit = beyond(far, request.side, slippage, tick)?;
            Pricing::Limit {
                limit: within_circuit(limit, Some(quote)),
            }
        }
        other => {
            return Err(Error::refused(
                ErrorKind::NotOffered,
                format!(
                    "a {} order cannot be sent through this account; use LIMIT or SL",
                    other.kind()
                ),
            ));
        }
    };
    Ok(OrderRequest {
        pricing,
        ..request.clone()
    })
}

fn fresh(quote: Option<&Quote>, slippage: Slippage, now: Timestamp) -> Result<&Quote> {
    let refuse = |why: String| {
        Err(Error::refused(
            ErrorKind::InvalidRequest,
            format!(
                "a market order is sent as a protected limit and needs a fresh quote; {why}; try again or send LIMIT"
            ),
        ))
    };
    let Some(quote) = quote else {
        return refuse("there is none".to_owned());
    };
    let age = now.duration_since(quote.received_at).unsigned_abs();
    if age > slippage.quote_age_max {
        return refuse(format!("the last one is {} ms old", age.as_millis()));
    }
    if !quote.last.is_positive() {
        return refuse(format!("the last price is {}", quote.last));
    }
    Ok(quote)
}

fn beyond(from: Price, side: Side, slippage: Slippage, tick: Price) -> Result<Price> {
    if tick.is_zero() {
        // A limit off the step would be refused by the exchange.
        return Err(Error::refused(
            ErrorKind::InvalidRequest,
            "no master and no quote tells the step of its prices, so no limit can be made for it; send LIMIT or SL with a \
             price of your own",
        ));
    }
    let step = from.decimal() * Decimal::new(i64::from(slippage.basis_points), 4);
    let (moved, rounding) = match side {
        Side::Buy => (from.decimal() + step, Rounding::Down),
        Side::Sell => (from.decimal() - step, Rounding::Up),
    };
    let limit = Price::rounded(moved).and_then(|price| price.to_tick(tick, rounding));
    let limit = limit.map_err(|error| Error::refused(ErrorKind::InvalidRequest, error.to_string()))?;
    // A tick wider than the slippage must not push the limit to the wrong side of where it started.
    let limit = match side {
        Side::Buy => limit.max(from),
        Side::Sell => limit.min(from),
    };
    if !limit.is_positive() {
        return Err(Error::refused(
            ErrorKind::InvalidRequest,
            format!("the protected limit {limit} is not above 0; send LIMIT with a price of your own"),
        ));
    }
    Ok(limit)
}

fn within_circuit(limit: Price, quote: Option<&Quote>) -> Price {
    let upper = quote
        .and_then(|quote| quote.upper_circuit)
        .filter(|price| price.is_positive());
    let lower = quote
        .and_then(|quote| quote.lower_circuit)
        .filter(|price| price.is_positive());
    let limit = upper.map_or(limit, |upper| limit.min(upper));
    lower.map_or(limit, |lower| limit.max(lower))
}

#[cfg(test)]
mod tests;
