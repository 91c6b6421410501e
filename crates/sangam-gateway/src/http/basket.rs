//! basketorder and splitorder: many orders in one call, each with an answer of its own. A leg that is wrong stops no other;
//! whether the call itself succeeded says nothing about its legs.

use axum::extract::State;
use axum::response::Response;
use sangam::core::{ClientOrderId, OrderDraft, Quantity, Side};
use sangam::orders::{BASKET_LEGS_MAX, DeskError, Leg, LegResults, Submitted, check_basket_size};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::body::RawBody;
use super::fields::{Faults, Fields};
use super::one_order::{self, outcome};
use super::order_fields::{parsed, quantity};
use super::orders::answer;
use super::reply::{self, Refusal};
use super::state::Gateway;

/// Places the orders of a list.
pub(crate) async fn basket(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(basket_inner(&gateway, &body).await)
}

async fn basket_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    #[derive(Serialize)]
    struct Basket {
        results: Vec<Value>,
    }
    let body = reply::object(body)?;
    let mut fields = Fields::new(&body);
    let key = fields.text("apikey");
    let strategy = fields.text("strategy");
    let orders = fields.list("orders");
    if orders.is_some_and(Vec::is_empty) {
        fields.fault("orders", "Shorter than minimum length 1.");
    }
    let basket_key = parsed::<ClientOrderId>(&mut fields, "client_order_id");
    let group = fields.optional_text("group");
    let finished = fields.finish().map_err(|faults| Refusal::faults_text(&faults));
    gateway.admit_then(key.as_deref(), finished)?;
    let orders = orders.map(Vec::as_slice).unwrap_or_default();
    too_many(orders.len())?;
    let desk = gateway.desk(group.as_deref())?;

    let mut legs: Vec<Leg> = Vec::with_capacity(orders.len());
    let read: Vec<_> = orders
        .iter()
        .map(|order| read_leg(gateway, order, strategy.as_ref(), &mut legs))
        .collect();
    let mut results: Vec<Option<_>> = submit(desk, basket_key, legs)
        .await?
        .into_iter()
        .map(Some)
        .collect();
    let mut rows: Vec<_> = read
        .into_iter()
        .map(|read| {
            let submitted = read
                .leg
                .and_then(|at| match results.get_mut(at).and_then(Option::take) {
                    Some(result) => result.map_err(|error| reply::desk_refusal(&error)),
                    None => Err(reply::desk_refusal(&DeskError::Interrupted)),
                });
            (read.sells, row("symbol", read.symbol.into(), submitted))
        })
        .collect();
    // Purchases first, as they were sent.
    rows.sort_by_key(|(sells, _)| *sells);
    Ok(gateway.success(Basket {
        results: rows.into_iter().map(|(_, row)| row).collect(),
    }))
}

/// One order of the list: where it stands among the legs, or why it is none.
struct ReadLeg {
    symbol: String,
    sells: bool,
    leg: Result<usize, Refusal>,
}

fn read_leg(gateway: &Gateway, order: &Value, strategy: Option<&String>, legs: &mut Vec<Leg>) -> ReadLeg {
    let nothing = Map::new();
    let body = order.as_object().unwrap_or(&nothing);
    let mut fields = Fields::new(body);
    let own = fields.optional_text("strategy");
    let read = one_order::read(&mut fields);
    let symbol = read.symbol().unwrap_or_default();
    let sells = body.get("action").and_then(Value::as_str);
    let sells = sells.is_some_and(|word| word.eq_ignore_ascii_case(Side::Sell.as_str()));
    let fine = fields.is_fine();
    let whole = read.whole(own.or_else(|| strategy.cloned()), fine, fields.finish());
    let leg = whole
        .map_err(|faults| Refusal::faults_text(&faults))
        .and_then(|parsed| {
            let broker = parsed.broker;
            let draft = parsed.draft(gateway)?;
            legs.push((draft, broker));
            Ok(legs.len() - 1)
        });
    ReadLeg { symbol, sells, leg }
}

