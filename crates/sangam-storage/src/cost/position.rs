//! One position brought forward by its fills, in their one order.

use std::collections::VecDeque;

use sangam_core::ports::FillRecord;
use sangam_core::timestamp::Date;
use sangam_core::{BookInstrument, Money, NetQuantity, Price, Product, Quantity, Side};
use serde::{Deserialize, Serialize};

use super::error::CostError;
use super::exact;
use super::lots::{self, Lot, Taken};
use super::method::CostMethod;
use super::place::{FillPlace, PositionKey};
use super::posting::{Applied, Posted};

/// A position as it follows from its fills. Flat ones are kept too, for what they realised.
///
/// The figures are facts of one another ([`KeptPosition::check`]); only [`apply`](Self::apply) and
/// [`recompute`](Self::recompute) make new ones, everything else reads them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptPosition {
    /// Which position.
    pub key: PositionKey,
    /// What, as its last fill named it.
    pub instrument: BookInstrument,
    /// The product.
    pub product: Option<Product>,
    /// Which units leave first. A position keeps its method; another one needs a recomputation.
    pub method: CostMethod,
    /// Open units: positive long, negative short.
    pub net: NetQuantity,
    /// What the open units cost; negative when short, nought when flat.
    pub cost: Money,
    /// Units ever bought.
    pub bought: Quantity,
    /// What they cost.
    pub bought_value: Money,
    /// Units ever sold.
    pub sold: Quantity,
    /// What they brought.
    pub sold_value: Money,
    /// Profit ever realised, before charges.
    pub realised: Money,
    /// The Indian date of the last fill.
    pub day: Date,
    /// Profit realised on that date.
    pub realised_of_day: Money,
    /// Units ever sold for delivery beyond those bought before: shares cannot be delivered short, so they came from
    /// elsewhere and their cost is not known here. Where this is not nought, `realised` is not the whole truth.
    pub unseen: Quantity,
    /// Fills taken in.
    pub fills: u64,
    /// Where the last one stands.
    pub last: FillPlace,
    /// The open units by the fills that opened them, oldest first; empty under [`CostMethod::Average`]. To take in a fill
    /// only as many of the oldest are needed as it closes.
    pub lots: VecDeque<Lot>,
}

impl KeptPosition {
    /// The position after its first fill, which came as the `sequence`-th of the ledger.
    ///
    /// # Errors
    /// [`CostError::OutOfRange`] when a figure leaves its range.
    pub fn opened_by(
        record: &FillRecord,
        sequence: u64,
        method: CostMethod,
    ) -> Result<(Self, Applied), CostError> {
        let place = FillPlace::of(record, sequence);
        let mut kept = Self {
            key: PositionKey::of(record),
            instrument: record.fill.instrument.clone(),
            product: record.fill.product.clone(),
            method,
            net: NetQuantity::ZERO,
            cost: Money::ZERO,
            bought: Quantity::ZERO,
            bought_value: Money::ZERO,
            sold: Quantity::ZERO,
            sold_value: Money::ZERO,
            realised: Money::ZERO,
            day: record.trading_date,
            realised_of_day: Money::ZERO,
            unseen: Quantity::ZERO,
            fills: 0,
            last: place,
            lots: VecDeque::new(),
        };
        let applied = kept.take_in(record, place)?;
        Ok((kept, applied))
    }

    /// Takes in the next fill, which came as the `sequence`-th of the ledger. The work does not grow with the fills ever
    /// taken in: only lots that the fill closes are looked at.
    ///
    /// A fill larger than what is open on the other side closes it and opens the rest.
    ///
    /// # Errors
    /// [`CostError::Late`] for a fill that stands before the last one, [`CostError::OtherPosition`] for one of another
    /// position, [`CostError::OutOfRange`] when a figure leaves its range, [`CostError::Damaged`] when the lots are not
    /// those of the position. Nothing is changed then.
    pub fn apply(&mut self, record: &FillRecord, sequence: u64) -> Result<Applied, CostError> {
        let place = FillPlace::of(record, sequence);
        let key = PositionKey::of(record);
        if key != self.key {
            return Err(CostError::OtherPosition {
                position: Box::new(self.key.clone()),
                fill: Box::new(key),
            });
        }
        if place <= self.last {
            return Err(CostError::Late {
                position: Box::new(key),
                fill: Box::new(place),
                last: Box::new(self.last),
            });
        }
        self.take_in(record, place)
    }

    /// The position from all its fills, each with the number it came as, in any order: they are sorted by their places.
    ///
    /// # Errors
    /// [`CostError::NoFills`] without any, [`CostError::Late`] where two have the same place, else as
    /// [`apply`](Self::apply).
    pub fn recompute<'a>(
        method: CostMethod,
        fills: impl IntoIterator<Item = (u64, &'a FillRecord)>,
    ) -> Result<Self, CostError> {
        let mut fills: Vec<_> = fills.into_iter().collect();
        fills.sort_by_key(|(sequence, record)| FillPlace::of(record, *sequence));
        let mut fills = fills.into_iter();
        let (sequence, first) = fills.next().ok_or(CostError::NoFills)?;
        let (mut kept, _) = Self::opened_by(first, sequence, method)?;
        for (sequence, record) in fills {
            kept.apply(record, sequence)?;
        }
        Ok(kept)
    }

