//! A table read in the order of its key, a page at a time.

use crate::sql::ask::Ask;
use crate::sql::columns::list;
use crate::sql::session::{Cell, Row, Session};
use crate::sql::tables::Table;

/// Rows held at once: about a megabyte. While one side is asked for them the other is idle in its transaction, which a server
/// lets it be for some seconds only.
const ROWS: usize = 1_000;

/// The rest of a table.
#[derive(Debug)]
pub(super) struct Pages {
    table: &'static Table,
    first: Ask,
    next: Ask,
    after: Option<Vec<Cell>>,
    at_end: bool,
}

impl Pages {
    /// All of a table.
    pub(super) fn of(table: &'static Table) -> Self {
        let (name, columns, keys) = (table.name, list(table.columns), list(table.keys));
        let marks = vec!["?"; table.keys.len()].join(", ");
        Self {
            table,
            first: Ask::new(&format!(
                "select {columns} from {name} order by {keys} limit {ROWS}"
            )),
            next: Ask::new(&format!(
                "select {columns} from {name} where ({keys}) > ({marks}) order by {keys} limit {ROWS}"
            )),
            after: None,
            at_end: false,
        }
    }

    /// The next rows; none at the end.
    pub(super) async fn next(&mut self, session: &mut dyn Session) -> sqlx::Result<Vec<Row>> {
        if self.at_end {
            return Ok(Vec::new());
        }
        let rows = match self.after.take() {
            None => session.rows(&self.first, Vec::new()).await?,
            Some(after) => session.rows(&self.next, after).await?,
        };
        self.at_end = rows.len() < ROWS;
        self.after = rows.last().map(|row| self.key(row));
        Ok(rows)
    }

    fn key(&self, row: &Row) -> Vec<Cell> {
        let keys = self.table.keys.iter();
        keys.map(|key| row[self.table.place(key.name)].clone()).collect()
    }
}
