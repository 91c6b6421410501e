//! A budget without waiting: what fits, what comes back, what the broker's refusals do, and time that misbehaves.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::sync::Arc;
use std::time::Duration;

use sangam_ratelimit::defaults::{FLATTRADE, FYERS};
use sangam_ratelimit::{
    BrokerRefusal, Budget, ManualTime, Nanos, Permit, Priority, Rules, ScopeId, ScopeRules, Why, Window,
};

const SECOND: Duration = Duration::from_secs(1);

struct Bench {
    time: Arc<ManualTime>,
    budget: Budget,
}

fn bench(rules: &Rules) -> Bench {
    let time = Arc::new(ManualTime::default());
    let budget = Budget::new(&rules.check().unwrap(), Arc::clone(&time) as _);
    Bench { time, budget }
}

fn plain(windows: &[Window], reserve_percent: u8) -> Bench {
    let mut rules = Rules::new(vec![ScopeRules::new("all", windows)]);
    rules.reserve_percent = reserve_percent;
    bench(&rules)
}

impl Bench {
    fn scope(&self, name: &str) -> ScopeId {
        self.budget.scope(name).unwrap()
    }

    fn take(&self, name: &str, weight: u32) -> Result<Permit, Why> {
        let taken = self.budget.try_acquire(self.scope(name), weight, Priority::Order);
        taken.map_err(|refusal| refusal.why)
    }

    fn call(&self, name: &str) -> Result<(), Why> {
        let mut permit = self.take(name, 1)?;
        permit.sent();
        permit.answered();
        Ok(())
    }

    /// Calls until refused.
    fn burst(&self, name: &str) -> usize {
        (0..200_000).take_while(|_| self.call(name).is_ok()).count()
    }

    fn earliest_ms(&self, name: &str) -> u128 {
        let at = self.budget.earliest(self.scope(name), 1);
        at.since(self.budget.now()).as_millis()
    }
}

#[test]
fn a_permit_ends_a_window_after_the_answer() {
    let it = plain(&[Window::per_second(2)], 0);
    let (mut first, mut second) = (it.take("all", 1).unwrap(), it.take("all", 1).unwrap());
    first.sent();
    second.sent();
    it.time.advance(SECOND * 5);
    assert_eq!(it.take("all", 1).unwrap_err(), Why::Full, "both are in flight");
    first.answered();
    it.time.advance(Duration::from_millis(1_001));
    assert_eq!(
        it.take("all", 1).unwrap_err(),
        Why::Full,
        "held for a little more than the window"
    );
    assert_eq!(it.earliest_ms("all"), 1);
    it.time.advance(Duration::from_millis(1));
    let third = it.take("all", 1).unwrap();
    assert_eq!(it.take("all", 1).unwrap_err(), Why::Full);
    drop(second);
    drop(third);
}

#[test]
fn what_was_not_sent_comes_back_and_what_was_does_not() {
    let it = plain(&[Window::per_second(1)], 0);
    drop(it.take("all", 1).unwrap());
    assert_eq!(it.earliest_ms("all"), 0);
    let mut unconnected = it.take("all", 1).unwrap();
    unconnected.sent();
    assert!(it.earliest_ms("all") > 0);
    unconnected.not_sent();
    assert_eq!(it.earliest_ms("all"), 0);
    let mut lost = it.take("all", 1).unwrap();
    lost.sent();
    drop(lost);
    it.time.advance(Duration::from_secs(30));
    assert_eq!(
        it.take("all", 1).unwrap_err(),
        Why::Full,
        "it may have arrived only now"
    );
    it.time.advance(Duration::from_millis(1_002));
    assert!(it.take("all", 1).is_ok());
}

