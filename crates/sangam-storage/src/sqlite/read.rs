//! The questions the ledger answers, each one statement, so that each answer is of one moment.

use sangam_core::ports::{
    AttemptRecord, AuditEntry, FillRecord, LedgerError, OrderFilter, OrderRecord, PositionRecord,
};
use sangam_core::timestamp::Date;
use sangam_core::{AccountId, BrokerOrderId, ClientOrderId, IST, OrderNumber, OrderUid, OwnerId, Timestamp};
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteRow;

use super::bind::{Bind as _, Statement, nanoseconds_or_nearest};
use super::failure::Fault;
use super::row;

type Found<T> = Result<T, Fault>;

pub(super) async fn order(pool: &SqlitePool, uid: OrderUid) -> Found<Option<OrderRecord>> {
    one(pool, sqlx::query("select * from orders where uid = ?").uid(uid)).await
}

pub(super) async fn order_by_number(pool: &SqlitePool, number: OrderNumber) -> Found<Option<OrderRecord>> {
    let Ok(number) = i64::try_from(number.get()) else {
        return Ok(None);
    };
    one(
        pool,
        sqlx::query("select * from orders where number = ?").bind(number),
    )
    .await
}

pub(super) async fn order_by_client_id(
    pool: &SqlitePool,
    owner: &OwnerId,
    client_order_id: &ClientOrderId,
) -> Found<Option<OrderRecord>> {
    let statement = sqlx::query("select * from orders where owner = ? and client_order_id = ?")
        .shown(owner)
        .shown(client_order_id);
    one(pool, statement).await
}

/// Should a broker ever use a number again, the newest order is meant.
pub(super) async fn order_by_broker_id(
    pool: &SqlitePool,
    account: &AccountId,
    broker_order_id: &BrokerOrderId,
) -> Found<Option<OrderRecord>> {
    let statement = sqlx::query(
        "select * from orders where account = ? and broker_order_id = ? order by number desc limit 1",
    )
    .shown(account)
    .shown(broker_order_id);
    one(pool, statement).await
}

const ORDERS: &str =
    "select * from orders where number >= ? and created_at >= ? order by number desc limit ?";

/// The condition on the state is word for word that of the index `orders_open`.
const OPEN_ORDERS: &str = "select * from orders where number >= ? and created_at >= ? \
     and state not in ('filled', 'cancelled', 'rejected', 'expired') order by number desc limit ?";

pub(super) async fn orders(pool: &SqlitePool, filter: &OrderFilter) -> Found<Vec<OrderRecord>> {
    let since = filter.since.map_or(i64::MIN, nanoseconds_or_nearest);
    let sql = if filter.open_only { OPEN_ORDERS } else { ORDERS };
    let statement = sqlx::query(sql)
        .bind(filter.since.map_or(0, first_number))
        .bind(since)
        // SQLite reads a negative limit as none.
        .bind(filter.limit.map_or(-1, i64::from));
    all(pool, statement, row::order).await
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

pub(super) async fn attempts(pool: &SqlitePool, uid: OrderUid) -> Found<Vec<AttemptRecord>> {
    let statement = sqlx::query("select * from attempts where order_uid = ? order by no").uid(uid);
    all(pool, statement, row::attempt).await
}

/// The condition is word for word that of the index `attempts_open`.
pub(super) async fn open_attempts(pool: &SqlitePool) -> Found<Vec<AttemptRecord>> {
    let statement =
        sqlx::query("select * from attempts where state in ('intent', 'unknown', 'parked') order by id");
    all(pool, statement, row::attempt).await
}

pub(super) async fn fills(pool: &SqlitePool, trading_date: Date) -> Found<Vec<FillRecord>> {
    let statement =
        sqlx::query("select * from fills where trading_date = ? order by traded_at is null, traded_at, id")
            .shown(&trading_date);
    all(pool, statement, row::fill).await
}

pub(super) async fn fills_of(pool: &SqlitePool, uid: OrderUid) -> Found<Vec<FillRecord>> {
    let statement =
        sqlx::query("select * from fills where order_uid = ? order by traded_at is null, traded_at, id")
            .uid(uid);
    all(pool, statement, row::fill).await
}

pub(super) async fn positions(pool: &SqlitePool) -> Found<Vec<PositionRecord>> {
    all(
        pool,
        sqlx::query("select * from positions order by account, place"),
        row::position,
    )
    .await
}

pub(super) async fn audit_of(pool: &SqlitePool, subject: &str) -> Found<Vec<AuditEntry>> {
    let statement =
        sqlx::query("select * from audit where subject = ? order by sequence").bind(subject.to_owned());
    all(pool, statement, row::audit).await
}

async fn one(pool: &SqlitePool, statement: Statement<'_>) -> Found<Option<OrderRecord>> {
    let found = statement.fetch_optional(pool).await?;
    Ok(found.as_ref().map(row::order).transpose()?)
}

async fn all<T>(
    pool: &SqlitePool,
    statement: Statement<'_>,
    read: fn(&SqliteRow) -> Result<T, LedgerError>,
) -> Found<Vec<T>> {
    let rows = statement.fetch_all(pool).await?;
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}
