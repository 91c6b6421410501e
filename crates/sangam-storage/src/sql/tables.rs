//! All tables of the books, in an order in which rows can be written: what a row refers to comes before it.

use super::columns as c;
use super::op::{Column, Op, blob, int, text};

/// A table whose rows are told apart by some of its columns.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// The columns of the primary key, in its order.
    pub(crate) keys: &'static [Column],
    /// All columns.
    pub(crate) columns: &'static [Column],
    /// Writes whole rows.
    pub(crate) write: Op,
    /// Whether books without a single commit have rows here.
    pub(crate) never_empty: bool,
}

const AUDIT_HEAD: &[Column] = &[int("id"), int("sequence"), blob("hash"), int("newest_at")];

pub(crate) static LEASES: Table = table("leases", &[text("account_group")], c::LEASES);
pub(crate) static AUDIT: Table = table("audit", &[int("sequence")], c::AUDIT);

/// Every table, except the one that counts migrations.
pub(crate) static ALL: [&Table; 18] = [
    &kept_once("settings", &[text("name")], c::SETTINGS),
    &table("orders", &[int("number")], c::ORDERS),
    &table("attempts", &[int("id")], c::ATTEMPTS),
    &table("fills", &[int("id")], c::FILLS),
    &table("postings", &[int("fill")], c::POSTINGS),
    &table("kept_positions", &[text("position")], c::KEPT),
    &table("lots", &[text("position"), int("opened_id")], c::LOTS),
    &table("positions", &[text("account"), int("place")], c::POSITIONS),
    &table(
        "holdings",
        &[text("account"), text("date"), int("place")],
        c::HOLDINGS,
    ),
    &table("holding_days", c::HOLDING_DAYS, c::HOLDING_DAYS),
    &table("book_reads", &[text("account"), text("book")], c::BOOK_READS),
    &table("sessions", &[text("account")], c::SESSIONS),
    &table(
        "window_counts",
        &[text("account"), text("scope"), int("window_ms")],
        c::WINDOW_COUNTS,
    ),
    &LEASES,
    &table("stops", &[text("subject"), text("kind"), text("about")], c::STOPS),
    &table("audit_days", &[text("day")], c::AUDIT_DAYS),
    &AUDIT,
    &kept_once("audit_head", &[int("id")], AUDIT_HEAD),
];

const fn table(name: &'static str, keys: &'static [Column], columns: &'static [Column]) -> Table {
    Table {
        name,
        keys,
        columns,
        write: Op::Insert { table: name, columns },
        never_empty: false,
    }
}

/// A table that new books have rows in, which are written over. Its key is its first column.
const fn kept_once(name: &'static str, keys: &'static [Column], columns: &'static [Column]) -> Table {
    Table {
        name,
        keys,
        columns,
        write: Op::Upsert {
            table: name,
            keys: 1,
            columns,
        },
        never_empty: true,
    }
}

impl Table {
    /// The place of a column within a row.
    pub(crate) fn place(&self, name: &str) -> usize {
        self.columns
            .iter()
            .position(|column| column.name == name)
            .expect("the columns of a key are columns of the table")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::sql::ask::Ask;
    use crate::sql::session::Session as _;
    use crate::sql::session::{Cell, Row};
    use crate::sql::{SqliteSettings, sqlite};

    fn words(rows: &[Row]) -> Vec<String> {
        let word = |row: &Row| match &row[0] {
            Cell::Text(Some(word)) => word.clone(),
            other => panic!("{other:?}"),
        };
        rows.iter().map(word).collect()
    }

    /// A table or a column that is added later must be copied, too.
    #[tokio::test]
    async fn no_table_and_no_column_is_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("books.db");
        let mut session = sqlite::open::writer(&path, &SqliteSettings::default())
            .await
            .expect("opens");
        let sql = "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' and \
                   name not in ('_sqlx_migrations', 'audit_without_hashes')";
        let there = session.rows(&Ask::new(sql), Vec::new()).await.expect("asks");
        let there: BTreeSet<_> = words(&there).into_iter().collect();
        let ours: BTreeSet<_> = ALL.iter().map(|table| table.name.to_owned()).collect();
        assert_eq!(there, ours);
        for table in ALL {
            let names = format!(
                "select name from pragma_table_info('{}') order by name",
                table.name
            );
            let there = session.rows(&Ask::new(&names), Vec::new()).await.expect("asks");
            let mut ours: Vec<_> = table
                .columns
                .iter()
                .map(|column| column.name.to_owned())
                .collect();
            ours.sort();
            assert_eq!(words(&there), ours, "{}", table.name);
            let keys = format!(
                "select name from pragma_table_info('{}') where pk > 0 order by pk",
                table.name
            );
            let there = session.rows(&Ask::new(&keys), Vec::new()).await.expect("asks");
            let ours: Vec<_> = table.keys.iter().map(|column| column.name.to_owned()).collect();
            assert_eq!(words(&there), ours, "{}", table.name);
        }
    }
}
