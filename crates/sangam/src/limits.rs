//! The rate limiter of all accounts, with each broker's documented rules.

use std::sync::Arc;

use sangam_core::Clock;
use sangam_core::ports::Limiter;
use sangam_ratelimit::defaults::BrokerDefaults;
use sangam_ratelimit::port::AccountBudgets;
use sangam_ratelimit::{RulesError, Sleeper};

use crate::config::AccountConfig;

/// One budget an account, by the defaults of its broker.
pub(crate) fn limiter(
    accounts: &[AccountConfig],
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn Limiter>, RulesError> {
    let mut plans = Vec::with_capacity(accounts.len());
    for account in accounts {
        let defaults = BrokerDefaults::of(account.broker.as_str()).expect("every broker has its rules");
        plans.push((account.name.clone(), defaults.rules().check()?));
    }
    let sleeper: Arc<dyn Sleeper> = Arc::new(tokio::time::sleep);
    Ok(Arc::new(AccountBudgets::new(plans, clock, sleeper)))
}
