//! A connection to a PostgreSQL server.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{
    Arguments as _, Connection as _, Decode, Executor as _, PgConnection, Postgres, Row as _, SqlSafeStr,
    SqlStr, TypeInfo as _, ValueRef as _,
};

use crate::sql::ask::Ask;
use crate::sql::dialect::Dialect;
use crate::sql::op::{Kind, Op, Source};
use crate::sql::session::{Cell, Row, Rows, Session, own_sql};

/// A connection, and how long an answer may take before it is given up.
#[derive(Debug)]
pub(crate) struct PostgresSession {
    pub(crate) connection: PgConnection,
    pub(crate) patience: Duration,
}

/// An answer within the time, or an error as if the connection had been lost: it must not be used again.
async fn within<T>(patience: Duration, answer: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    match tokio::time::timeout(patience, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(sqlx::Error::Io(std::io::Error::new(
            std::io::ErrorKind::TimedOut,
            format!("no answer within {} s", patience.as_secs()),
        ))),
    }
}

#[async_trait]
impl Session for PostgresSession {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn rows(&mut self, ask: &Ask, values: Vec<Cell>) -> sqlx::Result<Vec<Row>> {
        let statement = bound(ask.text(Dialect::Postgres), values);
        let rows = within(self.patience, statement.fetch_all(&mut self.connection)).await?;
        rows.iter().map(read).collect()
    }

    async fn run(&mut self, ask: &Ask, values: Vec<Cell>) -> sqlx::Result<u64> {
        let statement = bound(ask.text(Dialect::Postgres), values);
        let done = within(self.patience, statement.execute(&mut self.connection)).await?;
        Ok(done.rows_affected())
    }

    async fn script(&mut self, sql: SqlStr) -> sqlx::Result<()> {
        within(self.patience, self.connection.execute(sqlx::raw_sql(sql)))
            .await
            .map(drop)
    }

    async fn write(&mut self, op: &'static Op, rows: Rows) -> sqlx::Result<u64> {
        Ok(self.write_all(vec![(op, rows)]).await?.into_iter().sum())
    }

    async fn write_all(&mut self, writes: Vec<(&'static Op, Rows)>) -> sqlx::Result<Vec<u64>> {
        let mut touched = vec![0; writes.len()];
        for (places, group) in statements(writes) {
            let mut args = PgArguments::default();
            let mut parts = Vec::with_capacity(group.len());
            for (op, rows) in group {
                parts.push(text(op, args.len()));
                columns_bound(op, rows, &mut args)?;
            }
            let statement = sqlx::query_with(own_sql(together(&parts)), args);
            let counts = within(self.patience, statement.fetch_one(&mut self.connection)).await?;
            for (column, place) in places.into_iter().enumerate() {
                touched[place] = u64::try_from(counts.try_get::<i64, _>(column)?).unwrap_or_default();
            }
        }
        Ok(touched)
    }

    async fn find(&mut self, op: &'static Op, keys: Rows) -> sqlx::Result<Vec<Row>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut args = PgArguments::default();
        columns_bound(op, keys, &mut args)?;
        let statement = sqlx::query_with(own_sql(text(op, 0)), args);
        let rows = within(self.patience, statement.fetch_all(&mut self.connection)).await?;
        rows.iter().map(read).collect()
    }

    async fn begin_asking(&mut self, ask: &Ask) -> sqlx::Result<Vec<Row>> {
        let sql = format!(
            "begin isolation level read committed read write; {}",
            ask.text(Dialect::Postgres).as_str()
        );
        let asked = self.connection.fetch_all(sqlx::raw_sql(own_sql(sql)));
        let rows = within(self.patience, asked).await?;
        rows.iter().map(read).collect()
    }

    async fn begin_reading(&mut self) -> sqlx::Result<()> {
        self.script("begin isolation level repeatable read read only".into_sql_str())
            .await
    }

    async fn now_ms(&mut self) -> sqlx::Result<i64> {
        let sql = "select floor(extract(epoch from clock_timestamp()) * 1000)::bigint";
        within(
            self.patience,
            sqlx::query_scalar(sql).fetch_one(&mut self.connection),
        )
        .await
    }

    async fn close(self: Box<Self>) -> sqlx::Result<()> {
        within(self.patience, self.connection.close()).await
    }
}

fn bound<'q>(
    sql: impl SqlSafeStr,
    values: impl IntoIterator<Item = Cell>,
) -> Query<'q, Postgres, PgArguments> {
    values
        .into_iter()
        .fold(sqlx::query(sql), |query, value| match value {
            Cell::Int(value) => query.bind(value),
            Cell::Text(value) => query.bind(value),
            Cell::Blob(value) => query.bind(value),
        })
}

