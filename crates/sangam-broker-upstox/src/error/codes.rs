//! The table of codes: what each means, and at which status it proves that an order command had no effect.
//!
//! A code is evidence only where a source ties it to an HTTP status; where the status is guessed (the documents' tables
//! mark it so) or not known, or the code is a rate limit, a fault or has two meanings, it proves nothing.

use sangam_broker::{CodeRule, Refusal};
use sangam_core::ErrorKind;
use sangam_core::ErrorKind::{
    Closed, InvalidRequest, LoginRequired, NotFound, NotOffered, OrderNotOpen, OrderRejected, Permission,
    RateLimited, StaticAddress, Unavailable, UnknownInstrument,
};

const fn at(code: &'static str, kind: ErrorKind, statuses: &'static [u16], source: &'static str) -> CodeRule {
    CodeRule {
        code,
        kind,
        refusal: Refusal::At(statuses),
        source,
    }
}

const fn no_proof(code: &'static str, kind: ErrorKind, source: &'static str) -> CodeRule {
    CodeRule {
        code,
        kind,
        refusal: Refusal::NoProof,
        source,
    }
}

const DOCS: &str = "official documentation, 2024 to October 2026";
const OPENAPI: &str = "OpenAPI document served by the broker, September 2026";
const TABLES: &str = "third-party tables of the documented codes, 2026";
const FORUM: &str = "bodies posted on the broker's community forum, 2026";
const CLIENT: &str = "tests of the official clients, 2026";

