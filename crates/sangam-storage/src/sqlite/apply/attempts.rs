//! Attempts: each intended once, under a tag of its own, and moved only from the state it is said to be in.

use sangam_core::ports::{AttemptRecord, LedgerError};
use sangam_core::{AttemptNo, AttemptState, OrderUid, Timestamp};
use sqlx::{Row as _, SqliteConnection};

use super::super::bind::{Bind as _, request_columns};
use super::super::failure::Fault;
use super::super::row::attempt_state;
use super::{is_orphan, is_taken};

const INTEND: &str = concat!(
    "insert into attempts (order_uid, no, account, broker, tag, ",
    request_columns!(),
    ", state, state_detail, created_at, updated_at) values \
     (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
);

/// Writes an attempt about to be sent.
pub(super) async fn intended(
    connection: &mut SqliteConnection,
    attempt: &AttemptRecord,
) -> Result<(), Fault> {
    let written = sqlx::query(INTEND)
        .uid(attempt.order)
        .bind(attempt.no.0)
        .shown(&attempt.account)
        .shown(&attempt.broker)
        .shown(&attempt.tag)
        .request(&attempt.request)
        .bind(attempt.state.name())
        .bind(detail(&attempt.state))
        .instant(attempt.created_at)?
        .instant(attempt.updated_at)?
        .execute(&mut *connection)
        .await;
    match written {
        Ok(_) => Ok(()),
        Err(error) if is_taken(&error) => Err(why_taken(connection, attempt).await?.into()),
        Err(error) if is_orphan(&error) => Err(LedgerError::Missing {
            subject: format!("order {}", attempt.order),
        }
        .into()),
        Err(error) => Err(error.into()),
    }
}

async fn why_taken(connection: &mut SqliteConnection, attempt: &AttemptRecord) -> Result<LedgerError, Fault> {
    let tag_used = sqlx::query("select 1 from attempts where tag = ?")
        .bind(attempt.tag.as_str())
        .fetch_optional(connection)
        .await?
        .is_some();
    Ok(if tag_used {
        LedgerError::DuplicateTag {
            tag: attempt.tag.clone(),
        }
    } else {
        LedgerError::AlreadyThere {
            subject: subject(attempt.order, attempt.no),
        }
    })
}

/// Moves an attempt that is in the state named.
pub(super) async fn moved(
    connection: &mut SqliteConnection,
    order: OrderUid,
    no: AttemptNo,
    from: &str,
    to: &AttemptState,
    at: Timestamp,
) -> Result<(), Fault> {
    let row = sqlx::query("select state, state_detail from attempts where order_uid = ? and no = ?")
        .uid(order)
        .bind(no.0)
        .fetch_optional(&mut *connection)
        .await?;
    let subject = || subject(order, no);
    let Some(row) = row else {
        return Err(LedgerError::Missing { subject: subject() }.into());
    };
    let now = attempt_state(&subject(), row.try_get(0)?, row.try_get(1)?)?;
    if now.name() != from {
        return Err(LedgerError::Conflict {
            subject: subject(),
            expected: from.to_owned(),
        }
        .into());
    }
    if !now.can_become(to) {
        return Err(LedgerError::IllegalMove {
            subject: subject(),
            from: from.to_owned(),
            to: to.name().to_owned(),
        }
        .into());
    }
    let done = sqlx::query(
        "update attempts set state = ?4, state_detail = ?5, updated_at = ?6 \
         where order_uid = ?1 and no = ?2 and state = ?3",
    )
    .uid(order)
    .bind(no.0)
    .bind(from.to_owned())
    .bind(to.name())
    .bind(detail(to))
    .instant(at)?
    .execute(connection)
    .await?;
    if done.rows_affected() == 0 {
        return Err(LedgerError::Conflict {
            subject: subject(),
            expected: from.to_owned(),
        }
        .into());
    }
    Ok(())
}

fn subject(order: OrderUid, no: AttemptNo) -> String {
    format!("attempt {no} of order {order}")
}

/// The state with what belongs to it, as JSON.
fn detail(state: &AttemptState) -> String {
    serde_json::to_string(state).expect("a state is made of names and texts, which JSON can hold")
}
