//! The questions the ledger answers, each one statement, so that each answer is of one moment.

use sangam_core::ports::{
    AttemptRecord, AuditEntry, FillRecord, HoldingRecord, Lease, LedgerError, OrderFilter, OrderRecord,
    PositionRecord, SessionRecord, Stop, WindowCount,
};
use sangam_core::timestamp::Date;
use sangam_core::{
    AccountId, BrokerOrderId, ClientOrderId, IST, OrderNumber, OrderUid, OwnerId, Tag, Timestamp,
};

use super::ask::{Ask, ask};
use super::encode::{Encode, nanoseconds};
use super::failure::Fault;
use super::readers::Readers;
use super::session::{Cell, Row};
use super::{columns as c, row};

type Found<T> = Result<T, Fault>;

ask!(ORDER, c::ORDERS, "select {} from orders where uid = ?");
ask!(
    ORDER_BY_NUMBER,
    c::ORDERS,
    "select {} from orders where number = ?"
);
ask!(
    ORDER_BY_KEY,
    c::ORDERS,
    "select {} from orders where owner = ? and client_order_id = ?"
);
ask!(
    ORDER_BY_BROKER_ID,
    c::ORDERS,
    "select {} from orders where account = ? and broker_order_id = ? order by number desc limit 1"
);
ask!(
    ORDERS,
    c::ORDERS,
    "select {} from orders where number >= ? and created_at >= ? order by number desc limit ?"
);
// The condition on the state is word for word that of the index `orders_open`.
ask!(
    OPEN_ORDERS,
    c::ORDERS,
    "select {} from orders where number >= ? and created_at >= ? \
     and state not in ('filled', 'cancelled', 'rejected', 'expired') order by number desc limit ?"
);
ask!(
    ATTEMPTS,
    c::ATTEMPTS,
    "select {} from attempts where order_uid = ? order by no"
);
// The condition is word for word that of the index `attempts_open`.
ask!(
    OPEN_ATTEMPTS,
    c::ATTEMPTS,
    "select {} from attempts where state in ('intent', 'unknown', 'parked') order by id"
);
ask!(
    FILLS,
    c::FILLS,
    "select {} from fills where trading_date = ? order by traded_at is null, traded_at, id"
);
ask!(
    FILLS_OF,
    c::FILLS,
    "select {} from fills where order_uid = ? order by traded_at is null, traded_at, id"
);
ask!(
    POSITIONS,
    c::POSITIONS,
    "select {} from positions order by account, place"
);
ask!(
    HOLDINGS,
    c::HOLDINGS,
    "select {} from holdings where (account, date) in (select account, max(date) from holding_days group by account) \
     order by account, place"
);
ask!(SESSIONS, c::SESSIONS, "select {} from sessions order by account");
ask!(
    WINDOW_COUNTS,
    c::WINDOW_COUNTS,
    "select {} from window_counts order by account, scope, window_ms"
);
ask!(LEASES, c::LEASES, "select {} from leases order by account_group");
ask!(
    ATTEMPTS_SINCE,
    c::ATTEMPTS,
    "select {} from attempts where order_uid in (select uid from orders where number >= ? and created_at >= ?) \
     order by order_uid, no"
);
ask!(
    ATTEMPT_BY_TAG,
    c::ATTEMPTS,
    "select {} from attempts where tag = ?"
);
ask!(STOPS, c::STOPS, "select {} from stops");
ask!(
    AUDIT_OF,
    c::AUDIT,
    "select {} from audit where subject = ? order by sequence"
);

pub(super) async fn order(readers: &Readers, uid: OrderUid) -> Found<Option<OrderRecord>> {
    let mut values = Encode::default();
    values.uid(uid);
    one(readers, &ORDER, values).await
}

pub(super) async fn order_by_number(readers: &Readers, number: OrderNumber) -> Found<Option<OrderRecord>> {
    let mut values = Encode::default();
    values.number(number);
    one(readers, &ORDER_BY_NUMBER, values).await
}

pub(super) async fn order_by_client_id(
    readers: &Readers,
    owner: &OwnerId,
    client_order_id: &ClientOrderId,
) -> Found<Option<OrderRecord>> {
    let mut values = Encode::default();
    values.shown(owner).shown(client_order_id);
    one(readers, &ORDER_BY_KEY, values).await
}

/// Should a broker ever use a number again, the newest order is meant.
pub(super) async fn order_by_broker_id(
    readers: &Readers,
    account: &AccountId,
    broker_order_id: &BrokerOrderId,
) -> Found<Option<OrderRecord>> {
    let mut values = Encode::default();
    values.shown(account).shown(broker_order_id);
    one(readers, &ORDER_BY_BROKER_ID, values).await
}

