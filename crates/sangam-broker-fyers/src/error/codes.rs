//! The table of codes.
//!
//! A code is evidence that an order command had no effect only when it has one meaning, a source says so for API v3,
//! and a source pairs it with its HTTP status; 200 stands for every documented code, as the documents say to look at
//! `s` under 200. Rate limits (-429, 429, -353), -99 (a refusal and a general fault, and a value the broker's Python
//! client makes up), 201 and codes known from the v2 sheet alone are never evidence.

use sangam_broker::{CodeRule, Refusal};
use sangam_core::{ErrorKind, Operation};

const DOC: &str = "official API v3 documentation, error codes, export of 2026-07-09";
const DOC_200: &str =
    "official API v3 documentation, code 201 on place, modify and cancel, export of 2026-07-09";
const LIVE_AUTH: &str = "official API v3 documentation, error codes, export of 2026-07-09; live replies recorded in the \
                         test output of the Go client, commit a166a88 of 2026-02-23";
const V2: &str = "error-code sheet of API v2";
const V2_SEEN: &str = "error-code sheet of API v2; seen by users of API v3, HTTP status not known";
const V2_403: &str = "error-code sheet of API v2; HTTP 403 with it reported by users of API v3";
const SEEN: &str = "reported by users of API v3";
const GO: &str = "live reply recorded in the test output of the Go client, commit a166a88 of 2026-02-23";

/// Statuses that go with a request that is wrong.
const BAD_REQUEST: Refusal = Refusal::At(&[200, 400]);
/// Statuses that go with a token that is wrong.
const BAD_TOKEN: Refusal = Refusal::At(&[200, 401]);

const fn row(code: &'static str, kind: ErrorKind, refusal: Refusal, source: &'static str) -> CodeRule {
    CodeRule {
        code,
        kind,
        refusal,
        source,
    }
}

/// Every code of the documents.
pub const CODES: &[CodeRule] = &[
    row("-8", ErrorKind::LoginRequired, BAD_TOKEN, DOC),
    row("-15", ErrorKind::LoginRequired, BAD_TOKEN, LIVE_AUTH),
    // The text about the refresh of tokens comes from a call that is never made.
    row("-16", ErrorKind::LoginRequired, BAD_TOKEN, LIVE_AUTH),
    row("-17", ErrorKind::LoginRequired, BAD_TOKEN, DOC),
    // Bad parameter, unknown symbol or app without leave to trade: one meaning for an order, refused as it was asked.
    row("-50", ErrorKind::InvalidRequest, BAD_REQUEST, DOC),
    row("-51", ErrorKind::NotFound, BAD_REQUEST, DOC),
    row("-52", ErrorKind::OrderNotOpen, Refusal::NoProof, SEEN),
    row("-53", ErrorKind::NotFound, Refusal::NoProof, DOC),
    row("-96", ErrorKind::Unavailable, Refusal::NoProof, V2),
    row("-99", ErrorKind::OrderRejected, Refusal::NoProof, DOC),
    row("-159", ErrorKind::NotFound, Refusal::NoProof, V2),
    row("-161", ErrorKind::OrderNotOpen, Refusal::NoProof, V2),
    row("-162", ErrorKind::OrderNotOpen, Refusal::NoProof, V2),
    row("-164", ErrorKind::OrderNotOpen, Refusal::NoProof, V2),
    row("-201", ErrorKind::Unavailable, Refusal::NoProof, V2),
    row("-202", ErrorKind::Unavailable, Refusal::NoProof, V2),
    row("-204", ErrorKind::Unavailable, Refusal::NoProof, V2),
    row("-205", ErrorKind::Unavailable, Refusal::NoProof, V2),
    row("-209", ErrorKind::NotFound, Refusal::NoProof, V2),
    row("-300", ErrorKind::UnknownInstrument, BAD_REQUEST, DOC),
    // The documents give it two meanings: app id invalid, and no position to exit.
    row("-352", ErrorKind::LoginRequired, Refusal::NoProof, DOC),
    row("-353", ErrorKind::RateLimited, Refusal::NoProof, V2),
    row("-371", ErrorKind::LoginRequired, Refusal::NoProof, V2),
    row("-373", ErrorKind::Permission, Refusal::At(&[403]), V2_403),
    row("-392", ErrorKind::InvalidRequest, Refusal::NoProof, V2_SEEN),
    row("-397", ErrorKind::NotFound, Refusal::NoProof, V2),
    row("-398", ErrorKind::NotFound, Refusal::NoProof, V2),
    row("-399", ErrorKind::NotFound, Refusal::NoProof, V2),
    row("-429", ErrorKind::RateLimited, Refusal::NoProof, DOC),
    row("-437", ErrorKind::LoginRequired, Refusal::NoProof, GO),
    row("-501", ErrorKind::LoginRequired, Refusal::NoProof, GO),
    row("201", ErrorKind::Timeout, Refusal::NoProof, DOC_200),
    row("400", ErrorKind::InvalidRequest, Refusal::NoProof, DOC),
    row("429", ErrorKind::RateLimited, Refusal::NoProof, SEEN),
];

/// The row of a code.
#[must_use]
pub fn rule(code: i64) -> Option<&'static CodeRule> {
    let code = code.to_string();
    CODES.iter().find(|rule| rule.code == code)
}

/// Whether a code can be evidence for this operation at all. That an order's number is unknown is documented for
/// reading and modifying; a placement names no order, and for cancelling it is only assumed.
pub(super) fn speaks_of(code: i64, operation: Operation) -> bool {
    code != -51 || operation == Operation::Modify
}

/// The kind of a code where its text, its status or the call narrows it. What is proven never depends on a text.
pub(super) fn narrowed(
    code: i64,
    kind: ErrorKind,
    message: &str,
    status: u16,
    operation: Operation,
) -> ErrorKind {
    let message = message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().all(|word| message.contains(word));
    let orders = matches!(
        operation,
        Operation::Place | Operation::Modify | Operation::Cancel
    );
    match code {
        -50 if says(&["algo orders are not allowed"]) || says(&["order placement restricted"]) => {
            ErrorKind::Permission
        }
        -50 if says(&["symbol", "invalid"]) => ErrorKind::UnknownInstrument,
        -99 if status >= 500 || !orders => ErrorKind::Unavailable,
        -352 if says(&["position"]) => ErrorKind::NotFound,
        _ => kind,
    }
}