#[test]
fn scopes_and_windows_are_charged_together_or_not_at_all() {
    let it = bench(&FLATTRADE.rules());
    // 8 orders and 9 of all a second, one of each in reserve.
    assert_eq!(it.burst("orders"), 7);
    let charged = it.budget.charged(it.scope("orders"));
    assert_eq!(charged, [it.scope("orders"), it.scope("all")]);
    assert_eq!(it.burst("all"), 1);
    let refusal = it
        .budget
        .try_acquire(it.scope("orders"), 1, Priority::Order)
        .unwrap_err();
    assert_eq!(
        &*refusal.scope, "orders",
        "of two that last as long, the inner: {refusal}"
    );
    it.time.advance(SECOND * 2);
    let mut minute = 8;
    while it.call("all").is_ok() || it.earliest_ms("all") < 2_000 {
        minute += 1;
        it.time.advance(Duration::from_millis(130));
        assert!(minute < 2_000);
    }
    let uses = it.budget.usage();
    let all = &uses[0];
    assert_eq!(
        (&*all.scope, all.windows[1].used, all.windows[1].limit),
        ("all", 90, 100)
    );
    assert_eq!(all.windows[1].reserve, 10);
}

#[test]
fn the_reserve_is_for_exits_and_reconciliation_only() {
    let it = plain(&[Window::per_second(10)], 20);
    assert_eq!(it.burst("all"), 8);
    let all = it.scope("all");
    assert!(it.budget.try_acquire(all, 1, Priority::Read).is_err());
    let kept: Vec<_> = [Priority::Protective, Priority::Reconcile]
        .map(|priority| it.budget.try_acquire(all, 1, priority).unwrap())
        .into();
    let refusal = it.budget.try_acquire(all, 1, Priority::Protective).unwrap_err();
    assert_eq!((refusal.used, refusal.limit, refusal.why), (10, 10, Why::Full));
    drop(kept);
    assert_eq!(
        plain(&[Window::per_second(1)], 10).burst("all"),
        1,
        "never all of it"
    );
    assert_eq!(
        plain(&[Window::per_second(8)], 10).burst("all"),
        7,
        "one at least"
    );
}

#[test]
fn too_heavy_a_call_is_refused_for_good() {
    let it = plain(&[Window::per_second(10)], 10);
    assert!(it.take("all", 9).is_ok());
    for weight in [10, 11, u32::MAX] {
        assert_eq!(it.take("all", weight).unwrap_err(), Why::TooHeavy);
        assert_eq!(it.budget.earliest(it.scope("all"), weight), Nanos::NEVER);
    }
    let refusal = it
        .budget
        .try_acquire(it.scope("all"), 10, Priority::Order)
        .unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "all 10/1s holds 0 of 9; it never gives so many at once"
    );
    assert!(
        it.budget
            .try_acquire(it.scope("all"), 10, Priority::Protective)
            .is_ok()
    );
}

#[test]
fn a_clock_that_steps_back_costs_time_and_nothing_else() {
    let it = plain(&[Window::per_second(3)], 0);
    it.time.set(Nanos::new(86_400_000_000_000));
    assert_eq!(it.burst("all"), 3);
    it.time.set(Nanos::ZERO);
    assert_eq!(it.burst("all"), 0);
    it.time.set(Nanos::new(86_400_000_000_000 + 1_001_999_999));
    assert_eq!(it.burst("all"), 0);
    it.time.set(Nanos::NEVER);
    assert_eq!(it.burst("all"), 3, "the end of time is no panic");
}

#[test]
fn large_windows_are_counted_by_slices() {
    let it = plain(&[Window::per_second(50_000), Window::per_day(100_000)], 0);
    assert_eq!(it.burst("all"), 50_000);
    it.time.advance(Duration::from_millis(1_003));
    assert_eq!(it.burst("all"), 50_000);
    let day = it.earliest_ms("all");
    it.time.advance(Duration::from_millis(1_003));
    assert_eq!(it.burst("all"), 0);
    assert!(
        (86_400_000..86_400_000 * 1_002 / 1_000).contains(&day),
        "{day} ms"
    );
    let wait = it.budget.earliest(it.scope("all"), 1).since(it.budget.now());
    it.time.advance(wait);
    assert_eq!(
        it.burst("all"),
        50_000,
        "the bound that was told is when there is room"
    );
}

