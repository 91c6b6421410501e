//! From draft to request: the checks that need nothing but the order and its instrument. Each refusal names the field,
//! the rule and the way out. What needs an account (holdings, funds, sessions) is checked elsewhere.

use std::fmt;

use crate::amount::{Price, Rounding};
use crate::instrument::{Exchange, Instrument, Segment};
use crate::order::{OrderDraft, OrderKind, OrderRequest, Pricing, Product, Side};

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field, by its name on the outside: `quantity`, `price`, `trigger_price`, `symbol`, `product`, ...
    pub field: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

impl FieldError {
    /// Names a field and its fault.
    #[must_use]
    pub fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self {
            field,
            message: message.into(),
        }
    }
}

/// Everything that is wrong with a draft, in the order of the fields. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldErrors(pub Vec<FieldError>);

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            let gap = if i == 0 { "" } else { "; " };
            write!(f, "{gap}{}: {}", error.field, error.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for FieldErrors {}

impl OrderDraft {
    /// Checks the draft against its instrument.
    ///
    /// # Errors
    /// [`FieldErrors`] with every field that is wrong: a quantity of nought or no whole number of lots or above the
    /// freeze quantity, a price missing, off the tick or not above nought, a limit on the wrong side of its trigger, a
    /// product the segment does not have, an instrument that cannot be traded.
    pub fn check(&self, instrument: &Instrument) -> Result<OrderRequest, FieldErrors> {
        let mut errors = Vec::new();
        check_instrument(instrument, &mut errors);
        check_quantity(self, instrument, &mut errors);
        let pricing = check_pricing(self, instrument.tick, &mut errors);
        check_product(self, instrument, &mut errors);
        match pricing {
            Some(pricing) if errors.is_empty() => Ok(OrderRequest {
                instrument: self.instrument.clone(),
                side: self.side,
                quantity: self.quantity,
                pricing,
                product: self.product.clone(),
                validity: self.validity,
                disclosed: self.disclosed,
                after_market: self.after_market,
                position_effect: self.position_effect,
            }),
            _ => Err(FieldErrors(errors)),
        }
    }
}

fn check_instrument(instrument: &Instrument, errors: &mut Vec<FieldError>) {
    if !instrument.id.exchange.is_traded() {
        errors.push(FieldError::new(
            "exchange",
            format!(
                "{} is an index and cannot be traded; trade its futures or options",
                instrument.id
            ),
        ));
    } else if instrument.derived {
        errors.push(FieldError::new(
            "symbol",
            format!(
                "{} was built by rule and is in no symbol master; sync the instruments and use a listed name",
                instrument.id
            ),
        ));
    }
}

fn check_quantity(draft: &OrderDraft, instrument: &Instrument, errors: &mut Vec<FieldError>) {
    let quantity = draft.quantity;
    if quantity.is_zero() {
        errors.push(FieldError::new("quantity", "must be above 0"));
        return;
    }
    if !quantity.is_multiple_of(instrument.lot) && !instrument.lot.is_zero() {
        let lot = instrument.lot.units();
        let below = quantity.units() / lot * lot;
        let near = if below == 0 {
            format!("{lot}")
        } else {
            format!("{below} or {}", below + lot)
        };
        errors.push(FieldError::new(
            "quantity",
            format!(
                "{quantity} is no multiple of the lot of {} ({lot}); try {near}",
                instrument.id
            ),
        ));
    }
    // Freeze quantities bind derivatives; the one figure masters print for every share is a placeholder.
    let binds = instrument.id.exchange.segment() != Segment::Cash;
    if let Some(freeze) = instrument
        .freeze
        .filter(|freeze| binds && !freeze.is_zero() && quantity > *freeze)
    {
        errors.push(FieldError::new(
            "quantity",
            format!(
                "{quantity} is above the freeze quantity of {} ({freeze}); split the order",
                instrument.id
            ),
        ));
    }
    if draft.disclosed > quantity {
        errors.push(FieldError::new(
            "disclosed_quantity",
            format!("{} is above the quantity {quantity}", draft.disclosed),
        ));
    }
}

fn check_pricing(draft: &OrderDraft, tick: Price, errors: &mut Vec<FieldError>) -> Option<Pricing> {
    let found = errors.len();
    let limit = match draft.kind {
        OrderKind::Limit | OrderKind::StopLossLimit => needed("price", draft.price, draft.kind, tick, errors),
        OrderKind::Market | OrderKind::StopLossMarket => unwanted("price", draft.price, draft.kind, errors),
    };
    let trigger = match draft.kind {
        OrderKind::StopLossLimit | OrderKind::StopLossMarket => {
            needed("trigger_price", draft.trigger_price, draft.kind, tick, errors)
        }
        OrderKind::Market | OrderKind::Limit => {
            unwanted("trigger_price", draft.trigger_price, draft.kind, errors)
        }
    };
    if errors.len() > found {
        return None;
    }
    match (draft.kind, limit, trigger) {
        (OrderKind::Market, ..) => Some(Pricing::Market),
        (OrderKind::Limit, Some(limit), _) => Some(Pricing::Limit { limit }),
        (OrderKind::StopLossMarket, _, Some(trigger)) => Some(Pricing::StopLossMarket { trigger }),
        (OrderKind::StopLossLimit, Some(limit), Some(trigger)) => {
            let wrong = match draft.side {
                Side::Buy => limit < trigger,
                Side::Sell => limit > trigger,
            };
            if wrong {
                let word = if draft.side == Side::Buy {
                    "at or above"
                } else {
                    "at or below"
                };
                errors.push(FieldError::new(
                    "price",
                    format!(
                        "{limit} must be {word} the trigger {trigger} of a stop {} order",
                        draft.side
                    ),
                ));
                return None;
            }
            Some(Pricing::StopLossLimit { trigger, limit })
        }
        _ => None,
    }
}

fn needed(
    field: &'static str,
    price: Option<Price>,
    kind: OrderKind,
    tick: Price,
    errors: &mut Vec<FieldError>,
) -> Option<Price> {
    let Some(price) = price.filter(|price| !price.is_zero()) else {
        errors.push(FieldError::new(field, format!("a {kind} order needs a {field}")));
        return None;
    };
    if !price.is_positive() {
        errors.push(FieldError::new(field, format!("{price} must be above 0")));
        return None;
    }
    if !price.is_on_tick(tick) {
        let near = |rounding| {
            price
                .to_tick(tick, rounding)
                .map_or_else(|_| "-".to_owned(), |p| p.to_string())
        };
        errors.push(FieldError::new(
            field,
            format!(
                "{price} is off the tick {tick}; try {} or {}",
                near(Rounding::Down),
                near(Rounding::Up)
            ),
        ));
        return None;
    }
    Some(price)
}

fn unwanted(
    field: &'static str,
    price: Option<Price>,
    kind: OrderKind,
    errors: &mut Vec<FieldError>,
) -> Option<Price> {
    if price.is_some_and(|price| !price.is_zero()) {
        errors.push(FieldError::new(
            field,
            format!("a {kind} order takes no {field}; leave it out or send 0"),
        ));
    }
    None
}

fn check_product(draft: &OrderDraft, instrument: &Instrument, errors: &mut Vec<FieldError>) {
    let segment = instrument.id.exchange.segment();
    let allowed = match (&draft.product, segment) {
        (Product::Intraday, _) | (Product::Delivery, Segment::Cash) => true,
        (Product::CarryForward, Segment::EquityDerivatives | Segment::Currency | Segment::Commodity) => true,
        (Product::Delivery | Product::CarryForward | Product::Other(_), _) => false,
    };
    if !allowed && segment != Segment::Index {
        let known = if segment == Segment::Cash {
            "CNC or MIS"
        } else {
            "NRML or MIS"
        };
        errors.push(FieldError::new(
            "product",
            format!(
                "{} is not allowed on {}; use {known}",
                draft.product, instrument.id.exchange
            ),
        ));
    }
    if draft.validity == crate::order::Validity::Ioc && draft.after_market {
        errors.push(FieldError::new(
            "validity",
            "an after-market order stands for the DAY; IOC cannot wait",
        ));
    }
    let commodity = matches!(instrument.id.exchange, Exchange::Mcx | Exchange::Nco);
    if commodity && !draft.disclosed.is_zero() {
        errors.push(FieldError::new(
            "disclosed_quantity",
            "not available on commodities; send 0",
        ));
    }
}

#[cfg(test)]
mod tests;
