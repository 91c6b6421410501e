//! placeorder, modifyorder, cancelorder, orderstatus, openposition: parsed at the border, handed to the desk.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rust_decimal::Decimal;
use sangam::core::ports::OrderRecord;
use sangam::core::{
    BrokerName, ClientOrderId, OrderDraft, OrderKind, OrderNumber, OrderState, PositionEffect, Price,
    Product, Quantity, Side, Validity,
};
use sangam::orders::{Modification, Submitted};
use serde::Serialize;
use serde_json::{Map, Value};

use super::fields::{Faults, Fields};
use super::num::Num;
use super::reply::{self, Refusal};
use super::state::Gateway;
use super::words::{self, ACTIONS, EXCHANGES, PRICE_TYPES, PRODUCTS};

const NEGATIVE_PRICE: &str = "Price must be a non-negative number.";
const NEGATIVE_TRIGGER: &str = "Trigger price must be a non-negative number.";
const NEGATIVE_DISCLOSED: &str = "Disclosed quantity must be a non-negative integer.";
const BAD_QUANTITY: &str = "Quantity must be a positive number.";

/// Places an order.
pub(crate) async fn place(State(gateway): State<Gateway>, body: Bytes) -> Response {
    answer(place_inner(&gateway, &body).await)
}

async fn place_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    let body = reply::object(body)?;
    let (key, parsed) = read_place(&body);
    let parsed = parsed.map_err(|faults| Refusal::faults_text(&faults));
    let parsed = gateway.admit_then(key.as_deref(), parsed)?;
    let instrument = gateway.instrument(parsed.exchange, &parsed.symbol)?;
    let desk = gateway.desk(parsed.group.as_deref())?;
    let draft = OrderDraft {
        instrument,
        ..parsed.draft
    };
    let submitted = desk
        .submit(draft, parsed.broker)
        .await
        .map_err(|error| reply::desk_refusal(&error))?;
    placed(submitted)
}

struct ParsedPlace {
    draft: OrderDraft,
    exchange: &'static str,
    symbol: String,
    broker: Option<BrokerName>,
    group: Option<String>,
}

fn read_place(body: &Map<String, Value>) -> (Option<String>, Result<ParsedPlace, Faults>) {
    let mut fields = Fields::new(body);
    let key = fields.text("apikey");
    let strategy = fields.text("strategy");
    let exchange = fields.one_of("exchange", &EXCHANGES, None);
    let symbol = fields.text("symbol");
    let side = side(&mut fields);
    let quantity = quantity(&mut fields, "quantity", true);
    let kind = fields
        .one_of("pricetype", &PRICE_TYPES, Some("MARKET"))
        .and_then(|word| word.parse().ok());
    let product = fields.one_of("product", &PRODUCTS, Some("MIS"));
    let price = price(&mut fields, "price", false, NEGATIVE_PRICE);
    let trigger_price = price_of_trigger(&mut fields, false);
    let disclosed = disclosed(&mut fields, false);
    fields.ignored("underlying_ltp");
    let validity = fields
        .one_of("validity", &["DAY", "IOC"], Some("DAY"))
        .and_then(|word| word.parse().ok());
    let after_market = fields.flag("after_market");
    let position_effect = parsed::<PositionEffect>(&mut fields, "position_effect");
    let client_order_id = parsed::<ClientOrderId>(&mut fields, "client_order_id");
    let broker = parsed::<BrokerName>(&mut fields, "broker");
    let group = fields.optional_text("group");
    let fine = fields.is_fine();
    let finished = fields.finish();
    let parsed = match (
        finished, exchange, symbol, side, quantity, kind, product, validity,
    ) {
        (
            Ok(()),
            Some(exchange),
            Some(symbol),
            Some(side),
            Some(quantity),
            Some(kind),
            Some(product),
            Some(validity),
        ) if fine => Ok(ParsedPlace {
            draft: OrderDraft {
                instrument: placeholder(),
                side,
                quantity,
                kind,
                price,
                trigger_price,
                product: Product::from(product.to_owned()),
                validity,
                disclosed: disclosed.unwrap_or(Quantity::ZERO),
                after_market,
                position_effect,
                client_order_id,
                strategy,
            },
            exchange,
            symbol,
            broker,
            group,
        }),
        (Err(faults), ..) => Err(faults),
        _ => Err(Faults::one("body", "could not be read")),
    };
    (key, parsed)
}

