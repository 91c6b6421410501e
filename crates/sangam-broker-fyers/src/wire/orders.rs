//! Order commands as sent, and rows of the order and trade books.

use sangam_broker::Number;
use serde::Serialize;

use super::field::{fields, list_reply};

/// `POST /orders/sync`. `stopLoss` and `takeProfit` are left out: they are offsets of legs, and the broker's newer
/// client asks to leave them out when unused.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlaceBody<'a> {
    pub(crate) symbol: &'a str,
    pub(crate) qty: i32,
    pub(crate) r#type: u8,
    pub(crate) side: i8,
    pub(crate) product_type: &'a str,
    pub(crate) limit_price: Number,
    pub(crate) stop_price: Number,
    pub(crate) disclosed_qty: i32,
    pub(crate) validity: &'a str,
    pub(crate) offline_order: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) order_tag: Option<&'a str>,
}

/// `PATCH /orders/sync`. A field left out keeps its value; a price is never sent as nought.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModifyBody<'a> {
    pub(crate) id: &'a str,
    pub(crate) r#type: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit_price: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stop_price: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) qty: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) disclosed_qty: Option<i32>,
}

/// `DELETE /orders/sync`, whose JSON body many HTTP libraries would drop.
#[derive(Debug, Serialize)]
pub(crate) struct CancelBody<'a> {
    pub(crate) id: &'a str,
}

fields! {
    /// A row of the order book.
    OrderRow {
        id = "id",
        exchange_order_id = "exchOrdId",
        symbol = "symbol",
        token = "fyToken",
        exchange = "exchange",
        segment = "segment",
        quantity = "qty",
        remaining = "remainingQuantity",
        filled = "filledQty",
        status = "status",
        message = "message",
        limit_price = "limitPrice",
        stop_price = "stopPrice",
        traded_price = "tradedPrice",
        product = "productType",
        kind = "type",
        side = "side",
        disclosed = "disclosedQty",
        /// The other spelling of the same figure.
        disclose = "discloseQty",
        validity = "orderValidity",
        at = "orderDateTime",
        offline = "offlineOrder",
        tag = "orderTag",
    }
}

list_reply! {
    /// `GET /orders`.
    OrdersReply { orders = "orderBook" of OrderRow }
}

fields! {
    /// A row of the trade book.
    TradeRow {
        order_id = "orderNumber",
        trade_id = "tradeNumber",
        symbol = "symbol",
        token = "fyToken",
        exchange = "exchange",
        segment = "segment",
        quantity = "tradedQty",
        price = "tradePrice",
        product = "productType",
        side = "side",
        at = "orderDateTime",
        tag = "orderTag",
    }
}

list_reply! {
    /// `GET /tradebook`.
    TradesReply { trades = "tradeBook" of TradeRow }
}
