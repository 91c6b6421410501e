//! How full everything is, for analytics and for whoever chooses between brokers.

use std::sync::Arc;
use std::time::Duration;

use crate::rules::Window;

/// One window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowUse {
    /// The window.
    pub window: Window,
    /// Calls in flight or answered within it.
    pub used: u32,
    /// Calls it takes at the moment: its count, or less after refusals by the broker.
    pub limit: u32,
    /// How many of those only exits, cancels and reconciliation get.
    pub reserve: u32,
}

/// One scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeUse {
    /// Its name.
    pub scope: Arc<str>,
    /// Its windows, shortest first.
    pub windows: Vec<WindowUse>,
    /// Calls without an answer, those given up on included.
    pub in_flight: u32,
    /// Calls the broker refused for their rate, since the start.
    pub broker_refusals: u64,
    /// Breached minutes of the present day, where the broker counts them.
    pub minute_breaches: u32,
    /// The part of the configured counts in use, in thousandths: below 1,000 after refusals.
    pub working_permille: u32,
    /// How long the scope stays shut after a refusal by the broker.
    pub blocked_for: Option<Duration>,
    /// How long the scope stays closed but for its reserve.
    pub closed_for: Option<Duration>,
    /// How long a window still waits for calls of before a restart that nobody knows of.
    pub unknown_for: Option<Duration>,
}
