//! Scores a forecast on a whole trace, with baselines beside it. The burst level, the climatology and every threshold come from
//! the first half, the scores from the second; what learns goes on learning, a horizon late.

use std::time::Duration;

use super::baselines::{self, Trace};
use super::calendar::{Calendar, Slot};
use super::forecaster::Forecaster;
use super::running::{RunningScore, Score};
use super::settings::Settings;
use crate::rules::RulesError;

/// The burst level is that share of the way up, among the highest bins of each horizon.
const BURST_QUANTILE: f64 = 0.97;
/// Least number of bins, and of horizons.
const BINS_MIN: usize = 200;
const HORIZONS_MIN: usize = 40;

/// Why a trace cannot be scored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// Too little to learn from and to score on.
    #[error("{bins} bins are too few: at least {needed} are needed for this horizon")]
    TooShort {
        /// Bins there are.
        bins: usize,
        /// Bins needed.
        needed: usize,
    },
    /// Nothing to choose thresholds by.
    #[error("no burst above {burst_level} in the first half, so there is nothing to forecast")]
    NoBursts {
        /// The 97th percentile.
        burst_level: u64,
    },
    /// Bin or horizon cannot be.
    #[error(transparent)]
    Settings(#[from] RulesError),
}

/// One way to answer, and its score on the second half.
#[derive(Debug, Clone, PartialEq)]
pub struct Method {
    /// `persistence`, for example.
    pub name: &'static str,
    /// From which answer on it is an alarm, as chosen on the first half. A probability; for plain persistence a share of the burst
    /// level. `None` where there is nothing to choose.
    pub threshold: Option<f64>,
    /// The score.
    pub score: Score,
}

/// The scores of one trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// Bins of the trace.
    pub bins: usize,
    /// A bin above this count is a burst: the 97th percentile, over the first half, of the maximum over the horizon.
    pub burst_level: u64,
    /// How often a burst followed in the first half; what skill is measured against.
    pub climatology: f64,
    /// The forecaster.
    pub model: Method,
    /// What it has to beat.
    pub baselines: Vec<Method>,
    /// The forecaster's own running score over the whole trace, from knowing nothing, at thresholds it learnt itself.
    pub live: Score,
    /// How often it noticed a change.
    pub changes: u64,
    /// How far it believed each of its experts in the end.
    pub believed: Vec<(&'static str, f64)>,
}

/// Scores counts bin by bin, without gaps; the trace is taken to start at midnight.
///
/// # Errors
/// [`TraceError`]: too few bins, no burst in the first half, or a bin or horizon that cannot be.
pub fn score(counts: &[u64], bin: Duration, horizon: Duration) -> Result<Scored, TraceError> {
    let settings = |capacity: f64| Settings {
        burst_share: 1.0,
        bin,
        horizon,
        ..Settings::for_capacity(capacity)
    };
    let horizon_bins = settings(1.0).check()?.horizon;
    let ahead = usize::from(horizon_bins);
    let needed = BINS_MIN.max(HORIZONS_MIN * ahead);
    if counts.len() < needed {
        return Err(TraceError::TooShort {
            bins: counts.len(),
            needed,
        });
    }
    let half = counts.len() / 2;
    let burst_level = burst_level(&counts[..half], ahead);
    let trace = Trace {
        counts,
        // Where most bins are idle, any call is a burst.
        burst_level: (burst_level as f64).max(0.5),
        horizon: ahead,
        bin_s: bin.as_secs_f64(),
    };
    // What came of these is known within the first half.
    let first: Vec<usize> = (0..half - ahead).filter(|at| !trace.is_burst(*at)).collect();
    let positives = first.iter().filter(|at| trace.comes(**at)).count();
    if positives == 0 {
        return Err(TraceError::NoBursts { burst_level });
    }
    let climatology = positives as f64 / first.len() as f64;

    let judge = |name: &'static str, answers: &[Option<f64>], kind: Kind| {
        let threshold = match kind {
            Kind::Rule => 0.5,
            Kind::Probability | Kind::Level => best_threshold(&trace, &first, answers),
        };
        let mut running = RunningScore::new(bin, horizon_bins, Some(climatology));
        for (at, answer) in answers.iter().enumerate().skip(half) {
            let answer = answer.map(|answer| {
                let alarm = answer >= threshold;
                match kind {
                    Kind::Probability => (answer, alarm),
                    Kind::Level | Kind::Rule => (f64::from(u8::from(alarm)), alarm),
                }
            });
            running.bin(trace.is_burst(at), answer);
        }
        Method {
            name,
            threshold: (kind != Kind::Rule).then_some(threshold),
            score: running.score(),
        }
    };

    let slot_s = trace.bin_s;
    let calendar = Calendar::new(move |bin| Some(Slot::of_day((bin as f64 * slot_s) as u64)));
    let mut forecaster = Forecaster::new(&settings(trace.burst_level))?.with_calendar(calendar);
    let answers: Vec<_> = counts
        .iter()
        .map(|count| {
            forecaster.observe(*count);
            forecaster.probability()
        })
        .collect();
    let model = judge("model", &answers, Kind::Probability);
    let baselines = vec![
        judge("persistence", &baselines::persistence(&trace), Kind::Level),
        judge(
            "window_persistence",
            &baselines::window_persistence(&trace),
            Kind::Rule,
        ),
        judge(
            "graded_persistence",
            &baselines::graded_persistence(&trace),
            Kind::Probability,
        ),
        judge(
            "climatology",
            &baselines::climatology(&trace, climatology),
            Kind::Probability,
        ),
        judge(
            "slot_climatology",
            &baselines::slot_climatology(&trace),
            Kind::Probability,
        ),
        judge("seed_rule", &baselines::seed_rule(&trace), Kind::Rule),
    ];
    Ok(Scored {
        bins: counts.len(),
        burst_level,
        climatology,
        model,
        baselines,
        live: forecaster.score(),
        changes: forecaster.changes(),
        believed: forecaster.believed().to_vec(),
    })
}

/// What an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Probability,
    /// A level, from which on the answer is yes.
    Level,
    /// Yes or no.
    Rule,
}

fn burst_level(first_half: &[u64], horizon: usize) -> u64 {
    let mut highs: Vec<u64> = first_half[1..]
        .windows(horizon)
        .map(|window| window.iter().copied().max().unwrap_or(0))
        .collect();
    highs.sort_unstable();
    // Below the number of highs.
    highs[(BURST_QUANTILE * highs.len() as f64) as usize]
}

/// The answer from which on an alarm gives the best F1 over these bins.
fn best_threshold(trace: &Trace<'_>, bins: &[usize], answers: &[Option<f64>]) -> f64 {
    let mut known: Vec<(f64, bool)> = bins
        .iter()
        .filter_map(|bin| answers[*bin].map(|answer| (answer, trace.comes(*bin))))
        .collect();
    known.sort_by(|a, b| b.0.total_cmp(&a.0));
    let positives = known.iter().filter(|(_, came)| *came).count();
    let (mut best, mut threshold, mut right) = (0.0, f64::INFINITY, 0);
    for (index, (answer, came)) in known.iter().enumerate() {
        right += usize::from(*came);
        let same_follows = known.get(index + 1).is_some_and(|(next, _)| next >= answer);
        let f1 = 2.0 * right as f64 / (index + 1 + positives) as f64;
        if !same_follows && f1 > best {
            (best, threshold) = (f1, *answer);
        }
    }
    threshold
}
