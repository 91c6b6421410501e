//! What the receiver sees. A saturated sender, and between it and the receiver a network that delays each way at will,
//! reorders, loses, and delivers calls long after they were given up on; the receiver's clock runs a little slower or
//! faster. Measured from the answer no window of any length may ever hold more than its count there; measured from the
//! send and without guard the same network must break it.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use sangam_ratelimit::{
    Anchor, Budget, ManualTime, Nanos, Permit, Priority, Rules, ScopeId, ScopeRules, Window,
};

const MS: u64 = 1_000_000;
/// How long the sender waits for an answer before it hangs up.
const PATIENCE_MS: u64 = 2_000;
/// Calls of one run.
const CALLS: usize = 700;

/// Steps of a run, from a seed.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }
}

/// What the network does.
#[derive(Debug, Clone)]
struct Network {
    /// One-way delays are nought to this, or exactly one of the ends.
    delay_max_ms: u64,
    ends_only: bool,
    /// Of a thousand requests, and of a thousand answers.
    lost_permille: u64,
    /// Of a thousand requests, those that arrive after the sender has hung up.
    late_permille: u64,
    /// How far the receiver's clock is off, in millionths.
    drift_ppm: i64,
}

impl Network {
    fn delay(&self, chance: &mut Chance) -> u64 {
        let max = self.delay_max_ms * MS;
        if self.ends_only {
            return if chance.below(2) == 0 { 0 } else { max };
        }
        chance.below(max + 1)
    }

    /// When a request of this send arrives, if it does, and when its answer is back.
    fn carry(&self, at: u64, chance: &mut Chance) -> (Option<u64>, Option<u64>) {
        if chance.below(1_000) < self.lost_permille {
            return (None, None);
        }
        if chance.below(1_000) < self.late_permille {
            return (Some(at + (PATIENCE_MS + chance.below(29_000)) * MS), None);
        }
        let arrives = at + self.delay(chance);
        let lost = chance.below(1_000) < self.lost_permille;
        let back = arrives + self.delay(chance);
        (
            Some(arrives),
            (!lost && back < at + PATIENCE_MS * MS).then_some(back),
        )
    }
}

#[derive(Debug)]
struct Setup {
    anchor: Anchor,
    weight_max: u64,
    network: Network,
    seed: u64,
}

const ALL: [Window; 3] = [
    Window::per_second(10),
    Window::new(36, Duration::from_secs(10)),
    Window::new(2_100, Duration::from_secs(600)),
];
const ORDERS: [Window; 2] = [Window::per_second(6), Window::new(20, Duration::from_secs(10))];

/// By how much any window was exceeded, over all.
fn excess(setup: &Setup) -> u64 {
    let mut rules = Rules::new(vec![
        ScopeRules::new("all", &ALL),
        ScopeRules::new("orders", &ORDERS).within("all"),
    ]);
    rules.anchor = setup.anchor;
    let time = Arc::new(ManualTime::default());
    let budget = Budget::new(&rules.check().unwrap(), Arc::clone(&time) as _);
    let (all, orders) = (budget.scope("all").unwrap(), budget.scope("orders").unwrap());
    let mut chance = Chance(setup.seed);
    let mut now = 0;
    let mut ends: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
    let mut permits: Vec<Option<(Permit, bool)>> = Vec::new();
    let mut arrivals: Vec<(u64, u64, ScopeId)> = Vec::new();
    while permits.len() < CALLS {
        time.set(Nanos::new(now));
        while let Some(Reverse((at, call))) = ends.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            assert!(at <= now);
            ends.pop();
            match permits[call].take() {
                Some((permit, true)) => permit.answered(),
                given_up => drop(given_up),
            }
        }
        let scope = if chance.below(3) == 0 { all } else { orders };
        let weight = 1 + chance.below(setup.weight_max);
        let urgent = if chance.below(4) == 0 {
            Priority::Protective
        } else {
            Priority::Order
        };
        match budget.try_acquire(scope, u32::try_from(weight).unwrap(), urgent) {
            Ok(permit) if chance.below(20) == 0 => drop(permit),
            Ok(mut permit) => {
                permit.sent();
                // A call of several requests: each goes its own way.
                let mut back = Some(now);
                for _ in 0..weight {
                    let (arrives, answered) = setup.network.carry(now, &mut chance);
                    arrivals.extend(arrives.map(|at| (at, 1, scope)));
                    back = back.zip(answered).map(|(a, b)| a.max(b));
                }
                ends.push(Reverse((back.unwrap_or(now + PATIENCE_MS * MS), permits.len())));
                permits.push(Some((permit, back.is_some())));
            }
            Err(refusal) => {
                let due = now + u64::try_from(refusal.retry_after.as_nanos()).unwrap().max(1);
                let end = ends.peek().map_or(u64::MAX, |Reverse((at, _))| *at);
                now = due.min(end.max(now));
            }
        }
    }
    let drift = |at: u64| {
        let off = i128::from(at) * i128::from(setup.network.drift_ppm) / 1_000_000;
        u64::try_from(i128::from(at) + off).unwrap()
    };
    for arrival in &mut arrivals {
        arrival.0 = drift(arrival.0);
    }
    arrivals.sort_unstable_by_key(|(at, ..)| *at);
    let mut excess = 0;
    for (windows, counts) in [(&ALL[..], None), (&ORDERS[..], Some(orders))] {
        let counted: Vec<(u64, u64)> = arrivals
            .iter()
            .filter(|(.., scope)| counts.is_none_or(|only| only == *scope))
            .map(|(at, weight, _)| (*at, *weight))
            .collect();
        for window in windows {
            excess += worst(&counted, window.length).saturating_sub(u64::from(window.count));
        }
    }
    excess
}

