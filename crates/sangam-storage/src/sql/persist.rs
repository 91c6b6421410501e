//! Writing what commits changed: one statement a table, however many commits there are.
//!
//! An update names the state a row must be in, though the rules were checked on what this transaction read: a row that is
//! not found so was changed by a hand that asked nobody, and nothing is written.

use std::collections::HashMap;

use sangam_core::OrderRequest;
use sangam_core::ports::{LedgerError, Wishes};

use super::columns as c;
use super::encode::Encode;
use super::failure::Fault;
use super::op::{Column, Op, blob, int, text};
use super::session::{Rows, Session};
use crate::cost::{Lot, PositionKey};
use crate::portfolio::BookKind;
use crate::rules::{Reading, Snapshot, Working};

static NEW_ORDERS: Op = Op::Insert {
    table: "orders",
    columns: c::ORDERS,
};
static MOVED_ORDERS: Op = Op::Update {
    table: "orders",
    keys: &[blob("uid"), text("state")],
    sets: c::ORDER_STANDING,
};
static ORDER_TERMS: Op = Op::Update {
    table: "orders",
    keys: &[blob("uid")],
    sets: c::ORDER_TERMS,
};
static NEW_ATTEMPTS: Op = Op::Insert {
    table: "attempts",
    columns: c::ATTEMPTS,
};
const ATTEMPT_STANDING: &[Column] = &[text("state"), text("state_detail"), int("updated_at")];
static MOVED_ATTEMPTS: Op = Op::Update {
    table: "attempts",
    keys: &[blob("order_uid"), int("no"), text("state")],
    sets: ATTEMPT_STANDING,
};
static NEW_FILLS: Op = Op::Insert {
    table: "fills",
    columns: c::FILLS,
};
static LINKED_FILLS: Op = Op::Update {
    table: "fills",
    keys: &[
        text("broker"),
        text("account"),
        text("trading_date"),
        text("broker_order_id"),
        text("trade_id"),
    ],
    sets: &[blob("order_uid")],
};
pub(super) static NEW_POSTINGS: Op = Op::Insert {
    table: "postings",
    columns: c::POSTINGS,
};
pub(super) static KEPT: Op = Op::Upsert {
    table: "kept_positions",
    keys: 1,
    columns: c::KEPT,
};
pub(super) static LOTS: Op = Op::Upsert {
    table: "lots",
    keys: 2,
    columns: c::LOTS,
};
static CLOSED_LOTS: Op = Op::Delete {
    table: "lots",
    keys: &[text("position"), int("opened_id")],
};
static OLD_POSITIONS: Op = Op::Delete {
    table: "positions",
    keys: &[text("account")],
};
static POSITIONS: Op = Op::Insert {
    table: "positions",
    columns: c::POSITIONS,
};
static OLD_HOLDINGS: Op = Op::Delete {
    table: "holdings",
    keys: &[text("account"), text("date")],
};
static HOLDINGS: Op = Op::Insert {
    table: "holdings",
    columns: c::HOLDINGS,
};
static HOLDING_DAYS: Op = Op::Delete {
    table: "holding_days",
    keys: c::HOLDING_DAYS,
};
static NEW_HOLDING_DAYS: Op = Op::Insert {
    table: "holding_days",
    columns: c::HOLDING_DAYS,
};
static BOOK_READS: Op = Op::Upsert {
    table: "book_reads",
    keys: 2,
    columns: c::BOOK_READS,
};
static SESSIONS: Op = Op::Upsert {
    table: "sessions",
    keys: 1,
    columns: c::SESSIONS,
};
static OLD_WINDOW_COUNTS: Op = Op::Delete {
    table: "window_counts",
    keys: &[text("account")],
};
static WINDOW_COUNTS: Op = Op::Insert {
    table: "window_counts",
    columns: c::WINDOW_COUNTS,
};
static LEASES: Op = Op::Upsert {
    table: "leases",
    keys: 1,
    columns: c::LEASES,
};
static STOPS: Op = Op::Upsert {
    table: "stops",
    keys: 3,
    columns: c::STOPS,
};
static LIFTED: Op = Op::Delete {
    table: "stops",
    keys: &[text("subject"), text("kind"), text("about")],
};
static SEALS: Op = Op::Insert {
    table: "audit_days",
    columns: c::AUDIT_DAYS,
};
static ENTRIES: Op = Op::Insert {
    table: "audit",
    columns: c::AUDIT,
};
static HEAD: Op = Op::Update {
    table: "audit_head",
    keys: &[int("id")],
    sets: &[int("sequence"), blob("hash"), int("newest_at")],
};

