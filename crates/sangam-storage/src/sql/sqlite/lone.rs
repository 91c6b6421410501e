//! A whole commit as one statement: putting a row into a view of this connection, whose trigger writes what the row holds.
//!
//! The driver's thread answers each statement by itself, and each answer wakes whoever waits. A transaction of five statements
//! costs five of these, one statement costs one. It is also the whole transaction: it begins, is judged and ends by itself.

use std::fmt::Write as _;
use std::sync::Arc;

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};

use crate::sql::op::Op;
use crate::sql::persist::Plan;
use crate::sql::session::Cell;

/// Most rows of such a commit.
const ROWS_MAX: usize = 8;
/// Most kinds a connection has a view for: each is a piece of schema it keeps.
const KINDS_MAX: usize = 64;
/// The first columns of each view: where the audit chain ends.
const END: usize = 2;

/// One row: how it is written, and whether it has to be found.
#[derive(Debug, Clone, Copy)]
struct Step {
    op: &'static Op,
    must_touch: bool,
}

impl PartialEq for Step {
    /// Ways to write are statics: one is itself and no other.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.op, other.op) && self.must_touch == other.must_touch
    }
}

/// What a commit writes, without its values.
type Kind = Vec<Step>;

/// The kinds a connection has a view for.
#[derive(Debug, Default)]
pub(super) struct Lone {
    known: Vec<(Kind, Arc<str>)>,
}

/// How a commit is written.
pub(super) struct Statement {
    /// What makes its view, the first time.
    pub(super) making: Option<SqlStr>,
    pub(super) sql: SqlStr,
    kind: Kind,
    text: Arc<str>,
}

impl Lone {
    /// The statement for such a plan; `None` where it has too many rows, or there are too many kinds already.
    pub(super) fn statement(&self, plan: &Plan) -> Option<Statement> {
        let kind = kind(plan)?;
        let found = self.known.iter().find(|(known, _)| *known == kind);
        if let Some((_, text)) = found {
            return Some(Statement {
                making: None,
                sql: AssertSqlSafe(Arc::clone(text)).into_sql_str(),
                kind,
                text: Arc::clone(text),
            });
        }
        if self.known.len() == KINDS_MAX {
            return None;
        }
        let name = format!("lone_{}", self.known.len());
        let text: Arc<str> = insert(&name, &kind).into();
        Some(Statement {
            making: Some(AssertSqlSafe(view(&name, &kind)).into_sql_str()),
            sql: AssertSqlSafe(Arc::clone(&text)).into_sql_str(),
            kind,
            text,
        })
    }

    /// Remembers that its view is there.
    pub(super) fn made(&mut self, statement: &Statement) {
        self.known
            .push((statement.kind.clone(), Arc::clone(&statement.text)));
    }
}

/// The values of a plan, in the order of the columns after the chain's end.
pub(super) fn cells(plan: Plan) -> impl Iterator<Item = Cell> {
    plan.writes.into_iter().flat_map(|(_, rows)| rows.cells)
}

fn kind(plan: &Plan) -> Option<Kind> {
    let mut kind = Kind::new();
    for (place, (op, rows)) in plan.writes.iter().enumerate() {
        let count = rows.cells.len() / op.width();
        let expected = plan.expected.iter().find(|(other, _)| *other == place);
        // A row that has to be found is found by its key: each touches one.
        if kind.len() + count > ROWS_MAX || expected.is_some_and(|(_, rows)| *rows != count as u64) {
            return None;
        }
        let must_touch = expected.is_some();
        kind.extend(std::iter::repeat_n(Step { op, must_touch }, count));
    }
    Some(kind)
}

fn width(kind: &[Step]) -> usize {
    END + kind.iter().map(|step| step.op.width()).sum::<usize>()
}

fn insert(name: &str, kind: &[Step]) -> String {
    format!(
        "insert into temp.{name} values ({})",
        vec!["?"; width(kind)].join(", ")
    )
}

/// The view, and the trigger that takes its rows. A refusal takes back the whole statement.
fn view(name: &str, kind: &[Step]) -> String {
    let columns: Vec<_> = (0..width(kind)).map(|place| format!("c{place}")).collect();
    let mut sql = format!(
        "create temp view {name} ({}) as select {}; \
         create temp trigger {name}_written instead of insert on {name} begin \
         select raise(abort, 'the audit chain ends elsewhere') where not exists \
         (select 1 from audit_head where id = 1 and sequence = new.c0 and hash = new.c1);",
        columns.join(", "),
        vec!["null"; width(kind)].join(", "),
    );
    let mut first = END;
    for step in kind {
        let _ = write!(sql, " {};", step.op.sql_of_row(first));
        if step.must_touch {
            let table = step.op.table();
            let _ = write!(
                sql,
                " select raise(abort, 'a row of {table} is not as it was read') where changes() <> 1;"
            );
        }
        first += step.op.width();
    }
    sql.push_str(" end");
    sql
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::op::{blob, int, text};
    use crate::sql::session::Rows;

    static NEW: Op = Op::Insert {
        table: "a",
        columns: &[int("id"), text("word")],
    };
    static MOVED: Op = Op::Update {
        table: "b",
        keys: &[blob("uid"), text("state")],
        sets: &[text("state")],
    };

    fn plan(new: usize, moved: usize) -> Plan {
        let rows = |count: usize, width: usize| Rows {
            cells: vec![Cell::Int(None); count * width],
        };
        Plan {
            writes: vec![(&NEW, rows(new, 2)), (&MOVED, rows(moved, 3))],
            expected: vec![(1, moved as u64)],
        }
    }

    #[test]
    fn a_kind_is_made_once_and_known_by_what_it_writes() {
        let mut lone = Lone::default();
        let first = lone.statement(&plan(1, 1)).expect("few rows");
        let making = first.making.clone().expect("it is new");
        assert!(
            making.as_str().ends_with(
                " insert into a (id, word) values (new.c2, new.c3); update b set state = new.c6 where uid = new.c4 and state = \
                 new.c5; select raise(abort, 'a row of b is not as it was read') where changes() <> 1; end"
            ),
            "{}",
            making.as_str()
        );
        assert_eq!(
            first.sql.as_str(),
            "insert into temp.lone_0 values (?, ?, ?, ?, ?, ?, ?)"
        );
        lone.made(&first);
        assert!(lone.statement(&plan(1, 1)).expect("few rows").making.is_none());
        let other = lone.statement(&plan(1, 2)).expect("few rows");
        assert!(other.sql.as_str().starts_with("insert into temp.lone_1 "));
        assert!(lone.statement(&plan(8, 1)).is_none(), "too many rows");
    }
}
