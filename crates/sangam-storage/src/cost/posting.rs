//! What a fill moves, as double entry: what leaves one account of the books enters another.

use sangam_core::Money;
use serde::{Deserialize, Serialize};

use super::exact;
use super::lots::Lot;
use super::place::FillPlace;
use super::position::KeptPosition;

/// What a fill moved in the books of its position. The three always sum to exactly nought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Posted {
    /// Into cash: what a sale brought, the negative of what a purchase cost.
    pub cash: Money,
    /// Into stock: the change of what the open units cost.
    pub stock: Money,
    /// Into profit, which stands on the other side: minus the change of the realised profit.
    pub profit: Money,
}

impl Posted {
    /// Whether the three sum to exactly nought.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        exact::of(self.cash) + exact::of(self.stock) + exact::of(self.profit) == 0
    }

    /// What turned one state of a position into another; `None` before its first fill. `None` where a difference leaves
    /// the range of money.
    pub(crate) fn between(before: Option<&KeptPosition>, after: &KeptPosition) -> Option<Self> {
        let was = |figure: fn(&KeptPosition) -> Money| before.map_or(0, |kept| exact::of(figure(kept)));
        let change = |figure: fn(&KeptPosition) -> Money| exact::of(figure(after)) - was(figure);
        Some(Self {
            cash: exact::money(change(|kept| kept.sold_value) - change(|kept| kept.bought_value))?,
            stock: exact::money(change(|kept| kept.cost))?,
            profit: exact::money(-change(|kept| kept.realised))?,
        })
    }
}

/// What a fill, or a recomputation, changed: the postings, and which lots are to be deleted and written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Applied {
    /// What moved.
    pub posted: Posted,
    /// Lots that are no more.
    pub closed: Vec<FillPlace>,
    /// Lots that are new, or have other units or another price than before.
    pub written: Vec<Lot>,
}
