//! The two tables. A sentence proves only what it says, for the commands it can answer: nothing about rates, time-outs or
//! faults is ever proof, nor is a sentence met with another status.

use sangam_broker::{CodeRule, Refusal};
use sangam_core::{ErrorKind, Operation};

/// A whole sentence of the broker.
#[derive(Debug, Clone, Copy)]
pub struct Sentence {
    /// The sentence, its meaning, at which statuses it is a refusal, and where it is known from.
    pub rule: CodeRule,
    /// For which order commands it proves that nothing happened.
    pub proves: &'static [Operation],
    /// What the caller is told.
    pub told: &'static str,
}

/// A part of a sentence that tells its kind and proves nothing.
#[derive(Debug, Clone, Copy)]
pub struct Fragment {
    /// The part, in lower case.
    pub part: &'static str,
    /// What it means.
    pub kind: ErrorKind,
    /// Where it is known from.
    pub source: &'static str,
}

const ALL: &[Operation] = &[Operation::Place, Operation::Modify, Operation::Cancel];
const PRICED: &[Operation] = &[Operation::Place, Operation::Modify];
const PLACE: &[Operation] = &[Operation::Place];
const MODIFY: &[Operation] = &[Operation::Modify];
const CANCEL: &[Operation] = &[Operation::Cancel];
const NONE: &[Operation] = &[];

const fn sentence(
    code: &'static str,
    kind: ErrorKind,
    at: &'static [u16],
    proves: &'static [Operation],
    told: &'static str,
    source: &'static str,
) -> Sentence {
    Sentence {
        rule: CodeRule {
            code,
            kind,
            refusal: if at.is_empty() {
                Refusal::NoProof
            } else {
                Refusal::At(at)
            },
            source,
        },
        proves,
        told,
    }
}

/// Every whole sentence known. Compared without case after collapsing blanks.
pub const SENTENCES: &[Sentence] = &[
    sentence(
        "Session Expired : Invalid Session Key",
        ErrorKind::LoginRequired,
        &[200, 401],
        ALL,
        "the session is over; log in again",
        "Pi documents v2.0 of 31 Mar 2026, error texts",
    ),
    sentence(
        "Session Expired : Invalid User Id",
        ErrorKind::LoginRequired,
        &[200, 401],
        ALL,
        "the user id does not belong to the session; check user_id and log in again",
        "live probe reported 15 Aug 2026",
    ),
    sentence(
        "Invalid Input : INVALID_IP",
        ErrorKind::StaticAddress,
        &[200, 400],
        ALL,
        "the call did not leave from the address registered for the key; check for IPv6 egress",
        "Flattrade client in live use, 2026",
    ),
    sentence(
        "Rejected : ALGO_CHK: Invalid IP address",
        ErrorKind::StaticAddress,
        &[200],
        ALL,
        "the call did not leave from the address registered for the key; check for IPv6 egress",
        "same order system at another broker, 2026",
    ),
    sentence(
        "Rejected : ALGO_CHK: MKT Order type not allowed for API order",
        ErrorKind::OrderRejected,
        &[200],
        PRICED,
        "market orders are not taken from programs; send a limit",
        "same order system at another broker, Aug 2026; the refusal itself reported for Flattrade",
    ),
    sentence(
        "Error Occurred : 2 \"invalid input\"",
        ErrorKind::InvalidRequest,
        &[200, 400],
        PLACE,
        "the broker cannot read the order",
        "Pi documents v2.0 of 31 Mar 2026, PlaceOrder",
    ),
    sentence(
        "Invalid AMO",
        ErrorKind::InvalidRequest,
        &[200, 400],
        PLACE,
        "the broker takes no after-market order in this form",
        "Pi documents v2.0 of 31 Mar 2026, PlaceOrder",
    ),
    sentence(
        "Order price cannot be zero",
        ErrorKind::InvalidRequest,
        &[200, 400],
        PRICED,
        "the price must be above 0",
        "Pi documents v2.0 of 31 Mar 2026, PlaceOrder",
    ),
    sentence(
        "Trigger price invalid - 0.00",
        ErrorKind::InvalidRequest,
        &[200, 400],
        PRICED,
        "this kind of order takes no trigger price of 0",
        "openalgo, Flattrade order mapping",
    ),
    sentence(
        "Invalid Input : jData is not valid json object",
        ErrorKind::InvalidRequest,
        &[200, 400],
        ALL,
        "the broker cannot read the request",
        "live probes reported Aug and Sep 2026",
    ),
    sentence(
        "Invalid Input : uid is Missing.",
        ErrorKind::InvalidRequest,
        &[200, 400],
        ALL,
        "the request lacks the user id; check user_id",
        "public error list of the order system, quoted for Flattrade",
    ),
    sentence(
        "Invalid Input : One or more input parameters are not in string format",
        ErrorKind::InvalidRequest,
        &[200, 400],
        ALL,
        "the broker cannot read the request",
        "public error list of the order system",
    ),
    sentence(
        "Invalid Input : Missing uid or actid or prd.",
        ErrorKind::InvalidRequest,
        &[200, 400],
        NONE,
        "the request lacks user, account or product",
        "Pi documents v2.0 of 31 Mar 2026, Holdings",
    ),
    sentence(
        "Invalid Input : Invalid Position Type",
        ErrorKind::InvalidRequest,
        &[200, 400],
        NONE,
        "the position type must be Day or CF",
        "Pi documents v2.0 of 31 Mar 2026, ProductConversion",
    ),
    sentence(
        "Rejected : ORA:Order not found",
        ErrorKind::NotFound,
        &[200],
        MODIFY,
        "the order is unknown or already final; read it before trying again",
        "Pi documents v2.0 of 31 Mar 2026, ModifyOrder",
    ),
    sentence(
        "Rejected : ORA:Order not found to Cancel",
        ErrorKind::NotFound,
        &[200],
        CANCEL,
        "the order is unknown or already final; read it before trying again",
        "Pi documents v2.0 of 31 Mar 2026, CancelOrder",
    ),
    sentence(
        "Error Occurred : 5 \"no data\"",
        ErrorKind::NotFound,
        &[],
        NONE,
        "the broker has nothing there",
        "Pi documents v2.0 of 31 Mar 2026, PositionBook",
    ),
    sentence(
        "No Data :",
        ErrorKind::NotFound,
        &[],
        NONE,
        "the broker has nothing there",
        "Pi documents v2.0 of 31 Mar 2026, SearchScrip",
    ),
    sentence(
        "Server Timeout :",
        ErrorKind::Unavailable,
        &[],
        NONE,
        "the broker's order system is down or slow",
        "Pi documents v2.0 of 31 Mar 2026, Limits",
    ),
    sentence(
        "Error Occurred : 1 \"unknown request\"",
        ErrorKind::Unavailable,
        &[],
        NONE,
        "the broker's order system is down or slow",
        "public error list of the order system",
    ),
];

