//! The fields orders have in common, read with OpenAlgo's words for what is wrong with them.

use rust_decimal::Decimal;
use sangam::core::{Price, Quantity, Side, Validity};

use super::fields::Fields;
use super::words::ACTIONS;

pub(crate) const NEGATIVE_PRICE: &str = "Price must be a non-negative number.";
pub(crate) const NEGATIVE_TRIGGER: &str = "Trigger price must be a non-negative number.";
pub(crate) const NEGATIVE_DISCLOSED: &str = "Disclosed quantity must be a non-negative integer.";
pub(crate) const BAD_QUANTITY: &str = "Quantity must be a positive number.";

/// `action`.
pub(crate) fn side(fields: &mut Fields<'_>) -> Option<Side> {
    fields
        .one_of("action", &ACTIONS, None)
        .and_then(|word| word.to_ascii_uppercase().parse().ok())
}

/// A whole quantity above nought.
pub(crate) fn quantity(fields: &mut Fields<'_>, name: &'static str, required: bool) -> Option<Quantity> {
    let value = fields.decimal(name, required, BAD_QUANTITY)?;
    if value.is_zero() {
        fields.fault(name, BAD_QUANTITY);
        return None;
    }
    let whole = value.normalize();
    if whole.scale() > 0 {
        fields.fault(
            name,
            format!("Fractional quantity ({whole}) is not allowed for non-crypto exchanges."),
        );
        return None;
    }
    let units = u64::try_from(whole)
        .ok()
        .and_then(|units| Quantity::new(units).ok());
    if units.is_none() {
        fields.fault(name, "Quantity is too large.");
    }
    units
}

/// `disclosed_quantity`, nought or more.
pub(crate) fn disclosed(fields: &mut Fields<'_>, required: bool) -> Option<Quantity> {
    let value = fields
        .decimal("disclosed_quantity", required, NEGATIVE_DISCLOSED)?
        .normalize();
    let units = (value.scale() == 0).then(|| u64::try_from(value).ok()).flatten();
    let units = units.and_then(|units| Quantity::new(units).ok());
    if units.is_none() {
        fields.fault("disclosed_quantity", NEGATIVE_DISCLOSED);
    }
    units
}

/// A price; nought stands for none.
pub(crate) fn price(
    fields: &mut Fields<'_>,
    name: &'static str,
    required: bool,
    negative: &str,
) -> Option<Price> {
    let value: Decimal = fields.decimal(name, required, negative)?;
    match Price::new(value) {
        Ok(price) => Some(price).filter(|price| !price.is_zero()),
        Err(error) => {
            fields.fault(name, format!("{error}."));
            None
        }
    }
}

/// `trigger_price`.
pub(crate) fn price_of_trigger(fields: &mut Fields<'_>, required: bool) -> Option<Price> {
    price(fields, "trigger_price", required, NEGATIVE_TRIGGER)
}

/// A field of ours, read by its own type.
pub(crate) fn parsed<T: std::str::FromStr>(fields: &mut Fields<'_>, name: &'static str) -> Option<T>
where
    T::Err: std::fmt::Display,
{
    let text = fields.optional_text(name)?;
    match text.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            fields.fault(name, format!("{error}."));
            None
        }
    }
}

/// `DAY` or `IOC`; `default` when missing.
pub(crate) fn validity(fields: &mut Fields<'_>, default: Option<Validity>) -> Option<Validity> {
    // An empty default stands for "as it is": nothing parses from it.
    let word = fields.one_of("validity", &["DAY", "IOC"], Some(""))?;
    word.parse().ok().or(default)
}
