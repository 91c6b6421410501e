//! What the phase of a segment forbids: an order that cannot reach the exchange now spends no quota.
//!
//! Sources: SEBI circular HO/47/11/11(3)2025-MRD-POD2/I/2765/2026 of 16 January 2026, paragraphs 4.1 and 4.2 (closing
//! auction of shares with derivatives, 15:15 to 15:35 from 3 August 2026; limit and market orders, no stop and no iceberg
//! orders; order entry ends at random between 15:28 and 15:30, limit orders alone in those two minutes; equity
//! derivatives until 15:40), read on 28 November 2026 in public summaries. NSE's pre-open session: order entry from 09:00,
//! ended at random before 09:08; no stop, IOC and disclosed-quantity orders. Where the figures are read on the safe side
//! the broker decides: commodities between 23:30 and 23:55, and currencies and commodities on a holiday of the equity list.

use sangam_core::calendar::{Calendar, Phase, TradingDay};
use sangam_core::timestamp::Time;
use sangam_core::{IST, OrderKind, OrderRequest, Segment, Timestamp, Validity};

use super::rule::{Refusal, Rule};

const HOURS: &str =
    "exchange timings and the list of holidays: NSE/CMTR/71775 of 12 December 2025 and [checks] holidays";
const AUCTION: &str = "SEBI circular HO/47/11/11(3)2025-MRD-POD2/I/2765/2026 of 16 January 2026, 4.1 and 4.2";
const PRE_OPEN: &str = "NSE pre-open session, order entry rules, as of 8 December 2025";

/// From here on the closing auction takes limit orders alone, and may end at any moment.
const AUCTION_LIMITS_ONLY: Time = Time::constant(15, 28, 0, 0);
/// The last moment the closing auction may take an order.
const AUCTION_ENTRY_END: Time = Time::constant(15, 30, 0, 0);
/// Our close of commodities, the one of summer time in the United States.
const COMMODITY_CLOSE: Time = Time::constant(23, 30, 0, 0);
/// Commodities trade this long while the United States are on winter time.
const COMMODITY_CLOSE_LATEST: Time = Time::constant(23, 55, 0, 0);

/// Refuses an order, or new terms of one, that the phase forbids. `has_derivatives` is `None` where it is not known
/// whether a share closes in an auction: then what either rule lets in goes.
pub(crate) fn check(
    calendar: &Calendar,
    request: &OrderRequest,
    has_derivatives: Option<bool>,
    at: Timestamp,
) -> Result<(), Refusal> {
    let segment = request.instrument.exchange.segment();
    let under = |derivatives| {
        let phase = calendar.phase(segment, derivatives, at);
        in_phase(calendar, phase, request, at)
    };
    match has_derivatives {
        Some(derivatives) => under(derivatives),
        None => under(true).or_else(|refusal| under(false).map_err(|_| refusal)),
    }
}

fn in_phase(calendar: &Calendar, phase: Phase, request: &OrderRequest, at: Timestamp) -> Result<(), Refusal> {
    let exchange = request.instrument.exchange;
    if request.after_market {
        return match phase {
            Phase::Continuous => Err(Refusal::new(
                Rule::MarketHours,
                HOURS,
                format!("{exchange} is in session; send the order without after_market"),
            )),
            Phase::ClosingAuction => Err(Refusal::new(
                Rule::MarketHours,
                HOURS,
                format!(
                    "{exchange} is in its closing auction; send the order without after_market until 15:30, or as it is \
                     from 15:35"
                ),
            )),
            Phase::PreOpen | Phase::Opening | Phase::Closed => Ok(()),
        };
    }
    let now = IST::civil(at).time();
    match phase {
        Phase::Continuous => Ok(()),
        Phase::PreOpen => auction_terms(request, "the pre-open session", PRE_OPEN),
        Phase::Opening => Err(Refusal::new(
            Rule::MarketHours,
            PRE_OPEN,
            format!("{exchange} took orders for the opening until 09:08; send it again from 09:15"),
        )),
        Phase::ClosingAuction => closing_auction(request, now),
        Phase::Closed if may_trade_late(calendar, request, at) => Ok(()),
        Phase::Closed => Err(Refusal::new(
            Rule::MarketHours,
            HOURS,
            closed(calendar, request, at),
        )),
    }
}

fn closing_auction(request: &OrderRequest, now: Time) -> Result<(), Refusal> {
    if now >= AUCTION_ENTRY_END {
        return Err(Refusal::new(
            Rule::MarketHours,
            AUCTION,
            "the closing auction took orders until 15:30 at the latest; send it after the close with after_market, or \
             on the next trading day",
        ));
    }
    if now >= AUCTION_LIMITS_ONLY && request.pricing.kind() == OrderKind::Market {
        return Err(Refusal::new(
            Rule::MarketHours,
            AUCTION,
            "from 15:28 the closing auction takes limit orders alone; send LIMIT",
        ));
    }
    auction_terms(request, "the closing auction", AUCTION)
}

/// An auction collects plain limit and market orders for one price.
fn auction_terms(request: &OrderRequest, session: &str, source: &'static str) -> Result<(), Refusal> {
    let refuse = |what: &str, instead: &str| {
        Err(Refusal::new(
            Rule::MarketHours,
            source,
            format!("{session} takes no {what}; {instead}, or wait for continuous trading"),
        ))
    };
    let kind = request.pricing.kind();
    if matches!(kind, OrderKind::StopLossLimit | OrderKind::StopLossMarket) {
        return refuse("stop orders", "send LIMIT");
    }
    if request.validity == Validity::Ioc {
        return refuse("IOC orders", "send DAY");
    }
    if !request.disclosed.is_zero() {
        return refuse("disclosed quantity", "send disclosed_quantity 0");
    }
    Ok(())
}

/// Where our hours or holidays may be too narrow for the segment: the broker decides.
fn may_trade_late(calendar: &Calendar, request: &OrderRequest, at: Timestamp) -> bool {
    let now = IST::civil(at);
    let segment = request.instrument.exchange.segment();
    let holiday = calendar.holiday(now.date()).is_some();
    match segment {
        Segment::Commodity if holiday => true,
        Segment::Currency => holiday,
        Segment::Commodity => {
            calendar.day(now.date()) != TradingDay::Shut
                && now.time() >= COMMODITY_CLOSE
                && now.time() < COMMODITY_CLOSE_LATEST
        }
        Segment::Cash | Segment::EquityDerivatives | Segment::Index => false,
    }
}

fn closed(calendar: &Calendar, request: &OrderRequest, at: Timestamp) -> String {
    let exchange = request.instrument.exchange;
    let now = IST::civil(at);
    let day = now.date();
    let why = match calendar.holiday(day) {
        Some(name) => format!("{day} is a holiday ({name})"),
        None if calendar.day(day) == TradingDay::Shut => {
            format!("{day} is no trading day")
        }
        None => format!("it is {:02}:{:02} in India", now.hour(), now.minute()),
    };
    let next = calendar
        .after(day)
        .map(|next| format!(", the next trading day after {day} is {next}"));
    format!(
        "{exchange} is closed: {why}{}; wait for the session, or send it with after_market",
        next.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests;
