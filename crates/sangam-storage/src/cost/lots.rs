//! The open units under first in, first out: a queue of lots, the oldest first.

use std::collections::VecDeque;

use sangam_core::{NetQuantity, Price};
use serde::{Deserialize, Serialize};

use super::exact;
use super::place::FillPlace;

/// Units opened by one fill and not closed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// The fill that opened it, which is also its name.
    pub opened: FillPlace,
    /// The units left: positive when long, negative when short, never nought.
    pub units: NetQuantity,
    /// What each of them cost.
    pub price: Price,
}

/// What closing some units takes out of a queue of lots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    /// So many lots from the front are used up.
    pub(super) whole: usize,
    /// What stays of the lot after them, where part of it is used.
    pub(super) rest: Option<Lot>,
    /// What the units cost, in millionths, with the sign of the position.
    pub(super) cost: i128,
}

/// What closing units, signed as the position is, takes out. `None` if there are not that many. Looks at no lot behind
/// those it takes from.
pub(super) fn take(lots: &VecDeque<Lot>, units: i64) -> Option<Taken> {
    let mut taken = Taken {
        whole: 0,
        rest: None,
        cost: 0,
    };
    let mut left = units;
    for lot in lots {
        if left == 0 {
            break;
        }
        let here = lot.units.units();
        if here.signum() != left.signum() {
            return None;
        }
        let used = if here.unsigned_abs() <= left.unsigned_abs() {
            taken.whole += 1;
            here
        } else {
            taken.rest = Some(Lot {
                units: NetQuantity::new(here - left).expect("less than the lot was"),
                ..*lot
            });
            left
        };
        taken.cost += exact::of_price(lot.price) * i128::from(used);
        left -= used;
    }
    (left == 0).then_some(taken)
}
