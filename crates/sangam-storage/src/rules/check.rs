//! What every store can hold, checked before anything is applied, so that one commit of a group cannot spoil the others.

use sangam_core::Timestamp;
use sangam_core::ports::{AuditEntry, Change, LedgerError};

use super::texts;

/// Whether all instants, names and counts of a commit can be kept.
pub(crate) fn fits(changes: &[Change], audit: &AuditEntry) -> Result<(), LedgerError> {
    entry_fits(audit)?;
    for change in changes {
        match change {
            Change::Received(order) => {
                instant(order.created_at)?;
                order.wishes.deadline.map_or(Ok(()), instant)?;
                order.wishes.cancel_requested.map_or(Ok(()), instant)?;
                instant(order.updated_at)?;
            }
            Change::Intended(attempt) => {
                instant(attempt.created_at)?;
                instant(attempt.updated_at)?;
            }
            Change::AttemptMoved { at, .. }
            | Change::CancelRequested { at, .. }
            | Change::TermsAwaited { at, .. } => instant(*at)?,
            Change::Stopped(stop) => {
                instant(stop.at)?;
                texts::stop_fits(&stop.id)?;
            }
            Change::Lifted(_) => {}
            Change::OrderMoved(moved) => instant(moved.at)?,
            Change::Filled(record) => {
                record.fill.at.map_or(Ok(()), instant)?;
                texts::names_fit(record)?;
            }
            Change::PositionsRead { positions, .. } => {
                positions
                    .iter()
                    .try_for_each(|position| instant(position.read_at))?;
            }
            Change::HoldingsRead { holdings, .. } => {
                holdings.iter().try_for_each(|holding| instant(holding.read_at))?;
            }
            Change::SessionSeen(session) => {
                instant(session.began_at)?;
                instant(session.expires_at)?;
            }
            Change::WindowsCounted { counts, .. } => {
                counts.iter().try_for_each(|count| instant(count.counted_at))?;
                counts.iter().try_for_each(texts::window_fits)?;
            }
        }
    }
    Ok(())
}

/// Whether an entry can be kept.
pub(crate) fn entry_fits(audit: &AuditEntry) -> Result<(), LedgerError> {
    instant(audit.at)?;
    texts::subject_fits(audit)
}

/// Instants are kept as nanoseconds since 1970 in 64 bits.
fn instant(at: Timestamp) -> Result<(), LedgerError> {
    match i64::try_from(at.as_nanosecond()) {
        Ok(_) => Ok(()),
        Err(error) => Err(LedgerError::NotWritten {
            what: format!(
                "the time {at} cannot be kept: it is outside the years 1678 to 2262; set the clock"
            ),
            source: Box::new(error),
        }),
    }
}
