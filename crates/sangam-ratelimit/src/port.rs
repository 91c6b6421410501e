//! The limiter port of `sangam-core`: a budget for each account, and which of its scopes a class of calls is charged to.
//!
//! A class finds its scope by name: orders `orders`, market data `market_data`, books and funds `account_reads`, candles
//! `history`, log-in `login`; where there is no scope of that name, `others`, and where there is none, `all`.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sangam_core::ports::{BrokerRateRefusal, Limiter, Permit, PermitRequest, RateRefusal, Scope, WindowUse};
use sangam_core::{AccountId, CallClass, Clock, IST, Monotonic};

use crate::budget::Budget;
use crate::journal::JournalError;
use crate::nanos::{Nanos, ns};
use crate::plan::{Plan, ScopeId};
use crate::refusal::Refusal;
use crate::resume::{Before, Resumed};
use crate::scope::Priority;
use crate::strain::BrokerRefusal;
use crate::time::TimeSource;
use crate::wait::{Ask, Sleeper};

/// Classes that are charged, with the name of their scope.
const CLASSES: [(CallClass, &str); 5] = [
    (CallClass::Orders, "orders"),
    (CallClass::MarketData, "market_data"),
    (CallClass::AccountReads, "account_reads"),
    (CallClass::History, "history"),
    (CallClass::Login, "login"),
];

/// What `retry_after` says where waiting cannot help.
const NEVER: Duration = Duration::from_secs(86_400);

/// Budgets of several accounts behind core's port.
pub struct AccountBudgets {
    accounts: HashMap<AccountId, Account>,
    time: CoreTime,
    sleeper: Arc<dyn Sleeper>,
}

struct Account {
    budget: Budget,
    scopes: HashMap<CallClass, ScopeId>,
}

/// Core's clock as the budgets read it; the day ends at midnight in India.
#[derive(Debug, Clone)]
struct CoreTime {
    clock: Arc<dyn Clock>,
    /// What a budget reads at the clock's origin.
    origin: Duration,
}

impl CoreTime {
    fn to_nanos(&self, at: Monotonic) -> Nanos {
        Nanos::new(ns(at.since(Monotonic::default()).saturating_add(self.origin)))
    }

    fn to_monotonic(&self, at: Nanos) -> Monotonic {
        Monotonic::from_origin(at.since(Nanos::ZERO).saturating_sub(self.origin))
    }
}

impl TimeSource for CoreTime {
    fn now(&self) -> Nanos {
        self.to_nanos(self.clock.monotonic())
    }

    fn until_midnight(&self) -> Option<Duration> {
        let now = self.clock.now();
        let midnight = IST::instant(IST::date(now).tomorrow().ok()?.at(0, 0, 0, 0))?;
        Duration::try_from(midnight.duration_since(now)).ok()
    }

    fn unix_seconds(&self) -> Option<u64> {
        u64::try_from(self.clock.now().as_second()).ok()
    }
}

/// Where the budgets of several accounts write their calls down, and what is known of the past.
#[derive(Debug, Clone, Copy)]
pub struct Journals<'a> {
    /// A folder of their own: one file an account, named after it.
    pub folder: &'a Path,
    /// The time from the machine's start to the clock's origin, on a clock that stands while the machine sleeps (on Linux
    /// `CLOCK_MONOTONIC`).
    pub origin: Duration,
}

/// One account whose calls are written down.
#[derive(Debug, Clone)]
pub struct JournaledAccount {
    /// The account.
    pub account: AccountId,
    /// Its rules.
    pub plan: Plan,
    /// The name of this start of the machine; see [`Budget::resume`].
    pub boot: String,
    /// Whether there was a life before this one.
    pub before: Before,
}

fn to_priority(priority: sangam_core::Priority) -> Priority {
    match priority {
        sangam_core::Priority::Protective => Priority::Protective,
        sangam_core::Priority::Reconcile => Priority::Reconcile,
        sangam_core::Priority::Order => Priority::Order,
        sangam_core::Priority::Read => Priority::Read,
    }
}

impl Account {
    fn new(plan: &Plan, budget: Budget) -> Self {
        let rest = plan.scope("others").or_else(|| plan.scope("all"));
        let scope = |(class, name): (CallClass, &str)| Some((class, plan.scope(name).or(rest)?));
        Self {
            scopes: CLASSES.into_iter().filter_map(scope).collect(),
            budget,
        }
    }
}

impl AccountBudgets {
    /// An unused budget for each account. `sleeper` wakes those who wait, on the same clock.
    #[must_use]
    pub fn new(
        accounts: impl IntoIterator<Item = (AccountId, Plan)>,
        clock: &Arc<dyn Clock>,
        sleeper: Arc<dyn Sleeper>,
    ) -> Self {
        let time = CoreTime {
            clock: Arc::clone(clock),
            origin: Duration::ZERO,
        };
        let account = |(id, plan): (AccountId, Plan)| {
            let budget = Budget::new(&plan, Arc::new(time.clone()));
            (id, Account::new(&plan, budget))
        };
        Self {
            accounts: accounts.into_iter().map(account).collect(),
            time: time.clone(),
            sleeper,
        }
    }