/// Rows and the way to write them.
type Write = (&'static Op, Rows);

/// Which writes go together in one statement: its parts see none of what the others write, so no table is in it twice.
fn statements(writes: Vec<Write>) -> Vec<(Vec<usize>, Vec<Write>)> {
    let mut all: Vec<(Vec<usize>, Vec<Write>)> = Vec::new();
    for (place, (op, rows)) in writes.into_iter().enumerate() {
        if rows.is_empty() {
            continue;
        }
        match all.last_mut() {
            Some((places, group)) if group.iter().all(|(other, _)| other.table() != op.table()) => {
                places.push(place);
                group.push((op, rows));
            }
            _ => all.push((vec![place], vec![(op, rows)])),
        }
    }
    all
}

/// One statement of several writes; its answer has how many rows each touched.
fn together(parts: &[String]) -> String {
    let named: Vec<_> = parts
        .iter()
        .enumerate()
        .map(|(place, part)| format!("w{place} as ({part} returning 1)"))
        .collect();
    let counts: Vec<_> = (0..parts.len())
        .map(|place| format!("(select count(*) from w{place})"))
        .collect();
    format!("with {} select {}", named.join(", "), counts.join(", "))
}

/// Each column goes over as an array.
fn columns_bound(op: &Op, rows: Rows, args: &mut PgArguments) -> sqlx::Result<()> {
    let width = op.width();
    let count = rows.cells.len() / width;
    let mut columns: Vec<Vec<Cell>> = (0..width).map(|_| Vec::with_capacity(count)).collect();
    for (place, cell) in rows.cells.into_iter().enumerate() {
        columns[place % width].push(cell);
    }
    for (column, cells) in op.columns().zip(columns) {
        match column.kind {
            Kind::Int => args.add(cells.iter().map(whole).collect::<Vec<_>>()),
            Kind::Text => args.add(cells.into_iter().map(words).collect::<Vec<_>>()),
            Kind::Blob => args.add(cells.into_iter().map(bytes).collect::<Vec<_>>()),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(())
}

fn whole(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Int(value) => *value,
        Cell::Text(_) | Cell::Blob(_) => None,
    }
}

fn words(cell: Cell) -> Option<String> {
    match cell {
        Cell::Text(value) => value,
        Cell::Int(_) | Cell::Blob(_) => None,
    }
}

fn bytes(cell: Cell) -> Option<Vec<u8>> {
    match cell {
        Cell::Blob(value) => value,
        Cell::Int(_) | Cell::Text(_) => None,
    }
}

/// The statement, its places numbered after those before it.
fn text(op: &Op, before: usize) -> String {
    let arrays: Vec<_> = op
        .columns()
        .enumerate()
        .map(|(place, column)| {
            let kind = match column.kind {
                Kind::Int => "bigint",
                Kind::Text => "text",
                Kind::Blob => "bytea",
            };
            format!("${}::{kind}[]", before + place + 1)
        })
        .collect();
    let arrays = arrays.join(", ");
    let columns: Vec<_> = (0..op.width()).map(|place| format!("c{place}")).collect();
    op.sql(&Source {
        bare: &format!("select * from unnest({arrays})"),
        with: "",
        named: &format!("unnest({arrays}) as new ({})", columns.join(", ")),
    })
}

fn read(row: &PgRow) -> sqlx::Result<Row> {
    (0..row.len())
        .map(|place| {
            let value = row.try_get_raw(place)?;
            if value.is_null() {
                return Ok(Cell::Text(None));
            }
            let kind = value.type_info();
            match kind.name() {
                "INT8" => Decode::<Postgres>::decode(value).map(Cell::Int),
                "BYTEA" => Decode::<Postgres>::decode(value).map(Cell::Blob),
                _ => Decode::<Postgres>::decode(value).map(Cell::Text),
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

    #[test]
    fn each_way_of_writing_has_its_statement() {
        let columns = COLUMNS;
        assert_eq!(
            text(&Op::Insert { table: "t", columns }, 0),
            "insert into t (uid, state, at) select * from unnest($1::bytea[], $2::text[], $3::bigint[])"
        );
        let moved = Op::Update {
            table: "t",
            keys: KEYS,
            sets: SETS,
        };
        assert_eq!(
            text(&moved, 0),
            "update t set state = new.c2 from unnest($1::bytea[], $2::text[], $3::text[]) as new (c0, c1, c2) \
             where t.uid = new.c0 and t.state = new.c1"
        );
    }
}