/// Stands in until the symbol has been looked up.
fn placeholder() -> sangam::core::InstrumentId {
    "NSE:-".parse().expect("a well-formed name")
}

/// The answer to a placement by what became of it.
fn placed(submitted: Submitted) -> Result<Response, Refusal> {
    #[derive(Serialize)]
    struct Placed {
        orderid: String,
        broker: Option<BrokerName>,
        state: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        client_order_id: Option<ClientOrderId>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        replayed: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        mode: Option<&'static str>,
    }
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
        _ => Ok(reply::success(Placed {
            orderid: number,
            broker: order.broker,
            state: order.state.as_str(),
            client_order_id: order.client_order_id,
            replayed: submitted.replayed,
            mode: order.simulated.then_some("SIMULATED"),
        })),
    }
}

/// Changes an order.
pub(crate) async fn modify(State(gateway): State<Gateway>, body: Bytes) -> Response {
    answer(modify_inner(&gateway, &body).await)
}

async fn modify_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    let body = reply::object(body)?;
    let mut fields = Fields::new(&body);
    let key = fields.text("apikey");
    fields.text("strategy");
    let exchange = fields.one_of("exchange", &EXCHANGES, None);
    let symbol = fields.text("symbol");
    let number = fields.text("orderid");
    let side = side(&mut fields);
    let product = fields.one_of("product", &PRODUCTS, None);
    let kind = fields
        .one_of("pricetype", &PRICE_TYPES, None)
        .and_then(|word| word.parse::<OrderKind>().ok());
    let price = price(&mut fields, "price", true, NEGATIVE_PRICE);
    let quantity = quantity(&mut fields, "quantity", true);
    let disclosed = disclosed(&mut fields, true);
    let trigger_price = price_of_trigger(&mut fields, true);
    let validity = fields
        .optional_text("validity")
        .and_then(|word| word.parse::<Validity>().ok());
    gateway.admit_then(
        key.as_deref(),
        fields.finish().map_err(|faults| Refusal::faults_text(&faults)),
    )?;
    let number = order_number(number.as_deref().unwrap_or_default())?;
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
    Ok(accepted(&order))
}

/// Cancels an order.
pub(crate) async fn cancel(State(gateway): State<Gateway>, body: Bytes) -> Response {
    answer(cancel_inner(&gateway, &body).await)
}

async fn cancel_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    let number = read_order_id(gateway, body)?;
    let (desk, _) = gateway.find(number).await?;
    let order = desk
        .cancel(number)
        .await
        .map_err(|error| reply::desk_refusal(&error))?;
    Ok(accepted(&order))
}

/// One order.
pub(crate) async fn status(State(gateway): State<Gateway>, body: Bytes) -> Response {
    answer(status_inner(&gateway, &body).await)
}

async fn status_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    let body = reply::object(body)?;
    let mut fields = Fields::new(&body);
    let key = fields.text("apikey");
    let strategy_given = body.contains_key("strategy");
    if strategy_given {
        fields.text("strategy");
    } else if !body.contains_key("client_order_id") {
        fields.text("strategy");
    }
    let by_client = parsed::<ClientOrderId>(&mut fields, "client_order_id");
    let number = if by_client.is_some() {
        fields.optional_text("orderid")
    } else {
        fields.text("orderid")
    };
    gateway.admit_then(
        key.as_deref(),
        fields.finish().map_err(|faults| Refusal::faults_text(&faults)),
    )?;
    let number = match (number, by_client) {
        (Some(number), _) => order_number(&number)?,
        (None, Some(id)) => gateway.number_of(&id).await?,
        (None, None) => return Err(Refusal::new(StatusCode::BAD_REQUEST, "Order ID is missing")),
    };
    let (desk, _) = gateway.find(number).await?;
    let order = desk
        .refresh(number)
        .await
        .map_err(|error| reply::desk_refusal(&error))?;
    Ok(reply::data(order_row(gateway, &order)))
}

/// The net quantity of one position over all accounts.
pub(crate) async fn open_position(State(gateway): State<Gateway>, body: Bytes) -> Response {
    answer(open_position_inner(&gateway, &body).await)
}

