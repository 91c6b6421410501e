//! What a failure must be read as: the table of the wire document, section 5.2, written down apart from the adapter's own.

use sangam_core::{Error, ErrorKind, Outcome};
use serde_json::Value;

use crate::vectors::compare::{Differences, http_status};

/// A code, its kind, and the statuses at which it is a refusal for certain. Rate limits, faults, codes with two
/// meanings and codes whose status no source states have none.
const CODES: &[(&str, &str, &[u16])] = &[
    ("UDAPI100050", "login_required", &[401]),
    ("UDAPI100067", "permission", &[]),
    ("UDAPI100016", "login_required", &[]),
    ("UDAPI100068", "permission", &[]),
    ("UDAPI100069", "permission", &[]),
    ("UDAPI100073", "permission", &[]),
    ("UDAPI100057", "closed", &[]),
    ("UDAPI100099", "rate_limited", &[]),
    ("UDAPI1017", "invalid_request", &[400]),
    ("UDAPI1018", "invalid_request", &[400]),
    ("UDAPI1022", "invalid_request", &[400]),
    ("UDAPI1023", "invalid_request", &[400]),
    ("UDAPI1024", "invalid_request", &[400]),
    ("UDAPI10005", "rate_limited", &[]),
    ("UDAPI10000", "invalid_request", &[]),
    ("UDAPI100060", "not_offered", &[404]),
    ("UDAPI100015", "invalid_request", &[]),
    ("UDAPI100036", "invalid_request", &[400]),
    ("UDAPI100038", "invalid_request", &[400]),
    ("UDAPI100500", "unavailable", &[]),
    ("UDAPI1154", "static_address", &[403]),
    ("UDAPI1156", "invalid_request", &[]),
    ("UDAPI1179", "permission", &[]),
    ("UDAPI1180", "permission", &[]),
    ("UDAPI1181", "permission", &[]),
    ("UDAPI1158", "order_rejected", &[400, 403]),
    ("UDAPI1159", "invalid_request", &[]),
    ("UDAPI1160", "invalid_request", &[]),
    ("UDAPI1176", "invalid_request", &[]),
    ("UDAPI1177", "invalid_request", &[]),
    ("UDAPI1161", "not_offered", &[400]),
    ("UDAPI100010", "not_found", &[400, 404]),
    ("UDAPI1010", "invalid_request", &[400]),
    ("UDAPI100059", "invalid_request", &[]),
    ("UDAPI100040", "order_not_open", &[]),
    ("UDAPI100041", "order_not_open", &[]),
    ("UDAPI100039", "order_rejected", &[]),
    ("UDAPI100011", "unknown_instrument", &[400]),
    ("UDAPI1026", "invalid_request", &[]),
    ("UDAPI1052", "invalid_request", &[]),
    ("UDAPI1040", "invalid_request", &[400]),
    ("UDAPI1043", "invalid_request", &[]),
    ("UDAPI1004", "invalid_request", &[400]),
    ("UDAPI1007", "invalid_request", &[400]),
    ("UDAPI1055", "invalid_request", &[400]),
    ("UDAPI1056", "invalid_request", &[400]),
    ("UDAPI1119", "invalid_request", &[]),
    ("UDAPI100049", "permission", &[]),
    ("UDAPI100074", "closed", &[]),
    ("UDAPI100072", "closed", &[423]),
    ("UDAPI1009", "invalid_request", &[400]),
    ("UDAPI1011", "unknown_instrument", &[400]),
    ("UDAPI1087", "unknown_instrument", &[400]),
    ("UDAPI100095", "unknown_instrument", &[]),
    ("UDAPI100042", "invalid_request", &[400]),
    ("UDAPI100043", "invalid_request", &[400]),
    ("UDAPI1027", "invalid_request", &[400]),
    ("UDAPI1028", "invalid_request", &[400]),
    ("UDAPI1019", "invalid_request", &[400]),
    ("UDAPI1035", "order_rejected", &[]),
];

/// Whether an operation changes something, so that doubt about its outcome matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Command,
    Read,
    Login,
}

/// What an item's failure must be read as by a call of this effect.
struct Expected {
    kind: String,
    outcome: Outcome,
    code: Option<String>,
}

fn expected(item: &Value, effect: Effect) -> Expected {
    let status = http_status(item).unwrap_or_default();
    let codes: Vec<&str> = item["body"]["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|error| {
            error["error_code"]
                .as_str()
                .or_else(|| error["errorCode"].as_str())
                .unwrap_or_default()
        })
        .collect();
    let known: Vec<_> = codes
        .iter()
        .map(|code| CODES.iter().find(|row| row.0 == *code))
        .collect();
    let own_form = item["body"]["status"] == "error" && !codes.is_empty();
    let by_status = match status {
        401 => "login_required",
        403 => "permission",
        404 => "not_found",
        408 | 504 => "timeout",
        423 => "closed",
        429 => "rate_limited",
        400..=499 => "invalid_request",
        500..=599 => "unavailable",
        _ => "unexpected_answer",
    };
    let kind = match (effect, known.first()) {
        (Effect::Login, Some(Some(("UDAPI100057", ..)))) if own_form => "login_required",
        (_, Some(Some((_, kind, _)))) if own_form => kind,
        _ => by_status,
    };
    let refusal = match effect {
        Effect::Command => {
            own_form
                && known
                    .iter()
                    .all(|row| row.is_some_and(|row| row.2.contains(&status)))
        }
        Effect::Read | Effect::Login => status < 500,
    };
    Expected {
        kind: kind.to_owned(),
        outcome: if refusal {
            Outcome::Rejected
        } else {
            Outcome::Unknown
        },
        code: codes.first().filter(|_| own_form).map(|code| (*code).to_owned()),
    }
}

/// Notes where an error is not what the item's failure must be read as.
pub(super) fn check(call: &str, item: &Value, effect: Effect, error: Option<&Error>, out: &mut Differences) {
    let Some(error) = error else {
        return out.say(call, "a failure was read as a success");
    };
    let expected = expected(item, effect);
    out.check_text(
        format!("{call}.kind"),
        Some(&expected.kind),
        Some(ErrorKind::as_str(error.kind())),
    );
    let outcome = |outcome: Outcome| format!("{outcome:?}");
    out.check_text(
        format!("{call}.outcome"),
        Some(&outcome(expected.outcome)),
        Some(&outcome(error.outcome())),
    );
    if let Some(code) = expected.code {
        out.check_text(format!("{call}.code"), Some(&code), error.code());
    }
}
