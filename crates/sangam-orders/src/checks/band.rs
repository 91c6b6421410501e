//! How far a limit may be from the last price, and whether the exchange takes it at all today.
//!
//! Sources: SEBI circular CIR/MRD/DP/09/2012 of 30 March 2012 (4: price check, no price outside the exchange's bands), with the
//! bands as a quote carries them; the percentage is this gateway's own guard against a slipped finger. By default it holds on the side that
//! costs: a buy above, a sale below the last price. A limit far on the other side only rests, and in options is common.

use rust_decimal::Decimal;
use sangam_core::{OrderRequest, Price, Pricing, Side};

use super::market::KnownPrice;
use super::rule::{Refusal, Rule};
use super::settings::PriceBand;

const BAND: &str = "[checks] price_band_percent, this gateway's own limit";
const CIRCUIT: &str =
    "SEBI CIR/MRD/DP/09/2012 of 30 March 2012, 4, price check; the band as the broker's quote tells it";

/// Refuses a limit that the exchange does not take today.
pub(crate) fn check_circuit(request: &OrderRequest, known: Option<&KnownPrice>) -> Result<(), Refusal> {
    let (Some(known), Some(limit)) = (known, request.pricing.limit()) else {
        return Ok(());
    };
    let told = |price: Option<Price>| price.filter(|price| price.is_positive());
    let refuse = |word: &str, bound: Price, name: &str| {
        Err(Refusal::new(
            Rule::CircuitLimits,
            CIRCUIT,
            format!(
                "the limit {limit} is {word} today's {name} circuit {bound}; the exchange would refuse it"
            ),
        ))
    };
    match (told(known.lower_circuit), told(known.upper_circuit)) {
        (Some(lower), _) if limit < lower => refuse("below", lower, "lower"),
        (_, Some(upper)) if limit > upper => refuse("above", upper, "upper"),
        _ => Ok(()),
    }
}

/// Refuses a limit too far from the last price, or of a stop from its trigger. Without a price to compare with nothing is
/// refused here.
pub(crate) fn check(
    request: &OrderRequest,
    known: Option<&KnownPrice>,
    band: PriceBand,
) -> Result<(), Refusal> {
    let (limit, from, what) = match request.pricing {
        Pricing::StopLossLimit { trigger, limit } => (limit, trigger, "trigger"),
        Pricing::Limit { limit } => match known {
            Some(known) if known.last.is_positive() => (limit, known.last, "last price"),
            _ => return Ok(()),
        },
        Pricing::Market | Pricing::StopLossMarket { .. } => return Ok(()),
    };
    let (lowest, highest) = bounds(from, band.percent);
    let price = limit.decimal();
    let (too_high, too_low) = (price > highest, price < lowest);
    let refused = match request.side {
        Side::Buy => too_high || (band.both_sides && too_low),
        Side::Sell => too_low || (band.both_sides && too_high),
    };
    if !refused {
        return Ok(());
    }
    let bound = if too_high { highest } else { lowest };
    Err(Refusal::new(
        Rule::PriceBand,
        BAND,
        format!(
            "the limit {limit} is more than {} % from the {what} {from} (bound {}); check the price, or raise \
             checks.price_band_percent",
            band.percent,
            bound.normalize()
        ),
    ))
}

/// Without a price where one was to be asked for.
pub(crate) fn unpriced() -> Refusal {
    Refusal::new(
        Rule::PriceBand,
        BAND,
        "no price is known to compare the limit with, and no broker told one; try again",
    )
}

/// The lowest and highest price within so many percent.
fn bounds(from: Price, percent: u32) -> (Decimal, Decimal) {
    let step = from.decimal() * Decimal::new(i64::from(percent), 2);
    (from.decimal() - step, from.decimal() + step)
}

#[cfg(test)]
mod tests;
