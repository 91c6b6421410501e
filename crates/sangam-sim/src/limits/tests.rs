//! Windows against a brute-force count, rolling and by the calendar.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn noon() -> Instant64 {
    Instant64::at(date(2026, 11, 23).at(12, 0, 0, 0))
}

fn limiter(rules: Vec<RateRule>) -> Limiter {
    Limiter::new(rules, &SimConfig::default())
}

/// Most of `stamps` in any half-open window of a length, and in any window of the Indian calendar.
fn worst(stamps: &[i64], length: i64) -> (u64, u64) {
    let rolling = |end: &i64| {
        stamps
            .iter()
            .filter(|at| **at > end - length && *at <= end)
            .count()
    };
    let slot = |at: &i64| (at + 330 * MINUTE_US).div_euclid(length);
    let calendar = |of: &i64| stamps.iter().filter(|at| slot(at) == slot(of)).count();
    let most = |counts: Vec<usize>| u64::try_from(counts.into_iter().max().unwrap_or(0)).expect("a count");
    (
        most(stamps.iter().map(rolling).collect()),
        most(stamps.iter().map(calendar).collect()),
    )
}

proptest! {
    #[test]
    fn property_admitted_calls_never_exceed_a_window_and_reports_are_exact(
        gaps in prop::collection::vec(0_i64..900_000, 1..250),
        count in 1_u32..12,
    ) {
        let windows = [Window::of(count, 1), Window::of(3 * count, 10)];
        let limiter = limiter(vec![RateRule::new("orders", &windows)]);
        let (mut at, mut all, mut admitted) = (noon(), Vec::new(), Vec::new());
        for gap in gaps {
            at = at.plus_us(gap);
            all.push(at.0);
            let fits = windows.iter().all(|window| {
                let held = admitted.iter().filter(|stamp| **stamp > at.0 - window.length_us).count();
                held < usize::try_from(window.count).expect("small")
            });
            let verdict = limiter.arrive(&["orders"], 1, at);
            prop_assert_eq!(verdict.is_ok(), fits, "refused exactly when the call would be one too many");
            if fits {
                admitted.push(at.0);
            }
        }
        let report = &limiter.report()[0];
        for (window, shown) in windows.iter().zip(&report.windows) {
            let (rolling, calendar) = worst(&admitted, window.length_us);
            prop_assert!(rolling <= u64::from(window.count) && calendar <= u64::from(window.count));
            prop_assert_eq!((shown.worst_rolling, shown.worst_calendar), worst(&all, window.length_us));
        }
        prop_assert_eq!(report.violations, u64::try_from(all.len() - admitted.len()).expect("a count"));
    }

    #[test]
    fn property_waiting_as_told_is_enough_and_not_too_long(gaps in prop::collection::vec(0_i64..200_000, 1..60)) {
        let windows = [Window::of(4, 1), Window::of(9, 5)];
        let limiter = limiter(vec![RateRule::new("orders", &windows)]);
        let mut at = noon();
        for gap in gaps {
            at = at.plus_us(gap);
            if let Err(excess) = limiter.arrive(&["orders"], 1, at) {
                prop_assert!(limiter.arrive(&["orders"], 1, at.plus_us(excess.retry_after_us - 1)).is_err());
                at = at.plus_us(excess.retry_after_us);
                prop_assert!(limiter.arrive(&["orders"], 1, at).is_ok());
            }
        }
    }
}

#[test]
fn a_call_is_charged_to_every_rule_it_names() {
    let rules = vec![
        RateRule::new("orders", &[Window::of(2, 1)]),
        RateRule::new("all", &[Window::of(3, 1)]),
    ];
    let limiter = limiter(rules);
    let now = noon();
    assert_eq!(limiter.arrive(&["orders", "all"], 1, now), Ok(()));
    assert_eq!(limiter.arrive(&["orders", "all"], 1, now), Ok(()));
    let refused = limiter
        .arrive(&["orders", "all"], 1, now)
        .expect_err("a third order");
    assert_eq!(
        (refused.rule, refused.retry_after_s(), refused.retry_after_ms()),
        ("orders", 1, 1_000)
    );
    assert_eq!(
        limiter.arrive(&["all"], 1, now),
        Ok(()),
        "the refused order took no room"
    );
    assert_eq!(
        limiter.arrive(&["all"], 1, now).expect_err("a fourth call").rule,
        "all"
    );
    assert_eq!(limiter.arrive(&[], 1, now), Ok(()), "uncharged calls always pass");
    assert_eq!(limiter.violations(), 2);
}

