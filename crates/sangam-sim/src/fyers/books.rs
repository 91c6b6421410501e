//! The order book and the trade book.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use serde_json::{Value, json};

use super::errors::{self, Outcome, success};
use super::{CLIENT_ID, words};
use crate::account::{Fill, Order};
use crate::market::Quote;
use crate::money::Paise;
use crate::world::World;

type Asked = Query<HashMap<String, String>>;

/// The day's orders, all, one by `id`, or those with an `order_tag` as the book shows it.
pub(super) async fn orders(State(world): State<Arc<World>>, Query(asked): Asked) -> Outcome {
    let mut orders = match asked.get("id") {
        Some(id) => vec![world.order(id).ok_or(errors::ORDER_UNKNOWN)?],
        None => world.orders(),
    };
    if let Some(tag) = asked.get("order_tag") {
        orders.retain(|order| words::order_tag(order) == *tag);
    }
    let rows = (1..)
        .zip(&orders)
        .map(|(number, order)| row(order, number, &world.quote(&order.contract)));
    Ok(success(json!({ "orderBook": rows.collect::<Vec<_>>() })))
}

/// The day's trades, all or those with an `order_tag`.
pub(super) async fn trades(State(world): State<Arc<World>>, Query(asked): Asked) -> Outcome {
    let mut fills = world.fills();
    if let Some(tag) = asked.get("order_tag") {
        fills.retain(|(order, _)| words::trade_tag(order) == *tag);
    }
    let rows: Vec<Value> = fills.iter().map(|(order, fill)| trade(order, fill)).collect();
    Ok(success(json!({ "tradeBook": rows })))
}

fn row(order: &Order, number: u64, quote: &Quote) -> Value {
    let contract = &order.contract;
    let terms = &order.terms;
    let status = words::status(order);
    let rejected = status == words::REJECTED;
    let remaining = if rejected {
        0
    } else {
        terms.quantity - order.filled
    };
    let message = match (status, &order.reason) {
        (words::CANCELLED, _) => "Cancelled by user".to_owned(),
        (words::REJECTED, Some(reason)) => words::reason(reason),
        _ => String::new(),
    };
    let mut row = json!({
        "clientId": CLIENT_ID,
        "id": order.id,
        "exchOrdId": order.exchange_id.as_deref().unwrap_or_default(),
        "qty": terms.quantity,
        "remainingQuantity": remaining,
        "filledQty": order.filled,
        "limitPrice": terms.price,
        "stopPrice": terms.trigger,
        "tradedPrice": order.average(),
        "type": words::kind(terms.kind),
        "fyToken": contract.names.fytoken,
        "exchange": contract.segment.fyers_exchange(),
        "segment": contract.segment.fyers_segment(),
        "symbol": contract.names.fyers,
        "message": message,
        "offlineOrder": order.after_market,
        "orderDateTime": words::stamp(order.placed_at),
        "orderValidity": words::validity(terms.validity),
        "pan": "",
        "productType": words::product(order.product),
        "side": order.side.sign(),
        "status": status,
        "source": "API",
        "ex_sym": contract.symbol,
        "description": words::description(contract),
        "ch": quote.change(),
        "chp": Paise(quote.change_bp()),
        "lp": quote.last,
        "slNo": number,
        "orderNumStatus": format!("{}:{status}", order.id),
        "disclosedQty": terms.disclosed,
        "orderTag": words::order_tag(order),
    });
    if rejected {
        // A rejected row never reached the exchange; it lacks what the others have below.
        row["exchOrdId"] = Value::Null;
        return row;
    }
    row["source"] = json!("ITS");
    row["id_fyers"] = json!(words::fyers_id(order));
    row["discloseQty"] = json!(terms.disclosed);
    row["dqQtyRem"] = json!(terms.disclosed.min(remaining));
    row["instrument"] = json!(contract.fyers_instrument());
    row["takeProfit"] = json!(0);
    row["stopLoss"] = json!(0);
    row
}

fn trade(order: &Order, fill: &Fill) -> Value {
    let contract = &order.contract;
    let number: u64 = fill.trade_id.parse().expect("the engine's trade ids are digits");
    json!({
        "clientId": CLIENT_ID,
        "orderDateTime": words::stamp(fill.at),
        "orderNumber": order.id,
        "exchangeOrderNo": order.exchange_id,
        "exchange": contract.segment.fyers_exchange(),
        "side": order.side.sign(),
        "segment": contract.segment.fyers_segment(),
        "orderType": words::kind(order.terms.kind),
        "fyToken": contract.names.fytoken,
        "productType": words::product(order.product),
        "tradedQty": fill.quantity,
        "tradePrice": fill.price,
        "tradeValue": fill.price.times(fill.quantity),
        "tradeNumber": fill.trade_id,
        "row": number,
        "symbol": contract.names.fyers,
        "orderTag": words::trade_tag(order),
    })
}
