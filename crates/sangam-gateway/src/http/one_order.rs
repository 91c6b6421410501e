//! One order of a body, as placeorder, basketorder and splitorder have it: read at the border, and answered by what became
//! of it.

use axum::http::StatusCode;
use sangam::core::{
    BrokerName, ClientOrderId, InstrumentId, OrderDraft, OrderKind, OrderState, PositionEffect, Price,
    Product, Quantity, Side, Validity,
};
use sangam::orders::Submitted;
use serde::Serialize;

use super::fields::{Faults, Fields};
use super::order_fields::{
    NEGATIVE_PRICE, disclosed, parsed, price, price_of_trigger, quantity, side, validity,
};
use super::reply::Refusal;
use super::state::Gateway;
use super::words::{EXCHANGES, PRICE_TYPES, PRODUCTS};

/// An order as its fields say, its instrument not looked up yet.
pub(crate) struct ReadOrder {
    exchange: Option<&'static str>,
    symbol: Option<String>,
    side: Option<Side>,
    quantity: Option<Quantity>,
    kind: Option<OrderKind>,
    product: Option<&'static str>,
    price: Option<Price>,
    trigger_price: Option<Price>,
    disclosed: Option<Quantity>,
    validity: Option<Validity>,
    after_market: bool,
    position_effect: Option<PositionEffect>,
    client_order_id: Option<ClientOrderId>,
    broker: Option<BrokerName>,
}

/// Takes the fields of one order.
pub(crate) fn read(fields: &mut Fields<'_>) -> ReadOrder {
    let exchange = fields.one_of("exchange", &EXCHANGES, None);
    let symbol = fields.text("symbol");
    let side = side(fields);
    let quantity = quantity(fields, "quantity", true);
    let kind = fields
        .one_of("pricetype", &PRICE_TYPES, Some("MARKET"))
        .and_then(|word| word.parse().ok());
    let product = fields.one_of("product", &PRODUCTS, Some("MIS"));
    let price = price(fields, "price", false, NEGATIVE_PRICE);
    let trigger_price = price_of_trigger(fields, false);
    let disclosed = disclosed(fields, false);
    fields.ignored("underlying_ltp");
    let validity = validity(fields, Some(Validity::Day));
    let after_market = fields.flag("after_market");
    let position_effect = parsed::<PositionEffect>(fields, "position_effect");
    let client_order_id = parsed::<ClientOrderId>(fields, "client_order_id");
    let broker = parsed::<BrokerName>(fields, "broker");
    ReadOrder {
        exchange,
        symbol,
        side,
        quantity,
        kind,
        product,
        price,
        trigger_price,
        disclosed,
        validity,
        after_market,
        position_effect,
        client_order_id,
        broker,
    }
}

/// An order whose fields are all right.
pub(crate) struct ParsedOrder {
    exchange: &'static str,
    pub(crate) symbol: String,
    pub(crate) broker: Option<BrokerName>,
    /// The order, once its instrument has been looked up.
    draft_of: Box<dyn FnOnce(InstrumentId) -> OrderDraft + Send>,
}

impl ReadOrder {
    /// The symbol, where one was given.
    pub(crate) fn symbol(&self) -> Option<String> {
        self.symbol.clone()
    }

    /// The whole order, if nothing was wrong with its body.
    pub(crate) fn whole(
        self,
        strategy: Option<String>,
        fine: bool,
        finished: Result<(), Faults>,
    ) -> Result<ParsedOrder, Faults> {
        finished?;
        let needed = (
            self.exchange,
            self.symbol,
            self.side,
            self.quantity,
            self.kind,
            self.product,
            self.validity,
        );
        let (
            Some(exchange),
            Some(symbol),
            Some(side),
            Some(quantity),
            Some(kind),
            Some(product),
            Some(validity),
            true,
        ) = (
            needed.0, needed.1, needed.2, needed.3, needed.4, needed.5, needed.6, fine,
        )
        else {
            return Err(Faults::one("body", "could not be read"));
        };
        Ok(ParsedOrder {
            exchange,
            symbol,
            broker: self.broker,
            draft_of: Box::new(move |instrument| OrderDraft {
                instrument,
                side,
                quantity,
                kind,
                price: self.price,
                trigger_price: self.trigger_price,
                product: Product::from(product.to_owned()),
                validity,
                disclosed: self.disclosed.unwrap_or(Quantity::ZERO),
                after_market: self.after_market,
                position_effect: self.position_effect,
                client_order_id: self.client_order_id,
                strategy,
            }),
        })
    }
}

impl ParsedOrder {
    /// The order, its instrument looked up.
    pub(crate) fn draft(self, gateway: &Gateway) -> Result<OrderDraft, Refusal> {
        let instrument = gateway.instrument(self.exchange, &self.symbol)?;
        Ok((self.draft_of)(instrument))
    }
}

/// An order that was placed.
#[derive(Debug, Serialize)]
pub(crate) struct Placed {
    orderid: String,
    broker: Option<BrokerName>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_order_id: Option<ClientOrderId>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    replayed: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    simulated: bool,
}

/// What became of a placement: an order, or why it is none, or that nobody knows.
pub(crate) fn outcome(submitted: Submitted) -> Result<Placed, Refusal> {
    let order = submitted.order;
    let number = order.number.to_string();
    let refusal = |status, message: String| {
        let mut refusal = Refusal::new(status, message)
            .with("orderid", number.clone())
            .with("state", order.state.as_str());
        if let Some(id) = &order.client_order_id {
            refusal = refusal.with("client_order_id", id.as_str());
        }
        if let Some(broker) = order.broker {
            refusal = refusal.with("broker", broker.as_str());
        }
        refusal
    };
    let why = order.message.clone().unwrap_or_default();
    match order.state {
        // 200 with an error inside: every OpenAlgo client shows the text and none takes it for a success.
        OrderState::InDoubt | OrderState::Parked => Err(refusal(
            StatusCode::OK,
            format!(
                "Order outcome unknown; do not resend. Order {number} is being looked for at its broker; ask for its \
                 status. {why}"
            ),
        )),
        OrderState::Rejected => Err(refusal(
            StatusCode::BAD_REQUEST,
            format!("Order {number} was rejected: {why}"),
        )),
        _ => Ok(Placed {
            orderid: number,
            broker: order.broker,
            state: order.state.as_str(),
            client_order_id: order.client_order_id,
            replayed: submitted.replayed,
            simulated: order.simulated,
        }),
    }
}
