//! cancelallorder and closeposition: what stands is cancelled, what is held is closed, one order at a time, and what could
//! not be is named with its reason.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sangam::core::ports::OrderFilter;
use sangam::core::{
    BrokerName, OrderDraft, OrderKind, OrderNumber, PositionEffect, Product, Quantity, Side, Validity,
};
use sangam::orders::Desk;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::body::RawBody;
use super::fields::Fields;
use super::one_order::outcome;
use super::orders::answer;
use super::reply::{self, Refusal};
use super::state::Gateway;

/// Cancels every order of a group that stands.
pub(crate) async fn cancel_all(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(cancel_all_inner(&gateway, &body).await)
}

async fn cancel_all_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    #[derive(Serialize)]
    struct Cancelled {
        canceled_orders: Vec<String>,
        failed_cancellations: Vec<Value>,
        message: String,
    }
    let (desk, _) = desk_of(gateway, body)?;
    let filter = OrderFilter {
        open_only: true,
        ..OrderFilter::default()
    };
    let open = desk
        .orders(&filter)
        .await
        .map_err(|error| reply::desk_refusal(&error))?;
    let mut cancelling = JoinSet::new();
    for order in open {
        let desk = desk.clone();
        // The budget of calls lets as many go at a time as the brokers take.
        cancelling.spawn(async move { (order.number, desk.cancel(order.number).await) });
    }
    let mut ended: Vec<(OrderNumber, Result<(), String>)> = Vec::new();
    while let Some(joined) = cancelling.join_next().await {
        match joined {
            Ok((number, result)) => {
                ended.push((number, result.map(|_| ()).map_err(|error| error.to_string())))
            }
            Err(error) => tracing::error!(%error, "a cancellation was interrupted"),
        }
    }
    ended.sort_by_key(|(number, _)| *number);
    let (mut canceled_orders, mut failed_cancellations) = (Vec::new(), Vec::new());
    for (number, result) in ended {
        match result {
            Ok(()) => canceled_orders.push(number.to_string()),
            Err(message) => {
                failed_cancellations.push(json!({"orderid": number.to_string(), "message": message}));
            }
        }
    }
    let message = format!(
        "Canceled {} orders. Failed to cancel {} orders.",
        canceled_orders.len(),
        failed_cancellations.len()
    );
    Ok(gateway.success(Cancelled {
        canceled_orders,
        failed_cancellations,
        message,
    }))
}

/// Closes every position of a group at the market.
pub(crate) async fn close_positions(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(close_positions_inner(&gateway, &body).await)
}

async fn close_positions_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    #[derive(Serialize)]
    struct Closed {
        message: &'static str,
        results: Vec<Value>,
    }
    let (desk, strategy) = desk_of(gateway, body)?;
    let ours = |id| desk.accounts().iter().any(|account| account.id() == id);
    let positions = gateway.system().positions().await;
    // What is held where the books cannot be read is not known: it is named, and the rest is closed.
    let unread = positions.failed.iter().filter(|(account, _)| ours(account));
    let mut results: Vec<Value> = unread
        .map(|(account, error)| {
            let message =
                format!("the positions of {account} could not be read, none is closed there: {error}");
            json!({"account": account, "status": "error", "message": message})
        })
        .collect();
    let unread = results.len();
    let mut rows: Vec<_> = positions.rows.iter().filter(|row| ours(&row.account)).collect();
    // The largest first: of two accounts at one broker an order goes to the first that holds enough.
    rows.sort_by_key(|row| std::cmp::Reverse(row.value.net.units().unsigned_abs()));
    for row in rows {
        let units = row.value.net.units();
        if units == 0 {
            continue;
        }
        let closing = match (&row.value.instrument.id, &row.value.product) {
            (Some(id), Some(product)) => OrderDraft {
                strategy: strategy.clone(),
                ..closing(id, product.clone(), units)
            },
            _ => {
                let symbol = &row.value.instrument.broker_symbol;
                let message = format!(
                    "{symbol} at {} is a product or symbol this gateway does not trade; close it in the broker's app",
                    row.account
                );
                results.push(json!({"symbol": symbol, "status": "error", "message": message}));
                continue;
            }
        };
        results.push(close(desk, closing, row.broker).await);
    }
    let failed = results.iter().filter(|row| row["status"] != "success").count();
    if failed > 0 {
        let what = format!(
            "Squared off {} of {} open positions; see results for the others.",
            results.len() - failed,
            results.len() - unread
        );
        return Err(Refusal::new(StatusCode::OK, what).with("results", results));
    }
    Ok(gateway.success(Closed {
        message: "All Open Positions Squared Off",
        results,
    }))
}

fn closing(id: &sangam::core::InstrumentId, product: Product, units: i64) -> OrderDraft {
    OrderDraft {
        instrument: id.clone(),
        side: if units > 0 { Side::Sell } else { Side::Buy },
        quantity: Quantity::new(units.unsigned_abs()).unwrap_or(Quantity::ZERO),
        kind: OrderKind::Market,
        price: None,
        trigger_price: None,
        product,
        validity: Validity::Day,
        disclosed: Quantity::ZERO,
        after_market: false,
        position_effect: Some(PositionEffect::Close),
        client_order_id: None,
        strategy: None,
    }
}

async fn close(desk: &Desk, draft: OrderDraft, broker: BrokerName) -> Value {
    let symbol = draft.instrument.to_string();
    let submitted = desk
        .submit(draft, Some(broker))
        .await
        .map_err(|error| reply::desk_refusal(&error));
    match submitted.and_then(outcome) {
        Ok(placed) => json!({"symbol": symbol, "status": "success", "order": placed}),
        Err(refusal) => {
            let mut row = refusal.body;
            row["symbol"] = json!(symbol);
            row
        }
    }
}

/// The desk a body names, and the caller's name for what trades.
fn desk_of<'a>(gateway: &'a Gateway, body: &[u8]) -> Result<(&'a Desk, Option<String>), Refusal> {
    let body = reply::object(body)?;
    let mut fields = Fields::new(&body);
    let key = fields.text("apikey");
    let strategy = fields.text("strategy");
    let group = fields.optional_text("group");
    gateway.admit_then(
        key.as_deref(),
        fields.finish().map_err(|faults| Refusal::faults_text(&faults)),
    )?;
    Ok((gateway.desk(group.as_deref())?, strategy))
}
