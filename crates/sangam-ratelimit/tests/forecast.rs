//! The forecast from outside: any counts at all, learning no earlier than it may, following a change, the live score, and a
//! trace made up here that is scored like a real one.

use std::time::Duration;

use proptest::prelude::*;
use sangam_ratelimit::forecast::{
    Calendar, Forecaster, INDIAN_SESSION, Method, Settings, Slot, TraceError, score,
};

const BIN: Duration = Duration::from_secs(10);
const HORIZON: Duration = Duration::from_secs(60);

/// Chance that is the same in every run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn noise(&mut self) -> f64 {
        (0..6).map(|_| self.next()).sum::<f64>() - 3.0
    }
}

/// Demand around 40 with peaks of a few minutes at chance times, which some bins of rising announce.
fn demand(bins: usize, peak_chance: f64, seed: u64) -> Vec<u64> {
    let mut chance = Chance(seed);
    let (mut level, mut goal, mut left) = (40.0, 40.0, 0_u32);
    let one = |_| {
        if left > 0 {
            left -= 1;
        } else {
            goal = 40.0;
            if chance.next() < peak_chance {
                goal = 80.0 + 120.0 * chance.next();
                left = 12 + (chance.next() * 20.0) as u32;
            }
        }
        level += 0.3 * (goal - level);
        (level + 5.0 * chance.noise()).max(0.0) as u64
    };
    (0..bins).map(one).collect()
}

fn fed(settings: &Settings, counts: &[u64]) -> Forecaster {
    let mut forecaster = Forecaster::new(settings).expect("right");
    for count in counts {
        forecaster.observe(*count);
    }
    forecaster
}

#[derive(Debug, Clone)]
enum Step {
    Count(u64),
    Idle(u16),
    Skip(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0_u64..200).prop_map(Step::Count),
        1 => prop_oneof![Just(u64::MAX), any::<u64>()].prop_map(Step::Count),
        1 => (1_u16..500).prop_map(Step::Idle),
        1 => prop_oneof![0_u64..20, Just(u64::MAX), any::<u64>()].prop_map(Step::Skip),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn property_any_counts_and_gaps_give_probabilities(
        steps in proptest::collection::vec(step(), 1..300),
        capacity in prop_oneof![0.001_f64..1e4, Just(1e300), Just(1e-300)],
        horizon in 1_u32..30,
        with_calendar in any::<bool>(),
    ) {
        let settings = Settings { horizon: BIN * horizon, ..Settings::for_capacity(capacity) };
        let mut forecaster = Forecaster::new(&settings).unwrap();
        if with_calendar {
            let calendar = Calendar::new(|bin| (bin % 7 != 0).then(|| Slot::of_day(bin)));
            forecaster = forecaster.with_calendar(calendar.with_prior(&INDIAN_SESSION));
        }
        let sound = |p: Option<f64>, range: std::ops::RangeInclusive<f64>| p.is_none_or(|p| range.contains(&p));
        for step in steps {
            match step {
                Step::Count(count) => forecaster.observe(count),
                Step::Idle(bins) => (0..bins).for_each(|_| forecaster.observe(0)),
                Step::Skip(bins) => forecaster.skip(bins),
            }
            prop_assert!(sound(forecaster.probability(), 0.0..=1.0));
            prop_assert!(!(forecaster.in_burst() && forecaster.probability().is_some()));
            prop_assert!((0.0..=1.0).contains(&forecaster.threshold()));
            let believed: f64 = forecaster.believed().iter().map(|(_, share)| share).sum();
            prop_assert!((believed - 1.0).abs() < 1e-9);
            let score = forecaster.score();
            for share in [score.precision, score.recall, score.f1, score.brier] {
                prop_assert!(sound(share, 0.0..=1.0));
            }
            prop_assert!(sound(score.brier_skill, f64::MIN..=1.0));
            prop_assert!(score.lead_time.is_none_or(|lead| lead <= settings.horizon));
            prop_assert!(score.bursts_foreseen <= score.bursts && score.positives <= score.questions);
        }
    }

    /// What comes later changes nothing that was said, and what comes within the horizon changes no lesson yet.
    #[test]
    fn property_nothing_is_known_before_it_is_over(seed in 1_u64..1_000, at in 500_usize..900) {
        let counts = demand(1_000, 0.02, seed);
        let settings = Settings::for_capacity(100.0);
        let mut forecaster = Forecaster::new(&settings).unwrap();
        let said = |forecaster: &mut Forecaster, count: u64| {
            forecaster.observe(count);
            forecaster.probability()
        };
        let whole: Vec<_> = counts.iter().map(|count| said(&mut forecaster, *count)).collect();
        prop_assert_eq!(fed(&settings, &counts[..=at]).probability(), whole[at]);
        let score = fed(&settings, &counts[..=at]).score();
        let asked = whole[..=at - 6].iter().flatten().count();
        prop_assert_eq!(score.questions, asked as u64);
    }

    #[test]
    fn property_any_trace_is_scored_or_refused(counts in proptest::collection::vec(0_u64..30, 0..700), horizon in 1_u32..20) {
        match score(&counts, BIN, BIN * horizon) {
            Ok(scored) => prop_assert!(scored.model.score.brier.is_none_or(f64::is_finite)),
            Err(TraceError::TooShort { bins, needed }) => prop_assert!(bins < needed),
            Err(error) => prop_assert!(matches!(error, TraceError::NoBursts { .. }), "{error}"),
        }
    }
}