/// What is to be written, in order.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) writes: Vec<(&'static Op, Rows)>,
    /// How many rows a write has to touch, by its place.
    pub(super) expected: Vec<(usize, u64)>,
}

impl Plan {
    fn write(&mut self, op: &'static Op, rows: Encode) {
        if !rows.is_empty() {
            self.writes.push((op, rows.rows()));
        }
    }

    /// Rows that must all be found.
    fn exactly(&mut self, op: &'static Op, rows: Encode, expected: u64) {
        if !rows.is_empty() {
            self.expected.push((self.writes.len(), expected));
            self.write(op, rows);
        }
    }
}

/// Everything that became different.
pub(super) fn plan(working: &mut Working) -> Plan {
    let mut plan = Plan::default();
    orders(&mut plan, working);
    attempts(&mut plan, working);
    fills(&mut plan, working);
    positions(&mut plan, working);
    for snapshot in &working.dirty.snapshots {
        one_snapshot(&mut plan, snapshot);
    }
    leases(&mut plan, working);
    stops(&mut plan, working);
    audit(&mut plan, working);
    plan
}

/// Writes everything that became different.
pub(super) async fn all(session: &mut dyn Session, working: &mut Working) -> Result<(), Fault> {
    let plan = plan(working);
    let tables: Vec<_> = plan.writes.iter().map(|(op, _)| op.table()).collect();
    let touched = session.write_all(plan.writes).await?;
    for (place, expected) in plan.expected {
        if touched[place] != expected {
            return Err(LedgerError::Conflict {
                subject: format!(
                    "{} of {expected} rows of {}",
                    expected.abs_diff(touched[place]),
                    tables[place]
                ),
                expected: "they were read in".to_owned(),
            }
            .into());
        }
    }
    Ok(())
}

fn orders(plan: &mut Plan, working: &Working) {
    let (mut new, mut moved, mut terms) = (Encode::default(), Encode::default(), Encode::default());
    let mut expected = 0;
    for (uid, was) in &working.dirty.orders {
        // One that is gone was taken back.
        let Some(order) = working.orders.get(uid) else {
            continue;
        };
        let Some(was) = was else {
            new_order(&mut new, order);
            continue;
        };
        expected += 1;
        moved.uid(*uid).word(was.as_str());
        standing(&mut moved, order);
        if working.dirty.terms.contains(uid) {
            terms.uid(*uid).request(&order.request);
        }
    }
    plan.write(&NEW_ORDERS, new);
    plan.exactly(&MOVED_ORDERS, moved, expected);
    plan.write(&ORDER_TERMS, terms);
}

fn new_order(row: &mut Encode, order: &sangam_core::ports::OrderRecord) {
    row.number(order.number)
        .uid(order.uid)
        .shown(&order.owner)
        .shown(&order.group)
        .shown_opt(order.client_order_id.as_ref())
        .free(&order.body_digest)
        .request(&order.request)
        .free_opt(order.strategy.as_deref())
        .word(order.state.as_str())
        .word_opt(order.account.as_ref().map(|account| account.as_str()))
        .word_opt(order.broker.map(|broker| broker.as_str()))
        .word_opt(order.broker_order_id.as_ref().map(|id| id.as_str()))
        .quantity(order.filled)
        .shown_opt(order.average_price.as_ref())
        .free_opt(order.message.as_deref())
        .flag(order.simulated)
        .instant(order.created_at)
        .instant(order.updated_at)
        .instant_opt(order.wishes.deadline);
    wishes(row, &order.wishes);
}

