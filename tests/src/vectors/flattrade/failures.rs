//! What a recorded refusal must become, from the wire document's own tables (flattrade.md 7): kind by fragment, and for
//! order commands whether the whole sentence proves that nothing happened.

use sangam_core::{Error, ErrorKind, Outcome};
use serde_json::Value;

use super::text;
use crate::vectors::compare::Differences;

/// Kind by fragment, in lower case, the more telling first.
const KINDS: &[(&str, ErrorKind)] = &[
    ("exceeds limit", ErrorKind::RateLimited),
    ("invalid_ip", ErrorKind::StaticAddress),
    ("invalid ip address", ErrorKind::StaticAddress),
    ("session expired", ErrorKind::LoginRequired),
    ("server timeout", ErrorKind::Unavailable),
    ("\"unknown request\"", ErrorKind::Unavailable),
    ("order not found", ErrorKind::NotFound),
    ("algo_chk", ErrorKind::OrderRejected),
    ("invalid amo", ErrorKind::InvalidRequest),
    ("price cannot be zero", ErrorKind::InvalidRequest),
    ("trigger price invalid", ErrorKind::InvalidRequest),
    ("rejected :", ErrorKind::OrderRejected),
    ("no data", ErrorKind::NotFound),
    ("invalid input", ErrorKind::InvalidRequest),
    ("is missing", ErrorKind::InvalidRequest),
    ("not in string format", ErrorKind::InvalidRequest),
    ("not valid json object", ErrorKind::InvalidRequest),
];

/// Sentences that prove an order command had no effect, with the statuses they prove it at.
const PROOFS: &[(&str, &[u16])] = &[
    ("session expired : invalid session key", &[200, 401]),
    ("session expired : invalid user id", &[200, 401]),
    ("invalid input : invalid_ip", &[200, 400]),
    ("rejected : algo_chk: invalid ip address", &[200]),
    (
        "rejected : algo_chk: mkt order type not allowed for api order",
        &[200],
    ),
    ("error occurred : 2 \"invalid input\"", &[200, 400]),
    ("invalid amo", &[200, 400]),
    ("order price cannot be zero", &[200, 400]),
    ("trigger price invalid - 0.00", &[200, 400]),
    ("invalid input : jdata is not valid json object", &[200, 400]),
    ("invalid input : uid is missing.", &[200, 400]),
    (
        "invalid input : one or more input parameters are not in string format",
        &[200, 400],
    ),
    ("rejected : ora:order not found", &[200]),
    ("rejected : ora:order not found to cancel", &[200]),
];

/// Whether the body is the broker's own word for "nothing there".
pub(super) fn is_no_data(body: &Value) -> bool {
    is_refusal(body) && sentence(body).contains("no data")
}

/// Whether the body is in the broker's own error form.
pub(super) fn is_refusal(body: &Value) -> bool {
    text(body, "stat").is_some_and(|stat| stat.eq_ignore_ascii_case("not_ok"))
}

/// Compares an error with what the tables say of the body at this status.
pub(super) fn check(operation: &str, status: u16, body: &Value, error: &Error, out: &mut Differences) {
    let command = matches!(operation, "place_order" | "modify_order" | "cancel_order");
    let said = sentence(body);
    let own_form = is_refusal(body);
    let kind = KINDS
        .iter()
        .find(|(part, _)| said.contains(part))
        .map(|(_, kind)| *kind)
        .filter(|_| own_form)
        .map(|kind| match (operation, kind) {
            ("quotes", ErrorKind::NotFound) => ErrorKind::UnknownInstrument,
            ("token_exchange", ErrorKind::InvalidRequest | ErrorKind::OrderRejected) => {
                ErrorKind::LoginRequired
            }
            (_, kind) => kind,
        })
        .or_else(|| (operation == "token_exchange" && own_form).then_some(ErrorKind::LoginRequired));
    if let Some(kind) = kind.filter(|kind| *kind != error.kind()) {
        out.note(
            "kind",
            Some(kind.as_str().into()),
            Some(error.kind().as_str().into()),
        );
    }
    let carries_id = ["norenordno", "result"]
        .iter()
        .any(|key| text(body, key).is_some_and(|id| !id.trim().is_empty()));
    let refused = own_form && !carries_id && (200..500).contains(&status);
    let outcome = if command {
        let proven = refused
            && PROOFS
                .iter()
                .any(|(known, statuses)| *known == said && statuses.contains(&status));
        if proven {
            Outcome::Rejected
        } else {
            Outcome::Unknown
        }
    } else if refused {
        Outcome::Rejected
    } else {
        Outcome::Unknown
    };
    if error.outcome() != outcome {
        out.note(
            "outcome",
            Some(format!("{outcome:?}").into()),
            Some(format!("{:?} ({error})", error.outcome()).into()),
        );
    }
    if error.broker() != Some(sangam_core::BrokerName::Flattrade) {
        out.say("broker", "the error does not name it");
    }
}

fn sentence(body: &Value) -> String {
    let words: Vec<&str> = text(body, "emsg")
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    words.join(" ").to_ascii_lowercase()
}