const fn fragment(part: &'static str, kind: ErrorKind, source: &'static str) -> Fragment {
    Fragment { part, kind, source }
}

/// Parts of sentences, the more telling first: the first that occurs decides the kind.
pub const FRAGMENTS: &[Fragment] = &[
    fragment(
        "exceeds limit",
        ErrorKind::RateLimited,
        "openalgo issue 1234, Apr 2026",
    ),
    fragment("invalid_ip", ErrorKind::StaticAddress, "client in live use, 2026"),
    fragment(
        "invalid ip address",
        ErrorKind::StaticAddress,
        "same order system at another broker, 2026",
    ),
    fragment("session expired", ErrorKind::LoginRequired, "Pi documents v2.0"),
    fragment(
        "invalid session key",
        ErrorKind::LoginRequired,
        "Pi documents v2.0",
    ),
    fragment(
        "invalid user id",
        ErrorKind::LoginRequired,
        "live probe reported 15 Aug 2026",
    ),
    fragment("server timeout", ErrorKind::Unavailable, "Pi documents v2.0"),
    fragment(
        "unknown request",
        ErrorKind::Unavailable,
        "public error list of the order system",
    ),
    fragment("order not found", ErrorKind::NotFound, "Pi documents v2.0"),
    fragment("algo_chk", ErrorKind::OrderRejected, "reports of 2026"),
    fragment("invalid amo", ErrorKind::InvalidRequest, "Pi documents v2.0"),
    fragment(
        "order price cannot be zero",
        ErrorKind::InvalidRequest,
        "Pi documents v2.0",
    ),
    fragment(
        "trigger price invalid",
        ErrorKind::InvalidRequest,
        "openalgo, Flattrade order mapping",
    ),
    fragment("rejected :", ErrorKind::OrderRejected, "Pi documents v2.0"),
    fragment("no data", ErrorKind::NotFound, "Pi documents v2.0"),
    fragment("invalid input", ErrorKind::InvalidRequest, "Pi documents v2.0"),
    fragment(
        "is missing",
        ErrorKind::InvalidRequest,
        "public error list of the order system",
    ),
    fragment("missing uid", ErrorKind::InvalidRequest, "Pi documents v2.0"),
    fragment(
        "missing jdata",
        ErrorKind::InvalidRequest,
        "public error list of the order system",
    ),
    fragment(
        "not in string format",
        ErrorKind::InvalidRequest,
        "public error list of the order system",
    ),
    fragment(
        "not valid json object",
        ErrorKind::InvalidRequest,
        "live probes reported Aug and Sep 2026",
    ),
];
