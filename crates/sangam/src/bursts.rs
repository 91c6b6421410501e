//! Bursts of calls that are coming, by account. The forecast is fed with what each account calls in ten seconds, and used
//! for three things only: it is logged as a warning, the health check that would fall into the burst is made before it,
//! and a connection for orders is made ahead. It loosens no limit and decides no order.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use sangam_core::{AccountId, Clock, IST, Monotonic, Timestamp};
use sangam_ratelimit::forecast::{Calendar, Forecaster, INDIAN_SESSION, Score, Settings, Slot};
use sangam_ratelimit::{Rules, Window};
use tokio::sync::Notify;

use crate::config::AccountConfig;
use crate::demand::Demand;
use crate::error::StartError;
use crate::system::Inner;

/// The length of a bin.
const BIN: Duration = Duration::from_secs(10);
/// How long a connection made ahead serves; then another is made, while the burst is still to come.
const WARM_EVERY: Duration = Duration::from_secs(4);
/// Windows longer than this say nothing of bursts.
const LONGEST: Duration = Duration::from_secs(60);

/// The forecasts of all accounts.
#[derive(Debug)]
pub(crate) struct Bursts {
    accounts: HashMap<AccountId, Mutex<Watched>>,
    began: Monotonic,
    /// A burst came into sight.
    pub(crate) sighted: Arc<Notify>,
}

#[derive(Debug)]
struct Watched {
    forecaster: Forecaster,
    horizon: Duration,
    /// Calls counted when the last bin ended.
    calls: u64,
    expected: bool,
}

/// What is expected of one account, and how often that was right.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct ForecastView {
    /// More calls than this in ten seconds are a burst.
    pub burst_level: f64,
    /// How far ahead it looks, in seconds.
    pub horizon_s: u64,
    /// The probability of a burst within that time; `None` during one, and before the first ten seconds are over.
    pub probability: Option<f64>,
    /// From this probability on a burst is expected.
    pub threshold: f64,
    /// A burst is expected or under way.
    pub expects_burst: bool,
    /// How its answers did since the start.
    pub score: ScoreView,
}

/// The running score of the answers since the start. `None` where there is nothing yet to divide by.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct ScoreView {
    /// Questions whose time has passed.
    pub questions: u64,
    /// Of the alarms, the share that a burst followed.
    pub precision: Option<f64>,
    /// Of the questions a burst followed, the share answered by an alarm.
    pub recall: Option<f64>,
    /// The harmonic mean of both.
    pub f1: Option<f64>,
    /// The part of the error of a constant answer that is spared: 1 is perfect, below 0 worse than that.
    pub brier_skill: Option<f64>,
    /// Bursts so far.
    pub bursts: u64,
    /// Of those, bursts an alarm preceded.
    pub bursts_foreseen: u64,
    /// How long before, in seconds, on the mean.
    pub lead_time_s: Option<f64>,
    /// Alarms nothing followed, a day.
    pub false_alarms_a_day: Option<f64>,
}

impl Bursts {
    /// Forecasts that have seen nothing yet.
    pub(crate) fn new(accounts: &[AccountConfig], clock: &dyn Clock) -> Result<Self, StartError> {
        let began_at = clock.now();
        let watched = |account: &AccountConfig| {
            let mut settings = Settings::for_windows(&windows(&account.limits.rules));
            settings.burst_share = f64::from(account.limits.soft_permille) / 1_000.0;
            settings.bin = BIN;
            let horizon = settings.horizon;
            let calendar = Calendar::new(move |bin| slot(began_at, bin)).with_prior(&INDIAN_SESSION);
            let forecaster = Forecaster::new(&settings)
                .map_err(|error| StartError::Limits(format!("forecast of {}: {error}", account.name)))?;
            let watched = Watched {
                forecaster: forecaster.with_calendar(calendar),
                horizon,
                calls: 0,
                expected: false,
            };
            Ok((account.name.clone(), Mutex::new(watched)))
        };
        Ok(Self {
            accounts: accounts.iter().map(watched).collect::<Result<_, StartError>>()?,
            began: clock.monotonic(),
            sighted: Arc::default(),
        })
    }

