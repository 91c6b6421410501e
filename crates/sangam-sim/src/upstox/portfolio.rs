//! Positions, holdings, conversion and funds.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Value, json};

use super::Desk;
use super::errors::{self, Faults, success};
use super::fields::{Reading, integer, object, text};
use super::words;
use crate::account::{Funds, Holding, Position, Product};
use crate::money::Paise;

/// Margin-funded positions have a path of their own.
pub(super) async fn positions(State(desk): State<Arc<Desk>>) -> Response {
    list(&desk, |position| position.product != Product::MarginFunded)
}

pub(super) async fn mtf_positions(State(desk): State<Arc<Desk>>) -> Response {
    list(&desk, |position| position.product == Product::MarginFunded)
}

fn list(desk: &Desk, wanted: impl Fn(&Position) -> bool) -> Response {
    let rows: Vec<Value> = desk
        .world
        .positions()
        .iter()
        .filter(|p| wanted(p))
        .map(position)
        .collect();
    success(&json!(rows))
}

/// Flat positions stay in the list; only a long one shows its average, the others have null there.
fn position(position: &Position) -> Value {
    let (buy, sell, net) = (position.buy(), position.sell(), position.net());
    let symbol = words::row_symbol(&position.contract);
    json!({
        "exchange": position.contract.segment.upstox_exchange(),
        "multiplier": Paise::rupees(1).to_json_decimal(),
        "value": (buy.value - sell.value).to_json_decimal(),
        "pnl": (position.realised + position.unrealised).to_json_decimal(),
        "product": words::product(position.product),
        "instrument_token": position.contract.names.upstox_key,
        "average_price": (net > 0).then(|| position.net_average().to_json_decimal()),
        "buy_value": buy.value.to_json_decimal(),
        "overnight_quantity": position.carried_buy.quantity - position.carried_sell.quantity,
        "day_buy_value": position.day_buy.value.to_json_decimal(),
        "day_buy_price": position.day_buy.average().to_json_decimal(),
        "overnight_buy_amount": position.carried_buy.value.to_json_decimal(),
        "overnight_buy_quantity": position.carried_buy.quantity,
        "day_buy_quantity": position.day_buy.quantity,
        "day_sell_value": position.day_sell.value.to_json_decimal(),
        "day_sell_price": position.day_sell.average().to_json_decimal(),
        "overnight_sell_amount": position.carried_sell.value.to_json_decimal(),
        "overnight_sell_quantity": position.carried_sell.quantity,
        "day_sell_quantity": position.day_sell.quantity,
        "quantity": net,
        "last_price": position.last.to_json_decimal(),
        "unrealised": position.unrealised.to_json_decimal(),
        "realised": position.realised.to_json_decimal(),
        "sell_value": sell.value.to_json_decimal(),
        "trading_symbol": symbol,
        "tradingsymbol": symbol,
        "close_price": position.previous_close.to_json_decimal(),
        "buy_price": buy.average().to_json_decimal(),
        "sell_price": sell.average().to_json_decimal(),
    })
}

pub(super) async fn holdings(State(desk): State<Arc<Desk>>) -> Response {
    let rows: Vec<Value> = desk.world.holdings().iter().map(holding).collect();
    success(&json!(rows))
}

fn holding(holding: &Holding) -> Value {
    let change = holding.last - holding.previous_close;
    let hundredths = if holding.previous_close.is_zero() {
        0
    } else {
        change.0 * 10_000 / holding.previous_close.0
    };
    let profit = (holding.last - holding.average).times(holding.quantity);
    let symbol = holding.contract.symbol;
    // A holding that was not bought has no cost, and then no profit either.
    let bought = !holding.average.is_zero();
    json!({
        "isin": holding.contract.isin,
        "cnc_used_quantity": holding.sold_today,
        "collateral_type": "WC",
        "company_name": holding.contract.name,
        "haircut": Paise(20).to_json_decimal(),
        "product": "D",
        "quantity": holding.quantity,
        "trading_symbol": symbol,
        "tradingsymbol": symbol,
        "last_price": holding.last.to_json_decimal(),
        "close_price": holding.previous_close.to_json_decimal(),
        "pnl": bought.then(|| profit.to_json_decimal()),
        "day_change": change.to_json_decimal(),
        "day_change_percentage": Paise(hundredths).to_json_decimal(),
        "instrument_token": holding.contract.names.upstox_key,
        "average_price": bought.then(|| holding.average.to_json_decimal()),
        "collateral_quantity": 0,
        "collateral_update_quantity": 0,
        "t1_quantity": holding.t1_quantity,
        "exchange": holding.contract.segment.upstox_exchange(),
    })
}

pub(super) async fn convert(State(desk): State<Arc<Desk>>, body: Bytes) -> Response {
    match conversion(&desk, &body) {
        Ok(()) => success(&json!({ "status": "complete" })),
        Err(faults) => faults.into_response(),
    }
}

