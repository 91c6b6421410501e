//! placeorder: parsed at the border, handed to the desk, answered by what became of it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sangam::core::{
    BrokerName, ClientOrderId, InstrumentId, OrderDraft, OrderState, PositionEffect, Product, Quantity,
    Validity,
};
use sangam::orders::Submitted;
use serde::Serialize;
use serde_json::{Map, Value};

use super::body::RawBody;
use super::fields::{Faults, Fields};
use super::order_fields::{
    NEGATIVE_PRICE, disclosed, parsed, price, price_of_trigger, quantity, side, validity,
};
use super::orders::answer;
use super::reply::{self, Refusal};
use super::state::Gateway;
use super::words::{EXCHANGES, PRICE_TYPES, PRODUCTS};

/// Places an order.
pub(crate) async fn place(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(place_inner(&gateway, &body).await)
}

async fn place_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    let body = reply::object(body)?;
    let (key, parsed) = read_place(&body);
    let parsed = parsed.map_err(|faults| Refusal::faults_text(&faults));
    let parsed = gateway.admit_then(key.as_deref(), parsed)?;
    let instrument = gateway.instrument(parsed.exchange, &parsed.symbol)?;
    let desk = gateway.desk(parsed.group.as_deref())?;
    let draft = (parsed.draft_of)(instrument);
    let submitted = desk
        .submit(draft, parsed.broker)
        .await
        .map_err(|error| reply::desk_refusal(&error))?;
    placed(gateway, submitted)
}

struct ParsedPlace {
    /// The order, once its instrument has been looked up.
    draft_of: Box<dyn FnOnce(InstrumentId) -> OrderDraft + Send>,
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
    let validity = validity(&mut fields, Some(Validity::Day));
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
            draft_of: Box::new(move |instrument| OrderDraft {
                instrument,
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
            }),
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

/// The answer to a placement by what became of it.
fn placed(gateway: &Gateway, submitted: Submitted) -> Result<Response, Refusal> {
    #[derive(Serialize)]
    struct Placed {
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
        _ => Ok(gateway.success(Placed {
            orderid: number,
            broker: order.broker,
            state: order.state.as_str(),
            client_order_id: order.client_order_id,
            replayed: submitted.replayed,
            simulated: order.simulated,
        })),
    }
}