fn standing(row: &mut Encode, order: &sangam_core::ports::OrderRecord) {
    row.word(order.state.as_str())
        .word_opt(order.account.as_ref().map(|account| account.as_str()))
        .word_opt(order.broker.map(|broker| broker.as_str()))
        .word_opt(order.broker_order_id.as_ref().map(|id| id.as_str()))
        .quantity(order.filled)
        .shown_opt(order.average_price.as_ref())
        .free_opt(order.message.as_deref())
        .instant(order.updated_at);
    wishes(row, &order.wishes);
}

/// What of the wishes may change.
fn wishes(row: &mut Encode, wishes: &Wishes) {
    row.instant_opt(wishes.cancel_requested)
        .free_opt(wishes.awaited.as_deref().map(terms).as_deref());
}

/// Terms as JSON.
fn terms(terms: &OrderRequest) -> String {
    serde_json::to_string(terms).expect("terms are made of names, texts and decimals, which JSON can hold")
}

fn attempts(plan: &mut Plan, working: &mut Working) {
    let (mut new, mut moved) = (Encode::default(), Encode::default());
    let mut expected = 0;
    for (key, was) in &working.dirty.attempts {
        let Some(attempt) = working.attempts.get(key) else {
            continue;
        };
        if let Some(was) = was {
            expected += 1;
            moved
                .uid(key.0)
                .int(key.1.0.into())
                .word(was)
                .word(attempt.state.name())
                .shown(&state_detail(&attempt.state))
                .instant(attempt.updated_at);
        } else {
            working.last_attempt += 1;
            new.count(working.last_attempt)
                .uid(key.0)
                .int(key.1.0.into())
                .shown(&attempt.account)
                .shown(&attempt.broker)
                .shown(&attempt.tag)
                .request(&attempt.request)
                .word(attempt.state.name())
                .shown(&state_detail(&attempt.state))
                .instant(attempt.created_at)
                .instant(attempt.updated_at);
        }
    }
    plan.write(&NEW_ATTEMPTS, new);
    plan.exactly(&MOVED_ATTEMPTS, moved, expected);
}

/// The state with what belongs to it, as JSON.
fn state_detail(state: &sangam_core::AttemptState) -> String {
    serde_json::to_string(state).expect("a state is made of names and texts, which JSON can hold")
}

fn fills(plan: &mut Plan, working: &Working) {
    let (mut new, mut linked) = (Encode::default(), Encode::default());
    for fill in &working.dirty.fills {
        let record = &fill.record;
        // A link that came later in the same group of commits is in already.
        let link = working.trades.get(&Working::trade_key(record)).copied().flatten();
        new.count(fill.id)
            .shown(&record.broker)
            .shown(&record.account)
            .shown(&record.trading_date)
            .shown(&record.fill.order_id)
            .shown(&record.fill.trade_id)
            .uid_opt(link)
            .instrument(&record.fill.instrument)
            .word(record.fill.side.as_str())
            .free_opt(record.fill.product.as_ref().map(|product| product.as_str()))
            .quantity(record.fill.quantity)
            .shown(&record.fill.price)
            .instant_opt(record.fill.at)
            .shown_opt(record.fill.tag.as_ref())
            .free(&position_text(&fill.position));
    }
    for (key, uid) in &working.dirty.links {
        let (broker, account, date, order, trade) = key;
        linked
            .shown(broker)
            .shown(account)
            .shown(date)
            .shown(order)
            .shown(trade)
            .uid(*uid);
    }
    plan.write(&NEW_FILLS, new);
    plan.write(&LINKED_FILLS, linked);
    let mut postings = Encode::default();
    for posting in &working.dirty.postings {
        postings
            .count(posting.fill)
            .free(&position_text(&posting.position))
            .shown(&posting.date)
            .shown(&posting.posted.cash)
            .shown(&posting.posted.stock)
            .shown(&posting.posted.profit);
    }
    plan.write(&NEW_POSTINGS, postings);
}

