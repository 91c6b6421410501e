//! Steps every adapter's calls have in common: the broker's listing of an instrument, the sending with the broker named
//! in what went wrong, a quantity in the 32 bits brokers count in.

use sangam_core::ports::SymbolMap;
use sangam_core::{BrokerName, CallClass, Error, ErrorKind, InstrumentId, Listing, Outcome, Quantity};
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::blot::blotted;
use crate::request::{WireRequest, WireResponse};
use crate::transport::Transport;

/// How a broker lists an instrument.
///
/// # Errors
/// [`ErrorKind::UnknownInstrument`] with nothing sent where it does not.
pub fn listing(symbols: &dyn SymbolMap, broker: BrokerName, id: &InstrumentId) -> Result<Listing, Error> {
    symbols.listing(broker, id).ok_or_else(|| {
        Error::refused(
            ErrorKind::UnknownInstrument,
            format!("{id} is not listed at {broker}; check the name, refresh the instruments or use another broker"),
        )
        .at(broker)
    })
}

/// Sends a request once and names the broker where no whole answer came. What the request says is secret
/// ([`WireRequest::hiding`]) is blotted out in the answer.
///
/// # Errors
/// As [`TransportError::into_error`](crate::TransportError::into_error).
pub async fn answer(
    transport: &dyn Transport,
    broker: BrokerName,
    request: WireRequest,
) -> Result<WireResponse, Error> {
    let operation = request.operation;
    let secrets = request.secrets.clone();
    let mut response = transport
        .send(request)
        .await
        .map_err(|fault| fault.into_error().at(broker))?;
    response.body = blotted(response.body, &secrets);
    if operation.class() == CallClass::Orders && is_damaged(&response.body) {
        let what = "the answer is JSON in shape and damaged inside; look in the order book";
        return Err(Error::new(ErrorKind::UnexpectedAnswer, Outcome::Unknown, what)
            .at(broker)
            .with_code(format!("http {}", response.status.as_u16())));
    }
    Ok(response)
}

/// Whether a body passes as JSON only where nobody looks: broken text in a field that is skipped. Such an answer is not
/// whole, and one that is not whole proves nothing.
fn is_damaged(body: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(body).is_ok() && serde_json::from_slice::<Value>(body).is_err()
}

/// A quantity in the 32-bit integers that brokers count in. `what` names it: `quantity`.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] with nothing sent for one that does not fit.
pub fn int32(broker: BrokerName, what: &str, quantity: Quantity) -> Result<i32, Error> {
    i32::try_from(quantity.units()).map_err(|_| {
        Error::refused(
            ErrorKind::InvalidRequest,
            format!(
                "{what} {quantity} is more than {broker} can carry in one order, which is {}",
                i32::MAX
            ),
        )
        .at(broker)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_text_in_a_field_nobody_reads_is_damage() {
        assert!(is_damaged(b"{\"s\":\"ok\",\"id\":\"1\",\"x\":\"\xff\"}"));
        assert!(is_damaged(br#"{"s":"ok","x":"\ud800"}"#));
        for fine in [
            &br#"{"s":"ok","x":"\u20b9"}"#[..],
            b"{\"s\":",
            b"<html>\xff</html>",
            b"",
        ] {
            assert!(!is_damaged(fine), "{fine:?}");
        }
    }

    #[test]
    fn a_quantity_fits_or_is_named() {
        let most = u64::from(i32::MAX.unsigned_abs());
        let of = |units| {
            int32(
                BrokerName::Upstox,
                "quantity",
                Quantity::new(units).expect("within bounds"),
            )
        };
        assert_eq!(of(most).expect("it fits"), i32::MAX);
        let error = of(most + 1).expect_err("one too many");
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::InvalidRequest, Outcome::NotSent)
        );
        assert_eq!(
            error.to_string(),
            "upstox: quantity 2147483648 is more than upstox can carry in one order, which is 2147483647"
        );
    }
}