async fn open_position_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    #[derive(Serialize)]
    struct OpenPosition {
        quantity: i64,
    }
    let body = reply::object(body)?;
    let mut fields = Fields::new(&body);
    let key = fields.text("apikey");
    fields.text("strategy");
    let symbol = fields.text("symbol");
    let exchange = fields.one_of("exchange", &EXCHANGES, None);
    let product = fields.one_of("product", &PRODUCTS, None);
    gateway.admit_then(
        key.as_deref(),
        fields.finish().map_err(|faults| Refusal::faults_text(&faults)),
    )?;
    let id = gateway.instrument(
        exchange.unwrap_or_default(),
        symbol.as_deref().unwrap_or_default(),
    )?;
    let positions = gateway.system().positions().await;
    if let Some((account, error)) = positions.failed.first() {
        // A sum without one account is no position: better no answer than a wrong one.
        return Err(reply::broker_refusal(error).with("account", account.as_str()));
    }
    let quantity = positions
        .rows
        .iter()
        .filter(|row| row.value.instrument.id.as_ref() == Some(&id))
        .filter(|row| row.value.product.as_ref().map(Product::as_str) == product)
        .map(|row| row.value.net.units())
        .sum();
    Ok(reply::success(OpenPosition { quantity }))
}

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

fn accepted(order: &OrderRecord) -> Response {
    #[derive(Serialize)]
    struct Accepted {
        orderid: String,
        broker: Option<BrokerName>,
        state: &'static str,
    }
    reply::success(Accepted {
        orderid: order.number.to_string(),
        broker: order.broker,
        state: order.state.as_str(),
    })
}

fn read_order_id(gateway: &Gateway, body: &[u8]) -> Result<OrderNumber, Refusal> {
    let body = reply::object(body)?;
    let mut fields = Fields::new(&body);
    let key = fields.text("apikey");
    fields.text("strategy");
    let number = fields.text("orderid");
    gateway.admit_then(
        key.as_deref(),
        fields.finish().map_err(|faults| Refusal::faults_text(&faults)),
    )?;
    order_number(number.as_deref().unwrap_or_default())
}

fn order_number(text: &str) -> Result<OrderNumber, Refusal> {
    if text.is_empty() {
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "Order ID is missing"));
    }
    text.parse()
        .map_err(|_| Refusal::new(StatusCode::NOT_FOUND, format!("Order {text} not found")))
}

fn side(fields: &mut Fields<'_>) -> Option<Side> {
    fields
        .one_of("action", &ACTIONS, None)
        .and_then(|word| word.to_ascii_uppercase().parse().ok())
}

fn quantity(fields: &mut Fields<'_>, name: &'static str, required: bool) -> Option<Quantity> {
    let value = fields.decimal(name, required, BAD_QUANTITY)?;
    if value.is_zero() {
        fields.fault(name, BAD_QUANTITY);
        return None;
    }
    let whole = value.normalize();
    if whole.scale() > 0 {
        fields.fault(
            name,
            format!("Fractional quantity ({whole}) is not allowed for non-crypto exchanges."),
        );
        return None;
    }
    let units = u64::try_from(whole)
        .ok()
        .and_then(|units| Quantity::new(units).ok());
    if units.is_none() {
        fields.fault(name, "Quantity is too large.");
    }
    units
}

fn disclosed(fields: &mut Fields<'_>, required: bool) -> Option<Quantity> {
    let value = fields
        .decimal("disclosed_quantity", required, NEGATIVE_DISCLOSED)?
        .normalize();
    let units = (value.scale() == 0).then(|| u64::try_from(value).ok()).flatten();
    let units = units.and_then(|units| Quantity::new(units).ok());
    if units.is_none() {
        fields.fault("disclosed_quantity", NEGATIVE_DISCLOSED);
    }
    units
}

fn price(fields: &mut Fields<'_>, name: &'static str, required: bool, negative: &str) -> Option<Price> {
    let value: Decimal = fields.decimal(name, required, negative)?;
    match Price::new(value) {
        Ok(price) => Some(price).filter(|price| !price.is_zero()),
        Err(error) => {
            fields.fault(name, format!("{error}."));
            None
        }
    }
}

fn price_of_trigger(fields: &mut Fields<'_>, required: bool) -> Option<Price> {
    price(fields, "trigger_price", required, NEGATIVE_TRIGGER)
}

fn parsed<T: std::str::FromStr>(fields: &mut Fields<'_>, name: &'static str) -> Option<T>
where
    T::Err: std::fmt::Display,
{
    let text = fields.optional_text(name)?;
    match text.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            fields.fault(name, format!("{error}."));
            None
        }
    }
}

pub(crate) fn answer(result: Result<Response, Refusal>) -> Response {
    result.unwrap_or_else(IntoResponse::into_response)
}
