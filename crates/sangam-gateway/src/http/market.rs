//! quotes, multiquotes, depth.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sangam::Seen;
use sangam::core::{BrokerName, Depth, DepthLevel, InstrumentId, Quantity, Quote};
use serde::Serialize;
use serde_json::Value;

use super::body::RawBody;
use super::fields::Fields;
use super::num::Num;
use super::orders::answer;
use super::reply::{self, Refusal};
use super::state::Gateway;
use super::words::EXCHANGES;

/// Most instruments of one multiquotes call.
const SYMBOLS_MAX: usize = 500;
/// Levels shown on each side.
const LEVELS: usize = 5;

#[derive(Debug, Serialize)]
struct QuoteData {
    ask: Num,
    bid: Num,
    high: Num,
    low: Num,
    ltp: Num,
    open: Num,
    prev_close: Num,
    volume: u64,
    oi: u64,
    broker: BrokerName,
    age_ms: u64,
}

fn quote_data(seen: &Seen<Quote>) -> QuoteData {
    let quote = &seen.value;
    QuoteData {
        ask: Num::price(quote.ask),
        bid: Num::price(quote.bid),
        high: Num::price(quote.high),
        low: Num::price(quote.low),
        ltp: Num(quote.last.decimal()),
        open: Num::price(quote.open),
        prev_close: Num::price(quote.previous_close),
        volume: quote.volume.map_or(0, Quantity::units),
        oi: quote.open_interest.map_or(0, Quantity::units),
        broker: seen.broker,
        age_ms: seen.age_ms(),
    }
}

/// One quote.
pub(crate) async fn quotes(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(quotes_inner(&gateway, &body).await)
}

async fn quotes_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    let id = one_instrument(gateway, body)?;
    let mut quotes = gateway.system().quotes(std::slice::from_ref(&id)).await;
    match quotes.pop() {
        Some((_, Ok(seen))) => Ok(gateway.data(quote_data(&seen))),
        Some((_, Err(error))) => Err(reply::broker_refusal(&error)),
        None => Err(Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the quote has no answer; see the gateway's log",
        )),
    }
}

/// Several quotes; one that fails does not fail the others.
pub(crate) async fn multiquotes(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(multiquotes_inner(&gateway, &body).await)
}

#[derive(Serialize)]
struct MultiRow {
    symbol: String,
    exchange: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<QuoteData>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

async fn multiquotes_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    #[derive(Serialize)]
    struct Results {
        results: Vec<MultiRow>,
    }
    let body = reply::object(body)?;
    let mut fields = Fields::new(&body);
    let key = fields.text("apikey");
    let list = fields.list("symbols");
    if let Some(list) = list {
        if list.is_empty() {
            fields.fault("symbols", "Shorter than minimum length 1.");
        } else if list.len() > SYMBOLS_MAX {
            fields.fault("symbols", format!("Longer than maximum length {SYMBOLS_MAX}."));
        }
    }
    gateway.admit_then(
        key.as_deref(),
        fields.finish().map_err(|faults| Refusal::faults_object(&faults)),
    )?;
    let mut bad = Vec::new();
    let mut asked = Vec::new();
    for item in list.into_iter().flatten() {
        let text = |name: &str| {
            item.get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let (symbol, exchange) = (text("symbol"), text("exchange"));
        match gateway.instrument(&exchange, &symbol) {
            Ok(id) => asked.push((symbol, exchange, id)),
            Err(refusal) => bad.push(MultiRow {
                symbol,
                exchange,
                data: None,
                error: Some(refusal.body["message"].as_str().unwrap_or_default().to_owned()),
            }),
        }
    }
    if asked.is_empty() {
        let first = bad.first().and_then(|row| row.error.clone()).unwrap_or_default();
        let rows = serde_json::to_value(&bad).unwrap_or_default();
        return Err(Refusal::new(StatusCode::BAD_REQUEST, first).with("invalid_symbols", rows));
    }
    let ids: Vec<InstrumentId> = asked.iter().map(|(.., id)| id.clone()).collect();
    let quotes = gateway.system().quotes(&ids).await;
    let mut results = bad;
    for ((symbol, exchange, _), (_, quote)) in asked.into_iter().zip(quotes) {
        let (data, error) = match quote {
            Ok(seen) => (Some(quote_data(&seen)), None),
            Err(error) => (None, Some(error.to_string())),
        };
        results.push(MultiRow {
            symbol,
            exchange,
            data,
            error,
        });
    }
    Ok(gateway.success(Results { results }))
}

/// Market depth.
pub(crate) async fn depth(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(depth_inner(&gateway, &body).await)
}

#[derive(Serialize)]
struct Level {
    price: Num,
    quantity: u64,
}

#[derive(Serialize)]
struct DepthData {
    asks: Vec<Level>,
    bids: Vec<Level>,
    high: Num,
    low: Num,
    ltp: Num,
    ltq: u64,
    oi: u64,
    open: Num,
    prev_close: Num,
    totalbuyqty: u64,
    totalsellqty: u64,
    volume: u64,
    broker: BrokerName,
}

async fn depth_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    let id = one_instrument(gateway, body)?;
    let seen = gateway
        .system()
        .depth(&id)
        .await
        .map_err(|error| reply::broker_refusal(&error))?;
    let Depth {
        quote,
        bids,
        asks,
        last_quantity,
        total_bid,
        total_ask,
    } = seen.value;
    Ok(gateway.data(DepthData {
        asks: levels(&asks),
        bids: levels(&bids),
        high: Num::price(quote.high),
        low: Num::price(quote.low),
        ltp: Num(quote.last.decimal()),
        ltq: last_quantity.map_or(0, Quantity::units),
        oi: quote.open_interest.map_or(0, Quantity::units),
        open: Num::price(quote.open),
        prev_close: Num::price(quote.previous_close),
        totalbuyqty: total_bid.map_or(0, Quantity::units),
        totalsellqty: total_ask.map_or(0, Quantity::units),
        volume: quote.volume.map_or(0, Quantity::units),
        broker: seen.broker,
    }))
}

/// Always five, as clients index them; a level without orders is nought.
fn levels(levels: &[DepthLevel]) -> Vec<Level> {
    let mut shown: Vec<_> = levels
        .iter()
        .take(LEVELS)
        .map(|level| Level {
            price: Num(level.price.decimal()),
            quantity: level.quantity.units(),
        })
        .collect();
    shown.resize_with(LEVELS, || Level {
        price: Num::default(),
        quantity: 0,
    });
    shown
}

fn one_instrument(gateway: &Gateway, body: &[u8]) -> Result<InstrumentId, Refusal> {
    let body = reply::object(body)?;
    let mut fields = Fields::new(&body);
    let key = fields.text("apikey");
    let symbol = fields.text("symbol");
    let exchange = fields.one_of("exchange", &EXCHANGES, None);
    gateway.admit_then(
        key.as_deref(),
        fields.finish().map_err(|faults| Refusal::faults_object(&faults)),
    )?;
    gateway.instrument(
        exchange.unwrap_or_default(),
        symbol.as_deref().unwrap_or_default(),
    )
}
