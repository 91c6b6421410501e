//! One order of ours in OpenAlgo's form, with the fields we add.

use sangam::core::BrokerName;
use sangam::core::ports::OrderRecord;
use serde::Serialize;

use super::num::Num;
use super::state::Gateway;
use super::words;

/// An order as `orderstatus` and `orderbook` show it.
#[derive(Debug, Serialize)]
pub(crate) struct OrderRow {
    action: &'static str,
    average_price: Num,
    exchange: String,
    order_status: &'static str,
    orderid: String,
    price: Num,
    pricetype: String,
    product: String,
    quantity: u64,
    symbol: String,
    timestamp: String,
    trigger_price: Num,
    filled_quantity: u64,
    broker: Option<BrokerName>,
    account: Option<String>,
    broker_order_id: Option<String>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_order_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    simulated: bool,
}

impl OrderRow {
    pub(crate) fn side(&self) -> &'static str {
        self.action
    }

    pub(crate) fn status(&self) -> &'static str {
        self.order_status
    }
}

/// One order of ours in OpenAlgo's form.
pub(crate) fn order_row(gateway: &Gateway, order: &OrderRecord) -> OrderRow {
    let request = &order.request;
    OrderRow {
        action: request.side.as_str(),
        average_price: Num::price(order.average_price),
        exchange: request.instrument.exchange.to_string(),
        order_status: words::order_status(order.state),
        orderid: order.number.to_string(),
        price: Num::price(request.pricing.limit()),
        pricetype: request.pricing.kind().to_string(),
        product: request.product.to_string(),
        quantity: request.quantity.units(),
        symbol: gateway.system().outside_symbol(&request.instrument),
        timestamp: words::timestamp(order.created_at),
        trigger_price: Num::price(request.pricing.trigger()),
        filled_quantity: order.filled.units(),
        broker: order.broker,
        account: order.account.as_ref().map(ToString::to_string),
        broker_order_id: order.broker_order_id.as_ref().map(ToString::to_string),
        state: order.state.as_str(),
        client_order_id: order.client_order_id.as_ref().map(ToString::to_string),
        message: order.message.clone(),
        simulated: order.simulated,
    }
}
