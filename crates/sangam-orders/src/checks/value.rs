//! What an order is worth, and the most it may be: per order, and together over the day.
//!
//! No text sets a figure for a private account: both limits are this gateway's own.

use sangam_core::{Money, OrderRequest, Price, Segment};

use super::rule::{Refusal, Rule};

const PER_ORDER: &str = "[checks] order_value_max, this gateway's own limit";
const PER_DAY: &str = "[checks] day_value_max, this gateway's own limit";

/// The price an order is valued at: its limit, else its trigger, else the last price.
pub(crate) fn price_of(request: &OrderRequest, last: Option<Price>) -> Option<Price> {
    request
        .pricing
        .limit()
        .or_else(|| request.pricing.trigger())
        .or(last)
}

/// What the order is worth in rupees. `None` where it cannot be told: a market order without a price, and commodities,
/// whose quantity is lots of a size that no master tells.
pub(crate) fn of(request: &OrderRequest, last: Option<Price>) -> Result<Option<Money>, Refusal> {
    if request.instrument.exchange.segment() == Segment::Commodity {
        return Ok(None);
    }
    let Some(price) = price_of(request, last) else {
        return Ok(None);
    };
    price.times(request.quantity).map(Some).map_err(|_| {
        Refusal::new(
            Rule::OrderValue,
            PER_ORDER,
            format!(
                "{} at {price} is worth more than can be counted; send less",
                request.quantity
            ),
        )
    })
}

/// Refuses an order worth more than one may be.
pub(crate) fn check(value: Money, most: Money) -> Result<(), Refusal> {
    if value <= most {
        return Ok(());
    }
    Err(Refusal::new(
        Rule::OrderValue,
        PER_ORDER,
        format!(
            "it is worth {value} rupees, more than the {most} of one order; send less, or raise checks.order_value_max"
        ),
    ))
}

/// Refuses an order that takes the day's orders beyond what they may be worth.
pub(crate) fn check_day(so_far: Money, value: Money, most: Money) -> Result<Money, Refusal> {
    match so_far.checked_add(value) {
        Ok(sum) if sum <= most => Ok(sum),
        _ => Err(Refusal::new(
            Rule::DayValue,
            PER_DAY,
            format!(
                "it is worth {value} rupees, and today's orders {so_far} already: together more than the {most} of a day; \
                 send less, wait for tomorrow, or raise checks.day_value_max"
            ),
        )),
    }
}

/// A market order that cannot be valued because no price is known and none could be had.
pub(crate) fn unpriced() -> Refusal {
    Refusal::new(
        Rule::OrderValue,
        PER_ORDER,
        "no price is known to value the market order at, and no broker told one; try again, or send LIMIT",
    )
}

#[cfg(test)]
mod tests;