pub(super) async fn orders(readers: &Readers, filter: &OrderFilter) -> Found<Vec<OrderRecord>> {
    let since = filter.since.map_or(i64::MIN, nanoseconds);
    let ask: &Ask = if filter.open_only { &OPEN_ORDERS } else { &ORDERS };
    let mut values = Encode::default();
    values
        .int(filter.since.map_or(0, first_number))
        .int(since)
        .int(filter.limit.map_or(i64::MAX, i64::from));
    all(readers, ask, values, row::order).await
}

/// A lower bound of the numbers given from an instant on, so that older ones need not be read. Numbers name a year by
/// two digits: outside this century there is no bound.
fn first_number(since: Timestamp) -> i64 {
    let date = IST::date(since);
    if (2000..2100).contains(&date.year()) {
        i64::try_from(OrderNumber::new(date, 0).get()).expect("thirteen digits fit 64 bits")
    } else {
        0
    }
}

pub(super) async fn attempts(readers: &Readers, uid: OrderUid) -> Found<Vec<AttemptRecord>> {
    let mut values = Encode::default();
    values.uid(uid);
    all(readers, &ATTEMPTS, values, row::attempt).await
}

pub(super) async fn attempts_since(readers: &Readers, since: Timestamp) -> Found<Vec<AttemptRecord>> {
    let mut values = Encode::default();
    values.int(first_number(since)).int(nanoseconds(since));
    all(readers, &ATTEMPTS_SINCE, values, row::attempt).await
}

pub(super) async fn attempt_by_tag(readers: &Readers, tag: &Tag) -> Found<Option<AttemptRecord>> {
    let mut values = Encode::default();
    values.shown(tag);
    let rows = readers.rows(&ATTEMPT_BY_TAG, values.0).await?;
    Ok(rows.first().map(row::attempt).transpose()?)
}

pub(super) async fn stops(readers: &Readers) -> Found<Vec<Stop>> {
    let mut stops = all(readers, &STOPS, Encode::default(), row::stop).await?;
    // Words sort otherwise than what they stand for.
    stops.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(stops)
}

pub(super) async fn open_attempts(readers: &Readers) -> Found<Vec<AttemptRecord>> {
    all(readers, &OPEN_ATTEMPTS, Encode::default(), row::attempt).await
}

pub(super) async fn fills(readers: &Readers, trading_date: Date) -> Found<Vec<FillRecord>> {
    let mut values = Encode::default();
    values.shown(&trading_date);
    all(readers, &FILLS, values, row::fill).await
}

pub(super) async fn fills_of(readers: &Readers, uid: OrderUid) -> Found<Vec<FillRecord>> {
    let mut values = Encode::default();
    values.uid(uid);
    all(readers, &FILLS_OF, values, row::fill).await
}

pub(super) async fn positions(readers: &Readers) -> Found<Vec<PositionRecord>> {
    all(readers, &POSITIONS, Encode::default(), row::position).await
}

pub(super) async fn holdings(readers: &Readers) -> Found<Vec<HoldingRecord>> {
    all(readers, &HOLDINGS, Encode::default(), row::holding).await
}

pub(super) async fn sessions(readers: &Readers) -> Found<Vec<SessionRecord>> {
    all(readers, &SESSIONS, Encode::default(), row::session).await
}

pub(super) async fn window_counts(readers: &Readers) -> Found<Vec<WindowCount>> {
    all(readers, &WINDOW_COUNTS, Encode::default(), row::window_count).await
}

pub(super) async fn leases(readers: &Readers) -> Found<Vec<Lease>> {
    all(readers, &LEASES, Encode::default(), row::lease).await
}

pub(super) async fn audit_of_events(
    readers: &Readers,
    date: Date,
    events: &[&'static str],
) -> Found<Vec<AuditEntry>> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let marks = vec!["?"; events.len()].join(", ");
    let ask = Ask::of(
        c::AUDIT,
        &format!("select {{}} from audit where day = ? and event in ({marks}) order by sequence"),
    );
    let mut values = Encode::default();
    values.shown(&date);
    for event in events {
        values.free(event);
    }
    let entries = all(readers, &ask, values, row::chained).await?;
    Ok(entries.into_iter().map(|chained| chained.entry).collect())
}

pub(super) async fn audit_of(readers: &Readers, subject: &str) -> Found<Vec<AuditEntry>> {
    let mut values = Encode::default();
    values.free(subject);
    let entries = all(readers, &AUDIT_OF, values, row::chained).await?;
    Ok(entries.into_iter().map(|chained| chained.entry).collect())
}

async fn one(readers: &Readers, ask: &Ask, values: Encode) -> Found<Option<OrderRecord>> {
    let rows = readers.rows(ask, values.0).await?;
    Ok(rows.first().map(row::order).transpose()?)
}

async fn all<T>(
    readers: &Readers,
    ask: &Ask,
    values: Encode,
    read: fn(&Row) -> Result<T, LedgerError>,
) -> Found<Vec<T>> {
    let values: Vec<Cell> = values.0;
    let rows = readers.rows(ask, values).await?;
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}