fn conversion(desk: &Desk, body: &[u8]) -> Result<(), Faults> {
    let fields = object(body)?;
    let mut reading = Reading::of(&fields);
    let missing = (errors::INSTRUMENT_MISSING, errors::INSTRUMENT_INVALID);
    let contract = reading.required("instrument_token", missing, |value| {
        text(value).and_then(|key| desk.world.universe().by_upstox(key).cloned())
    });
    let side = reading.plain("transaction_type", |value| text(value).and_then(words::read_side));
    let quantity = reading.plain("quantity", |value| integer(value).filter(|units| *units > 0));
    let product = |value: &Value| {
        contract
            .as_ref()
            .and_then(|contract| words::read_product(text(value)?, contract.segment))
    };
    // Without its segment a product cannot be read; the missing instrument is the error then.
    let known = contract.is_some();
    let from = known.then(|| reading.plain("old_product", product)).flatten();
    let to = known.then(|| reading.plain("new_product", product)).flatten();
    let wanted = (|| Some((contract.as_ref()?.key(), (from?, to?), side?, quantity?)))();
    let (key, products, side, quantity) = reading.finish(wanted)?;
    let done = desk.world.convert(key, products, side, quantity);
    done.map_err(|why| {
        errors::CONVERSION_REFUSED
            .saying(format!("Conversion not allowed: {why}"))
            .into()
    })
}

/// Since July 2025 `equity` holds everything and `commodity` is zero.
pub(super) async fn funds_v2(
    State(desk): State<Arc<Desk>>,
    query: Query<HashMap<String, String>>,
) -> Response {
    if desk.at_night() {
        return errors::FUNDS_CLOSED.into_response();
    }
    let funds = desk.world.funds();
    let equity = margins(funds.used(), funds.available());
    let commodity = margins(Paise::ZERO, Paise::ZERO);
    match query
        .get("segment")
        .map(String::as_str)
        .filter(|segment| !segment.is_empty())
    {
        None => success(&json!({ "equity": equity, "commodity": commodity })),
        Some("SEC") => success(&json!({ "equity": equity })),
        Some("COM") => success(&json!({ "commodity": commodity })),
        Some(other) => errors::FUNDS_SEGMENT_INVALID
            .at("segment", json!(other))
            .into_response(),
    }
}

fn margins(used: Paise, available: Paise) -> Value {
    let none = Paise::ZERO.to_json_decimal();
    json!({
        "used_margin": used.to_json_decimal(),
        "payin_amount": none,
        "span_margin": none,
        "adhoc_margin": none,
        "notional_cash": none,
        "available_margin": available.to_json_decimal(),
        "exposure_margin": none,
    })
}

pub(super) async fn funds_v3(State(desk): State<Arc<Desk>>) -> Response {
    if desk.at_night() {
        return errors::FUNDS_CLOSED.into_response();
    }
    success(&available_to_trade(&desk.world.funds()))
}

/// Nothing is pledged here. The engine's profits of the day may be traded with at once, so none is unsettled.
fn available_to_trade(funds: &Funds) -> Value {
    let none = Paise::ZERO.to_json_decimal();
    let loss = Paise::ZERO - funds.realised.min(Paise::ZERO);
    let cash_total = funds.available().to_json_decimal();
    let delivery = json!({ "total": none, "equity": none, "fo_settlement": none });
    json!({
        "available_to_trade": {
            "total": cash_total,
            "cash_available_to_trade": {
                "total": cash_total,
                "cash": {
                    "opening_balance": funds.opening.to_json_decimal(),
                    "added_today": none,
                    "withdrawn_today": none,
                    "amount_from_stock_sale": funds.sale_credit.to_json_decimal(),
                    "unpaid_charges": 0,
                },
                "margin_used": {
                    "total": (funds.used() + loss).to_json_decimal(),
                    "mtf": none,
                    "loss": { "total": loss.to_json_decimal(), "realised": loss.to_json_decimal(), "unrealised": none },
                    "span_exposure": none,
                    "cash_margin_var_elm": (funds.used() - funds.premium).to_json_decimal(),
                    "premium_present": funds.premium.to_json_decimal(),
                    "delivery_margin": delivery,
                },
            },
            "pledge_available_to_trade": {
                "total": none,
                "margin_from_pledge": { "total": none, "equity": none, "mutual_funds": none },
                "margin_used": {
                    "total": none,
                    "mtf": none,
                    "span_exposure": none,
                    "cash_margin_var_elm": none,
                    "premium_present": none,
                    "delivery_margin": delivery,
                },
            },
        },
        "unavailable_to_trade": {
            "cash_unavailable_to_trade": { "unsettled_profit": { "todays_profit": none, "previous_days": none } },
            "pledge_unavailable_to_trade": { "equity": none, "mutual_funds": none },
        },
    })
}