/// The name of a position in the tables: its parts as JSON, so that no two are the same.
pub(super) fn position_text(key: &PositionKey) -> String {
    serde_json::to_string(&(&key.account, key.broker, &key.instrument, &key.product))
        .expect("names are texts, which JSON can hold")
}

fn positions(plan: &mut Plan, working: &Working) {
    let (mut kept, mut lots, mut closed) = (Encode::default(), Encode::default(), Encode::default());
    for key in &working.dirty.kept {
        if let Some(position) = working.kept.get(key) {
            kept_row(&mut kept, position);
        }
    }
    let mut last: HashMap<(&PositionKey, u64), Option<&Lot>> = HashMap::new();
    for (key, applied) in &working.dirty.lots {
        for place in &applied.closed {
            last.insert((key, place.sequence), None);
        }
        for lot in &applied.written {
            last.insert((key, lot.opened.sequence), Some(lot));
        }
    }
    for ((key, opened), lot) in last {
        match lot {
            Some(lot) => lot_row(&mut lots, key, lot),
            None => {
                closed.free(&position_text(key)).count(opened);
            }
        }
    }
    plan.write(&KEPT, kept);
    plan.write(&CLOSED_LOTS, closed);
    plan.write(&LOTS, lots);
}

pub(super) fn kept_row(row: &mut Encode, position: &crate::cost::KeptPosition) {
    row.free(&position_text(&position.key))
        .shown(&position.key.account)
        .shown(&position.key.broker)
        .instrument(&position.instrument)
        .free_opt(position.product.as_ref().map(|product| product.as_str()))
        .int(position.net.units())
        .shown(&position.cost)
        .quantity(position.bought)
        .shown(&position.bought_value)
        .quantity(position.sold)
        .shown(&position.sold_value)
        .shown(&position.realised)
        .shown(&position.day)
        .shown(&position.realised_of_day)
        .quantity(position.unseen)
        .count(position.fills)
        .shown(&position.last.trading_date)
        .instant_opt(position.last.at)
        .count(position.last.sequence);
}

pub(super) fn lot_row(row: &mut Encode, key: &PositionKey, lot: &Lot) {
    row.free(&position_text(key))
        .count(lot.opened.sequence)
        .shown(&lot.opened.trading_date)
        .instant_opt(lot.opened.at)
        .int(lot.units.units())
        .shown(&lot.price);
}

fn one_snapshot(plan: &mut Plan, snapshot: &Snapshot) {
    match snapshot {
        Snapshot::Positions(account, positions, reading) => {
            book_read(plan, account, BookKind::Positions, *reading);
            plan.write(&OLD_POSITIONS, one(account));
            let mut rows = Encode::default();
            for (place, record) in (0_i64..).zip(positions) {
                let position = &record.position;
                rows.shown(account)
                    .int(place)
                    .shown(&record.broker)
                    .instrument(&position.instrument)
                    .free_opt(position.product.as_ref().map(|product| product.as_str()))
                    .int(position.net.units())
                    .shown_opt(position.average_price.as_ref())
                    .quantity(position.bought)
                    .shown_opt(position.buy_average.as_ref())
                    .quantity(position.sold)
                    .shown_opt(position.sell_average.as_ref())
                    .shown_opt(position.last_price.as_ref())
                    .shown_opt(position.realised.as_ref())
                    .shown_opt(position.unrealised.as_ref())
                    .instant(record.read_at);
            }
            plan.write(&POSITIONS, rows);
        }
        Snapshot::Holdings(account, date, holdings, reading) => {
            book_read(plan, account, BookKind::Holdings, *reading);
            let mut day = one(account);
            day.shown(date);
            let mut again = one(account);
            again.shown(date);
            let mut old = one(account);
            old.shown(date);
            plan.write(&OLD_HOLDINGS, old);
            plan.write(&HOLDING_DAYS, day);
            plan.write(&NEW_HOLDING_DAYS, again);
            let mut rows = Encode::default();
            for (place, record) in (0_i64..).zip(holdings) {
                let holding = &record.holding;
                rows.shown(account)
                    .shown(date)
                    .int(place)
                    .shown(&record.broker)
                    .instrument(&holding.instrument)
                    .free_opt(holding.isin.as_deref())
                    .quantity(holding.quantity)
                    .quantity(holding.undelivered)
                    .quantity(holding.saleable)
                    .shown_opt(holding.average_price.as_ref())
                    .shown_opt(holding.last_price.as_ref())
                    .instant(record.read_at);
            }
            plan.write(&HOLDINGS, rows);
        }
        Snapshot::Session(seen) => {
            let mut row = one(&seen.account);
            row.shown(&seen.broker)
                .instant(seen.began_at)
                .instant(seen.expires_at);
            plan.write(&SESSIONS, row);
        }
        Snapshot::Windows(account, counts) => {
            plan.write(&OLD_WINDOW_COUNTS, one(account));
            let mut rows = Encode::default();
            for count in counts {
                rows.shown(account)
                    .free(&count.scope)
                    .count(count.window_ms)
                    .count(count.used)
                    .count(count.quota)
                    .instant(count.counted_at);
            }
            plan.write(&WINDOW_COUNTS, rows);
        }
    }
}

