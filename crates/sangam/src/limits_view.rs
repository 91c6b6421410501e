//! How full the rate windows of each account are, for people and programs to look at.

use sangam_core::{AccountId, BrokerName};
use sangam_ratelimit::ScopeUse;

use crate::bursts::ForecastView;
use crate::system::{Account, System};

/// The rate limits of one account as they stand.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct LimitsView {
    /// The account.
    pub account: AccountId,
    /// Its broker.
    pub broker: BrokerName,
    /// At this much of a window, in percent, it is passed over while another has room.
    pub soft_percent: u32,
    /// What is counted together.
    pub scopes: Vec<ScopeView>,
    /// The pool it shares with other processes; its windows above are this process's own share then.
    pub pool: Option<PoolView>,
    /// Whether a burst of calls is coming, and how often that was said rightly.
    pub forecast: Option<ForecastView>,
}

/// What a broker counts together.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ScopeView {
    /// Its name: `orders`, `all`, `others`.
    pub scope: String,
    /// Its windows, shortest first.
    pub windows: Vec<WindowView>,
    /// Calls without an answer, those given up on included.
    pub in_flight: u32,
    /// Calls the broker refused for their rate, since the start.
    pub broker_refusals: u64,
    /// Breached minutes of the day, where the broker counts them.
    pub minute_breaches: u32,
    /// The part of the configured counts in use, in percent: below 100 after refusals.
    pub working_percent: u32,
    /// Why nothing goes at the moment, and for how long; `None` while it does.
    pub shut: Option<ShutView>,
}

/// One window.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct WindowView {
    /// Count and length: `8/1s`.
    pub window: String,
    /// Calls in it: in flight, or answered within it.
    pub used: u32,
    /// Calls it takes at the moment.
    pub limit: u32,
    /// How many of those only exits, cancels and reconciliation get.
    pub reserve: u32,
}

/// Why a scope is shut.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ShutView {
    /// Why, in words, with the way out.
    pub why: &'static str,
    /// For how long still, in milliseconds.
    pub for_ms: u64,
}

impl System {
    /// How full every account's rate windows are.
    #[must_use]
    pub fn limits(&self) -> Vec<LimitsView> {
        self.inner
            .accounts
            .iter()
            .map(|account| self.limits_of(account))
            .collect()
    }

    fn pool_of(&self, account: &Account) -> Option<PoolView> {
        let reports = self.inner.sharing.as_ref()?.report();
        let own = reports
            .into_iter()
            .find(|report| report.account == account.config.name)?;
        Some(PoolView {
            joined: own.joined,
            granted: own.granted,
            barred: own.barred,
        })
    }

    fn limits_of(&self, account: &Account) -> LimitsView {
        let config = &account.config;
        let budget = self.inner.budgets.budget(&config.name);
        let scopes = budget.map(|budget| budget.usage()).unwrap_or_default();
        LimitsView {
            account: config.name.clone(),
            broker: config.broker,
            soft_percent: config.limits.soft_permille / 10,
            scopes: scopes.into_iter().map(view).collect(),
            pool: self.pool_of(account),
            forecast: self.inner.bursts.view(&config.name),
        }
    }
}

/// How it goes with the pool that several processes share.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PoolView {
    /// Whether it can be used at the moment.
    pub joined: bool,
    /// Permits it has granted to this process.
    pub granted: u64,
    /// Why this process gives no permits at all, where that is so.
    pub barred: Option<&'static str>,
}

fn view(scope: ScopeUse) -> ScopeView {
    let shut = [
        (
            scope.unknown_for,
            "what was called before the machine's start is not on record: it opens by itself",
        ),
        (
            scope.closed_for,
            "one more breached minute and the broker blocks the day: only exits and cancels go",
        ),
        (
            scope.blocked_for,
            "the broker refused a call for its rate: it opens by itself",
        ),
    ];
    let longest = shut
        .into_iter()
        .filter_map(|(left, why)| Some((left?, why)))
        .max_by_key(|(left, _)| *left);
    ScopeView {
        scope: scope.scope.to_string(),
        in_flight: scope.in_flight,
        broker_refusals: scope.broker_refusals,
        minute_breaches: scope.minute_breaches,
        working_percent: scope.working_permille / 10,
        shut: longest.map(|(left, why)| ShutView {
            why,
            for_ms: u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
        }),
        windows: scope
            .windows
            .into_iter()
            .map(|window| WindowView {
                window: window.window.to_string(),
                used: window.used,
                limit: window.limit,
                reserve: window.reserve,
            })
            .collect(),
    }
}