#[test]
fn a_request_weighs_as_many_orders_as_it_may_become() {
    let limiter = limiter(vec![RateRule::new("orders", &[Window::of(10, 1)])]);
    assert_eq!(limiter.arrive(&["orders"], 7, noon()), Ok(()));
    assert!(limiter.arrive(&["orders"], 4, noon()).is_err());
    assert_eq!(limiter.arrive(&["orders"], 3, noon()), Ok(()));
}

#[test]
fn more_than_three_breached_minutes_block_the_day() {
    let limiter = limiter(vec![RateRule::new("all", &[Window::of(2, 60)]).blocking_after(3)]);
    let minute = |n: i64| noon().plus_us(n * MINUTE_US);
    for n in 0..4 {
        assert_eq!(limiter.arrive(&["all"], 1, minute(n)), Ok(()), "minute {n}");
        assert_eq!(limiter.arrive(&["all"], 1, minute(n)), Ok(()), "minute {n}");
        for _ in 0..5 {
            let refused = limiter.arrive(&["all"], 1, minute(n)).expect_err("a third call");
            assert_eq!(
                refused.blocked,
                n == 3,
                "minute {n}: several refusals in a minute are one breach"
            );
        }
    }
    assert!(limiter.blocked(minute(30)));
    let refused = limiter.arrive(&["all"], 1, minute(30)).expect_err("blocked");
    assert!(refused.blocked);
    assert_eq!(
        refused.retry_after_us,
        Instant64::midnight(date(2026, 11, 24)).0 - minute(30).0
    );
    assert_eq!(
        limiter.arrive(&["all"], 1, Instant64::midnight(date(2026, 11, 24))),
        Ok(())
    );
}

#[test]
fn seconds_do_not_count_towards_the_block() {
    let limiter = limiter(vec![
        RateRule::new("all", &[Window::of(1, 1), Window::of(100, 60)]).blocking_after(0),
    ]);
    assert_eq!(limiter.arrive(&["all"], 1, noon()), Ok(()));
    assert!(
        !limiter
            .arrive(&["all"], 1, noon())
            .expect_err("a second call")
            .blocked
    );
    assert!(!limiter.blocked(noon()));
}

#[test]
fn day_windows_end_at_midnight_ist() {
    let limiter = limiter(vec![RateRule::new("all", &[Window::per_day(2)])]);
    let late = Instant64::at(date(2026, 11, 23).at(23, 59, 59, 0));
    assert_eq!(limiter.arrive(&["all"], 1, late), Ok(()));
    assert_eq!(limiter.arrive(&["all"], 1, late), Ok(()));
    assert_eq!(
        limiter
            .arrive(&["all"], 1, late)
            .expect_err("full")
            .retry_after_us,
        SECOND_US
    );
    assert_eq!(limiter.arrive(&["all"], 1, late.plus_us(SECOND_US)), Ok(()));
}

#[test]
fn configuration_changes_windows_counts_refusals_and_switches_off() {
    let rules = || vec![RateRule::new("orders", &[Window::of(1, 1)])];
    let changed = SimConfig::from_toml("[[rules]]\nname = \"orders\"\nwindows = [[2, 1]]").expect("valid");
    let limiter = Limiter::new(rules(), &changed);
    assert_eq!(limiter.arrive(&["orders"], 1, noon()), Ok(()));
    assert_eq!(limiter.arrive(&["orders"], 1, noon()), Ok(()));
    assert!(limiter.arrive(&["orders"], 1, noon()).is_err());

    let counting = SimConfig {
        count_refused: true,
        ..SimConfig::default()
    };
    let limiter = Limiter::new(rules(), &counting);
    assert_eq!(limiter.arrive(&["orders"], 1, noon()), Ok(()));
    assert!(
        limiter
            .arrive(&["orders"], 1, noon().plus_us(SECOND_US / 2))
            .is_err()
    );
    assert!(
        limiter.arrive(&["orders"], 1, noon().plus_us(SECOND_US)).is_err(),
        "the refused call fills the window"
    );

    let off = SimConfig {
        rate_rules: false,
        ..SimConfig::default()
    };
    let limiter = Limiter::new(rules(), &off);
    assert_eq!(limiter.arrive(&["orders"], 1, noon()), Ok(()));
    assert_eq!(limiter.arrive(&["orders"], 1, noon()), Ok(()), "not refused");
    assert_eq!(
        (limiter.violations(), limiter.report()[0].windows[0].worst_rolling),
        (1, 2),
        "but measured"
    );
}
