//! What a migration written in SQL cannot do: giving hashes to an audit log that had none, and positions to fills. Done in
//! one transaction, and done again from the start if it was interrupted.

use sangam_core::ports::{AuditEntry, LedgerError};

use super::ask::ask;
use super::cells::Cells;
use super::encode::Encode;
use super::failure::Fault;
use super::op::{Column, Op, int, text};
use super::session::{Cell, Row, Session};
use super::{catch_up, columns as c, persist, rebuild, row};
use crate::cost::CostMethod;
use crate::rules::Working;

/// Rows taken at once.
const CHUNK: i64 = 2000;

ask!(METHOD, "select value from settings where name = 'cost_method'");
ask!(
    WITHOUT_POSITION,
    c::FILLS,
    "select {} from fills where position = '' order by id limit 2000"
);
ask!(
    OLD_AUDIT_THERE,
    "select count(*) from sqlite_schema where name = 'audit_without_hashes'"
);
ask!(
    OLD_AUDIT,
    "select sequence, at, actor, event, subject, detail from audit_without_hashes where sequence > ? \
     order by sequence limit ?"
);
ask!(DROP_OLD_AUDIT, "drop table audit_without_hashes");
const OLD_COLUMNS: &[Column] = &[
    int("sequence"),
    int("at"),
    text("actor"),
    text("event"),
    text("subject"),
    text("detail"),
];
const VALUE: &[Column] = &[text("value")];
static PLACED: Op = Op::Update {
    table: "fills",
    keys: &[int("id")],
    sets: &[text("position")],
};

/// Finishes what migrations began, and answers how profit is told from cost in these books.
pub(super) async fn finish(
    session: &mut dyn Session,
    wanted: Option<CostMethod>,
) -> Result<CostMethod, Fault> {
    if let Some(kept) = method(session).await? {
        return agreed(kept, wanted);
    }
    let head = session.begin_asking(&catch_up::HEAD).await?;
    match convert(session, &head, wanted).await {
        Ok(method) => {
            session.commit().await?;
            Ok(method)
        }
        Err(fault) => {
            // A full disk or a server that is gone ended it already; what went wrong first is what is told.
            if let Err(error) = session.rollback().await {
                tracing::debug!(%error, "nothing was left to take back");
            }
            Err(fault)
        }
    }
}

/// The method of books that have one already.
fn agreed(kept: CostMethod, wanted: Option<CostMethod>) -> Result<CostMethod, Fault> {
    if let Some(wanted) = wanted.filter(|wanted| *wanted != kept) {
        return Err(LedgerError::NotWritten {
            what: format!(
                "the books tell profit by {kept}, the configuration says {wanted}: set ledger.cost_method back, or change the \
                 books with `sangam ledger rebuild --method {wanted}`"
            ),
            source: "positions are kept by one method only".into(),
        }
        .into());
    }
    Ok(kept)
}

async fn method(session: &mut dyn Session) -> Result<Option<CostMethod>, Fault> {
    let rows = session.rows(&METHOD, Vec::new()).await?;
    let read = |row: &Row| Cells::new(row, "settings", VALUE, "value").parse("value");
    Ok(rows.first().map(read).transpose()?)
}

async fn convert(
    session: &mut dyn Session,
    head: &[Row],
    wanted: Option<CostMethod>,
) -> Result<CostMethod, Fault> {
    // Locks the books: another opening of the same may have been faster.
    let mut working = Working::new(wanted.unwrap_or_default());
    catch_up::to_the_end(session, &mut working, head).await?;
    if let Some(kept) = method(session).await? {
        return agreed(kept, wanted);
    }
    if session.dialect() == super::dialect::Dialect::Sqlite {
        chain_old_entries(session, &mut working).await?;
    }
    loop {
        let rows = session.rows(&WITHOUT_POSITION, Vec::new()).await?;
        if rows.is_empty() {
            break;
        }
        let mut placed = Encode::default();
        for found in &rows {
            let name = rebuild::name_of(&row::fill(found)?);
            placed.count(row::fill_id(found)?).free(&name);
        }
        session.write(&PLACED, placed.rows()).await?;
    }
    rebuild::rewrite(session, working.method).await?;
    Ok(working.method)
}

/// Moves the entries of the first version into the chain, as they are and in their order.
async fn chain_old_entries(session: &mut dyn Session, working: &mut Working) -> Result<(), Fault> {
    let there = session.rows(&OLD_AUDIT_THERE, Vec::new()).await?;
    if !matches!(
        there.first().and_then(|row| row.first()),
        Some(Cell::Int(Some(1)))
    ) {
        return Ok(());
    }
    let mut last = 0;
    loop {
        let rows = session
            .rows(&OLD_AUDIT, vec![Cell::from(last), Cell::from(CHUNK)])
            .await?;
        if rows.is_empty() {
            break;
        }
        for found in &rows {
            let cells = Cells::new(found, "audit_without_hashes", OLD_COLUMNS, "sequence");
            last = cells.int("sequence")?;
            working.append(&AuditEntry {
                at: cells.instant("at")?,
                actor: cells.text("actor")?,
                event: cells.text("event")?,
                subject: cells.text("subject")?,
                detail: cells.text("detail")?,
            });
        }
        persist::all(session, working).await?;
        working.settle();
    }
    session.run(&DROP_OLD_AUDIT, Vec::new()).await?;
    Ok(())
}
