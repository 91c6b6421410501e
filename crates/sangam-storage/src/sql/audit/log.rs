//! The audit log for eyes: newest entries first, of one subject or of some days.

use sangam_core::ports::LedgerError;
use sangam_core::timestamp::Date;

use crate::chain::ChainedEntry;
use crate::sql::SqlLedger;
use crate::sql::ask::{Ask, ask};
use crate::sql::encode::Encode;
use crate::sql::{columns as c, row};

ask!(
    NEWEST,
    c::AUDIT,
    "select {} from audit where day >= ? and day <= ? order by sequence desc limit ?"
);
ask!(
    NEWEST_OF,
    c::AUDIT,
    "select {} from audit where day >= ? and day <= ? and subject = ? order by sequence desc limit ?"
);

/// Which entries of the audit log to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only those about this: an order's id, an account, a group, a day; as [`AuditEntry`] has it.
    ///
    /// [`AuditEntry`]: sangam_core::ports::AuditEntry
    pub subject: Option<String>,
    /// Only those of this day and later ones.
    pub from: Option<Date>,
    /// Only those of this day and earlier ones.
    pub to: Option<Date>,
    /// At most so many. Default 50.
    pub limit: u32,
}

impl Default for AuditFilter {
    fn default() -> Self {
        Self {
            subject: None,
            from: None,
            to: None,
            limit: 50,
        }
    }
}

impl SqlLedger {
    /// Entries of the audit log, newest first. They are not checked.
    ///
    /// # Errors
    /// As [`chain_head`](Self::chain_head).
    pub async fn audit_log(&self, filter: &AuditFilter) -> Result<Vec<ChainedEntry>, LedgerError> {
        let mut values = Encode::default();
        values
            .shown(&filter.from.unwrap_or(Date::MIN))
            .shown(&filter.to.unwrap_or(Date::MAX));
        let ask: &Ask = match &filter.subject {
            Some(subject) => {
                values.free(subject);
                &NEWEST_OF
            }
            None => &NEWEST,
        };
        values.int(filter.limit.into());
        let rows = self.told(self.readers.rows(ask, values.0).await)?;
        rows.iter().map(row::chained).collect()
    }
}