/// The most in any window that is open at one end.
fn worst(arrivals: &[(u64, u64)], length: Duration) -> u64 {
    let length = u64::try_from(length.as_nanos()).unwrap();
    let (mut first, mut held, mut worst) = (0, 0, 0);
    for &(at, weight) in arrivals {
        held += weight;
        while arrivals[first].0 + length <= at {
            held -= arrivals[first].1;
            first += 1;
        }
        worst = worst.max(held);
    }
    worst
}

fn networks() -> impl Strategy<Value = Network> {
    (
        prop_oneof![Just(0_u64), 1_u64..20, 20_u64..300],
        any::<bool>(),
        prop_oneof![Just(0_u64), 0_u64..100],
        prop_oneof![Just(0_u64), 0_u64..50],
        -100_i64..=100,
    )
        .prop_map(
            |(delay_max_ms, ends_only, lost_permille, late_permille, drift_ppm)| Network {
                delay_max_ms,
                ends_only,
                lost_permille,
                late_permille,
                drift_ppm,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn property_no_window_at_the_receiver_is_ever_exceeded(
        network in networks(),
        weight_max in prop_oneof![Just(1_u64), 2_u64..5],
        seed in any::<u64>(),
    ) {
        let setup = Setup { anchor: Anchor::Answer, weight_max, network, seed };
        prop_assert_eq!(excess(&setup), 0);
    }

    /// The guard keeps its promise: delays that differ by less than it break nothing.
    #[test]
    fn property_a_guard_covers_what_it_is_as_long_as(seed in any::<u64>(), delay_max_ms in 0_u64..50, ends_only in any::<bool>()) {
        let network = Network { delay_max_ms, ends_only, lost_permille: 0, late_permille: 0, drift_ppm: 20 };
        let anchor = Anchor::Send { guard: Duration::from_millis(50) };
        prop_assert_eq!(excess(&Setup { anchor, weight_max: 1, network, seed }), 0);
    }
}

#[test]
fn measured_from_the_send_without_guard_the_same_network_breaks_it() {
    let runs = (0..20).map(|seed| {
        let network = Network {
            delay_max_ms: 100,
            ends_only: seed % 2 == 0,
            lost_permille: 10,
            late_permille: 0,
            drift_ppm: 0,
        };
        excess(&Setup {
            anchor: Anchor::Send {
                guard: Duration::ZERO,
            },
            weight_max: 1 + seed % 2,
            network,
            seed,
        })
    });
    let broken = runs.filter(|excess| *excess > 0).count();
    assert_eq!(
        broken, 20,
        "each of these networks shows what a log of send times misses"
    );
}
