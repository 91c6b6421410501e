//! Two tables held against each other, row for row and cell for cell.

use sangam_core::ports::LedgerError;

use crate::sql::session::{Cell, Row};
use crate::sql::tables::Table;

/// Compares rows of the source with rows of the target that stand at the same places.
pub(super) fn rows(table: &Table, source: &[Row], target: &[Row]) -> Result<(), LedgerError> {
    for (from, to) in source.iter().zip(target) {
        row(table, from, to)?;
    }
    match (source.get(target.len()), target.get(source.len())) {
        (Some(missing), _) => Err(differs(table, missing, "is not in the copy")),
        (None, Some(extra)) => Err(differs(table, extra, "is in the copy only")),
        (None, None) => Ok(()),
    }
}

fn row(table: &Table, from: &Row, to: &Row) -> Result<(), LedgerError> {
    let keys = || table.keys.iter().map(|key| table.place(key.name));
    if keys().any(|place| !same(&from[place], &to[place])) {
        let what = format!("stands in the copy where {} should", named(table, from));
        return Err(differs(table, to, &what));
    }
    let other = table
        .columns
        .iter()
        .enumerate()
        .find(|(place, _)| !same(&from[*place], &to[*place]));
    match other {
        Some((_, column)) => Err(differs(
            table,
            from,
            &format!("has another {} in the copy", column.name),
        )),
        None => Ok(()),
    }
}

/// What is absent is the same whatever it would have been.
fn same(one: &Cell, other: &Cell) -> bool {
    one == other || (is_absent(one) && is_absent(other))
}

fn is_absent(cell: &Cell) -> bool {
    matches!(cell, Cell::Int(None) | Cell::Text(None) | Cell::Blob(None))
}

fn differs(table: &Table, row: &Row, what: &str) -> LedgerError {
    LedgerError::Damaged {
        subject: named(table, row),
        what: format!("{what}: the copy is not kept, try again"),
    }
}

/// A row as people may look it up: its table and its key.
fn named(table: &Table, row: &Row) -> String {
    let key: Vec<_> = table
        .keys
        .iter()
        .map(|key| match &row[table.place(key.name)] {
            Cell::Int(Some(key)) => key.to_string(),
            Cell::Text(Some(key)) => key.clone(),
            Cell::Blob(Some(key)) => format!("{key:02x?}"),
            Cell::Int(None) | Cell::Text(None) | Cell::Blob(None) => "(none)".to_owned(),
        })
        .collect();
    format!("{} {}", table.name, key.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::columns as c;
    use crate::sql::op::{Op, text};

    static COUNTS: Table = Table {
        name: "window_counts",
        keys: &[text("account"), text("scope")],
        columns: c::WINDOW_COUNTS,
        write: Op::Insert {
            table: "window_counts",
            columns: c::WINDOW_COUNTS,
        },
        never_empty: false,
    };

    fn count(account: &str, used: i64) -> Row {
        vec![
            Cell::from(account),
            Cell::from("orders"),
            Cell::from(1_000),
            Cell::from(used),
            Cell::from(10),
            Cell::Int(None),
        ]
    }

    fn refused(source: &[Row], target: &[Row]) -> String {
        rows(&COUNTS, source, target)
            .expect_err("they differ")
            .to_string()
    }

    #[test]
    fn what_differs_is_named_with_table_and_key() {
        let both = [count("flat", 1), count("fyers", 2)];
        rows(&COUNTS, &both, &both).expect("the same");
        let mut nothing = both.clone();
        nothing[0][5] = Cell::Text(None);
        rows(&COUNTS, &both, &nothing).expect("absent is absent");

        let less = refused(&both, &both[..1]);
        assert!(
            less.contains("window_counts fyers orders") && less.contains("not in the copy"),
            "{less}"
        );
        let more = refused(&both[..1], &both);
        assert!(
            more.contains("window_counts fyers orders") && more.contains("in the copy only"),
            "{more}"
        );
        let other = refused(&both, &[both[0].clone(), count("fyers", 3)]);
        assert!(
            other.contains("window_counts fyers orders") && other.contains("another used"),
            "{other}"
        );
        let gap = refused(&both, &both[1..]);
        assert!(
            gap.contains("window_counts fyers orders") && gap.contains("flat orders"),
            "{gap}"
        );
    }
}
