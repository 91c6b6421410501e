//! Loading what commits speak of, so that the rules can judge them: one question a table, however many commits there are.
//! What was loaded before is not asked for again as long as nobody else wrote.

use std::collections::{HashMap, HashSet};

use sangam_core::ports::{Change, FillRecord};
use sangam_core::timestamp::Date;
use sangam_core::{ClientOrderId, IST, OrderNumber, OrderUid, OwnerId, Tag};

use super::ask::ask;
use super::encode::Encode;
use super::failure::Fault;
use super::op::{Column, Op, blob, int, text};
use super::persist::position_text;
use super::session::{Cell, Row, Session};
use super::{columns as c, row};
use crate::cost::{FillPlace, PositionKey};
use crate::rules::{AttemptKey, TradeKey, Working};

static ORDERS: Op = Op::Find {
    table: "orders",
    keys: &[blob("uid")],
    columns: c::ORDERS,
};
const KEY: &[Column] = &[text("owner"), text("client_order_id")];
static KEYS: Op = Op::Find {
    table: "orders",
    keys: KEY,
    columns: &[text("owner"), text("client_order_id"), int("number")],
};
static ATTEMPTS: Op = Op::Find {
    table: "attempts",
    keys: &[blob("order_uid"), int("no")],
    columns: c::ATTEMPTS,
};
static TAGS: Op = Op::Find {
    table: "attempts",
    keys: &[text("tag")],
    columns: &[text("tag")],
};
static TRADES: Op = Op::Find {
    table: "fills",
    keys: &[
        text("broker"),
        text("account"),
        text("trading_date"),
        text("broker_order_id"),
        text("trade_id"),
    ],
    columns: c::FILLS,
};
static KEPT: Op = Op::Find {
    table: "kept_positions",
    keys: &[text("position")],
    columns: c::KEPT,
};
static LOTS: Op = Op::Find {
    table: "lots",
    keys: &[text("position")],
    columns: c::LOTS,
};
static HISTORY: Op = Op::Find {
    table: "fills",
    keys: &[text("position")],
    columns: c::FILLS,
};

ask!(LAST_FILL, "select max(id) from fills");
ask!(LAST_ATTEMPT, "select max(id) from attempts");
ask!(
    LAST_NUMBER,
    "select max(number) from orders where number between ? and ?"
);

/// What a group of commits speaks of and is not loaded yet.
#[derive(Debug, Default)]
struct Wanted<'a> {
    orders: HashSet<OrderUid>,
    keys: HashSet<(&'a OwnerId, &'a ClientOrderId)>,
    dates: HashSet<Date>,
    attempts: HashSet<AttemptKey>,
    tags: HashSet<&'a Tag>,
    trades: HashSet<TradeKey>,
    /// Fills in the order in which they will be applied.
    fills: Vec<&'a FillRecord>,
}