#[test]
fn bursts_that_announce_themselves_are_foreseen_better_than_by_any_baseline() {
    let counts = demand(40_000, 0.01, 7);
    let scored = score(&counts, BIN, HORIZON).unwrap();
    let f1 = |method: &Method| method.score.f1.unwrap();
    let skill = |method: &Method| method.score.brier_skill.unwrap();
    for baseline in &scored.baselines {
        assert!(
            f1(&scored.model) > f1(baseline),
            "{:?} {baseline:?}",
            scored.model
        );
        assert!(
            skill(&scored.model) > skill(baseline),
            "{:?} {baseline:?}",
            scored.model
        );
    }
    let names: Vec<_> = scored.baselines.iter().map(|method| method.name).collect();
    assert!(names.contains(&"persistence") && names.contains(&"graded_persistence"));
    let climatology = scored
        .baselines
        .iter()
        .find(|method| method.name == "climatology")
        .unwrap();
    // The rate of the first half, on the second: no skill by definition.
    assert!(skill(climatology).abs() < 1e-9);
    assert!(scored.model.score.lead_time.unwrap() >= BIN);
    assert!(scored.live.f1.unwrap() > 0.3);
}

#[test]
fn what_cannot_be_scored_says_why() {
    let short = score(&[1; 100], BIN, HORIZON).unwrap_err();
    assert_eq!(
        short,
        TraceError::TooShort {
            bins: 100,
            needed: 240
        }
    );
    let flat = score(&[7; 1_000], BIN, HORIZON).unwrap_err();
    assert_eq!(flat, TraceError::NoBursts { burst_level: 7 });
    let none = score(&[7; 1_000], BIN, Duration::ZERO).unwrap_err();
    assert!(none.to_string().starts_with("horizon: "), "{none}");
}

#[test]
fn a_change_is_noticed_and_followed_faster() {
    // Bursts without warning: every few minutes for days, and then rare.
    let errors = |follow_changes: bool, seed: u64| {
        let mut chance = Chance(seed);
        let settings = Settings {
            follow_changes,
            ..Settings::for_capacity(100.0)
        };
        let mut forecaster = Forecaster::new(&settings).expect("right");
        let mut feed = |forecaster: &mut Forecaster, bins: u32, burst: f64| {
            (0..bins).for_each(|_| forecaster.observe(if chance.next() < burst { 100 } else { 40 }));
            let score = forecaster.score();
            score.brier.expect("asked") * score.questions as f64
        };
        let before = feed(&mut forecaster, 20_000, 0.1);
        let after = feed(&mut forecaster, 1_000, 0.005);
        (after - before, forecaster.changes())
    };
    let sum = |follow_changes: bool| {
        let runs = (1..=5).map(|seed| errors(follow_changes, seed * 7_919));
        runs.fold((0.0, 0), |(all, noticed), (error, changes)| {
            (all + error, noticed + changes)
        })
    };
    let ((doubting, noticed), (stubborn, _)) = (sum(true), sum(false));
    assert!(noticed > 0);
    assert!(doubting < 0.85 * stubborn, "{doubting} {stubborn}");
}

#[test]
fn a_time_of_day_that_is_always_busy_is_expected() {
    // Flat but for a jump without warning, each day at the same quarter.
    let day = 8_640_u64;
    let count = |bin: u64| {
        if (3_333..3_336).contains(&(bin % day)) {
            90
        } else {
            30
        }
    };
    let of_day = |bin: u64| Some(Slot::of_day(bin * 10));
    let settings = Settings::for_capacity(100.0);
    let mut knows = Forecaster::new(&settings)
        .unwrap()
        .with_calendar(Calendar::new(of_day));
    let mut lacks = Forecaster::new(&settings).unwrap();
    for bin in 0..10 * day + 3_330 {
        knows.observe(count(bin));
        lacks.observe(count(bin));
    }
    let (knows, lacks) = (knows.probability().unwrap(), lacks.probability().unwrap());
    assert!(knows > 2.0 * lacks, "{knows} {lacks}");
    // Before anything was seen, a session's opening is likelier busy than its noon.
    let at = |second: u64| {
        let calendar = Calendar::new(move |_| Some(Slot::of_day(second))).with_prior(&INDIAN_SESSION);
        let mut forecaster = Forecaster::new(&settings).unwrap().with_calendar(calendar);
        forecaster.observe(30);
        forecaster.probability().unwrap()
    };
    assert!(at(9 * 3_600 + 900) > at(12 * 3_600) + 0.02);
}

#[test]
fn bins_nobody_counted_are_not_idle_bins() {
    let counts = demand(2_000, 0.02, 11);
    let settings = Settings::for_capacity(100.0);
    let mut forecaster = fed(&settings, &counts);
    let asked = forecaster.score().questions;
    forecaster.skip(360);
    assert_eq!(
        (forecaster.probability(), forecaster.expects_burst()),
        (None, false)
    );
    assert_eq!(forecaster.bins(), 2_360);
    for _ in 0..6 {
        forecaster.observe(40);
        assert!(forecaster.probability().is_some());
    }
    // The questions before the gap were dropped, not answered.
    assert_eq!(forecaster.score().questions, asked);
    forecaster.observe(40);
    assert_eq!(forecaster.score().questions, asked + 1);
}
