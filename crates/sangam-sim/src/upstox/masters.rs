//! Instrument files and the search over them.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::Desk;
use super::errors;
use crate::contracts::Contract;
use crate::masters::{upstox_json_gz, upstox_row};

/// The folder of the files on the broker's file host.
pub(super) const FOLDER: &str = "/market-quote/instruments/exchange";

/// Rows of a page of search results, and the most that can be asked for.
const RECORDS: usize = 10;
const RECORDS_MAX: usize = 30;

pub(super) async fn file(State(desk): State<Arc<Desk>>, Path(name): Path<String>) -> Response {
    match upstox_json_gz(&desk.world.universe(), &name) {
        Some(bytes) => ([(CONTENT_TYPE, "application/gzip")], bytes).into_response(),
        None => errors::ROUTE_UNKNOWN.into_response(),
    }
}

/// Instruments that hold every word of `query`, exact symbols first.
pub(super) async fn search(
    State(desk): State<Arc<Desk>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let asked = |name: &str| {
        query
            .get(name)
            .map(String::as_str)
            .filter(|text| !text.is_empty())
    };
    let Some(words) = asked("query") else {
        return errors::INPUT_INVALID.at("query", Value::Null).into_response();
    };
    let number = |name: &str, default: usize| match asked(name).map(str::parse) {
        None => Some(default),
        Some(read) => read.ok().filter(|number| *number > 0),
    };
    let (Some(page), Some(records)) = (number("page_number", 1), number("records", RECORDS)) else {
        return errors::INPUT_INVALID.into_response();
    };
    let records = records.min(RECORDS_MAX);
    let one_of = |name: &str, word: &str| {
        asked(name).is_none_or(|list| list.split(',').any(|wanted| wanted == "ALL" || wanted == word))
    };
    let universe = desk.world.universe();
    let mut found = universe.search(words);
    found.retain(|contract| {
        let segment = contract.segment.upstox();
        let short = segment.split_once('_').map_or(segment, |(_, short)| short);
        let exchange = if contract.segment.is_bse() { "BSE" } else { "NSE" };
        one_of("exchanges", exchange) && (one_of("segments", short) || one_of("segments", segment))
    });
    found.sort_by_key(|contract| {
        !contract.symbol.eq_ignore_ascii_case(words) || contract.segment.is_derivative()
    });
    let (total, pages) = (found.len(), found.len().div_ceil(records));
    let shown: Vec<Value> = found
        .iter()
        .skip((page - 1) * records)
        .take(records)
        .map(|contract| row(contract))
        .collect();
    let page = json!({
        "page_number": page,
        "total_pages": pages,
        "records": shown.len(),
        "total_records": total,
    });
    Json(json!({ "status": "success", "data": shown, "meta_data": { "page": page } })).into_response()
}

/// The file's row; an expiry is a date here.
fn row(contract: &Contract) -> Value {
    let mut row = upstox_row(contract);
    if let Some(expiry) = &contract.expiry {
        row["expiry"] = json!(expiry.date.to_string());
    }
    row
}
