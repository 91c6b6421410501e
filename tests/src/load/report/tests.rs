//! The arithmetic of a report, without a run.

use std::time::Duration;

use super::super::settings::{Profile, Settings};
use super::{Anchor, as_held, percentile, waits_of};

fn all_ms(values: impl IntoIterator<Item = u64>) -> Vec<Duration> {
    values.into_iter().map(Duration::from_millis).collect()
}

#[test]
fn percentiles_are_values_that_were_seen() {
    let waits = waits_of(all_ms((1..=200).rev()), all_ms([5, 3]));
    assert!((waits.p50_ms - 100.0).abs() < 1e-9);
    assert!((waits.p99_ms - 198.0).abs() < 1e-9);
    assert!((waits.max_ms - 200.0).abs() < 1e-9);
    assert!((waits.best_p99_ms - 5.0).abs() < 1e-9);
    assert_eq!(percentile(&all_ms([7]), 99), Duration::from_millis(7));
    assert_eq!(percentile(&[], 50), Duration::ZERO);
}

#[test]
fn windows_are_taken_as_the_limiter_holds_them() {
    let check = |anchor, reserve_percent, expected: [(u32, u64); 2]| {
        let settings = Settings {
            anchor,
            reserve_percent,
            ..Settings::new(Profile::Burst)
        };
        let quota = "10/1+100/60".parse().unwrap();
        let held = as_held(&quota, &settings, Duration::from_millis(30));
        assert_eq!(
            held,
            expected.map(|(count, ms)| (count, Duration::from_millis(ms)))
        );
    };
    check(Anchor::Answer, 0, [(10, 1_032), (100, 60_091)]);
    check(Anchor::Send(5), 0, [(10, 1_007), (100, 60_066)]);
    check(Anchor::Answer, 10, [(9, 1_032), (90, 60_091)]);
}
