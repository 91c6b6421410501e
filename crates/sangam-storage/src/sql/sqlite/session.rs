//! A connection to a SQLite file.

use async_trait::async_trait;
use futures::StreamExt as _;
use sqlx::Either;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{
    Connection as _, Decode, Executor as _, Row as _, SqlSafeStr, SqlStr, Sqlite, SqliteConnection,
    TypeInfo as _, ValueRef as _,
};

use crate::chain::ChainHead;
use crate::sql::ask::Ask;
use crate::sql::dialect::Dialect;
use crate::sql::failure::is_before_the_end;
use crate::sql::op::{Op, Source};
use crate::sql::persist::Plan;
use crate::sql::session::{AtOnce, Cell, Row, Rows, Session, own_sql};
use crate::sql::sqlite::lone::{self, Lone};

/// Most rows of one statement. Powers of two up to it keep the number of prepared statements small.
const ROWS_MAX: usize = 64;

#[derive(Debug)]
pub(crate) struct SqliteSession {
    pub(crate) connection: SqliteConnection,
    lone: Lone,
}

impl SqliteSession {
    pub(crate) fn of(connection: SqliteConnection) -> Self {
        Self {
            connection,
            lone: Lone::default(),
        }
    }
}

#[async_trait]
impl Session for SqliteSession {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn rows(&mut self, ask: &Ask, values: Vec<Cell>) -> sqlx::Result<Vec<Row>> {
        let rows = bound(ask.text(Dialect::Sqlite), values)
            .fetch_all(&mut self.connection)
            .await?;
        rows.iter().map(read).collect()
    }

    async fn run(&mut self, ask: &Ask, values: Vec<Cell>) -> sqlx::Result<u64> {
        Ok(bound(ask.text(Dialect::Sqlite), values)
            .execute(&mut self.connection)
            .await?
            .rows_affected())
    }

    async fn script(&mut self, sql: SqlStr) -> sqlx::Result<()> {
        self.connection.execute(sqlx::raw_sql(sql)).await.map(drop)
    }

    async fn write(&mut self, op: &'static Op, rows: Rows) -> sqlx::Result<u64> {
        Ok(self.write_all(vec![(op, rows)]).await?.into_iter().sum())
    }