/// Every code in any source, sorted by code.
pub const CODES: &[CodeRule] = &[
    no_proof(
        "UDAPI10000",
        InvalidRequest,
        "official documentation, no status stated",
    ),
    no_proof(
        "UDAPI10005",
        RateLimited,
        "official documentation; a rate limit proves nothing",
    ),
    at("UDAPI1004", InvalidRequest, &[400], DOCS),
    at("UDAPI1007", InvalidRequest, &[400], DOCS),
    at("UDAPI1009", InvalidRequest, &[400], DOCS),
    at(
        "UDAPI100010",
        NotFound,
        &[400, 404],
        "OpenAPI document (400), community table (404)",
    ),
    at("UDAPI100011", UnknownInstrument, &[400], OPENAPI),
    no_proof("UDAPI100015", InvalidRequest, DOCS),
    no_proof("UDAPI100016", LoginRequired, DOCS),
    at("UDAPI100036", InvalidRequest, &[400], DOCS),
    at("UDAPI100038", InvalidRequest, &[400], DOCS),
    no_proof("UDAPI100039", OrderRejected, TABLES),
    no_proof("UDAPI100040", OrderNotOpen, TABLES),
    no_proof("UDAPI100041", OrderNotOpen, TABLES),
    at("UDAPI100042", InvalidRequest, &[400], DOCS),
    at("UDAPI100043", InvalidRequest, &[400], DOCS),
    no_proof("UDAPI100049", Permission, TABLES),
    at(
        "UDAPI100050",
        LoginRequired,
        &[401],
        "official documentation; body observed",
    ),
    no_proof(
        "UDAPI100057",
        Closed,
        "two readings: market closed, or authorization code invalid",
    ),
    no_proof("UDAPI100059", InvalidRequest, TABLES),
    // Not "no such order": a wrong base address answers this too.
    at(
        "UDAPI100060",
        NotOffered,
        &[404],
        "observed on unrouted paths, 2026",
    ),
    no_proof("UDAPI100067", Permission, DOCS),
    no_proof("UDAPI100068", Permission, DOCS),
    no_proof("UDAPI100069", Permission, CLIENT),
    at(
        "UDAPI100072",
        Closed,
        &[423],
        "source of a live third-party integration, August 2026",
    ),
    no_proof(
        "UDAPI100073",
        Permission,
        "official documentation, no status stated",
    ),
    no_proof("UDAPI100074", Closed, TABLES),
    no_proof("UDAPI100095", UnknownInstrument, TABLES),
    no_proof(
        "UDAPI100099",
        RateLimited,
        "third-party tables; a rate limit proves nothing",
    ),
    no_proof(
        "UDAPI100500",
        Unavailable,
        "official documentation; an internal error proves nothing",
    ),
    at("UDAPI1010", InvalidRequest, &[400], OPENAPI),
    at("UDAPI1011", UnknownInstrument, &[400], DOCS),
    at("UDAPI1017", InvalidRequest, &[400], OPENAPI),
    at("UDAPI1018", InvalidRequest, &[400], OPENAPI),
    at("UDAPI1019", InvalidRequest, &[400], OPENAPI),
    at("UDAPI1022", InvalidRequest, &[400], OPENAPI),
    // A field is missing in both readings: the order id on order calls, a form field on the token call.
    at("UDAPI1023", InvalidRequest, &[400], OPENAPI),
    at("UDAPI1024", InvalidRequest, &[400], OPENAPI),
    no_proof("UDAPI1026", InvalidRequest, TABLES),
    at("UDAPI1027", InvalidRequest, &[400], OPENAPI),
    at("UDAPI1028", InvalidRequest, &[400], OPENAPI),
    no_proof("UDAPI1035", OrderRejected, CLIENT),
    at(
        "UDAPI1040",
        InvalidRequest,
        &[400],
        "body observed by a third party, 2026",
    ),
    no_proof("UDAPI1043", InvalidRequest, TABLES),
    no_proof("UDAPI1052", InvalidRequest, TABLES),
    at("UDAPI1055", InvalidRequest, &[400], DOCS),
    at("UDAPI1056", InvalidRequest, &[400], DOCS),
    at("UDAPI1087", UnknownInstrument, &[400], DOCS),
    at("UDAPI1105", InvalidRequest, &[400], OPENAPI),
    at("UDAPI1108", NotFound, &[400], OPENAPI),
    at("UDAPI1109", InvalidRequest, &[400], OPENAPI),
    at("UDAPI1111", NotFound, &[400], CLIENT),
    at("UDAPI1113", NotFound, &[400], CLIENT),
    at("UDAPI1114", InvalidRequest, &[400], TABLES),
    at("UDAPI1115", InvalidRequest, &[400], TABLES),
    at("UDAPI1117", InvalidRequest, &[400], TABLES),
    at("UDAPI1118", InvalidRequest, &[400], TABLES),
    no_proof("UDAPI1119", InvalidRequest, TABLES),
    at(
        "UDAPI1154",
        StaticAddress,
        &[403],
        "body observed by a third party, 2026",
    ),
    no_proof("UDAPI1156", InvalidRequest, TABLES),
    at(
        "UDAPI1158",
        OrderRejected,
        &[400, 403],
        "observed by third parties, 400 in one, 403 in another",
    ),
    no_proof("UDAPI1159", InvalidRequest, TABLES),
    no_proof("UDAPI1160", InvalidRequest, TABLES),
    at("UDAPI1161", NotOffered, &[400], FORUM),
    no_proof("UDAPI1176", InvalidRequest, TABLES),
    no_proof("UDAPI1177", InvalidRequest, TABLES),
    no_proof("UDAPI1179", Permission, "third-party tables, no status stated"),
    no_proof("UDAPI1180", Permission, "third-party tables, no status stated"),
    no_proof("UDAPI1181", Permission, "third-party tables, no status stated"),
    no_proof("UDAPI1184", OrderRejected, "third-party tables, no status stated"),
    no_proof("UDAPI1185", OrderRejected, "third-party tables, no status stated"),
    no_proof(
        "UDAPI1186",
        InvalidRequest,
        "third-party tables, no status stated",
    ),
    no_proof(
        "UDAPI1188",
        InvalidRequest,
        "third-party tables, no status stated",
    ),
];

/// The rule of a code.
#[must_use]
pub fn rule(code: &str) -> Option<&'static CodeRule> {
    CODES.iter().find(|rule| rule.code == code)
}