fn book_read(plan: &mut Plan, account: &sangam_core::AccountId, book: BookKind, reading: Reading) {
    let mut row = one(account);
    row.word(book.as_str()).instant(reading.at).count(reading.entry);
    plan.write(&BOOK_READS, row);
}

fn one(account: &sangam_core::AccountId) -> Encode {
    let mut row = Encode::default();
    row.shown(account);
    row
}

fn leases(plan: &mut Plan, working: &Working) {
    let mut rows = Encode::default();
    for group in &working.dirty.leases {
        if let Some(lease) = working.leases.get(group) {
            rows.shown(&lease.group)
                .free(&lease.holder)
                .count(lease.epoch)
                .instant(lease.expires_at);
        }
    }
    plan.write(&LEASES, rows);
}

fn stops(plan: &mut Plan, working: &Working) {
    let (mut put, mut lifted) = (Encode::default(), Encode::default());
    for id in &working.dirty.stops {
        let row = match working.stops.get(id) {
            Some(_) => &mut put,
            None => &mut lifted,
        };
        row.shown(&id.subject).word(id.kind.as_str()).free(&id.about);
        if let Some(stop) = working.stops.get(id) {
            row.flag(stop.cancels)
                .free(&stop.actor)
                .free(&stop.reason)
                .instant(stop.at);
        }
    }
    plan.write(&LIFTED, lifted);
    plan.write(&STOPS, put);
}

fn audit(plan: &mut Plan, working: &mut Working) {
    if working.dirty.entries.is_empty() {
        return;
    }
    let mut days = Encode::default();
    for sealed in &working.dirty.seals {
        let seal = &sealed.seal;
        days.shown(&seal.day)
            .count(seal.first)
            .count(seal.entries)
            .bytes(seal.root.as_bytes())
            .bytes(seal.last_hash.as_bytes())
            .instant(sealed.sealed_at)
            .instant_opt(sealed.exported_at)
            .instant_opt(sealed.pruned_at);
    }
    plan.write(&SEALS, days);
    let mut entries = Encode::default();
    for chained in std::mem::take(&mut working.dirty.entries) {
        let entry = chained.entry;
        entries
            .count(chained.sequence)
            .shown(&chained.day)
            .instant(entry.at)
            .own(entry.actor)
            .own(entry.event)
            .own(entry.subject)
            .own(entry.detail)
            .bytes(chained.hash.as_bytes());
    }
    plan.write(&ENTRIES, entries);
    let head = working.chain.head();
    let mut row = Encode::default();
    row.int(1)
        .count(head.sequence)
        .bytes(head.hash.as_bytes())
        .instant_opt(working.chain.newest);
    plan.exactly(&HEAD, row, 1);
}
