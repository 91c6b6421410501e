//! What the writer is asked to do, and the answers that wait until it is durable.

use std::pin::Pin;
use std::time::Duration;

use sangam_core::ports::{AuditEntry, Change, Lease, LedgerError};
use sangam_core::{GroupId, OrderNumber};
use tokio::sync::oneshot;

use crate::rules::Working;
use crate::sql::failure::Fault;
use crate::sql::session::Session;

/// A task that has the books for itself, in a transaction of its own.
pub(crate) type Alone = Box<
    dyn for<'a> FnOnce(
            &'a mut dyn Session,
            &'a mut Working,
        ) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 'a>>
        + Send
        + Sync,
>;

/// Something to be written.
pub(crate) enum Work {
    Commit {
        lease: Option<Lease>,
        changes: Vec<Change>,
        audit: AuditEntry,
        answer: oneshot::Sender<Result<Option<OrderNumber>, LedgerError>>,
    },
    TakeLease {
        group: GroupId,
        holder: String,
        lasting: Duration,
        audit: AuditEntry,
        answer: oneshot::Sender<Result<Lease, LedgerError>>,
    },
    RenewLease {
        lease: Lease,
        lasting: Duration,
        answer: oneshot::Sender<Result<Lease, LedgerError>>,
    },
    Alone {
        task: Alone,
        answer: oneshot::Sender<Result<(), LedgerError>>,
    },
}

impl Work {
    /// The changes it brings along.
    pub(super) fn changes(&self) -> &[Change] {
        match self {
            Self::Commit { changes, .. } => changes,
            Self::TakeLease { .. } | Self::RenewLease { .. } | Self::Alone { .. } => &[],
        }
    }

    /// Whether the times of leases have to be those of the books: others renew them without a trace in the chain.
    pub(super) fn is_about_leases(&self) -> bool {
        matches!(self, Self::TakeLease { .. } | Self::RenewLease { .. })
    }

    pub(super) fn is_commit(&self) -> bool {
        matches!(self, Self::Commit { .. })
    }

    pub(super) fn is_alone(&self) -> bool {
        matches!(self, Self::Alone { .. })
    }

    /// Answers that it was not done.
    pub(super) fn refuse(self, error: LedgerError) {
        let heard = match self {
            Self::Commit { answer, .. } => answer.send(Err(error)).is_ok(),
            Self::TakeLease { answer, .. } | Self::RenewLease { answer, .. } => {
                answer.send(Err(error)).is_ok()
            }
            Self::Alone { answer, .. } => answer.send(Err(error)).is_ok(),
        };
        if !heard {
            tracing::debug!("nobody waited for a commit's answer");
        }
    }

    /// Answers what was applied, now that it is durable.
    pub(super) fn accept(self, applied: Applied) {
        let heard = match (self, applied) {
            (Self::Commit { answer, .. }, Applied::Number(number)) => answer.send(Ok(number)).is_ok(),
            (Self::TakeLease { answer, .. } | Self::RenewLease { answer, .. }, Applied::Lease(lease)) => {
                answer.send(Ok(lease)).is_ok()
            }
            (Self::Alone { answer, .. }, _) => answer.send(Ok(())).is_ok(),
            _ => false,
        };
        if !heard {
            tracing::debug!("nobody waited for a commit's answer");
        }
    }
}

/// What came of applying some work, to be answered when it is durable.
#[derive(Debug)]
pub(crate) enum Applied {
    Number(Option<OrderNumber>),
    Lease(Lease),
}
