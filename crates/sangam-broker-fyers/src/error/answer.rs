//! Answers that fail: the broker's own error form, or something between us and the broker.

use std::collections::BTreeMap;

use sangam_broker::{WireResponse, judge, shown};
use sangam_core::{Advice, BrokerName, BrokerOrderId, Error, ErrorKind, Operation, Outcome, Result};
use serde_json::value::RawValue;

use super::codes;
use crate::translate::Fault;
use crate::wire::envelope::{Head, SlicedReply};

/// The value of a read, or why there is none.
pub(crate) fn read<T>(
    response: &WireResponse,
    operation: Operation,
    translate: impl FnOnce(&[u8]) -> Result<T, Fault>,
) -> Result<T> {
    if !response.status.is_success() {
        return Err(failure(response, operation));
    }
    translate(&response.body).map_err(|fault| {
        if says_error(&response.body) {
            failure(response, operation)
        } else {
            fault.into_error()
        }
    })
}

fn says_error(body: &[u8]) -> bool {
    serde_json::from_slice::<Head<'_>>(body).is_ok_and(|head| head.says("error"))
}

impl Head<'_> {
    /// Whether `s` is this word, in either case.
    pub(super) fn says(&self, word: &str) -> bool {
        self.s.text().is_some_and(|s| s.eq_ignore_ascii_case(word))
    }

    /// The order's number, if there is one.
    pub(super) fn order_id(&self) -> Option<BrokerOrderId> {
        BrokerOrderId::new(self.id.text()?).ok()
    }
}

/// The error a failed answer is, parsed first whatever its status and type.
pub(super) fn failure(response: &WireResponse, operation: Operation) -> Error {
    let status = response.status.as_u16();
    let Ok(head) = serde_json::from_slice::<Head<'_>>(&response.body) else {
        let what = format!("the broker's answer with status {status} is not in its own form");
        return with_wait(by_status(status, operation, what), response);
    };
    let message = head.message.text();
    let error = match head.code.integer() {
        Some(code) if !head.says("ok") => refusal(code, message.as_deref(), status, operation),
        code => {
            let what = message.map_or_else(
                || format!("the broker answered with status {status} and no reason"),
                |text| shown(&text),
            );
            let error = by_status(status, operation, what);
            match code {
                Some(code) => error.with_code(code.to_string()),
                None => error,
            }
        }
    };
    let error = match order_id_in(&head, &response.body) {
        Some(id) => error.with_outcome(Outcome::Unknown).with_broker_order_id(id),
        None if is_own_error_form(&head, &response.body) || operation.is_read() => error,
        None => error.with_outcome(Outcome::Unknown),
    };
    with_wait(error, response)
}

/// A refusal by code. It proves only what the table says for its status.
pub(crate) fn refusal(code: i64, message: Option<&str>, status: u16, operation: Operation) -> Error {
    let rule = codes::rule(code);
    let (kind, outcome) = judge(
        rule.filter(|_| codes::speaks_of(code, operation)),
        status,
        operation,
    );
    let kind = rule.map_or(kind, |rule| {
        codes::narrowed(code, rule.kind, message.unwrap_or_default(), status, operation)
    });
    let what = message.map_or_else(|| "the broker gave no reason".to_owned(), shown);
    Error::new(kind, outcome, what)
        .at(BrokerName::Fyers)
        .with_code(code.to_string())
}

fn by_status(status: u16, operation: Operation, what: String) -> Error {
    let (kind, outcome) = judge(None, status, operation);
    let outcome = if (200..400).contains(&status) {
        Outcome::Unknown
    } else {
        outcome
    };
    Error::new(kind, outcome, what)
        .at(BrokerName::Fyers)
        .with_code(format!("http {status}"))
}

/// Whether a body is the documented error form and nothing more: `s` error, a whole code, a message, and no other key
/// that holds anything. Only such a body can be evidence.
fn is_own_error_form(head: &Head<'_>, body: &[u8]) -> bool {
    let Ok(keys) = serde_json::from_slice::<BTreeMap<String, &RawValue>>(body) else {
        return false;
    };
    let nothing_more = keys.iter().all(|(key, value)| {
        matches!(key.as_str(), "s" | "code" | "message")
            || matches!(value.get(), "null" | "\"\"" | "[]" | "{}")
    });
    nothing_more && head.says("error") && head.code.integer().is_some() && head.message.text().is_some()
}

/// An order's number anywhere an answer may hold one.
fn order_id_in(head: &Head<'_>, body: &[u8]) -> Option<BrokerOrderId> {
    head.order_id().or_else(|| {
        let sliced: SlicedReply<'_> = serde_json::from_slice(body).ok()?;
        sliced
            .data
            .as_slice()
            .iter()
            .find_map(|slice| slice.body?.order_id())
    })
}

/// When to come back, where a rate rule refused.
fn with_wait(error: Error, response: &WireResponse) -> Error {
    if error.kind() != ErrorKind::RateLimited {
        return error;
    }
    match response.retry_after() {
        Some(wait) => error.with_advice(Advice::Wait(Some(wait))),
        None => error,
    }
}

#[cfg(test)]
mod tests;
