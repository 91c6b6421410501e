//! Exporting sealed days in two steps: write them, and once the file is safe on its disk, mark them.

use std::io::Write;
use std::ops::RangeInclusive;

use sangam_core::ports::LedgerError;
use sangam_core::timestamp::{Date, Timestamp};
use serde_json::json;

use super::error::{AuditError, AuditProgress};
use super::page::{PAGE, page};
use super::{EXPORTED, append, days_now, own};
use crate::chain::{ExportError, ExportWriter, Link, Seal, SealedDay, Verified};
use crate::sql::SqlLedger;
use crate::sql::ask::ask;
use crate::sql::encode::Encode;

ask!(
    MARK_EXPORTED,
    "update audit_days set exported_at = ? where day >= ? and day <= ?"
);

impl SqlLedger {
    /// Writes the sealed days among these as an export and checks every entry on its way. Days that are not over, or have no
    /// entries, are not in it; what it answers says which are. Afterwards sync what was written to its disk, and then call
    /// [`mark_exported`](Self::mark_exported): only marked days may be pruned.
    ///
    /// Writing blocks the thread; hand over something buffered.
    ///
    /// # Errors
    /// [`AuditError::Export`] when there is no such day, the chain is broken or it cannot be written, [`AuditError::Gone`]
    /// when one of the days was pruned, [`AuditError::Ledger`] when the books cannot be read.
    pub async fn export_days<W: Write + Send>(
        &self,
        days: RangeInclusive<Date>,
        out: W,
        progress: impl Fn(AuditProgress) + Send + Sync,
    ) -> Result<(W, Verified), AuditError> {
        let sealed = self.sealed_days().await?;
        let (previous, wanted) = chosen(&sealed, &days)?;
        let mut export = ExportWriter::begin(out, previous.hash, wanted.clone())?;
        let (Some(first), Some(last)) = (wanted.first(), wanted.last().map(Seal::last)) else {
            return Err(ExportError::NoDays.into());
        };
        let mut next = first.first;
        let of = last.saturating_sub(next).saturating_add(1);
        while next <= last {
            let left = u32::try_from(last - next).unwrap_or(PAGE).saturating_add(1);
            let entries = self.told(page(&self.readers, next, left.min(PAGE)).await)?;
            let Some(found) = entries.last() else { break };
            next = found.sequence.saturating_add(1);
            for entry in &entries {
                export.entry(entry)?;
            }
            let done = of.saturating_sub(last.saturating_add(1).saturating_sub(next));
            progress(AuditProgress { done, of });
        }
        Ok(export.finish()?)
    }

    /// Marks days as exported, with an entry that says by whom. To be called once the file is synced.
    ///
    /// # Errors
    /// [`LedgerError::Conflict`] when a day is not, or no longer, sealed as it was exported; else as
    /// [`commit`](sangam_core::ports::Ledger::commit).
    pub async fn mark_exported(
        &self,
        exported: &Verified,
        actor: &str,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        let (seals, actor) = (exported.sealed.clone(), actor.to_owned());
        let (Some(first), Some(last)) = (seals.first().cloned(), seals.last().cloned()) else {
            return Ok(());
        };
        self.alone(move |session, working| {
            Box::pin(async move {
                let days = days_now(session).await?;
                for seal in &seals {
                    if !days.iter().any(|day| day.seal == *seal && day.pruned_at.is_none()) {
                        return Err(LedgerError::Conflict {
                            subject: format!("the audit log of {}", seal.day),
                            expected: "sealed as exported".to_owned(),
                        }
                        .into());
                    }
                }
                let detail = json!({
                    "from": first.day, "to": last.day, "first": first.first, "last": last.last(), "root": last.root,
                });
                append(working, &own(&actor, at, EXPORTED, last.day, &detail.to_string()))?;
                let mut values = Encode::default();
                values.instant(at).shown(&first.day).shown(&last.day);
                session.run(&MARK_EXPORTED, values.0).await?;
                Ok(())
            })
        })
        .await
    }
}

/// The end of the day before, and the seals of the days asked for.
fn chosen(sealed: &[SealedDay], days: &RangeInclusive<Date>) -> Result<(Link, Vec<Seal>), AuditError> {
    let before = sealed.iter().take_while(|day| day.seal.day < *days.start());
    let previous = before.last().map_or(Link::GENESIS, |day| day.seal.link());
    let wanted = || sealed.iter().filter(|day| days.contains(&day.seal.day));
    if let Some(gone) = wanted().rev().find(|day| day.pruned_at.is_some()) {
        return Err(AuditError::Gone { day: gone.seal.day });
    }
    let seals: Vec<_> = wanted().map(|day| day.seal.clone()).collect();
    Ok((previous, seals))
}