    async fn write_all(&mut self, writes: Vec<(&'static Op, Rows)>) -> sqlx::Result<Vec<u64>> {
        let mut touched = vec![0; writes.len()];
        for statement in statements(writes) {
            let query = bound(own_sql(statement.sql), statement.cells);
            let mut done = self.connection.fetch_many(query);
            let mut places = statement.places.into_iter();
            while let Some(step) = done.next().await {
                if let (Either::Left(result), Some(place)) = (step?, places.next()) {
                    touched[place] += result.rows_affected();
                }
            }
        }
        Ok(touched)
    }

    fn is_able_at_once(&self) -> bool {
        true
    }

    async fn at_once(&mut self, end: &ChainHead, plan: Plan) -> Option<AtOnce> {
        let statement = self.lone.statement(&plan)?;
        if let Some(making) = &statement.making {
            if let Err(error) = self.script(making.clone()).await {
                return Some(AtOnce::NotWritten(error));
            }
            self.lone.made(&statement);
        }
        let end = [
            Cell::Int(i64::try_from(end.sequence).ok()),
            Cell::Blob(Some(end.hash.as_bytes().to_vec())),
        ];
        let query = bound(statement.sql, end.into_iter().chain(lone::cells(plan)));
        // Only the first answer is waited for: there is one statement, and its end says nothing new.
        let ended = match self.connection.fetch_many(query).next().await {
            Some(Ok(_)) => AtOnce::Durable,
            Some(Err(error)) if is_before_the_end(&error) => AtOnce::NotWritten(error),
            Some(Err(error)) => AtOnce::Unknown(error),
            None => AtOnce::Unknown(sqlx::Error::WorkerCrashed),
        };
        Some(ended)
    }

    async fn find(&mut self, op: &'static Op, keys: Rows) -> sqlx::Result<Vec<Row>> {
        let width = op.width();
        let mut left = keys.cells.len() / width;
        let mut cells = keys.cells.into_iter();
        let mut found = Vec::new();
        while left > 0 {
            let count = ROWS_MAX.min(1 << left.ilog2());
            let statement = bound(own_sql(text(op, count)), cells.by_ref().take(count * width));
            for row in &statement.fetch_all(&mut self.connection).await? {
                found.push(read(row)?);
            }
            left -= count;
        }
        Ok(found)
    }

    async fn begin_asking(&mut self, ask: &Ask) -> sqlx::Result<Vec<Row>> {
        let sql = format!("begin immediate; {}", ask.text(Dialect::Sqlite).as_str());
        let rows = bound(own_sql(sql), []).fetch_all(&mut self.connection).await?;
        rows.iter().map(read).collect()
    }

    async fn begin_reading(&mut self) -> sqlx::Result<()> {
        self.script("begin".into_sql_str()).await
    }

    async fn now_ms(&mut self) -> sqlx::Result<i64> {
        let sql = "select cast(round((julianday('now') - 2440587.5) * 86400000) as integer)";
        sqlx::query_scalar(sql).fetch_one(&mut self.connection).await
    }

    async fn close(self: Box<Self>) -> sqlx::Result<()> {
        self.connection.close().await
    }
}

fn bound<'q>(
    sql: impl SqlSafeStr,
    values: impl IntoIterator<Item = Cell>,
) -> Query<'q, Sqlite, SqliteArguments> {
    values
        .into_iter()
        .fold(sqlx::query(sql), |query, value| match value {
            Cell::Int(value) => query.bind(value),
            Cell::Text(value) => query.bind(value),
            Cell::Blob(value) => query.bind(value),
        })
}

/// Text that is run at once: one statement, or one of many rows and those of one row after it.
struct Together {
    sql: String,
    cells: Vec<Cell>,
    /// Which write each statement in it is part of.
    places: Vec<usize>,
}

