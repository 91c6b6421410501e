//! Pruning: whole old days go, together with the mark that lets them and the entry that says so, in one transaction.

use sangam_core::IST;
use sangam_core::ports::LedgerError;
use sangam_core::timestamp::{Date, Timestamp};
use serde_json::json;

use super::error::AuditError;
use super::{PRUNED, append, days_now, own};
use crate::chain::{Prunable, Seal, may_prune};
use crate::sql::SqlLedger;
use crate::sql::ask::ask;
use crate::sql::encode::Encode;
use crate::sql::failure::Fault;
use crate::sql::session::Session;

ask!(
    MARK_PRUNED,
    "update audit_days set pruned_at = ? where day = ? and pruned_at is null"
);
ask!(
    TAKE_OUT,
    "delete from audit where sequence >= ? and sequence <= ? and day = ?"
);

impl SqlLedger {
    /// Takes the entries of all sealed days before a date out of the books, if [`may_prune`] lets them all go on the Indian
    /// date of `at`. Their seals stay, and an entry says who did it. The chain must have been
    /// [verified](Self::verify_chain): what was taken out can be looked at no more. Others wait while it writes.
    ///
    /// # Errors
    /// [`AuditError::Kept`] with the reason why nothing may go, [`AuditError::Ledger`] when nothing was written for another
    /// reason.
    pub async fn prune(&self, before: Date, actor: &str, at: Timestamp) -> Result<Prunable, AuditError> {
        let today = IST::date(at);
        may_prune(&self.sealed_days().await?, before, today).map_err(AuditError::Kept)?;
        let actor = actor.to_owned();
        self.alone(move |session, working| {
            Box::pin(async move {
                // Asked again where nobody else writes: somebody may have pruned meanwhile.
                let days = days_now(session).await?;
                let allowed = match may_prune(&days, before, today) {
                    Ok(allowed) => allowed,
                    Err(why) => return Ok(Err(AuditError::Kept(why))),
                };
                for day in &days {
                    if allowed.days.contains(&day.seal.day) {
                        take_out(session, &day.seal, at).await?;
                    }
                }
                let detail = json!({
                    "from": allowed.days.start(), "to": allowed.days.end(),
                    "first": allowed.entries.start(), "last": allowed.entries.end(),
                });
                let entry = own(&actor, at, PRUNED, *allowed.days.end(), &detail.to_string());
                append(working, &entry)?;
                Ok(Ok(allowed))
            })
        })
        .await?
    }
}

async fn take_out(session: &mut dyn Session, seal: &Seal, at: Timestamp) -> Result<(), Fault> {
    let mut values = Encode::default();
    values.instant(at).shown(&seal.day);
    let marked = session.run(&MARK_PRUNED, values.0).await?;
    let mut values = Encode::default();
    values.count(seal.first).count(seal.last()).shown(&seal.day);
    let gone = session.run(&TAKE_OUT, values.0).await?;
    if (marked, gone) == (1, seal.entries) {
        return Ok(());
    }
    Err(LedgerError::Damaged {
        subject: format!("the audit log of {}", seal.day),
        what: format!(
            "it has {gone} entries, sealed were {}: nothing was pruned, run `sangam audit verify`",
            seal.entries
        ),
    }
    .into())
}