    /// Whether a burst is to come at an account, and not yet there.
    fn is_to_come(&self, account: &AccountId) -> bool {
        self.accounts.get(account).is_some_and(|watched| {
            let watched = watched.lock();
            watched.expected && !watched.forecaster.in_burst()
        })
    }

    /// What is expected of an account.
    pub(crate) fn view(&self, account: &AccountId) -> Option<ForecastView> {
        let watched = self.accounts.get(account)?.lock();
        let forecaster = &watched.forecaster;
        Some(ForecastView {
            burst_level: forecaster.burst_level(),
            horizon_s: watched.horizon.as_secs(),
            probability: forecaster.probability(),
            threshold: forecaster.threshold(),
            expects_burst: forecaster.expects_burst(),
            score: score_view(&forecaster.score()),
        })
    }

    /// The bins that have ended by now are taken in.
    fn take(&self, demand: &Demand, now: Monotonic) {
        let ended = u64::try_from(now.since(self.began).as_nanos() / BIN.as_nanos()).unwrap_or(u64::MAX);
        for (account, watched) in &self.accounts {
            let mut watched = watched.lock();
            let open = ended.saturating_sub(watched.forecaster.bins());
            if open == 0 {
                continue;
            }
            // What was called while nobody looked cannot be told apart by bins.
            watched.forecaster.skip(open - 1);
            let calls = demand.calls(account);
            let count = calls.saturating_sub(watched.calls);
            watched.calls = calls;
            watched.forecaster.observe(count);
            let expected = watched.forecaster.expects_burst();
            if expected && !std::mem::replace(&mut watched.expected, expected) {
                tracing::warn!(
                    %account, calls_in_10_s = count, burst_level = watched.forecaster.burst_level(),
                    probability = watched.forecaster.probability(),
                    "a burst of calls is coming: its rate windows will be near their limits"
                );
                self.sighted.notify_one();
            }
            watched.expected = expected;
        }
    }
}

fn score_view(score: &Score) -> ScoreView {
    ScoreView {
        questions: score.questions,
        precision: score.precision,
        recall: score.recall,
        f1: score.f1,
        brier_skill: score.brier_skill,
        bursts: score.bursts,
        bursts_foreseen: score.bursts_foreseen,
        lead_time_s: score.lead_time.map(|lead| lead.as_secs_f64()),
        false_alarms_a_day: score.false_alarms_a_day,
    }
}

/// The windows that say what a burst is: those of the scope everything but orders is charged to, up to a minute.
fn windows(rules: &Rules) -> Vec<Window> {
    let named = |name: &str| rules.scopes.iter().find(|scope| scope.name == name);
    let scope = named("others")
        .or_else(|| named("all"))
        .or_else(|| rules.scopes.first());
    let all = scope.map(|scope| scope.windows.clone()).unwrap_or_default();
    let short: Vec<Window> = all
        .iter()
        .copied()
        .filter(|window| window.length <= LONGEST)
        .collect();
    if short.is_empty() { all } else { short }
}

/// The quarter of the Indian day a bin falls into.
fn slot(began_at: Timestamp, bin: u64) -> Option<Slot> {
    let seconds = i64::try_from(bin.checked_mul(BIN.as_secs())?).ok()?;
    let at = Timestamp::from_second(began_at.as_second().checked_add(seconds)?).ok()?;
    let civil = IST::civil(at);
    let second = i64::from(civil.hour()) * 3_600 + i64::from(civil.minute()) * 60 + i64::from(civil.second());
    Some(Slot::of_day(u64::try_from(second).ok()?))
}

/// Takes in each bin as it ends.
pub(crate) async fn watch_for_ever(system: Weak<Inner>) {
    loop {
        tokio::time::sleep(BIN / 10).await;
        let Some(inner) = system.upgrade() else {
            return;
        };
        inner.bursts.take(&inner.demand, inner.clock.monotonic());
    }
}

