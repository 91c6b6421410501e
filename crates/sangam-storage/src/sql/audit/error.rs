//! Why the audit log could not be verified, exported or pruned, and how far such work has come.

use sangam_core::ports::LedgerError;
use sangam_core::timestamp::Date;

use crate::chain::{Broken, ExportError, WhyNot};
use crate::sql::failure::{Fault, Place};

/// Why the audit log could not be verified, exported or pruned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The chain is not what was written.
    #[error("the audit chain is broken: {0}")]
    Broken(Broken),
    /// A row cannot be read as what was written: [`LedgerError::Damaged`] names it; or the books cannot be read at all.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The export could not be written.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A day of the export has no entries any more.
    #[error("{day} was pruned: its entries are only in the export made before; begin after it")]
    Gone {
        /// The newest such day.
        day: Date,
    },
    /// The days asked for must stay.
    #[error("nothing is pruned: {0}")]
    Kept(WhyNot),
}

/// How far work on the audit log has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditProgress {
    /// Entries done with.
    pub done: u64,
    /// Entries there are to do.
    pub of: u64,
}

/// What ends the work, before the place is known that belongs in the words.
#[derive(Debug)]
pub(super) enum Stop {
    Broken(Broken),
    Fault(Fault),
}

impl Stop {
    pub(super) fn told(self, place: &Place) -> AuditError {
        match self {
            Self::Broken(broken) => AuditError::Broken(broken),
            Self::Fault(fault) => AuditError::Ledger(fault.while_reading(place)),
        }
    }
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<LedgerError> for Stop {
    fn from(error: LedgerError) -> Self {
        Self::Fault(error.into())
    }
}
