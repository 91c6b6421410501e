//! The rate limiter of all accounts: each broker's documented rules, with what the configuration changes.

use std::sync::Arc;

use sangam_core::Clock;
use sangam_core::ports::Limiter;
use sangam_ratelimit::Sleeper;
use sangam_ratelimit::port::AccountBudgets;

use crate::config::AccountConfig;

/// One budget an account.
pub(crate) fn limiter(accounts: &[AccountConfig], clock: &Arc<dyn Clock>) -> Arc<dyn Limiter> {
    let plans = accounts
        .iter()
        .map(|account| (account.name.clone(), account.limits.plan.clone()));
    let sleeper: Arc<dyn Sleeper> = Arc::new(tokio::time::sleep);
    Arc::new(AccountBudgets::new(plans, clock, sleeper))
}