/// Places one order in parts of a size.
pub(crate) async fn split(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(split_inner(&gateway, &body).await)
}

async fn split_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    #[derive(Serialize)]
    struct Split {
        split_size: u64,
        total_quantity: u64,
        results: Vec<Value>,
    }
    let body = reply::object(body)?;
    let mut fields = Fields::new(&body);
    let key = fields.text("apikey");
    let strategy = fields.text("strategy");
    let read = one_order::read(&mut fields);
    let size = quantity(&mut fields, "splitsize", true);
    let group = fields.optional_text("group");
    let fine = fields.is_fine();
    let parsed = match (read.whole(strategy, fine, fields.finish()), size) {
        (Ok(parsed), Some(size)) => Ok((parsed, size)),
        (Err(faults), _) => Err(faults),
        (Ok(_), None) => Err(Faults::one("splitsize", "could not be read")),
    };
    let parsed = parsed.map_err(|faults| Refusal::faults_text(&faults));
    let (parsed, size) = gateway.admit_then(key.as_deref(), parsed)?;
    let broker = parsed.broker;
    let mut draft = parsed.draft(gateway)?;
    let (total, size) = (draft.quantity.units(), size.units());
    too_many(usize::try_from(total.div_ceil(size)).unwrap_or(usize::MAX))?;
    let desk = gateway.desk(group.as_deref())?;
    let basket_key = draft.client_order_id.take();
    let parts: Vec<u64> = parts(total, size);
    let legs = parts
        .iter()
        .filter_map(|units| {
            let quantity = Quantity::new(*units).ok()?;
            let part = OrderDraft {
                quantity,
                ..draft.clone()
            };
            Some((part, broker))
        })
        .collect();
    let results = submit(desk, basket_key, legs).await?;
    let rows = results
        .into_iter()
        .zip(&parts)
        .enumerate()
        .map(|(at, (result, units))| {
            let mut row = row(
                "order_num",
                (at + 1).into(),
                result.map_err(|error| reply::desk_refusal(&error)),
            );
            row["quantity"] = json!(units);
            row
        });
    let results = rows.collect();
    Ok(gateway.success(Split {
        split_size: size,
        total_quantity: total,
        results,
    }))
}

/// A quantity in parts of a size, the rest last.
fn parts(total: u64, size: u64) -> Vec<u64> {
    let whole = std::iter::repeat_n(size, usize::try_from(total / size).unwrap_or(BASKET_LEGS_MAX));
    whole.chain(Some(total % size).filter(|rest| *rest > 0)).collect()
}

fn too_many(legs: usize) -> Result<(), Refusal> {
    check_basket_size(legs).map_err(|refusal| reply::desk_refusal(&DeskError::Refused(refusal)))
}

async fn submit(
    desk: &sangam::orders::Desk,
    key: Option<ClientOrderId>,
    legs: Vec<Leg>,
) -> Result<LegResults, Refusal> {
    if legs.is_empty() {
        return Ok(Vec::new());
    }
    desk.submit_basket(key, legs)
        .await
        .map_err(|error| reply::desk_refusal(&error))
}

/// What became of one leg, under its name.
fn row(name: &str, value: Value, submitted: Result<Submitted, Refusal>) -> Value {
    let (status, mut row) = match submitted.and_then(outcome) {
        Ok(placed) => ("success", serde_json::to_value(placed).unwrap_or_default()),
        Err(refusal) => ("error", refusal.body),
    };
    row[name] = value;
    row["status"] = json!(status);
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_make_up_the_whole() {
        for (total, size, wanted) in [
            (105, 20, vec![20, 20, 20, 20, 20, 5]),
            (100, 20, vec![20; 5]),
            (7, 20, vec![7]),
            (20, 20, vec![20]),
        ] {
            assert_eq!(parts(total, size), wanted);
        }
    }
}