#[test]
fn a_refusal_by_the_broker_shuts_lowers_and_heals() {
    let it = plain(&[Window::per_second(10), Window::per_minute(100)], 0);
    assert_eq!(it.burst("all"), 10);
    let all = it.scope("all");
    let told = BrokerRefusal {
        retry_after: Some(SECOND * 7),
        ..BrokerRefusal::default()
    };
    it.budget.refused(all, told);
    it.budget.refused(all, told);
    it.time.advance(Duration::from_millis(6_999));
    assert_eq!(it.take("all", 1).unwrap_err(), Why::Blocked);
    assert_eq!(it.earliest_ms("all"), 1);
    it.time.advance(Duration::from_millis(1));
    assert_eq!(it.burst("all"), 8, "lowered once by what was one excess");
    let usage = &it.budget.usage()[0];
    assert_eq!(
        (
            usage.broker_refusals,
            usage.working_permille,
            usage.windows[1].limit
        ),
        (2, 800, 80)
    );
    for expected in [8, 9, 9, 10, 10] {
        it.time.advance(SECOND * 601);
        assert_eq!(it.burst("all"), expected);
    }
    for _ in 0..30 {
        it.budget.refused(all, told);
        it.time.advance(SECOND * 8);
    }
    assert_eq!(it.burst("all"), 2, "never below a quarter");
    it.budget.refused(all, BrokerRefusal::default());
    it.time.advance(Duration::from_millis(900));
    let left = it.budget.usage()[0].blocked_for;
    assert_eq!(
        left,
        Some(Duration::from_millis(100)),
        "without a time, the length of the fullest window"
    );
}

#[test]
fn fyers_is_closed_one_breach_before_it_blocks_the_day() {
    let it = bench(&FYERS.rules());
    let orders = it.scope("orders");
    let breach = |wait: Duration| {
        it.budget.refused(
            orders,
            BrokerRefusal {
                retry_after: Some(SECOND),
                ..BrokerRefusal::default()
            },
        );
        it.time.advance(wait);
    };
    it.time.advance(Duration::from_secs(3_600));
    breach(SECOND * 2);
    breach(SECOND * 2);
    assert_eq!(
        it.budget.usage()[0].minute_breaches,
        1,
        "one minute is breached once"
    );
    breach(SECOND * 120);
    breach(SECOND * 120);
    assert_eq!(it.budget.usage()[0].minute_breaches, 2);
    assert!(it.call("orders").is_ok());
    breach(SECOND * 120);
    assert_eq!(it.call("orders"), Err(Why::DayClosed));
    assert_eq!(it.call("all"), Err(Why::DayClosed));
    let mut exit = it.budget.try_acquire(orders, 1, Priority::Protective).unwrap();
    exit.sent();
    exit.answered();
    let refusal = it
        .budget
        .try_acquire(orders, 1, Priority::Protective)
        .unwrap_err();
    assert_eq!(
        (refusal.used, refusal.limit),
        (1, 1),
        "only the reserve: {refusal}"
    );
    it.time.set(Nanos::new(86_400_000_000_000));
    assert!(it.call("orders").is_ok(), "a new day");
    assert_eq!(it.budget.usage()[0].minute_breaches, 0);
}

#[test]
fn a_second_that_was_breached_is_no_minute() {
    let it = bench(&FYERS.rules());
    for _ in 0..5 {
        it.budget.refused(
            it.scope("all"),
            BrokerRefusal {
                window: Some(SECOND),
                ..BrokerRefusal::default()
            },
        );
        it.time.advance(SECOND * 61);
    }
    let usage = &it.budget.usage()[0];
    assert_eq!(
        (usage.broker_refusals, usage.minute_breaches, usage.closed_for),
        (5, 0, None)
    );
}

/// A broker that names its limit is believed for good, downwards.
#[test]
fn a_limit_the_broker_names_is_never_passed_again() {
    let it = plain(&[Window::per_second(20), Window::per_minute(1_000)], 0);
    let told = |limit| BrokerRefusal {
        window: Some(SECOND),
        limit: Some(limit),
        ..BrokerRefusal::default()
    };
    for limit in [10, 50] {
        it.budget.refused(it.scope("all"), told(limit));
        it.time.advance(SECOND * 7_200);
    }
    assert_eq!(it.burst("all"), 10);
    assert_eq!(it.take("all", 11).unwrap_err(), Why::TooHeavy);
    it.budget.refused(it.scope("all"), told(0));
    it.time.advance(SECOND * 7_200);
    assert_eq!(it.burst("all"), 1, "nought cannot be meant");
}
