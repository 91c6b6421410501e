//! modifyorder, cancelorder, orderstatus: an order is named by its number or by the id its caller chose.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sangam::core::ports::OrderRecord;
use sangam::core::{BrokerName, ClientOrderId, OrderKind, OrderNumber};
use sangam::orders::Modification;
use serde::Serialize;
use serde_json::{Map, Value};

use super::body::RawBody;
use super::fields::Fields;
use super::order_fields::{
    NEGATIVE_PRICE, disclosed, parsed, price, price_of_trigger, quantity, side, validity,
};
use super::order_row::order_row;
use super::reply::{self, Refusal};
use super::state::Gateway;
use super::words::{EXCHANGES, PRICE_TYPES, PRODUCTS};

/// Changes an order.
pub(crate) async fn modify(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(modify_inner(&gateway, &body).await)
}

async fn modify_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    let body = reply::object(body)?;
    let mut fields = Fields::new(&body);
    let key = fields.text("apikey");
    fields.text("strategy");
    let exchange = fields.one_of("exchange", &EXCHANGES, None);
    let symbol = fields.text("symbol");
    let which = which(&mut fields, &body);
    let side = side(&mut fields);
    let product = fields.one_of("product", &PRODUCTS, None);
    let kind = fields
        .one_of("pricetype", &PRICE_TYPES, None)
        .and_then(|word| word.parse::<OrderKind>().ok());
    let price = price(&mut fields, "price", true, NEGATIVE_PRICE);
    let quantity = quantity(&mut fields, "quantity", true);
    let disclosed = disclosed(&mut fields, true);
    let trigger_price = price_of_trigger(&mut fields, true);
    let validity = validity(&mut fields, None);
    gateway.admit_then(
        key.as_deref(),
        fields.finish().map_err(|faults| Refusal::faults_text(&faults)),
    )?;
    let number = which.number(gateway).await?;
    let (desk, order) = gateway.find(number).await?;
    // The rest of the twelve fields say which order the caller means: a mismatch is refused, nothing is sent.
    let named = gateway.instrument(
        exchange.unwrap_or_default(),
        symbol.as_deref().unwrap_or_default(),
    )?;
    let mut differing = Vec::new();
    if named != order.request.instrument {
        differing.push(format!("symbol is {}", order.request.instrument));
    }
    if side.is_some_and(|side| side != order.request.side) {
        differing.push(format!("action is {}", order.request.side));
    }
    if product.is_some_and(|product| product != order.request.product.as_str()) {
        differing.push(format!("product is {}", order.request.product));
    }
    if !differing.is_empty() {
        let what = format!(
            "Order {number} is another order: its {}. Nothing was changed.",
            differing.join(", its ")
        );
        return Err(Refusal::new(StatusCode::BAD_REQUEST, what));
    }
    let takes_limit = matches!(kind, Some(OrderKind::Limit | OrderKind::StopLossLimit));
    let takes_trigger = matches!(kind, Some(OrderKind::StopLossLimit | OrderKind::StopLossMarket));
    let change = Modification {
        kind,
        price: price.filter(|_| takes_limit),
        trigger_price: trigger_price.filter(|_| takes_trigger),
        quantity,
        validity,
        disclosed: disclosed.filter(|disclosed| *disclosed != order.request.disclosed),
    };
    let order = desk
        .modify(number, change)
        .await
        .map_err(|error| reply::desk_refusal(&error))?;
    Ok(accepted(gateway, &order))
}

/// Cancels an order.
pub(crate) async fn cancel(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(cancel_inner(&gateway, &body).await)
}

async fn cancel_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    let body = reply::object(body)?;
    let mut fields = Fields::new(&body);
    let key = fields.text("apikey");
    fields.text("strategy");
    let which = which(&mut fields, &body);
    gateway.admit_then(
        key.as_deref(),
        fields.finish().map_err(|faults| Refusal::faults_text(&faults)),
    )?;
    let number = which.number(gateway).await?;
    let (desk, _) = gateway.find(number).await?;
    let order = desk
        .cancel(number)
        .await
        .map_err(|error| reply::desk_refusal(&error))?;
    Ok(accepted(gateway, &order))
}

/// One order.
pub(crate) async fn status(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(status_inner(&gateway, &body).await)
}

async fn status_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    let body = reply::object(body)?;
    let mut fields = Fields::new(&body);
    let key = fields.text("apikey");
    if body.contains_key("strategy") || !body.contains_key("client_order_id") {
        fields.text("strategy");
    }
    let which = which(&mut fields, &body);
    gateway.admit_then(
        key.as_deref(),
        fields.finish().map_err(|faults| Refusal::faults_text(&faults)),
    )?;
    let number = which.number(gateway).await?;
    let (desk, _) = gateway.find(number).await?;
    let order = desk
        .refresh(number)
        .await
        .map_err(|error| reply::desk_refusal(&error))?;
    Ok(gateway.data(order_row(gateway, &order)))
}

fn accepted(gateway: &Gateway, order: &OrderRecord) -> Response {
    #[derive(Serialize)]
    struct Accepted {
        orderid: String,
        broker: Option<BrokerName>,
        state: &'static str,
    }
    gateway.success(Accepted {
        orderid: order.number.to_string(),
        broker: order.broker,
        state: order.state.as_str(),
    })
}

/// The order a caller means: our number, or the id it chose itself when it never got to see the number.
struct Which {
    number: Option<String>,
    client: Option<ClientOrderId>,
}

fn which(fields: &mut Fields<'_>, body: &Map<String, Value>) -> Which {
    let number = if body.contains_key("client_order_id") {
        fields.optional_text("orderid")
    } else {
        fields.text("orderid")
    };
    Which {
        number,
        client: parsed::<ClientOrderId>(fields, "client_order_id"),
    }
}

impl Which {
    async fn number(self, gateway: &Gateway) -> Result<OrderNumber, Refusal> {
        let number = match (&self.number, &self.client) {
            (Some(number), _) => order_number(number)?,
            (None, Some(id)) => return gateway.number_of(id).await,
            (None, None) => return Err(Refusal::new(StatusCode::BAD_REQUEST, "Order ID is missing")),
        };
        if let Some(id) = &self.client
            && gateway.number_of(id).await? != number
        {
            let what = format!("Order {number} has another client_order_id than {id}. Nothing was done.");
            return Err(Refusal::new(StatusCode::BAD_REQUEST, what));
        }
        Ok(number)
    }
}

fn order_number(text: &str) -> Result<OrderNumber, Refusal> {
    if text.is_empty() {
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "Order ID is missing"));
    }
    // A number written otherwise than we write it is none of ours, and the answer names it as it was given.
    text.parse::<OrderNumber>()
        .ok()
        .filter(|number| number.to_string() == text)
        .ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, format!("Order {text} not found")))
}

/// A refusal is an answer too.
pub(crate) fn answer(result: Result<Response, Refusal>) -> Response {
    result.unwrap_or_else(IntoResponse::into_response)
}
