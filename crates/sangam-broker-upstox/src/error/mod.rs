//! What an answer means: the data of a success, or the error of a failure with kind, advice and outcome. The body is
//! read first, whatever the content type says; a page that is not the broker's own form proves nothing.

mod codes;
mod rate;

use sangam_broker::{WireResponse, judge, shown};
use sangam_core::ports::{Accepted, Placed};
use sangam_core::{Advice, BrokerName, BrokerOrderId, Error, ErrorKind, Operation, Outcome, Result};
use serde_json::value::RawValue;

pub use codes::{CODES, rule};
pub use rate::rate_refusal;

use crate::wire::{Envelope, ErrorRow, OrderIds};

/// The data of a success; `None` where it is null or absent.
pub(crate) fn data<'a>(operation: Operation, response: &'a WireResponse) -> Result<Option<&'a RawValue>> {
    let envelope = serde_json::from_slice::<Envelope<'a>>(&response.body).ok();
    let says = |word: &str| {
        envelope
            .as_ref()
            .and_then(|envelope| envelope.status.get())
            .is_some_and(|status| status.eq_ignore_ascii_case(word))
    };
    let reasons = envelope.as_ref().and_then(|envelope| envelope.errors).map(errors);
    let doubtful = |what: &str| Err(doubt(operation, response, envelope.as_ref(), what));
    match reasons {
        Some(None) => doubtful("errors that cannot be read"),
        Some(Some(reasons)) if !reasons.is_empty() => {
            if says("error") {
                Err(refused(operation, response, envelope.as_ref(), &reasons))
            } else {
                doubtful("reasons of an error without its status")
            }
        }
        _ if says("success") && response.status.is_success() => {
            Ok(envelope.and_then(|envelope| envelope.data))
        }
        _ => doubtful(if envelope.is_some() {
            "neither a success nor an error with its reason"
        } else {
            "a page that is not its own form"
        }),
    }
}

fn errors(raw: &RawValue) -> Option<Vec<ErrorRow>> {
    serde_json::from_str(raw.get()).ok()
}

/// A failure in the broker's own form.
fn refused(
    operation: Operation,
    response: &WireResponse,
    envelope: Option<&Envelope<'_>>,
    reasons: &[ErrorRow],
) -> Error {
    let status = response.status.as_u16();
    let judged: Vec<_> = reasons
        .iter()
        .map(|reason| judge(reason.code().and_then(rule), status, operation))
        .collect();
    let first = reasons.first().and_then(ErrorRow::code);
    let kind = match (operation, first) {
        // On the token call this code means that the authorization code is not valid.
        (Operation::Login, Some("UDAPI100057")) => ErrorKind::LoginRequired,
        _ => judged
            .first()
            .map_or(ErrorKind::UnexpectedAnswer, |judged| judged.0),
    };
    // Several reasons prove a refusal only together.
    let outcome = if judged.iter().all(|judged| judged.1 == Outcome::Rejected) {
        Outcome::Rejected
    } else {
        Outcome::Unknown
    };
    let text: Vec<&str> = reasons.iter().filter_map(|reason| reason.message.get()).collect();
    let text = if text.is_empty() {
        format!("{operation} failed and upstox gave no text")
    } else {
        shown(&text.join("; "))
    };
    let id = reasons
        .iter()
        .find_map(|reason| order_id(reason.order_id.get()?))
        .or_else(|| ids(envelope?.data?).into_iter().next());
    finish(operation, response, kind, outcome, text, id)
        .with_code(first.map_or_else(|| format!("http {status}"), str::to_owned))
}

/// A failure in any other form: of an order command nothing is known.
fn doubt(
    operation: Operation,
    response: &WireResponse,
    envelope: Option<&Envelope<'_>>,
    what: &str,
) -> Error {
    let status = response.status.as_u16();
    let (kind, outcome) = judge(None, status, operation);
    let id = envelope
        .and_then(|envelope| envelope.data)
        .and_then(|data| ids(data).into_iter().next());
    let text = format!("{operation} was answered with status {status} and {what}");
    finish(operation, response, kind, outcome, text, id).with_code(format!("http {status}"))
}

fn finish(
    operation: Operation,
    response: &WireResponse,
    kind: ErrorKind,
    outcome: Outcome,
    text: String,
    id: Option<BrokerOrderId>,
) -> Error {
    let mut error = Error::new(kind, outcome, text).at(BrokerName::Upstox);
    if kind == ErrorKind::UnexpectedAnswer && operation.is_read() {
        error = error.with_advice(Advice::Elsewhere);
    }
    if let Some(wait) = response.retry_after()
        && matches!(
            kind,
            ErrorKind::RateLimited | ErrorKind::Closed | ErrorKind::Unavailable
        )
        && (operation.is_read() || !matches!(error.advice(), Advice::Look))
    {
        error = error.with_advice(Advice::Wait(Some(wait)));
    }
    match id {
        Some(id) if !operation.is_read() => error.with_outcome(Outcome::Unknown).with_broker_order_id(id),
        _ => error,
    }
}

/// An answer that is a success by its form but does not hold what was asked for.
pub(crate) fn unexpected(operation: Operation, what: impl Into<String>) -> Error {
    let error = Error::new(ErrorKind::UnexpectedAnswer, Outcome::Unknown, what.into()).at(BrokerName::Upstox);
    if operation.is_read() {
        error.with_advice(Advice::Elsewhere)
    } else {
        error
    }
}

fn order_id(text: &str) -> Option<BrokerOrderId> {
    BrokerOrderId::new(text).ok()
}

fn ids(data: &RawValue) -> Vec<BrokerOrderId> {
    let Ok(found) = serde_json::from_str::<OrderIds>(data.get()) else {
        return Vec::new();
    };
    found
        .order_ids
        .iter()
        .flatten()
        .chain([&found.order_id])
        .filter_map(|id| order_id(id.get()?))
        .collect()
}

/// A placement's answer. Several ids mean that the broker sliced the order: the first stands for it and the message
/// names all.
pub(crate) fn placed(response: &WireResponse) -> Result<Placed> {
    let found = data(Operation::Place, response)?.map(ids).unwrap_or_default();
    let message = (found.len() > 1).then(|| {
        let all: Vec<&str> = found.iter().map(BrokerOrderId::as_str).collect();
        format!("upstox made {} orders of it: {}", all.len(), all.join(", "))
    });
    match found.into_iter().next() {
        Some(broker_order_id) => Ok(Placed {
            broker_order_id,
            message,
        }),
        None => Err(unexpected(
            Operation::Place,
            "upstox reported success without an order id; look in the order book",
        )),
    }
}

/// The answer to a change or cancellation of this order.
pub(crate) fn accepted(
    operation: Operation,
    response: &WireResponse,
    asked: &BrokerOrderId,
) -> Result<Accepted> {
    let found = data(operation, response)?.map(ids).unwrap_or_default();
    match found.into_iter().next() {
        Some(broker_order_id) if broker_order_id == *asked => Ok(Accepted {
            broker_order_id,
            message: None,
        }),
        Some(other) => Err(unexpected(
            operation,
            format!("upstox answered {operation} of order {asked} for order {other}; look in the order book"),
        )
        .with_broker_order_id(asked.clone())),
        None => Err(unexpected(
            operation,
            "upstox reported success without an order id; look in the order book",
        )),
    }
}

#[cfg(test)]
mod tests;