    /// Budgets that write their calls down and take up what is on record, with how each was taken up.
    ///
    /// # Errors
    /// [`JournalError`] for the first file that cannot be read or written.
    pub fn resume(
        accounts: impl IntoIterator<Item = JournaledAccount>,
        journals: Journals<'_>,
        clock: &Arc<dyn Clock>,
        sleeper: Arc<dyn Sleeper>,
    ) -> Result<(Self, Vec<(AccountId, Resumed)>), JournalError> {
        let time = CoreTime {
            clock: Arc::clone(clock),
            origin: journals.origin,
        };
        let mut budgets = HashMap::new();
        let mut taken_up = Vec::new();
        for JournaledAccount {
            account,
            plan,
            boot,
            before,
        } in accounts
        {
            let file = journals.folder.join(format!("{account}.calls"));
            let (budget, how) = Budget::resume(&plan, Arc::new(time.clone()), &file, &boot, before)?;
            taken_up.push((account.clone(), how));
            budgets.insert(account, Account::new(&plan, budget));
        }
        let resumed = Self {
            accounts: budgets,
            time,
            sleeper,
        };
        Ok((resumed, taken_up))
    }

    /// Brings what the budgets wrote down to the disk; see [`Budget::sync_journal`].
    ///
    /// # Errors
    /// The first account whose calls cannot be written down, and why.
    pub fn sync_journals(&self) -> Result<(), (AccountId, std::io::Error)> {
        for (id, account) in &self.accounts {
            account
                .budget
                .sync_journal()
                .map_err(|error| (id.clone(), error))?;
        }
        Ok(())
    }

    /// The budget of an account, for what the port does not show.
    #[must_use]
    pub fn budget(&self, account: &AccountId) -> Option<&Budget> {
        self.accounts.get(account).map(|account| &account.budget)
    }

    fn find(&self, scope: &Scope) -> Option<(&Budget, ScopeId)> {
        let account = self.accounts.get(&scope.account)?;
        Some((&account.budget, *account.scopes.get(&scope.class)?))
    }
}

impl fmt::Debug for AccountBudgets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.accounts.keys()).finish()
    }
}

impl Permit for crate::Permit {
    fn sent(&mut self) {
        Self::sent(self);
    }

    fn answered(self: Box<Self>) {
        Self::answered(*self);
    }

    fn not_sent(self: Box<Self>) {
        Self::not_sent(*self);
    }
}

impl From<Refusal> for RateRefusal {
    fn from(refusal: Refusal) -> Self {
        Self {
            window: format!("{} {}", refusal.scope, refusal.window),
            used: refusal.used,
            limit: refusal.limit,
            retry_after: refusal.retry_after.min(NEVER),
        }
    }
}

#[async_trait]
impl Limiter for AccountBudgets {
    fn earliest(&self, scope: &Scope, weight: u32) -> Monotonic {
        match self.find(scope) {
            Some((budget, id)) => self.time.to_monotonic(budget.earliest(id, weight)),
            None => self.time.to_monotonic(Nanos::NEVER),
        }
    }

    async fn acquire(&self, request: PermitRequest) -> Result<Box<dyn Permit>, RateRefusal> {
        let Some((budget, scope)) = self.find(&request.scope) else {
            return Err(RateRefusal {
                window: format!(
                    "account {}, which has no budget for these calls,",
                    request.scope.account
                ),
                used: 0,
                limit: 0,
                retry_after: NEVER,
            });
        };
        let ask = Ask {
            scope,
            weight: request.weight,
            priority: to_priority(request.priority),
            deadline: self.time.to_nanos(request.deadline),
        };
        let permit = budget.acquire(ask, &*self.sleeper).await?;
        Ok(Box::new(permit))
    }

    fn fullness_permille(&self, scope: &Scope) -> u32 {
        match self.find(scope) {
            Some((budget, id)) => budget.fullness_permille(id),
            None => 1_000,
        }
    }

    fn refused(&self, scope: &Scope, refusal: BrokerRateRefusal) {
        if let Some((budget, id)) = self.find(scope) {
            let BrokerRateRefusal {
                retry_after,
                window,
                limit,
            } = refusal;
            budget.refused(
                id,
                BrokerRefusal {
                    retry_after,
                    window,
                    limit,
                },
            );
        }
    }

    /// For each class of calls the windows it is charged to; of two of one length, the one with less room.
    fn usage(&self) -> Vec<WindowUse> {
        let mut uses = Vec::new();
        for (id, account) in &self.accounts {
            let scopes = account.budget.usage();
            for (class, _) in CLASSES {
                let Some(scope) = account.scopes.get(&class) else {
                    continue;
                };
                let mut tightest: BTreeMap<Duration, (u32, u32)> = BTreeMap::new();
                let charged = account.budget.charged(*scope);
                for window in charged.iter().flat_map(|at| &scopes[at.0].windows) {
                    let room = window.limit.saturating_sub(window.used);
                    let known = tightest.get(&window.window.length);
                    if known.is_none_or(|(used, limit)| limit.saturating_sub(*used) > room) {
                        tightest.insert(window.window.length, (window.used, window.limit));
                    }
                }
                uses.extend(tightest.into_iter().map(|(window, (used, limit))| WindowUse {
                    scope: Scope {
                        account: id.clone(),
                        class,
                    },
                    window,
                    used,
                    limit,
                }));
            }
        }
        uses.sort_by(|a, b| {
            (&a.scope.account, a.scope.class, a.window).cmp(&(&b.scope.account, b.scope.class, b.window))
        });
        uses
    }
}
