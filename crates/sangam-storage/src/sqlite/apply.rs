//! Each change as a statement. What a change expects is part of the statement's condition, so that a refusal is
//! decided by the same transaction that would have written; the reason is looked up only after a refusal.

mod attempts;
mod fills;
mod orders;

use sangam_core::OrderNumber;
use sangam_core::ports::{AuditEntry, Change};
use sqlx::SqliteConnection;

use super::bind::Bind as _;
use super::failure::Fault;

/// Applies the changes in order and appends their audit entry. Answers the number of the first order received.
pub(super) async fn all(
    connection: &mut SqliteConnection,
    changes: &[Change],
    audit: &AuditEntry,
) -> Result<Option<OrderNumber>, Fault> {
    let mut first = None;
    for change in changes {
        let number = one(connection, change).await?;
        first = first.or(number);
    }
    append(connection, audit).await?;
    Ok(first)
}

async fn one(connection: &mut SqliteConnection, change: &Change) -> Result<Option<OrderNumber>, Fault> {
    match change {
        Change::Received(order) => return orders::received(connection, order).await.map(Some),
        Change::OrderMoved(moved) => orders::moved(connection, moved).await?,
        Change::Intended(attempt) => attempts::intended(connection, attempt).await?,
        Change::AttemptMoved {
            order,
            no,
            from,
            to,
            at,
        } => attempts::moved(connection, *order, *no, from, to, *at).await?,
        Change::Filled(record) => fills::filled(connection, record).await?,
        Change::PositionsRead { account, positions } => {
            fills::positions(connection, account, positions).await?
        }
    }
    Ok(None)
}

async fn append(connection: &mut SqliteConnection, entry: &AuditEntry) -> Result<(), Fault> {
    sqlx::query("insert into audit (at, actor, event, subject, detail) values (?, ?, ?, ?, ?)")
        .instant(entry.at)?
        .bind(entry.actor.clone())
        .bind(entry.event.clone())
        .bind(entry.subject.clone())
        .bind(entry.detail.clone())
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether a statement was refused because a unique key is taken.
fn is_taken(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(|error| error.is_unique_violation())
}

/// Whether a statement was refused because the order it speaks of is not there.
fn is_orphan(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(|error| error.is_foreign_key_violation())
}
