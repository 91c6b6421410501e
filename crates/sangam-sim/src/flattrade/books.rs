//! Order book, the history of one order, trade book.

use serde_json::{Map, Value, json};

use super::orders::validity;
use super::request::Asked;
use super::words::{self, text};
use super::{ACCOUNT, Outcome, list};
use crate::account::{Event, EventKind, Fill, Order, OrderState, Terms, average};
use crate::clock::Instant64;
use crate::money::Paise;
use crate::world::World;

type Row = Map<String, Value>;

pub(super) fn orders(world: &World, asked: &Asked) -> Outcome {
    asked.need("uid")?;
    let wanted = asked.get("prd");
    let rows = world
        .orders()
        .iter()
        .filter(|order| wanted.is_none_or(|prd| prd == words::product(order.product)))
        .map(|order| Value::Object(book_row(order)))
        .collect();
    list(rows)
}

/// Every report on an order, newest first; early ones know less.
pub(super) fn history(world: &World, asked: &Asked) -> Outcome {
    asked.need("uid")?;
    let Some(order) = world.order(asked.need("norenordno")?) else {
        return list(Vec::new());
    };
    let mut rows: Vec<Row> = Vec::new();
    for event in &order.history {
        // On its way to the exchange the OMS reports an order once more.
        let sent = matches!(event.kind, EventKind::Opened | EventKind::Armed);
        if sent && rows.len() == 1 {
            rows.push(pending_row(&order, event));
        }
        rows.push(match event.kind {
            EventKind::Received => received_row(&order, event),
            EventKind::Queued => pending_row(&order, event),
            _ => event_row(&order, event),
        });
    }
    rows.reverse();
    list(rows.into_iter().map(Value::Object).collect())
}

/// What all rows of an order say.
fn common(order: &Order, terms: &Terms) -> Row {
    let contract = &order.contract;
    let row = json!({
        "stat": "Ok",
        "norenordno": order.id,
        "uid": ACCOUNT,
        "actid": ACCOUNT,
        "exch": contract.segment.flattrade(),
        "tsym": contract.names.flattrade,
        "token": text(contract.token),
        "instname": words::instrument(contract),
        "dname": words::display_name(contract),
        "pp": "2",
        "ls": text(contract.lot),
        "ti": text(contract.tick),
        "mult": "1",
        "prcftr": "1.000000",
        "qty": text(terms.quantity),
        "rorgqty": text(order.original.quantity),
        "rorgprc": text(order.original.price),
        "trantype": words::side(order.side),
        "prctyp": words::kind(terms.kind),
        "ret": validity(order, terms.validity),
        "prd": words::product(order.product),
        "prc": text(terms.price),
        "rprc": text(terms.price),
        "ordenttm": text(order.placed_at.epoch_s()),
    });
    let mut row = match row {
        Value::Object(row) => row,
        _ => Row::new(),
    };
    if let Some(tag) = &order.tag {
        row.insert("remarks".to_owned(), json!(tag));
    }
    if order.after_market {
        row.insert("amo".to_owned(), json!("Yes"));
    }
    row
}

fn put(row: &mut Row, name: &str, value: Value) {
    row.insert(name.to_owned(), value);
}

fn put_standing(row: &mut Row, state: OrderState, last: EventKind, at: Instant64) {
    put(row, "status", json!(words::status(state)));
    put(row, "rpt", json!(words::report(last)));
    put(row, "norentm", json!(words::time_date(at)));
}

fn put_fills(row: &mut Row, filled: i64, value: Paise) {
    put(row, "fillshares", text(filled));
    put(row, "avgprc", text(average(value, filled)));
}