/// Cuts the rows of each write into statements, and puts those of a single row to the one before: a round trip to the
/// thread of a connection costs more than they do. Of each kind there are few texts, so that they stay prepared.
fn statements(writes: Vec<(&'static Op, Rows)>) -> Vec<Together> {
    let mut all: Vec<Together> = Vec::new();
    for (place, (op, rows)) in writes.into_iter().enumerate() {
        let width = op.width();
        let mut left = rows.cells.len() / width;
        let mut cells = rows.cells.into_iter();
        while left > 0 {
            let count = ROWS_MAX.min(1 << left.ilog2());
            let mine = cells.by_ref().take(count * width);
            match all.last_mut() {
                Some(last) if count == 1 => {
                    last.sql.push_str("; ");
                    last.sql.push_str(&text(op, 1));
                    last.cells.extend(mine);
                    last.places.push(place);
                }
                _ => all.push(Together {
                    sql: text(op, count),
                    cells: mine.collect(),
                    places: vec![place],
                }),
            }
            left -= count;
        }
    }
    all
}

/// The statement for so many rows.
fn text(op: &Op, count: usize) -> String {
    let row = format!("({})", vec!["?"; op.width()].join(", "));
    let values = format!("values {}", vec![row.as_str(); count].join(", "));
    let columns: Vec<_> = (0..op.width()).map(|place| format!("c{place}")).collect();
    op.sql(&Source {
        bare: &values,
        with: &format!("with new ({}) as ({values}) ", columns.join(", ")),
        named: "new",
    })
}

fn read(row: &SqliteRow) -> sqlx::Result<Row> {
    (0..row.len())
        .map(|place| {
            let value = row.try_get_raw(place)?;
            if value.is_null() {
                return Ok(Cell::Text(None));
            }
            let kind = value.type_info();
            match kind.name() {
                "INTEGER" => Decode::<Sqlite>::decode(value).map(Cell::Int),
                "BLOB" => Decode::<Sqlite>::decode(value).map(Cell::Blob),
                _ => Decode::<Sqlite>::decode(value).map(Cell::Text),
            }
            .map_err(sqlx::Error::Decode)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::op::{Column, blob, int, text as words};

    const COLUMNS: &[Column] = &[blob("uid"), words("state"), int("at")];
    const KEYS: &[Column] = &[blob("uid"), words("state")];
    const SETS: &[Column] = &[words("state")];
    const UID: &[Column] = &[blob("uid")];

    #[test]
    fn each_way_of_writing_has_its_statement() {
        let columns = COLUMNS;
        assert_eq!(
            text(&Op::Insert { table: "t", columns }, 2),
            "insert into t (uid, state, at) values (?, ?, ?), (?, ?, ?)"
        );
        assert_eq!(
            text(
                &Op::Upsert {
                    table: "t",
                    keys: 1,
                    columns
                },
                1
            ),
            "insert into t (uid, state, at) values (?, ?, ?) on conflict (uid) do update set state = excluded.state, \
             at = excluded.at"
        );
        let moved = Op::Update {
            table: "t",
            keys: KEYS,
            sets: SETS,
        };
        assert_eq!(
            text(&moved, 1),
            "with new (c0, c1, c2) as (values (?, ?, ?)) update t set state = new.c2 from new where t.uid = new.c0 and \
             t.state = new.c1"
        );
        let gone = Op::Delete {
            table: "t",
            keys: UID,
        };
        assert_eq!(
            text(&gone, 1),
            "with new (c0) as (values (?)) delete from t where exists (select 1 from new where t.uid = new.c0)"
        );
    }

    static SETTINGS: Op = Op::Insert {
        table: "settings",
        columns: &[words("name"), words("value")],
    };
    static OTHERWISE: Op = Op::Update {
        table: "settings",
        keys: &[words("name")],
        sets: &[words("value")],
    };

    fn written(op: &'static Op, name: &str) -> (&'static Op, Rows) {
        let cells = vec![Cell::from(name), Cell::from("a value")];
        (op, Rows { cells })
    }

    async fn names(session: &mut SqliteSession) -> i64 {
        sqlx::query_scalar("select count(*) from settings where value = 'a value'")
            .fetch_one(&mut session.connection)
            .await
            .expect("counts")
    }

    /// All of it or nothing: where the chain ends elsewhere, where a write touches fewer rows than it has to, where a later
    /// statement is refused.
    #[tokio::test]
    async fn a_transaction_in_one_round_trip_is_whole_or_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = crate::sql::sqlite::SqliteSettings::default();
        let path = folder.path().join("books.db");
        let mut session = crate::sql::sqlite::open::writer(&path, &settings)
            .await
            .expect("opens");
        let end = ChainHead::EMPTY;
        let elsewhere = ChainHead { sequence: 1, ..end };
        let plan = |writes, expected| Plan { writes, expected };
        let refused = [
            (elsewhere, plan(vec![written(&SETTINGS, "one")], vec![])),
            (
                end,
                plan(
                    vec![written(&SETTINGS, "one"), written(&OTHERWISE, "nobody")],
                    vec![(1, 1)],
                ),
            ),
            (
                end,
                plan(vec![written(&SETTINGS, "one"), written(&SETTINGS, "one")], vec![]),
            ),
        ];
        for (end, plan) in refused {
            let ended = session.at_once(&end, plan).await;
            assert!(matches!(ended, Some(AtOnce::NotWritten(_))), "{ended:?}");
            assert!(session.rollback().await.is_err(), "no transaction is left open");
            assert_eq!(names(&mut session).await, 0);
        }
        let whole = plan(
            vec![written(&SETTINGS, "one"), written(&OTHERWISE, "one")],
            vec![(1, 1)],
        );
        let ended = session.at_once(&end, whole).await;
        assert!(matches!(ended, Some(AtOnce::Durable)), "{ended:?}");
        assert_eq!(names(&mut session).await, 1);
        assert!(session.rollback().await.is_err(), "no transaction is left open");
    }
}
