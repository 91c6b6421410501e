//! What the desk answers when it does not take or cannot finish a command.

use crate::checks::Refusal;
use sangam_core::ports::LedgerError;
use sangam_core::{Error, FieldErrors, InstrumentId, OrderNumber, OrderState};

/// A command the desk refused, or whose outcome it does not know.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeskError {
    /// The order is wrong by itself. Nothing was recorded or sent.
    #[error("{0}")]
    Invalid(FieldErrors),
    /// A check before the order refused it. Nothing was recorded or sent.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// No such instrument in today's masters. Nothing was recorded or sent.
    #[error("unknown instrument {0}; look it up with `sangam instruments search`")]
    UnknownInstrument(InstrumentId),
    /// The client order id was used with another order.
    #[error(
        "client_order_id is already used by order {existing} with other terms; use a new id for a new order"
    )]
    KeyReused {
        /// The order that has it.
        existing: OrderNumber,
    },
    /// The order with this client order id is still being sent.
    #[error("order {existing} with this client_order_id is still being sent; ask for its status")]
    InProgress {
        /// That order.
        existing: OrderNumber,
    },
    /// No account may take the order now. Nothing was sent.
    #[error("no account can take the order: {reasons}")]
    NoAccount {
        /// Each account with its reason.
        reasons: String,
    },
    /// Something that happened at a broker could not be written down yet, so nothing new is taken. Nothing was sent.
    #[error("no new orders are taken while the books of record cannot be written: {why}; nothing was sent")]
    BooksClosed {
        /// What the books answered.
        why: String,
    },
    /// There is no such order.
    #[error("order {0} not found")]
    NotFound(OrderNumber),
    /// The order's state does not allow the command.
    #[error("order {number} is {state}: {hint}")]
    WrongState {
        /// The order.
        number: OrderNumber,
        /// Where it stands.
        state: OrderState,
        /// What can be done.
        hint: &'static str,
    },
    /// The broker refused or failed the command; see its outcome.
    #[error("{0}")]
    Broker(#[from] Error),
    /// The books of record failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The task that drove the command ended without an answer: a bug, or the program is stopping.
    #[error("the command was interrupted; ask for the order's status before sending it again")]
    Interrupted,
}

impl DeskError {
    /// Whether the order was refused before anything of it came into the books.
    pub(crate) fn is_before_the_books(&self) -> bool {
        matches!(
            self,
            Self::Invalid(_)
                | Self::Refused(_)
                | Self::UnknownInstrument(_)
                | Self::NoAccount { .. }
                | Self::BooksClosed { .. }
        )
    }
}