fn book_row(order: &Order) -> Row {
    let mut row = common(order, &order.terms);
    let last = order
        .history
        .last()
        .map_or(EventKind::Received, |event| event.kind);
    put_standing(&mut row, order.state, last, order.updated_at);
    put_fills(&mut row, order.filled, order.value);
    put(&mut row, "trgprc", text(order.terms.trigger));
    put(&mut row, "dscqty", text(order.terms.disclosed));
    if let Some(id) = &order.exchange_id {
        put(&mut row, "exchordid", json!(id));
        put(&mut row, "exch_tm", json!(words::date_time(order.updated_at)));
    }
    if order.state == OrderState::Cancelled {
        put(&mut row, "cancelqty", text(order.cancelled()));
    }
    put_reason(&mut row, order);
    row
}

fn put_reason(row: &mut Row, order: &Order) {
    if let Some(refusal) = &order.reason {
        let reason = words::reason(refusal, &order.contract, order.terms.price);
        put(row, "rejreason", json!(reason));
    }
}

/// The first report: neither exchange nor disclosed quantity nor fills.
fn received_row(order: &Order, event: &Event) -> Row {
    let mut row = common(order, &event.terms);
    put_standing(&mut row, OrderState::Received, EventKind::Received, event.at);
    row
}

fn pending_row(order: &Order, event: &Event) -> Row {
    let mut row = common(order, &event.terms);
    put_standing(&mut row, OrderState::Received, EventKind::Queued, event.at);
    put(&mut row, "dscqty", text(event.terms.disclosed));
    row
}

fn event_row(order: &Order, event: &Event) -> Row {
    let mut row = common(order, &event.terms);
    put_standing(&mut row, event.state, event.kind, event.at);
    put(&mut row, "dscqty", text(event.terms.disclosed));
    if event.terms.kind.has_trigger() {
        put(&mut row, "trgprc", text(event.terms.trigger));
    }
    if event.kind == EventKind::Rejected {
        put_reason(&mut row, order);
    } else if let Some(id) = &order.exchange_id {
        put(&mut row, "exchordid", json!(id));
        put(&mut row, "exch_tm", json!(words::time_date(event.at)));
    }
    if !matches!(event.kind, EventKind::Opened | EventKind::Armed) {
        put_fills(&mut row, event.filled, event.value);
    }
    if event.state == OrderState::Cancelled {
        put(&mut row, "cancelqty", text(event.terms.quantity - event.filled));
    }
    row
}

/// One row a fill: `flqty` and `flprc` are the fill's own, `fillshares` and `avgprc` run up to it.
pub(super) fn trades(world: &World, asked: &Asked) -> Outcome {
    for name in ["uid", "actid"] {
        asked.need(name)?;
    }
    let rows = world
        .fills()
        .iter()
        .map(|(order, fill)| trade_row(order, fill))
        .collect();
    list(rows)
}

fn trade_row(order: &Order, fill: &Fill) -> Value {
    let so_far = order.fills.iter().filter(|other| other.serial <= fill.serial);
    let (filled, value) = so_far.fold((0, Paise::ZERO), |(filled, value), each| {
        (filled + each.quantity, value + each.price.times(each.quantity))
    });
    let contract = &order.contract;
    let mut row = json!({
        "stat": "Ok",
        "norenordno": order.id,
        "uid": ACCOUNT,
        "actid": ACCOUNT,
        "exch": contract.segment.flattrade(),
        "tsym": contract.names.flattrade,
        "token": text(contract.token),
        "pp": "2",
        "ls": text(contract.lot),
        "ti": text(contract.tick),
        "prctyp": words::kind(order.terms.kind),
        "ret": validity(order, order.terms.validity),
        "prd": words::product(order.product),
        "trantype": words::side(order.side),
        "qty": text(order.terms.quantity),
        "prc": text(order.terms.price),
        "fillshares": text(filled),
        "avgprc": text(average(value, filled)),
        "flid": fill.trade_id,
        "flqty": text(fill.quantity),
        "flprc": text(fill.price),
        "fltm": words::date_time(fill.at),
        "norentm": words::time_date(fill.at),
        "exch_tm": words::time_date(fill.at),
        "exchordid": order.exchange_id,
        "ordersource": "API",
    });
    if let Some(tag) = &order.tag {
        row["remarks"] = json!(tag);
    }
    row
}
