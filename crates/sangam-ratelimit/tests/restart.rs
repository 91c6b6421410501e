//! A process that is killed at any moment and started again: its windows go on where they were, at the receiver too. A
//! machine that was started anew, and a record that was lost, wait; a first start does not.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use sangam_ratelimit::{
    Anchor, Before, BrokerRefusal, Budget, Nanos, Permit, Plan, Priority, Resumed, Rules, ScopeRules,
    TimeSource, Why, Window,
};

const SECOND: Duration = Duration::from_secs(1);
const MS: u64 = 1_000_000;

/// Time since the machine's start, and the date.
#[derive(Debug, Default)]
struct MachineClock {
    now: AtomicU64,
    unix: AtomicU64,
}

impl MachineClock {
    fn advance(&self, by: Duration) {
        self.now
            .fetch_add(u64::try_from(by.as_nanos()).unwrap(), Ordering::SeqCst);
        self.unix.fetch_add(by.as_secs(), Ordering::SeqCst);
    }
}

impl TimeSource for MachineClock {
    fn now(&self) -> Nanos {
        Nanos::new(self.now.load(Ordering::SeqCst))
    }

    fn until_midnight(&self) -> Option<Duration> {
        Some(Duration::from_secs(
            86_400 - self.unix.load(Ordering::SeqCst) % 86_400,
        ))
    }

    fn unix_seconds(&self) -> Option<u64> {
        Some(self.unix.load(Ordering::SeqCst))
    }
}

fn rules() -> Rules {
    let mut rules = Rules::new(vec![
        ScopeRules::new(
            "all",
            &[
                Window::per_second(5),
                Window::per_minute(20),
                Window::per_day(10_000),
            ],
        ),
        ScopeRules::new("orders", &[Window::per_second(3)]).within("all"),
    ]);
    rules.reserve_percent = 0;
    rules
}

struct Place {
    folder: tempfile::TempDir,
    clock: Arc<MachineClock>,
    plan: Plan,
}

impl Place {
    fn new(rules: &Rules) -> Self {
        let clock = MachineClock::default();
        clock.advance(Duration::from_secs(36_000));
        Self {
            folder: tempfile::tempdir().unwrap(),
            clock: Arc::new(clock),
            plan: rules.check().unwrap(),
        }
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("main.calls")
    }

    fn start(&self, boot: &str, before: Before) -> (Budget, Resumed) {
        Budget::resume(
            &self.plan,
            Arc::clone(&self.clock) as _,
            &self.file(),
            boot,
            before,
        )
        .unwrap()
    }
}

fn take(budget: &Budget, scope: &str) -> Result<Permit, Why> {
    let scope = budget.scope(scope).unwrap();
    budget
        .try_acquire(scope, 1, Priority::Order)
        .map_err(|refusal| refusal.why)
}

fn call(budget: &Budget, scope: &str) -> Result<(), Why> {
    let mut permit = take(budget, scope)?;
    permit.sent();
    permit.answered();
    Ok(())
}

fn burst(budget: &Budget, scope: &str) -> usize {
    (0..1_000).take_while(|_| call(budget, scope).is_ok()).count()
}

#[test]
fn a_first_start_waits_nothing_and_the_next_goes_on_where_it_was() {
    let place = Place::new(&rules());
    let (first, how) = place.start("boot-1", Before::Fresh);
    assert_eq!(how, Resumed::Fresh);
    assert_eq!(burst(&first, "orders"), 3);
    let mut flying = take(&first, "all").unwrap();
    flying.sent();
    let unsent = take(&first, "all").unwrap();
    // A process that is killed drops nothing.
    std::mem::forget((flying, unsent, first));
    let (second, how) = place.start("boot-1", Before::Known);
    assert_eq!(
        how,
        Resumed::TakenUp {
            calls: 4,
            in_flight: 1
        }
    );
    assert_eq!(burst(&second, "orders"), 0);
    assert_eq!(
        burst(&second, "all"),
        1,
        "three answered, one in flight, the unsent one is back"
    );
    place.clock.advance(SECOND * 2);
    assert_eq!(burst(&second, "all"), 4, "the one in flight is still counted");
    place.clock.advance(SECOND * 31);
    assert_eq!(
        second.usage()[0].in_flight,
        0,
        "as long as one that is given up on"
    );
    let minute = second.usage()[0].windows[1].used;
    assert_eq!(minute, 3 + 1 + 1 + 4);
}

