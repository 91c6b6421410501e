//! The order and trade books.

use sangam_core::ports::SymbolMap;
use sangam_core::{BrokerOrder, BrokerOrderId, BrokerOrderStatus, Fill, Quantity, TradeId};

use super::codes::{self, Waiting};
use super::fault::{Fault, Row, expect_ok, shape};
use super::instruments::book_instrument;
use super::{orders, times};
use crate::wire::field::Field;
use crate::wire::orders::{OrderRow, OrdersReply, TradeRow, TradesReply};

/// The order book, or the part of it that was asked for.
///
/// # Errors
/// [`Fault`] when the answer is not a book or a row lacks what an order must have (`id`, `symbol`, `qty`, `status`,
/// `side`, `type`): an order must not vanish from a book that looks whole.
pub fn order_book(body: &[u8], symbols: &dyn SymbolMap) -> Result<Vec<BrokerOrder>, Fault> {
    const WHAT: &str = "order book";
    let reply: OrdersReply<'_> = shape(WHAT, body)?;
    expect_ok(WHAT, reply.s)?;
    let rows = reply.orders.rows().ok_or(Fault::Absent { what: "orderBook" })?;
    rows.iter()
        .enumerate()
        .map(|(i, row)| order(Row::new(WHAT, i), row, symbols))
        .collect()
}

/// The trade book.
///
/// # Errors
/// [`Fault`] when the answer is not a book or a row lacks what a trade must have.
pub fn trade_book(body: &[u8], symbols: &dyn SymbolMap) -> Result<Vec<Fill>, Fault> {
    const WHAT: &str = "trade book";
    let reply: TradesReply<'_> = shape(WHAT, body)?;
    expect_ok(WHAT, reply.s)?;
    let rows = reply.trades.rows().ok_or(Fault::Absent { what: "tradeBook" })?;
    rows.iter()
        .enumerate()
        .map(|(i, row)| fill(Row::new(WHAT, i), row, symbols))
        .collect()
}

fn order(at: Row, row: &OrderRow<'_>, symbols: &dyn SymbolMap) -> Result<BrokerOrder, Fault> {
    let symbol = at.required("symbol", row.symbol.text())?;
    let quantity = at.required("qty", at.quantity("qty", row.quantity)?)?;
    let kind = codes::kind_in(at.required("type", at.integer("type", row.kind)?)?);
    let status = at.required("status", at.integer("status", row.status)?)?;
    let filled = filled(at, row, status, quantity)?;
    let exchange_order_id = row.exchange_order_id.text();
    let after_market = row.offline.flag();
    let waiting = Waiting {
        for_session: after_market && exchange_order_id.is_none() && filled.is_zero(),
        for_trigger: kind.is_some_and(orders::is_stop) && filled.is_zero(),
    };
    let disclosed = match at.quantity("disclosedQty", row.disclosed)? {
        Some(disclosed) if !disclosed.is_zero() => disclosed,
        _ => at.quantity("discloseQty", row.disclose)?.unwrap_or_default(),
    };
    Ok(BrokerOrder {
        id: order_id(at, "id", row.id)?,
        exchange_order_id,
        instrument: book_instrument(symbols, symbol, row.token, row.exchange, row.segment),
        side: side(at, row.side)?,
        kind,
        product: row.product.text().map(codes::product_in),
        validity: row.validity.text().as_deref().and_then(codes::validity_in),
        quantity,
        filled,
        price: at.some_price("limitPrice", row.limit_price)?,
        trigger_price: at.some_price("stopPrice", row.stop_price)?,
        average_price: at.some_price("tradedPrice", row.traded_price)?,
        disclosed,
        status: codes::status_in(status, waiting),
        status_word: status.to_string(),
        message: row.message.text(),
        tag: row.tag.text().as_deref().and_then(codes::shown_tag),
        placed_at: row.at.text().as_deref().and_then(times::instant),
        updated_at: None,
        after_market,
    })
}

/// What has been filled. The broker does not promise `filledQty`; without it a filled order has filled whole, a
/// refused one nothing, and any other what does not remain.
fn filled(at: Row, row: &OrderRow<'_>, status: i64, quantity: Quantity) -> Result<Quantity, Fault> {
    if let Some(filled) = at.quantity("filledQty", row.filled)? {
        return Ok(filled);
    }
    let remaining = at.quantity("remainingQuantity", row.remaining)?;
    Ok(match codes::status_in(status, Waiting::default()) {
        BrokerOrderStatus::Complete => quantity,
        BrokerOrderStatus::Rejected => Quantity::ZERO,
        _ => remaining.map_or(Quantity::ZERO, |remaining| quantity.saturating_sub(remaining)),
    })
}

fn fill(at: Row, row: &TradeRow<'_>, symbols: &dyn SymbolMap) -> Result<Fill, Fault> {
    let symbol = at.required("symbol", row.symbol.text())?;
    let trade_id = at.required("tradeNumber", row.trade_id.text())?;
    Ok(Fill {
        order_id: order_id(at, "orderNumber", row.order_id)?,
        trade_id: TradeId::new(trade_id).map_err(|_| at.fault("tradeNumber", "is not a trade's number"))?,
        instrument: book_instrument(symbols, symbol, row.token, row.exchange, row.segment),
        side: side(at, row.side)?,
        product: row.product.text().map(codes::product_in),
        quantity: at.required("tradedQty", at.quantity("tradedQty", row.quantity)?)?,
        price: at.required("tradePrice", at.price("tradePrice", row.price)?)?,
        at: row.at.text().as_deref().and_then(times::instant),
        tag: row.tag.text().as_deref().and_then(codes::shown_tag),
    })
}

fn order_id(at: Row, name: &'static str, field: Field<'_>) -> Result<BrokerOrderId, Fault> {
    let id = at.required(name, field.text())?;
    BrokerOrderId::new(id).map_err(|_| at.fault(name, "is not an order's number"))
}

fn side(at: Row, field: Field<'_>) -> Result<sangam_core::Side, Fault> {
    let code = at.required("side", at.integer("side", field)?)?;
    codes::side_in(code).ok_or_else(|| at.fault("side", "is neither 1 nor -1"))
}
