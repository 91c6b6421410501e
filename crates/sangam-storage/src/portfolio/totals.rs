//! Sums over parts. Amounts are added in whole millionths and brought back into range once.

use sangam_core::Money;

use super::draft::Beyond;
use super::view::{Figures, LastPrice, Totals};
use crate::cost::exact;

/// Totals while they grow.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    value: i128,
    cost: i128,
    unrealised: i128,
    realised: i128,
    realised_today: i128,
    counts: Counts,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    entries: u64,
    without_value: u64,
    without_cost: u64,
    stale: u64,
    differing: u64,
}

impl Sum {
    /// Adds the amounts of a part.
    pub(super) fn add(&mut self, figures: &Figures) {
        let known = |amount: Option<Money>| amount.map_or(0, exact::of);
        self.value += known(figures.value);
        self.cost += known(figures.cost);
        self.unrealised += known(figures.unrealised);
        self.realised += known(figures.realised);
        self.realised_today += known(figures.realised_today);
    }

    /// Adds what a position that is over realised.
    pub(super) fn add_closed(&mut self, realised: Money) {
        self.realised += exact::of(realised);
    }

    /// Adds the amounts of another sum, and not what it counted.
    pub(super) fn add_amounts(&mut self, other: &Self) {
        self.value += other.value;
        self.cost += other.cost;
        self.unrealised += other.unrealised;
        self.realised += other.realised;
        self.realised_today += other.realised_today;
    }

    /// Adds another sum.
    pub(super) fn add_all(&mut self, other: &Self) {
        self.add_amounts(other);
        let (counts, more) = (&mut self.counts, other.counts);
        counts.entries += more.entries;
        counts.without_value += more.without_value;
        counts.without_cost += more.without_cost;
        counts.stale += more.stale;
        counts.differing += more.differing;
    }

    /// Counts a line, or a part.
    pub(super) fn count(&mut self, figures: &Figures, price: Option<&LastPrice>) {
        let open = u64::from(!figures.quantity.is_zero());
        let counts = &mut self.counts;
        counts.entries += 1;
        counts.without_value += open * u64::from(figures.value.is_none());
        counts.without_cost += open * u64::from(figures.cost.is_none());
        counts.stale += open * u64::from(price.is_some_and(|price| price.stale));
        counts.differing += u64::from(figures.differs);
    }

    pub(super) fn finish(self) -> Result<Totals, Beyond> {
        let money = |millionths, what| exact::money(millionths).ok_or(Beyond(what));
        Ok(Totals {
            entries: self.counts.entries,
            value: money(self.value, "the value")?,
            cost: money(self.cost, "the cost")?,
            unrealised: money(self.unrealised, "the unrealised profit")?,
            realised: money(self.realised, "the realised profit")?,
            realised_today: money(self.realised_today, "today's profit")?,
            without_value: self.counts.without_value,
            without_cost: self.counts.without_cost,
            stale: self.counts.stale,
            differing: self.counts.differing,
        })
    }
}
