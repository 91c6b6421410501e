//! Who is asked. Each gives a probability and keeps its grounds, with which it learns when the answer is known; what
//! they are worth together is the [mix](super::mix)'s to say.

mod blend;
mod graded;
mod holt;
mod rise;
mod season;
mod shape;

use super::calendar::{Calendar, Slot};
use super::mix::Mix;
use super::reading::Reading;
use blend::Blend;
use graded::Graded;
pub(super) use graded::{GRADES, grade};
use holt::Holt;
use rise::Rise;
use season::Season;
use shape::Shape;

/// How many there are.
pub(super) const EXPERTS: usize = 6;
/// Their names, in their order.
pub(super) const NAMES: [&str; EXPERTS] = ["graded", "holt", "rise", "season", "shape", "blend"];
/// How far each is believed at the start: three know something before they learnt anything.
const BELIEVED: [f64; EXPERTS] = [0.05, 0.2, 0.3, 0.1, 0.25, 0.1];

/// All of them, and how far each is believed.
#[derive(Debug)]
pub(super) struct Experts {
    graded: Graded,
    holt: Holt,
    rise: Rise,
    season: Season,
    shape: Shape,
    blend: Blend,
    mix: Mix<EXPERTS>,
}

/// What was said, and why: kept until it is known what came.
#[derive(Debug, Clone)]
pub(super) struct Grounds {
    pub(super) probability: f64,
    opinions: [f64; EXPERTS],
    graded: graded::Grounds,
    holt: holt::Grounds,
    rise: rise::Grounds,
    season: season::Grounds,
    shape: shape::Grounds,
    blend: blend::Grounds,
}

impl Experts {
    pub(super) fn new(horizon: u16) -> Self {
        Self {
            graded: Graded::new(),
            holt: Holt::new(horizon),
            rise: Rise::new(),
            season: Season::new(),
            shape: Shape::new(),
            blend: Blend::new(),
            mix: Mix::new(BELIEVED, horizon),
        }
    }

    pub(super) fn set_prior(&mut self, calendar: &Calendar) {
        self.season = Season::with_prior(&calendar.prior);
    }

    /// Takes the next bin, a burst or not.
    pub(super) fn take(&mut self, share: f64) {
        self.holt.take(share);
    }

    /// Bins are missing.
    pub(super) fn restart(&mut self) {
        self.holt.restart();
    }

    /// Will some bin within the horizon be over the burst level?
    pub(super) fn ask(&self, reading: &Reading, slot: Option<Slot>) -> Grounds {
        let (graded_says, graded) = self.graded.ask(reading);
        let (holt_says, holt) = self.holt.ask();
        let (rise_says, rise) = self.rise.ask(reading);
        let (season_says, season) = self.season.ask(slot);
        let (shape_says, shape) = self.shape.ask(reading, graded.odds, self.holt.deviation());
        let alone = [graded_says, holt_says, rise_says, season_says, shape_says];
        let (blend_says, blend) = self.blend.ask(&alone);
        let opinions = [
            graded_says,
            holt_says,
            rise_says,
            season_says,
            shape_says,
            blend_says,
        ];
        Grounds {
            probability: self.mix.probability(&opinions),
            opinions,
            graded,
            holt,
            rise,
            season,
            shape,
            blend,
        }
    }

    /// What came of it.
    pub(super) fn learn(&mut self, grounds: &Grounds, came: bool) {
        self.graded.learn(&grounds.graded, came);
        self.holt.learn(&grounds.holt, came);
        self.rise.learn(grounds.rise, came);
        self.season.learn(grounds.season, came);
        self.shape.learn(&grounds.shape, came);
        self.blend.learn(&grounds.blend, came);
        self.mix.learn(&grounds.opinions, came);
    }

    /// Something has changed: what was learnt stays until it is contradicted, and is then soon given up.
    pub(super) fn doubt(&mut self) {
        self.graded.doubt();
        self.holt.doubt();
        self.rise.doubt();
        self.season.doubt();
        self.shape.doubt();
        self.blend.doubt();
        self.mix.doubt();
    }

    pub(super) fn believed(&self) -> [f64; EXPERTS] {
        self.mix.weights()
    }
}