/// Makes connections for orders ahead of the bursts that are to come.
pub(crate) async fn warm_for_ever(system: Weak<Inner>) {
    loop {
        tokio::time::sleep(WARM_EVERY).await;
        let Some(inner) = system.upgrade() else {
            return;
        };
        for account in &inner.accounts {
            let name = &account.config.name;
            if !inner.bursts.is_to_come(name) {
                continue;
            }
            match account.line.warm().await {
                Ok(made) => tracing::debug!(account = %name, made, "a connection for orders stands ready"),
                Err(error) => tracing::debug!(account = %name, %error, "no connection could be made ahead"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sangam_core::ManualClock;
    use sangam_core::ports::{Limiter as _, PermitRequest, Scope};
    use sangam_core::{CallClass, Priority};
    use sangam_ratelimit::defaults::FYERS;
    use sangam_testkit::Unlimited;

    use super::*;

    fn bursts(clock: &ManualClock) -> (AccountId, Bursts) {
        let account: AccountId = "main".parse().unwrap();
        let settings = Settings::for_windows(&windows(&FYERS.rules()));
        let watched = Watched {
            horizon: settings.horizon,
            forecaster: Forecaster::new(&settings).unwrap(),
            calls: 0,
            expected: false,
        };
        let bursts = Bursts {
            accounts: HashMap::from([(account.clone(), Mutex::new(watched))]),
            began: clock.monotonic(),
            sighted: Arc::default(),
        };
        (account, bursts)
    }

    async fn call(demand: &Demand, account: &AccountId, times: u64) {
        for _ in 0..times {
            let request = PermitRequest {
                scope: Scope {
                    account: account.clone(),
                    class: CallClass::MarketData,
                },
                weight: 1,
                priority: Priority::Read,
                deadline: Monotonic::default(),
            };
            let mut permit = demand.acquire(request).await.unwrap();
            permit.sent();
            permit.answered();
        }
    }

    #[tokio::test]
    async fn a_rise_is_sighted_scored_and_ends_by_itself() {
        let clock = ManualClock::at("2026-11-23T06:00:00Z".parse().unwrap());
        let (account, bursts) = bursts(&clock);
        let demand = Demand::of(Arc::new(Unlimited::default()), [account.clone()]);
        let view = |bursts: &Bursts| bursts.view(&account).unwrap();
        let level = view(&bursts).burst_level;
        assert!(
            (level - 24.0).abs() < 1e-9,
            "{level}: four fifths of what 180 a minute let through"
        );
        assert_eq!(
            (view(&bursts).probability, view(&bursts).score.questions),
            (None, 0)
        );
        let mut sighted = 0;
        for calls in [
            3, 3, 3, 3, 3, 3, 3, 6, 10, 15, 20, 22, 30, 40, 30, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ] {
            call(&demand, &account, calls).await;
            clock.advance(BIN);
            bursts.take(&demand, clock.monotonic());
            let waiting = std::pin::pin!(bursts.sighted.notified());
            sighted += u32::from(futures::poll!(waiting).is_ready());
        }
        assert!((1..=2).contains(&sighted), "{sighted} warnings for one burst");
        let after = view(&bursts);
        assert!(!after.expects_burst && !bursts.is_to_come(&account), "{after:?}");
        assert_eq!(after.score.bursts, 1);
        assert!(after.score.questions > 10, "{after:?}");
        assert!(after.score.recall.is_some(), "{after:?}");
    }

    #[tokio::test]
    async fn time_that_nobody_counted_is_no_bin() {
        let clock = ManualClock::at("2026-11-23T06:00:00Z".parse().unwrap());
        let (account, bursts) = bursts(&clock);
        let demand = Demand::of(Arc::new(Unlimited::default()), [account.clone()]);
        clock.advance(BIN / 2);
        bursts.take(&demand, clock.monotonic());
        assert_eq!(bursts.view(&account).unwrap().probability, None);
        clock.advance(Duration::from_secs(3_600));
        bursts.take(&demand, clock.monotonic());
        let watched = bursts.accounts[&account].lock();
        assert_eq!(watched.forecaster.bins(), 360);
    }

    #[test]
    fn a_bin_falls_into_the_indian_quarter() {
        let opening = "2026-11-23T03:45:00Z".parse().unwrap();
        assert_eq!(slot(opening, 0), Some(Slot::of_day(9 * 3_600 + 900)));
        assert_eq!(slot(opening, 89), Some(Slot::of_day(9 * 3_600 + 900)));
        assert_eq!(slot(opening, 90), Some(Slot::of_day(9 * 3_600 + 1_800)));
        assert_eq!(slot(opening, u64::MAX), None);
    }
}
