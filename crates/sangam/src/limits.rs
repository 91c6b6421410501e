//! The rate limiter of all accounts: each broker's documented rules, with what the configuration changes. What was called
//! is written down in the folder `limits`, so that a restart takes the windows up where they were.

use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;

use sangam_core::{Clock, Monotonic};
use sangam_ratelimit::port::{AccountBudgets, JournaledAccount, Journals};
use sangam_ratelimit::{Before, Plan, Resumed, Sleeper};

use crate::boot;
use crate::config::AccountConfig;
use crate::error::StartError;
use crate::system::Inner;

/// How often what was written down is brought to the disk. After a restart of the machine a minute's calls are taken for
/// lost.
const SYNC_EVERY: Duration = Duration::from_secs(20);

/// One budget an account, for this process alone.
pub(crate) fn own(
    accounts: &[AccountConfig],
    data_dir: &Path,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<AccountBudgets>, StartError> {
    let plans = accounts
        .iter()
        .map(|account| (account, account.limits.plan.clone()));
    journaled(plans, &data_dir.join("limits"), data_dir, clock)
}

/// Budgets that write their calls down in a folder. `data_dir` tells whether there was a life before.
pub(crate) fn journaled<'a>(
    plans: impl IntoIterator<Item = (&'a AccountConfig, Plan)>,
    folder: &Path,
    data_dir: &Path,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<AccountBudgets>, StartError> {
    std::fs::create_dir_all(folder)
        .map_err(|error| StartError::Limits(format!("{}: {error}", folder.display())))?;
    let boot = boot::id();
    let before = if data_dir.join("ledger.sqlite").exists() {
        Before::Known
    } else {
        Before::Fresh
    };
    let journaled = plans.into_iter().map(|(account, plan)| JournaledAccount {
        account: account.name.clone(),
        plan,
        // A simulator ends with its machine and counts nothing from before.
        boot: if account.simulated {
            "simulated".to_owned()
        } else {
            boot.clone()
        },
        before: if account.simulated { Before::Fresh } else { before },
    });
    let journals = Journals {
        folder,
        origin: boot::elapsed().saturating_sub(clock.monotonic().since(Monotonic::default())),
    };
    let sleeper: Arc<dyn Sleeper> = Arc::new(tokio::time::sleep);
    let (budgets, taken_up) = AccountBudgets::resume(journaled, journals, clock, sleeper)
        .map_err(|error| StartError::Limits(error.to_string()))?;
    for (account, how) in taken_up {
        match how {
            Resumed::Fresh => {}
            Resumed::TakenUp { calls, in_flight } => {
                tracing::info!(%account, calls, in_flight, "rate windows taken up where they were");
            }
            Resumed::Shut { wait, calls } => tracing::warn!(
                %account, wait_s = wait.as_secs(), calls,
                "what was called last before the machine's start is not on record: nothing is sent until it has left the \
                 broker's windows; see `sangam limits`"
            ),
        }
    }
    Ok(Arc::new(budgets))
}

/// Brings what was called to the disk, now and then.
pub(crate) async fn sync_for_ever(system: Weak<Inner>) {
    let mut told = false;
    loop {
        tokio::time::sleep(SYNC_EVERY).await;
        let Some(budgets) = system.upgrade().map(|inner| Arc::clone(&inner.budgets)) else {
            return;
        };
        let synced = tokio::task::spawn_blocking(move || budgets.sync_journals()).await;
        if let Ok(Err((account, error))) = synced
            && !std::mem::replace(&mut told, true)
        {
            tracing::error!(
                %account, %error,
                "calls are not written down any more: after the next start its rate windows wait until all has left them"
            );
        }
    }
}
