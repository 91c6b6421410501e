//! What can be set at the desk, with units and defaults.

use std::time::Duration;

use sangam_core::protect::Slippage;

/// Settings of a desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeskSettings {
    /// How long after it came in an order may still be sent, to its first broker or to another. Default 10 s.
    pub deadline: Duration,
    /// How far a protected market order may go from the quote. Default 0.5 % on a quote of the last 3 s.
    pub slippage: Slippage,
    /// How long a commit of an outcome is tried again before the caller hears "in doubt". Default 5 s.
    pub outcome_retry: Duration,
    /// How long a broker may take over a placement before it is in doubt, whatever its adapter waits for. Default 30 s.
    pub answer_wait: Duration,
    /// How long after a read of an order or a book those who ask again are answered from the ledger. Default 500 ms;
    /// nought reads each time.
    pub fresh_for: Duration,
}

impl Default for DeskSettings {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(10),
            slippage: Slippage::default(),
            outcome_retry: Duration::from_secs(5),
            answer_wait: Duration::from_secs(30),
            fresh_for: Duration::from_millis(500),
        }
    }
}