    /// What replaces one state of a position by another: after a late fill, or in a rebuild. `before` is `None` where
    /// there was none.
    ///
    /// # Errors
    /// [`CostError::OutOfRange`] when the difference of two figures leaves the range of money.
    pub fn replacing(&self, before: Option<&Self>) -> Result<Applied, CostError> {
        let posted = Posted::between(before, self).ok_or_else(|| self.out_of_range("the change"))?;
        let empty = VecDeque::new();
        let old = before.map_or(&empty, |kept| &kept.lots);
        // Both queues stand in the order of their places.
        let is_in = |lots: &VecDeque<Lot>, lot: &Lot| {
            let found = lots.binary_search_by_key(&lot.opened, |other| other.opened);
            found.ok().map(|at| lots[at])
        };
        Ok(Applied {
            posted,
            closed: old
                .iter()
                .filter(|lot| is_in(&self.lots, lot).is_none())
                .map(|lot| lot.opened)
                .collect(),
            written: self
                .lots
                .iter()
                .filter(|lot| is_in(old, lot) != Some(**lot))
                .copied()
                .collect(),
        })
    }

    /// What an open unit costs on average, rounded half to even at six decimals; `None` when flat.
    #[must_use]
    pub fn average_price(&self) -> Option<Price> {
        if self.net.is_zero() {
            return None;
        }
        exact::price(exact::divided(exact::of(self.cost), self.net.units().into()))
    }

    /// Every figure is computed before the first is changed.
    fn take_in(&mut self, record: &FillRecord, place: FillPlace) -> Result<Applied, CostError> {
        let fill = &record.fill;
        let size =
            i64::try_from(fill.quantity.units()).map_err(|_| self.out_of_range("the quantity of a fill"))?;
        let signed = match fill.side {
            Side::Buy => size,
            Side::Sell => -size,
        };
        let open = self.net.units();
        // With the sign of the position; `opened` with the sign of the fill.
        let closed = if open.signum() * signed.signum() < 0 {
            open.signum() * open.abs().min(size)
        } else {
            0
        };
        let opened = signed + closed;
        let price = exact::of_price(fill.price);
        let taken = self.take_out(closed)?;
        let profit = price * i128::from(closed) - taken.cost;
        let cost = exact::of(self.cost) - taken.cost + price * i128::from(opened);
        let of_day = if place.trading_date == self.day {
            exact::of(self.realised_of_day)
        } else {
            0
        };
        let value = price * i128::from(size);
        let (buys, sells) = match fill.side {
            Side::Buy => ((fill.quantity, value), (Quantity::ZERO, 0)),
            Side::Sell => ((Quantity::ZERO, 0), (fill.quantity, value)),
        };
        let short_delivery = if self.product == Some(Product::Delivery) && opened < 0 {
            opened.unsigned_abs()
        } else {
            0
        };
        let money = |millionths, what| exact::money(millionths).ok_or_else(|| self.out_of_range(what));
        let quantity = |sum: Result<Quantity, _>, what| sum.map_err(|_| self.out_of_range(what));
        let next = Self {
            key: self.key.clone(),
            instrument: fill.instrument.clone(),
            product: self.product.clone(),
            method: self.method,
            net: NetQuantity::new(open + signed).map_err(|_| self.out_of_range("the net quantity"))?,
            cost: money(cost, "the cost")?,
            bought: quantity(self.bought.checked_add(buys.0), "the quantity bought")?,
            bought_value: money(exact::of(self.bought_value) + buys.1, "the value bought")?,
            sold: quantity(self.sold.checked_add(sells.0), "the quantity sold")?,
            sold_value: money(exact::of(self.sold_value) + sells.1, "the value sold")?,
            realised: money(exact::of(self.realised) + profit, "the realised profit")?,
            day: place.trading_date,
            realised_of_day: money(of_day + profit, "the profit of the day")?,
            unseen: quantity(
                Quantity::new(short_delivery).and_then(|more| self.unseen.checked_add(more)),
                "the quantity sold unseen",
            )?,
            fills: self.fills + 1,
            last: place,
            lots: VecDeque::new(),
        };
        let posted =
            Posted::between(Some(self), &next).ok_or_else(|| self.out_of_range("the value of a fill"))?;
        let lots = std::mem::take(&mut self.lots);
        *self = Self { lots, ..next };
        Ok(self.move_lots(posted, taken, opened, fill.price))
    }

    /// What closing units costs the position; nothing is changed.
    fn take_out(&self, closed: i64) -> Result<Taken, CostError> {
        match self.method {
            CostMethod::Fifo => lots::take(&self.lots, closed)
                .ok_or_else(|| self.damaged("the lots are fewer than the net units")),
            CostMethod::Average => Ok(Taken {
                whole: 0,
                rest: None,
                cost: if closed == 0 {
                    0
                } else {
                    // Exact when the last unit leaves: the cost times one.
                    exact::divided(exact::of(self.cost) * i128::from(closed), self.net.units().into())
                },
            }),
        }
    }

    fn move_lots(&mut self, posted: Posted, taken: Taken, opened: i64, price: Price) -> Applied {
        let closed = self.lots.drain(..taken.whole).map(|lot| lot.opened).collect();
        let mut written = Vec::new();
        if let (Some(rest), Some(front)) = (taken.rest, self.lots.front_mut()) {
            *front = rest;
            written.push(rest);
        }
        if self.method == CostMethod::Fifo && opened != 0 {
            let lot = Lot {
                opened: self.last,
                units: NetQuantity::new(opened).expect("no more than the fill"),
                price,
            };
            self.lots.push_back(lot);
            written.push(lot);
        }
        Applied {
            posted,
            closed,
            written,
        }
    }

    fn out_of_range(&self, what: &'static str) -> CostError {
        CostError::OutOfRange {
            position: Box::new(self.key.clone()),
            what,
        }
    }

    pub(super) fn damaged(&self, what: &'static str) -> CostError {
        CostError::Damaged {
            position: Box::new(self.key.clone()),
            what,
        }
    }
}