#[test]
fn another_start_of_the_machine_waits_and_carries_the_day_over() {
    let place = Place::new(&rules());
    let (first, _) = place.start("boot-1", Before::Fresh);
    for _ in 0..40 {
        assert_eq!(burst(&first, "all"), 5);
        place.clock.advance(SECOND * 20);
    }
    drop(first);
    place.clock.now.store(5_000 * MS, Ordering::SeqCst);
    let (second, how) = place.start("boot-2", Before::Known);
    let wait = Duration::from_millis(30_000 + 60_061);
    assert_eq!(how, Resumed::Shut { wait, calls: 200 });
    let refusal = second
        .try_acquire(second.scope("orders").unwrap(), 1, Priority::Protective)
        .unwrap_err();
    assert_eq!(refusal.why, Why::Unknown);
    assert!(refusal.to_string().contains("not on record"), "{refusal}");
    place.clock.advance(SECOND);
    // A third start goes on waiting.
    std::mem::forget(second);
    let (third, how) = place.start("boot-2", Before::Known);
    assert!(matches!(how, Resumed::TakenUp { .. }), "{how:?}");
    assert_eq!(burst(&third, "all"), 0);
    place.clock.advance(wait - SECOND - Duration::from_nanos(1));
    assert_eq!(burst(&third, "all"), 0);
    place.clock.advance(Duration::from_nanos(1));
    assert_eq!(burst(&third, "all"), 5);
    let day = third.usage()[0].windows[2].used;
    assert_eq!(
        day,
        200 + 20 + 5,
        "what is on record, what may not have reached the disk, and these"
    );
}

#[test]
fn yesterdays_calls_are_not_carried_over() {
    let place = Place::new(&rules());
    let (first, _) = place.start("boot-1", Before::Fresh);
    assert_eq!(burst(&first, "all"), 5);
    place.clock.advance(SECOND * 86_400 * 2);
    assert_eq!(burst(&first, "all"), 5);
    drop(first);
    let (_, how) = place.start("boot-2", Before::Known);
    assert!(matches!(how, Resumed::Shut { calls: 5, .. }), "{how:?}");
}

#[test]
fn a_lost_or_damaged_record_waits_a_broken_days_window_until_the_day_ends() {
    for damage in [
        |_: &Path| (),
        |file: &Path| {
            std::fs::write(
                file,
                "sangam calls 1\nboot-1\nall,orders\nrubbish that is no record at all",
            )
            .unwrap()
        },
        |file: &Path| std::fs::write(file, "").unwrap(),
        |file: &Path| std::fs::write(file, [0xff; 100]).unwrap(),
    ] {
        let place = Place::new(&rules());
        damage(&place.file());
        let (budget, how) = place.start("boot-1", Before::Known);
        let wait = Duration::from_secs(86_400 - 36_000 + 30);
        assert_eq!(how, Resumed::Shut { wait, calls: 0 });
        assert_eq!(take(&budget, "all").unwrap_err(), Why::Unknown);
        place.clock.advance(wait);
        assert_eq!(burst(&budget, "all"), 5);
    }
}