impl<'a> Wanted<'a> {
    fn of(working: &Working, changes: &[&'a Change]) -> Self {
        let mut wanted = Self::default();
        for change in changes {
            wanted.add(working, change);
        }
        wanted
    }

    fn add(&mut self, working: &Working, change: &'a Change) {
        match change {
            Change::Received(order) => {
                self.order(working, order.uid);
                self.dates.insert(IST::date(order.created_at));
                if let Some(key) = &order.client_order_id {
                    self.keys.insert((&order.owner, key));
                }
            }
            Change::Intended(attempt) => {
                self.order(working, attempt.order);
                self.attempt(working, (attempt.order, attempt.no));
                self.tags.insert(&attempt.tag);
            }
            Change::AttemptMoved { order, no, .. } => self.attempt(working, (*order, *no)),
            Change::CancelRequested { order, .. } | Change::TermsAwaited { order, .. } => {
                self.order(working, *order);
            }
            Change::OrderMoved(moved) => self.order(working, moved.uid),
            Change::Filled(record) => {
                if let Some(uid) = record.order {
                    self.order(working, uid);
                }
                let key = Working::trade_key(record);
                // Also one of a trade that an earlier commit names: that may be refused, and may be of another position.
                if !working.trades.contains_key(&key) {
                    self.trades.insert(key);
                    self.fills.push(record);
                }
            }
            Change::PositionsRead { .. }
            | Change::HoldingsRead { .. }
            | Change::SessionSeen(_)
            | Change::Stopped(_)
            | Change::Lifted(_)
            | Change::WindowsCounted { .. } => {}
        }
    }

    fn order(&mut self, working: &Working, uid: OrderUid) {
        if !working.orders.contains_key(&uid) {
            self.orders.insert(uid);
        }
    }

    fn attempt(&mut self, working: &Working, key: AttemptKey) {
        if !working.attempts.contains_key(&key) {
            self.attempts.insert(key);
        }
    }
}

/// Whether everything these changes speak of is loaded, as far as anybody can know without asking.
pub(super) fn is_loaded(working: &Working, changes: &[Change]) -> bool {
    let wanted = Wanted::of(working, &changes.iter().collect::<Vec<_>>());
    wanted.orders.is_empty()
        && wanted.keys.is_empty()
        && wanted.dates.is_empty()
        && wanted.attempts.is_empty()
        && wanted.tags.is_empty()
        && wanted.fills.is_empty()
}

/// Loads what these changes speak of.
pub(super) async fn wanted(
    session: &mut dyn Session,
    working: &mut Working,
    changes: &[&Change],
) -> Result<(), Fault> {
    let wanted = Wanted::of(working, changes);
    orders(session, working, &wanted).await?;
    attempts(session, working, &wanted).await?;
    if !wanted.fills.is_empty() {
        trades(session, working, &wanted).await?;
        positions(session, working, &wanted.fills).await?;
    }
    Ok(())
}

async fn orders(session: &mut dyn Session, working: &mut Working, wanted: &Wanted<'_>) -> Result<(), Fault> {
    let mut keys = Encode::default();
    for uid in &wanted.orders {
        keys.uid(*uid);
    }
    for found in find(session, &ORDERS, keys).await? {
        let order = row::order(&found)?;
        working.orders.insert(order.uid, order);
    }
    let mut keys = Encode::default();
    for (owner, key) in &wanted.keys {
        keys.shown(owner).shown(key);
    }
    for found in find(session, &KEYS, keys).await? {
        let (key, number) = row::key(&found)?;
        working.keys.insert(key, number);
    }
    for date in &wanted.dates {
        if !working.numbers.contains_key(date) {
            let bounds = [
                OrderNumber::new(*date, 0),
                OrderNumber::new(*date, OrderNumber::PER_DAY - 1),
            ];
            let mut values = Encode::default();
            for bound in bounds {
                values.number(bound);
            }
            if let Some(last) = whole(&session.rows(&LAST_NUMBER, values.0).await?) {
                working.numbers.insert(*date, OrderNumber::from_u64(last));
            }
        }
    }
    Ok(())
}

async fn attempts(
    session: &mut dyn Session,
    working: &mut Working,
    wanted: &Wanted<'_>,
) -> Result<(), Fault> {
    let mut keys = Encode::default();
    for (uid, no) in &wanted.attempts {
        keys.uid(*uid).int(no.0.into());
    }
    for found in find(session, &ATTEMPTS, keys).await? {
        let attempt = row::attempt(&found)?;
        working.attempts.insert((attempt.order, attempt.no), attempt);
    }
    let mut keys = Encode::default();
    for tag in &wanted.tags {
        keys.shown(tag);
    }
    for found in find(session, &TAGS, keys).await? {
        working.tags.insert(row::tag(&found)?);
    }
    if !wanted.tags.is_empty() && working.last_attempt == 0 {
        working.last_attempt = whole(&session.rows(&LAST_ATTEMPT, Vec::new()).await?).unwrap_or(0);
    }
    Ok(())
}

async fn trades(session: &mut dyn Session, working: &mut Working, wanted: &Wanted<'_>) -> Result<(), Fault> {
    let mut keys = Encode::default();
    for (broker, account, date, order, trade) in &wanted.trades {
        keys.shown(broker)
            .shown(account)
            .shown(date)
            .shown(order)
            .shown(trade);
    }
    for found in find(session, &TRADES, keys).await? {
        let record = row::fill(&found)?;
        working.trades.insert(Working::trade_key(&record), record.order);
    }
    if working.last_fill == 0 {
        working.last_fill = whole(&session.rows(&LAST_FILL, Vec::new()).await?).unwrap_or(0);
    }
    Ok(())
}

/// Loads the positions that new fills move, and all fills of those positions that a late one will change.
async fn positions(
    session: &mut dyn Session,
    working: &mut Working,
    fills: &[&FillRecord],
) -> Result<(), Fault> {
    let new: Vec<_> = fills
        .iter()
        .filter(|record| !working.trades.contains_key(&Working::trade_key(record)))
        .map(|record| (PositionKey::of(record), *record))
        .collect();
    let missing: HashSet<_> = new
        .iter()
        .filter(|(key, _)| !working.kept.contains_key(key))
        .map(|(key, _)| position_text(key))
        .collect();
    let mut lots = HashMap::new();
    for found in find(session, &LOTS, named(&missing)).await? {
        let (position, lot) = row::lot(&found)?;
        lots.entry(position).or_insert_with(Vec::new).push(lot);
    }
    for found in find(session, &KEPT, named(&missing)).await? {
        let kept = row::kept(&found, working.method, |position| lots.remove(position))?;
        working.kept.insert(kept.key.clone(), kept);
    }
    let late = late(working, &new);
    for key in late.values() {
        working.history.insert(key.clone(), Vec::new());
    }
    for found in find(session, &HISTORY, named(&late.keys().cloned().collect())).await? {
        let id = row::fill_id(&found)?;
        let record = row::fill(&found)?;
        if let Some(key) = late.get(&position_text(&PositionKey::of(&record)))
            && let Some(fills) = working.history.get_mut(key)
        {
            fills.push((id, record));
        }
    }
    Ok(())
}

/// The positions of which a new fill stands before one that is in, with their names in the tables.
fn late(working: &Working, new: &[(PositionKey, &FillRecord)]) -> HashMap<String, PositionKey> {
    let mut last: HashMap<&PositionKey, FillPlace> = HashMap::new();
    let mut late = HashMap::new();
    for (key, record) in new {
        if working.history.contains_key(key) {
            continue;
        }
        // A new fill gets a higher number than any before it.
        let place = FillPlace::of(record, u64::MAX);
        let before = last
            .get(key)
            .copied()
            .or_else(|| working.kept.get(key).map(|kept| kept.last));
        if before.is_some_and(|before| place < before) {
            late.insert(position_text(key), key.clone());
        } else {
            last.insert(key, place);
        }
    }
    late
}

fn named(positions: &HashSet<String>) -> Encode {
    let mut keys = Encode::default();
    for position in positions {
        keys.free(position);
    }
    keys
}

async fn find(session: &mut dyn Session, op: &'static Op, keys: Encode) -> Result<Vec<Row>, Fault> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    Ok(session.find(op, keys.rows()).await?)
}

/// The one number of an answer.
fn whole(rows: &[Row]) -> Option<u64> {
    match rows.first()?.first()? {
        Cell::Int(Some(value)) => u64::try_from(*value).ok(),
        _ => None,
    }
}
