//! One scope's forecast: takes a count each bin, asks the question, and learns from each answer when its horizon has
//! passed.

use super::alarm::Threshold;
use super::calendar::Calendar;
use super::change::ChangeTest;
use super::experts::{EXPERTS, Experts, Grounds, NAMES};
use super::reading::{Reading, SHARE_MAX};
use super::running::{RunningScore, Score};
use super::settings::{Checked, Settings};
use crate::rules::RulesError;

/// Says how likely a burst is within the horizon. Some 12 KB and 280 bytes a bin of the horizon, all of it taken at the start.
#[derive(Debug)]
pub struct Forecaster {
    settings: Checked,
    calendar: Option<Calendar>,
    experts: Experts,
    reading: Reading,
    /// The questions of the last horizon, by bin.
    pending: Box<[Option<Grounds>]>,
    bins: u64,
    last_burst: Option<u64>,
    present: Present,
    threshold: Threshold,
    change: ChangeTest,
    changes: u64,
    running: RunningScore,
}

/// What there is to say in the present bin.
#[derive(Debug, Clone, Copy)]
enum Present {
    /// Nothing was observed, or not since bins were skipped.
    Unknown,
    Burst,
    Asked(f64),
}

impl Forecaster {
    /// A forecaster that has seen nothing.
    ///
    /// # Errors
    /// [`RulesError`] naming the field that cannot be: a capacity that is not above 0, a horizon that is no whole number of
    /// bins or too long, a threshold that is no probability.
    pub fn new(settings: &Settings) -> Result<Self, RulesError> {
        let settings = settings.check()?;
        let horizon = settings.horizon;
        Ok(Self {
            calendar: None,
            experts: Experts::new(horizon),
            reading: Reading::new(),
            pending: vec![None; usize::from(horizon)].into_boxed_slice(),
            bins: 0,
            last_burst: None,
            present: Present::Unknown,
            threshold: Threshold::new(settings.threshold),
            change: ChangeTest::new(horizon),
            changes: 0,
            running: RunningScore::new(settings.bin, horizon, None),
            settings,
        })
    }

    /// Lets it know the time of day. What was learnt of times of day before is given up.
    #[must_use]
    pub fn with_calendar(mut self, calendar: Calendar) -> Self {
        self.experts.set_prior(&calendar);
        self.calendar = Some(calendar);
        self
    }

    /// Takes the calls of the bin that has just ended; an idle bin is 0.
    pub fn observe(&mut self, count: u64) {
        let bin = self.bins;
        self.bins = self.bins.saturating_add(1);
        let share = count as f64 / self.settings.burst_level;
        let burst = share > 1.0;
        let share = share.min(SHARE_MAX);
        if burst {
            self.last_burst = Some(bin);
        }
        self.learn(bin);
        self.reading.take(share);
        self.experts.take(share);
        let asked = (!burst).then(|| self.ask(bin));
        self.present = asked
            .as_ref()
            .map_or(Present::Burst, |grounds| Present::Asked(grounds.probability));
        let place = self.place(bin);
        self.pending[place] = asked;
        let answer = self.probability().map(|p| (p, p >= self.threshold.get()));
        self.running.bin(burst, answer);
    }

    /// Bins went by that nobody counted, while the machine slept for instance. What was asked before them is never
    /// known, and recent demand is no longer recent; what was learnt stays.
    pub fn skip(&mut self, bins: u64) {
        if bins == 0 {
            return;
        }
        self.bins = self.bins.saturating_add(bins);
        self.pending.fill(None);
        self.last_burst = None;
        self.present = Present::Unknown;
        self.reading.restart();
        self.experts.restart();
        self.running.skip(bins);
    }

    /// How likely some bin within the horizon is above the burst level. `None` in a burst, where it is not asked, and
    /// before anything was observed.
    #[must_use]
    pub fn probability(&self) -> Option<f64> {
        match self.present {
            Present::Asked(probability) => Some(probability),
            Present::Burst | Present::Unknown => None,
        }
    }

    /// A burst is under way, or likely enough to act on: [`probability`](Self::probability) has reached
    /// [`threshold`](Self::threshold). Ends by itself when demand falls, also when nothing is called any more, as long as idle bins
    /// are observed.
    #[must_use]
    pub fn expects_burst(&self) -> bool {
        match self.present {
            Present::Asked(probability) => probability >= self.threshold.get(),
            Present::Burst => true,
            Present::Unknown => false,
        }
    }

    /// The last bin was above the burst level.
    #[must_use]
    pub fn in_burst(&self) -> bool {
        matches!(self.present, Present::Burst)
    }

    /// The probability from which on a burst is expected.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.threshold.get()
    }

    /// Calls a bin above which it is a burst.
    #[must_use]
    pub fn burst_level(&self) -> f64 {
        self.settings.burst_level
    }

    /// Bins observed and skipped.
    #[must_use]
    pub fn bins(&self) -> u64 {
        self.bins
    }

    /// What its own answers were worth since the start, at the thresholds of their time.
    #[must_use]
    pub fn score(&self) -> Score {
        self.running.score()
    }

    /// How often bursts began to come more or less often than it said.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// How far each expert is believed; together 1.
    #[must_use]
    pub fn believed(&self) -> [(&'static str, f64); EXPERTS] {
        let believed = self.experts.believed();
        std::array::from_fn(|i| (NAMES[i], believed[i]))
    }

    fn place(&self, bin: u64) -> usize {
        usize::try_from(bin % self.pending.len() as u64).expect("an index")
    }

    fn ask(&self, bin: u64) -> Grounds {
        let slot = self.calendar.as_ref().and_then(|calendar| calendar.slot(bin));
        self.experts.ask(&self.reading, slot)
    }

    /// Learns from the question a horizon before this bin, if one was asked: now it is known what came.
    fn learn(&mut self, bin: u64) {
        let place = self.place(bin);
        let Some(grounds) = self.pending[place].take() else {
            return;
        };
        let asked_at = bin.saturating_sub(self.pending.len() as u64);
        let came = self.last_burst.is_some_and(|last| last > asked_at);
        if self.change.changed(grounds.probability, came) {
            self.changes += 1;
            if self.settings.follow_changes {
                self.experts.doubt();
            }
        }
        self.threshold.learn(grounds.probability, came);
        self.experts.learn(&grounds, came);
    }
}
