//! Whether a position read back is one that fills can make.

use sangam_core::Quantity;

use super::error::CostError;
use super::exact;
use super::method::CostMethod;
use super::position::KeptPosition;

impl KeptPosition {
    /// Whether the figures agree with each other: for rows read back.
    ///
    /// # Errors
    /// [`CostError::Damaged`] naming the figures that do not.
    pub fn check(&self) -> Result<(), CostError> {
        let units = |quantity: Quantity| i128::from(quantity.units());
        let lot_units: i128 = self.lots.iter().map(|lot| i128::from(lot.units.units())).sum();
        let lot_cost: i128 = self
            .lots
            .iter()
            .map(|lot| exact::of_price(lot.price) * i128::from(lot.units.units()))
            .sum();
        let spent = exact::of(self.bought_value) - exact::of(self.sold_value);
        let what = if units(self.bought) - units(self.sold) != i128::from(self.net.units()) {
            "the net units are not those bought less those sold"
        } else if spent + exact::of(self.realised) != exact::of(self.cost) {
            "the cost is not what was spent and realised"
        } else if self.net.is_zero() && !self.cost.is_zero() {
            "it is flat and has a cost"
        } else if self.method == CostMethod::Average && !self.lots.is_empty() {
            "it goes by the average and has lots"
        } else if self.method == CostMethod::Fifo && lot_units != i128::from(self.net.units()) {
            "the lots do not add up to the net units"
        } else if self.method == CostMethod::Fifo && lot_cost != exact::of(self.cost) {
            "the lots do not add up to the cost"
        } else if self
            .lots
            .iter()
            .zip(self.lots.iter().skip(1))
            .any(|(one, next)| one.opened >= next.opened)
        {
            "the lots are not in the order they were opened in"
        } else if self
            .lots
            .iter()
            .any(|lot| lot.units.units().signum() != self.net.units().signum())
        {
            "a lot is not on the side of the position"
        } else {
            return Ok(());
        };
        Err(self.damaged(what))
    }
}
