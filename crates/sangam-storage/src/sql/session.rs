//! One connection to a database, the same to both: values without a dialect go in, values without a dialect come out.

use std::fmt::Debug;

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};

use super::ask::Ask;
use super::dialect::Dialect;
use super::op::Op;
use super::persist::Plan;
use crate::chain::ChainHead;

/// A value of a column. What is absent still says what it would have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Int(Option<i64>),
    Text(Option<String>),
    Blob(Option<Vec<u8>>),
}

impl From<i64> for Cell {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

/// The values of a row, in the order they were asked for.
pub(crate) type Row = Vec<Cell>;

/// Rows to be written by one [`Op`], each with as many values as it has columns.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) cells: Vec<Cell>,
}

impl Rows {
    pub(crate) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}

/// How a transaction written in one round trip ended.
#[derive(Debug)]
pub(crate) enum AtOnce {
    /// It is durable.
    Durable,
    /// Nothing was written, and no transaction is left open.
    NotWritten(sqlx::Error),
    /// It may have failed in its last step.
    Unknown(sqlx::Error),
}

/// A connection. It is given up when a call on it is not waited for to its end.
#[async_trait]
pub(crate) trait Session: Send + Debug {
    fn dialect(&self) -> Dialect;

    /// Asks.
    async fn rows(&mut self, ask: &Ask, values: Vec<Cell>) -> sqlx::Result<Vec<Row>>;

    /// Runs one statement and tells how many rows it touched.
    async fn run(&mut self, ask: &Ask, values: Vec<Cell>) -> sqlx::Result<u64>;

    /// Runs statements without values, prepared by nobody.
    async fn script(&mut self, sql: SqlStr) -> sqlx::Result<()>;

    /// Writes rows, as many statements as it takes, and tells how many rows were touched.
    async fn write(&mut self, op: &'static Op, rows: Rows) -> sqlx::Result<u64>;

    /// Writes by several ways, in this order, in as few round trips as the database allows; tells how many rows each touched.
    async fn write_all(&mut self, writes: Vec<(&'static Op, Rows)>) -> sqlx::Result<Vec<u64>>;

    /// Whether it can do [`at_once`](Self::at_once) at all.
    fn is_able_at_once(&self) -> bool {
        false
    }

    /// Writes a whole transaction in one round trip, if the audit chain still ends there and each write touches as many rows
    /// as it has to. `None` where it cannot write such a plan so.
    async fn at_once(&mut self, end: &ChainHead, plan: Plan) -> Option<AtOnce> {
        let _ = (end, plan);
        None
    }

    /// Finds the rows with these keys, in no order.
    async fn find(&mut self, op: &'static Op, keys: Rows) -> sqlx::Result<Vec<Row>>;

    /// Begins a transaction in which nobody else writes, and asks a question without values in the same round trip.
    async fn begin_asking(&mut self, ask: &Ask) -> sqlx::Result<Vec<Row>>;

    /// Begins a transaction that only reads, all of one moment.
    async fn begin_reading(&mut self) -> sqlx::Result<()>;

    /// Makes what was written since the beginning durable.
    async fn commit(&mut self) -> sqlx::Result<()> {
        self.script("commit".into_sql_str()).await
    }

    /// Drops what was written since the beginning.
    async fn rollback(&mut self) -> sqlx::Result<()> {
        self.script("rollback".into_sql_str()).await
    }

    /// The time by the store's own clock, in milliseconds since 1970.
    async fn now_ms(&mut self) -> sqlx::Result<i64>;

    /// Says good-bye.
    async fn close(self: Box<Self>) -> sqlx::Result<()>;
}

/// SQL that was put together from the names in this crate.
pub(super) fn own_sql(sql: String) -> SqlStr {
    AssertSqlSafe(sql).into_sql_str()
}
