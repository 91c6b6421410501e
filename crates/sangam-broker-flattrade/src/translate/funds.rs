//! `Limits`: available = cash + payin - marginused. Absent parts are nought.

use rust_decimal::Decimal;
use sangam_broker::Number;
use sangam_core::{Error, Funds, Money, Operation};

use super::answer::{self, Place};
use crate::wire::LimitsBody;

const CALL: &str = "Limits";

/// Reads the funds.
///
/// # Errors
/// The broker's refusal, or [`sangam_core::ErrorKind::UnexpectedAnswer`] for amounts out of range.
pub fn funds(status: u16, body: &[u8]) -> Result<Funds, Error> {
    let limits: LimitsBody = answer::success(CALL, Operation::Funds, status, body)?;
    let place = Place::whole(CALL);
    let amount = |field, number| Ok(place.money(field, number)?.unwrap_or(Money::ZERO));
    let used = amount("marginused", limits.marginused)?;
    let available = amount("cash", limits.cash)?
        .checked_add(amount("payin", limits.payin)?)
        .and_then(|sum| sum.checked_sub(used))
        .map_err(|_| place.fault("cash", "is out of range with the amounts beside it"))?;
    let told = |number: Number| number.get().is_some_and(|value| value != Decimal::ZERO);
    let collateral = if told(limits.brkcollamt) {
        limits.brkcollamt
    } else {
        limits.collateral
    };
    let unrealised = if limits.urmtom.get().is_some() {
        limits.urmtom
    } else {
        limits.unmtom
    };
    Ok(Funds {
        available,
        used,
        collateral: amount("brkcollamt", collateral)?,
        realised: amount("rpnl", limits.rpnl)?,
        unrealised: amount("urmtom", unrealised)?,
    })
}
