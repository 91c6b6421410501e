//! Answers to order commands: acknowledged only when the status is 2xx, the broker says ok, gives the order's number
//! and no reason to doubt.

use sangam_broker::{WireResponse, shown};
use sangam_core::ports::{Accepted, Placed};
use sangam_core::{BrokerName, BrokerOrderId, Error, ErrorKind, Operation, Outcome, Result};

use super::answer::{failure, refusal};
use crate::wire::envelope::{Head, SlicedReply};

/// The broker's "the request went out but no acknowledgement came back".
const NOT_ACKNOWLEDGED: i64 = 201;

/// The answer to a placement.
pub(crate) fn placed(response: &WireResponse) -> Result<Placed> {
    if let Some(result) = sliced(response) {
        return result;
    }
    let (broker_order_id, message) = acknowledged(response, Operation::Place)?;
    Ok(Placed {
        broker_order_id,
        message,
    })
}

/// The answer to a change or cancellation of an order, whose number it must repeat.
pub(crate) fn accepted(
    response: &WireResponse,
    operation: Operation,
    asked: &BrokerOrderId,
) -> Result<Accepted> {
    let (broker_order_id, message) = acknowledged(response, operation)?;
    if broker_order_id != *asked {
        return Err(
            doubtful(format!("the broker answered for another order than {asked}"))
                .with_broker_order_id(broker_order_id),
        );
    }
    Ok(Accepted {
        broker_order_id,
        message,
    })
}

fn acknowledged(response: &WireResponse, operation: Operation) -> Result<(BrokerOrderId, Option<String>)> {
    let head = match serde_json::from_slice::<Head<'_>>(&response.body) {
        Ok(head) if head.says("ok") && response.status.is_success() => head,
        _ => return Err(failure(response, operation)),
    };
    let id = head.order_id();
    let message = head.message.text().map(|text| shown(&text));
    let error = match (head.code.number(), head.code.integer()) {
        (_, Some(NOT_ACKNOWLEDGED)) => refusal(
            NOT_ACKNOWLEDGED,
            message.as_deref(),
            response.status.as_u16(),
            operation,
        ),
        (_, Some(code)) if code <= 0 => {
            doubtful("the broker says ok with the code of an error").with_code(code.to_string())
        }
        (Err(_), _) => doubtful("the broker says ok with a code that is no number"),
        _ => match id {
            Some(id) => return Ok((id, message)),
            None => doubtful("the broker says ok and names no order"),
        },
    };
    Err(match id {
        Some(id) => error.with_broker_order_id(id),
        None => error,
    })
}

/// The answer to an order that the broker cut into slices, which has no `s` and no `id` at the top and one answer a
/// slice. Slicing is never asked for; if it happens anyway the order counts as placed only when every slice was. The
/// first number stands for it, the message names all, and the book shows each under the tag.
fn sliced(response: &WireResponse) -> Option<Result<Placed>> {
    let head: Head<'_> = serde_json::from_slice(&response.body).ok()?;
    let says_nothing_else = head.s.raw().is_none() || head.says("ok");
    if !response.status.is_success() || !says_nothing_else || head.id.raw().is_some() {
        return None;
    }
    let reply: SlicedReply<'_> = serde_json::from_slice(&response.body).ok()?;
    let slices = reply.data.rows().filter(|slices| !slices.is_empty())?;
    let ids: Vec<BrokerOrderId> = slices.iter().filter_map(|slice| slice.body?.order_id()).collect();
    let fine = |head: &Head<'_>| {
        head.code
            .integer()
            .is_none_or(|code| code > 0 && code != NOT_ACKNOWLEDGED)
    };
    let whole = ids.len() == slices.len()
        && fine(&head)
        && slices.iter().all(|slice| {
            let status = slice.status.integer().unwrap_or(200);
            (200..300).contains(&status) && slice.body.is_some_and(|body| body.says("ok") && fine(&body))
        });
    let all = ids
        .iter()
        .map(BrokerOrderId::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    let Some(first) = ids.into_iter().next() else {
        return Some(Err(doubtful("the broker cut the order and names no order")));
    };
    Some(if whole {
        Ok(Placed {
            broker_order_id: first,
            message: Some(format!("cut by the broker into {} orders: {all}", slices.len())),
        })
    } else {
        Err(
            doubtful(format!("the broker cut the order and placed part of it: {all}"))
                .with_broker_order_id(first),
        )
    })
}

fn doubtful(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::UnexpectedAnswer, Outcome::Unknown, what).at(BrokerName::Fyers)
}
