//! The earliest instant at which so many calls can have left over brokers with several windows each: what a run is held
//! against.
//!
//! At one broker the k-th call leaves at a(k) = max(a(k - 1), max over its windows of a(k - N) + W), the first at nought.
//! Letting each go as early as it can is best call by call, so the fleet's k-th is the k-th smallest over all brokers.
//! A broker that stops takes none from then on. Calls that come later than at once cannot have left before the rest of them, from theirs on, had its own bound.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// A broker as it binds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Bounds {
    /// So many calls, held for so long.
    pub(super) windows: Vec<(u32, Duration)>,
    /// When it stopped, if it did.
    pub(super) until: Option<Duration>,
}

/// When the calls of a burst can leave at the earliest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FleetBound {
    /// Each call's instant and broker.
    leaves: Vec<(Duration, usize)>,
}

impl FleetBound {
    /// The bound for so many calls. Every broker needs a window, every window a call.
    #[must_use]
    pub(super) fn of(calls: u32, brokers: &[Bounds]) -> Self {
        let mut left: Vec<Vec<Duration>> = brokers.iter().map(|_| Vec::new()).collect();
        let mut next: BinaryHeap<_> = (0..brokers.len())
            .map(|at| Reverse((Duration::ZERO, at)))
            .collect();
        let mut leaves = Vec::new();
        for _ in 0..calls {
            let Some(Reverse((instant, at))) = next.pop() else {
                break;
            };
            leaves.push((instant, at));
            left[at].push(instant);
            let following = after(&left[at], &brokers[at].windows);
            if brokers[at].until.is_none_or(|until| following < until) {
                next.push(Reverse((following, at)));
            }
        }
        Self { leaves }
    }

    /// When the last leaves at the earliest if they come at these instants.
    #[must_use]
    pub(super) fn arriving(&self, at: &[Duration]) -> Duration {
        let rest = at.iter().zip(self.leaves.iter().rev());
        rest.map(|(at, (leaves, _))| *at + *leaves)
            .max()
            .unwrap_or_default()
    }
}

/// How long each call waits that comes at its instant, if whoever came first always goes first, where room is earliest: what
/// the waits of a run are held against.
pub(super) fn best_waits(at: &[Duration], brokers: &[Bounds]) -> Vec<Duration> {
    let mut left: Vec<Vec<Duration>> = brokers.iter().map(|_| Vec::new()).collect();
    let mut waits = Vec::with_capacity(at.len());
    for at in at {
        let rooms = brokers
            .iter()
            .zip(&left)
            .enumerate()
            .filter_map(|(number, (broker, left))| {
                let room = after(left, &broker.windows).max(*at);
                broker
                    .until
                    .is_none_or(|until| room < until)
                    .then_some((room, number))
            });
        let Some((room, number)) = rooms.min() else {
            break;
        };
        left[number].push(room);
        waits.push(room - *at);
    }
    waits
}

/// When the next call can leave after those that left.
fn after(left: &[Duration], windows: &[(u32, Duration)]) -> Duration {
    let gone = |count: u32| {
        left.len()
            .checked_sub(usize::try_from(count).unwrap_or(usize::MAX))
    };
    let bounds = windows
        .iter()
        .filter_map(|(count, held)| Some(left[gone(*count)?] + *held));
    bounds.chain(left.last().copied()).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(text: &str) -> Bounds {
        let quota: super::super::Quota = text.parse().unwrap();
        let windows = quota.windows().iter();
        Bounds {
            windows: windows.map(|window| (window.count, window.length)).collect(),
            until: None,
        }
    }

    /// When the last of a burst leaves, and how many each broker takes.
    fn burst<const N: usize>(calls: u32, fleet: &[Bounds; N]) -> (Duration, [usize; N]) {
        let FleetBound { leaves } = FleetBound::of(calls, fleet);
        let share = |broker| leaves.iter().filter(|(_, at)| *at == broker).count();
        (leaves.last().unwrap().0, std::array::from_fn(share))
    }

    /// Against the figures of an independent program: instant and split over the brokers.
    #[test]
    fn the_figures_are_those_of_the_oracle() {
        let second = ["10/1", "50/1", "20/1"];
        let minute = ["10/1+600/60", "50/1+3000/60", "20/1+1200/60"];
        let tight = ["10/1+200/60", "50/1+500/60", "20/1+1200/60"];
        let check = |fleet: [&str; 3], calls: u32, ms: u64, split: [usize; 3]| {
            let bound = burst(calls, &fleet.map(windows));
            assert_eq!(
                bound,
                (Duration::from_millis(ms), split),
                "{calls} over {fleet:?}"
            );
        };
        check(second, 80, 0, [10, 50, 20]);
        check(second, 81, 1_000, [11, 50, 20]);
        check(second, 1_000, 12_000, [130, 630, 240]);
        check(second, 10_000, 124_000, [1_250, 6_250, 2_500]);
        check(minute, 1_000, 12_000, [130, 630, 240]);
        check(minute, 10_000, 124_000, [1_250, 6_250, 2_500]);
        check(tight, 1_000, 16_000, [170, 500, 330]);
        check(tight, 10_000, 306_000, [1_070, 2_810, 6_120]);
    }

    #[test]
    fn one_broker_alone_takes_longer() {
        let alone = |text: &str, calls| burst(calls, &[windows(text)]).0.as_secs();
        assert_eq!(alone("50/1", 1_000), 19);
        assert_eq!(alone("50/1", 10_000), 199);
        assert_eq!(alone("10/1", 334), 33);
    }

    #[test]
    fn a_broker_that_stopped_takes_no_more() {
        let stopped = Bounds {
            until: Some(Duration::from_secs(2)),
            ..windows("50/1")
        };
        let (last, shares) = burst(200, &[stopped, windows("10/1")]);
        assert_eq!((last.as_secs(), shares), (9, [100, 100]));
    }

    #[test]
    fn the_best_waits_are_those_of_a_line_for_the_first_room() {
        let ms = |ms: &[u64]| -> Vec<Duration> { ms.iter().map(|ms| Duration::from_millis(*ms)).collect() };
        let fleet = [windows("1/1"), windows("1/2")];
        assert_eq!(
            best_waits(&ms(&[0, 0, 0, 500, 2_500]), &fleet),
            ms(&[0, 0, 1_000, 1_500, 0])
        );
    }

    #[test]
    fn calls_that_come_later_leave_later() {
        let bound = FleetBound::of(3, &[windows("1/1")]);
        let at = |ms: [u64; 3]| bound.arriving(&ms.map(Duration::from_millis)).as_millis();
        assert_eq!(at([0, 0, 0]), 2_000);
        assert_eq!(at([0, 0, 5_000]), 5_000);
        assert_eq!(at([0, 1_500, 1_600]), 2_500);
        assert_eq!(FleetBound::of(0, &[]).arriving(&[]), Duration::ZERO);
    }
}
