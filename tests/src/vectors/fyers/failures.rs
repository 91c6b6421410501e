//! What a failed reply must be read as: its kind from `treat_as` or else from the document's table of codes, and for
//! order commands whether it is evidence that nothing was placed.

use std::time::Duration;

use http::HeaderMap;
use sangam_core::{Advice, Error, ErrorKind, Operation, Outcome};
use serde_json::Value;

use super::super::compare::Differences;
use super::{text, words};

/// Codes and their kinds, as section 4 has them.
const KINDS: &[(&[i64], ErrorKind)] = &[
    (
        &[-8, -15, -16, -17, -352, -371, -437, -501],
        ErrorKind::LoginRequired,
    ),
    (&[-50, -392, 400], ErrorKind::InvalidRequest),
    (&[-51, -53, -159, -209, -397, -398, -399], ErrorKind::NotFound),
    (&[-52, -161, -162, -164], ErrorKind::OrderNotOpen),
    (&[-96, -201, -202, -204, -205], ErrorKind::Unavailable),
    (&[-300], ErrorKind::UnknownInstrument),
    (&[-353, -429, 429], ErrorKind::RateLimited),
    (&[-373], ErrorKind::Permission),
];

/// Codes that say an order command had no effect, and the statuses they say it with.
const EVIDENCE: &[(&[i64], &[u16])] = &[
    (&[-8, -15, -16, -17], &[200, 401]),
    (&[-50, -300], &[200, 400]),
    (&[-373], &[403]),
];

/// What a reply must be.
pub(super) struct Expected {
    /// The kind, where the document says one.
    pub(super) kind: Option<ErrorKind>,
    /// The outcome must be unknown whatever was asked.
    unknown: bool,
    code: Option<i64>,
    status: u16,
    /// An order's number in the body.
    id: Option<String>,
    /// The whole of the broker's error form.
    own_form: bool,
    wait: Option<Duration>,
}

/// What a failed reply must be read as; `None` when it is a success.
pub(super) fn expected(item: &Value, status: u16, headers: &HeaderMap) -> Option<Expected> {
    let body = item.get("body").unwrap_or(&Value::Null);
    let code = words::integer(body, "code");
    let says = words::word(body, "s").map(|s| s.to_ascii_lowercase());
    let is_error = says.as_deref() == Some("error");
    let (kind, unknown) = match text(item, "treat_as") {
        Some("accepted") => return None,
        Some("unknown") => (None, true),
        Some(word) => (Some(kind_of(word)?), false),
        None if matches!(says.as_deref(), Some("ok" | "no_data")) => return None,
        None => (
            code.and_then(|code| {
                KINDS
                    .iter()
                    .find(|(codes, _)| codes.contains(&code))
                    .map(|(_, kind)| *kind)
            }),
            false,
        ),
    };
    let header = |name: &str| headers.get(name)?.to_str().ok()?.parse::<u64>().ok();
    Some(Expected {
        kind,
        unknown,
        code,
        status,
        id: words::word(body, "id"),
        own_form: is_error && code.is_some() && words::word(body, "message").is_some(),
        wait: header("X-Retry-After-Ms")
            .map(Duration::from_millis)
            .or_else(|| header("Retry-After").map(Duration::from_secs)),
    })
}

fn kind_of(treat_as: &str) -> Option<ErrorKind> {
    Some(match treat_as {
        "auth" => ErrorKind::LoginRequired,
        "permission" => ErrorKind::Permission,
        "rate_limited" => ErrorKind::RateLimited,
        "invalid_request" => ErrorKind::InvalidRequest,
        "invalid_symbol" => ErrorKind::UnknownInstrument,
        "not_found" => ErrorKind::NotFound,
        "order_rejected" => ErrorKind::OrderRejected,
        "order_not_open" => ErrorKind::OrderNotOpen,
        "unavailable" => ErrorKind::Unavailable,
        _ => return None,
    })
}

impl Expected {
    /// Whether only order commands can be answered so.
    pub(super) fn is_of_orders(&self) -> bool {
        self.kind == Some(ErrorKind::OrderRejected)
    }

    /// Compares an error with what it must be.
    pub(super) fn check(&self, operation: Operation, error: &Error, out: &mut Differences) {
        let at = |what: &str| format!("{operation}.{what}");
        if let Some(kind) = self.kind {
            out.check_text(at("kind"), Some(kind.as_str()), Some(error.kind().as_str()));
        }
        let order_command = !operation.is_read() && operation != Operation::Login;
        let outcome = if order_command && self.is_evidence(operation) {
            Some(Outcome::Rejected)
        } else if order_command || self.unknown {
            Some(Outcome::Unknown)
        } else {
            None
        };
        if let Some(outcome) = outcome
            && outcome != error.outcome()
        {
            out.say(
                at("outcome"),
                format!("{:?} instead of {outcome:?}: {error}", error.outcome()),
            );
        }
        if order_command && let Some(id) = &self.id {
            let kept = error.broker_order_id().map(AsRef::as_ref);
            out.check_text(at("broker_order_id"), Some(id), kept);
        }
        if let (ErrorKind::RateLimited, Some(wait)) = (error.kind(), self.wait)
            && error.advice() != Advice::Wait(Some(wait))
        {
            out.say(at("advice"), format!("{:?} instead of {wait:?}", error.advice()));
        }
    }

    fn is_evidence(&self, operation: Operation) -> bool {
        let Some(code) = self.code else { return false };
        let listed = EVIDENCE
            .iter()
            .any(|(codes, statuses)| codes.contains(&code) && statuses.contains(&self.status));
        let unknown_number =
            code == -51 && operation == Operation::Modify && matches!(self.status, 200 | 400);
        self.own_form && !self.unknown && self.id.is_none() && (listed || unknown_number)
    }
}