#[test]
fn a_torn_last_record_is_cut_off_and_nothing_else() {
    let place = Place::new(&rules());
    let (first, _) = place.start("b", Before::Fresh);
    assert_eq!(burst(&first, "all"), 5);
    drop(first);
    let mut bytes = std::fs::read(place.file()).unwrap();
    bytes.extend([7; 11]);
    std::fs::write(place.file(), &bytes).unwrap();
    let (second, how) = place.start("b", Before::Known);
    assert_eq!(
        how,
        Resumed::TakenUp {
            calls: 5,
            in_flight: 0
        }
    );
    place.clock.advance(SECOND * 2);
    assert_eq!(burst(&second, "all"), 5);
    drop(second);
    let (_, how) = place.start("b", Before::Known);
    assert_eq!(
        how,
        Resumed::TakenUp {
            calls: 10,
            in_flight: 0
        }
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let place = Place::new(&rules());
    let file = place.folder.path().join("no/such/folder.calls");
    let error = Budget::resume(
        &place.plan,
        Arc::clone(&place.clock) as _,
        &file,
        "b",
        Before::Fresh,
    )
    .unwrap_err();
    assert!(error.to_string().contains("no/such/folder.calls"), "{error}");
}

#[test]
fn what_the_broker_said_outlives_the_process() {
    let mut rules = rules();
    rules.scopes[0].minute_breaches_max = Some(2);
    let place = Place::new(&rules);
    let (first, _) = place.start("b", Before::Fresh);
    let all = first.scope("all").unwrap();
    first.refused(
        all,
        BrokerRefusal {
            window: Some(SECOND),
            limit: Some(4),
            ..BrokerRefusal::default()
        },
    );
    place.clock.advance(SECOND * 90);
    first.refused(
        all,
        BrokerRefusal {
            retry_after: Some(SECOND * 50),
            ..BrokerRefusal::default()
        },
    );
    std::mem::forget(first);
    place.clock.advance(SECOND * 10);
    let (second, _) = place.start("b", Before::Known);
    let usage = &second.usage()[0];
    assert_eq!((usage.broker_refusals, usage.minute_breaches), (2, 1));
    assert_eq!(usage.blocked_for, Some(SECOND * 40));
    assert!(usage.windows[0].limit <= 4);
    place.clock.advance(SECOND * 60);
    second.refused(all, BrokerRefusal::default());
    assert!(
        second.usage()[0].closed_for.is_some(),
        "the second breached minute of the day"
    );
}

#[test]
fn the_file_is_begun_anew_and_stays_small() {
    let mut rules = Rules::new(vec![ScopeRules::new("all", &[Window::per_second(100)])]);
    rules.reserve_percent = 0;
    let place = Place::new(&rules);
    let (budget, _) = place.start("b", Before::Fresh);
    let mut stuck = take(&budget, "all").unwrap();
    stuck.sent();
    for _ in 0..400 {
        assert_eq!(burst(&budget, "all"), 99);
        place.clock.advance(SECOND * 2);
    }
    let size = |name: &str| std::fs::metadata(place.folder.path().join(name)).unwrap().len();
    assert!(
        size("main.calls") + size("main.old") < 1_200_000,
        "{} {}",
        size("main.calls"),
        size("main.old")
    );
    std::mem::forget((stuck, budget));
    let (_, how) = place.start("b", Before::Known);
    let Resumed::TakenUp { in_flight, calls } = how else {
        panic!("{how:?}")
    };
    assert_eq!(in_flight, 1, "the one that never ended was taken along");
    assert!(calls < 40_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Killed at any moment and started again, under any delays: the receiver never sees more than a window holds.
    #[test]
    fn property_a_killed_process_breaks_no_window(
        seed in any::<u64>(),
        delay_max_ms in prop_oneof![Just(0_u64), 1_u64..30, 30_u64..400],
        kill_one_in in 5_u64..60,
        send in any::<bool>(),
    ) {
        let mut rules = rules();
        let anchor = if send { Anchor::Send { guard: Duration::from_millis(delay_max_ms) } } else { Anchor::Answer };
        rules.anchor = anchor;
        rules.unanswered = Duration::from_secs(3);
        rules.scopes[0].windows = vec![Window::per_second(5), Window::new(12, SECOND * 10)];
        let place = Place::new(&rules);
        let mut state = seed;
        let mut chance = move |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n.max(1)
        };
        let (mut budget, _) = place.start("b", Before::Fresh);
        let mut under_way: Vec<(u64, Permit)> = Vec::new();
        let mut arrivals: Vec<u64> = Vec::new();
        for _ in 0..600 {
            let now = place.clock.now().get();
            let (ended, left): (Vec<_>, Vec<_>) = under_way.into_iter().partition(|(back, _)| *back <= now);
            under_way = left;
            ended.into_iter().for_each(|(_, permit)| permit.answered());
            if chance(kill_one_in) == 0 {
                std::mem::forget((std::mem::take(&mut under_way), budget));
                budget = place.start("b", Before::Known).0;
            }
            match take(&budget, "all") {
                Ok(mut permit) => {
                    permit.sent();
                    let arrives = now + chance(delay_max_ms * MS + 1);
                    arrivals.push(arrives);
                    under_way.push((arrives + chance(delay_max_ms * MS + 1), permit));
                }
                Err(_) => place.clock.advance(Duration::from_millis(1 + chance(80))),
            }
        }
        arrivals.sort_unstable();
        for (count, length_ms) in [(5, 1_000), (12, 10_000)] {
            let worst = arrivals.windows(count + 1).filter(|w| w[count] - w[0] < length_ms * MS).count();
            prop_assert_eq!(worst, 0, "{} in {} ms", count, length_ms);
        }
    }
}
