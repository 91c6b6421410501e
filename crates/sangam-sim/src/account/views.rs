//! What an account shows besides its orders: positions, holdings, funds.

use std::sync::Arc;

use super::{Product, average};
use crate::contracts::Contract;
use crate::money::Paise;

/// A net position of the day in one contract and product.
#[derive(Clone, Debug)]
pub struct Position {
    /// Contract.
    pub contract: Arc<Contract>,
    /// Product.
    pub product: Product,
    /// Bought today.
    pub day_buy: Leg,
    /// Sold today.
    pub day_sell: Leg,
    /// Bought before today and carried.
    pub carried_buy: Leg,
    /// Sold before today and carried.
    pub carried_sell: Leg,
    /// Last price.
    pub last: Paise,
    /// Close of the day before.
    pub previous_close: Paise,
    /// Profit of what was closed.
    pub realised: Paise,
    /// Profit of what is open at the last price.
    pub unrealised: Paise,
}

/// One side of a position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leg {
    /// Units.
    pub quantity: i64,
    /// Value.
    pub value: Paise,
}

impl Leg {
    /// Value per unit.
    #[must_use]
    pub const fn average(self) -> Paise {
        average(self.value, self.quantity)
    }

    /// This leg and another together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            quantity: self.quantity + other.quantity,
            value: Paise(self.value.0 + other.value.0),
        }
    }
}

impl Position {
    /// All buys, carried and today's.
    #[must_use]
    pub const fn buy(&self) -> Leg {
        self.day_buy.and(self.carried_buy)
    }

    /// All sells, carried and today's.
    #[must_use]
    pub const fn sell(&self) -> Leg {
        self.day_sell.and(self.carried_sell)
    }

    /// Signed net quantity.
    #[must_use]
    pub const fn net(&self) -> i64 {
        self.buy().quantity - self.sell().quantity
    }

    /// Average price of the open side; zero when flat.
    #[must_use]
    pub const fn net_average(&self) -> Paise {
        let net = self.net();
        if net > 0 {
            self.buy().average()
        } else if net < 0 {
            self.sell().average()
        } else {
            Paise::ZERO
        }
    }
}

/// A holding in the depository.
#[derive(Clone, Debug)]
pub struct Holding {
    /// Contract.
    pub contract: Arc<Contract>,
    /// Units at the start of the day.
    pub quantity: i64,
    /// Delivered tomorrow (bought the day before), not part of `quantity`.
    pub t1_quantity: i64,
    /// Sold today (delivery).
    pub sold_today: i64,
    /// Average cost.
    pub average: Paise,
    /// Last price.
    pub last: Paise,
    /// Close of the day before.
    pub previous_close: Paise,
}

impl Holding {
    /// Units left after today's sales.
    #[must_use]
    pub const fn remaining(&self) -> i64 {
        self.quantity + self.t1_quantity - self.sold_today
    }
}

/// Money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Funds {
    /// Cash at the start of the day.
    pub opening: Paise,
    /// Blocked by open orders.
    pub blocked: Paise,
    /// Margin and cost of what was bought or is held open.
    pub margin: Paise,
    /// Proceeds of delivery sales that may be used at once.
    pub sale_credit: Paise,
    /// Premium paid for open long options (part of `margin`).
    pub premium: Paise,
    /// Realised profit of the day, negative for a loss.
    pub realised: Paise,
    /// Unrealised profit at the last prices.
    pub unrealised: Paise,
}

impl Funds {
    /// Blocked and margin together.
    #[must_use]
    pub const fn used(&self) -> Paise {
        Paise(self.blocked.0 + self.margin.0)
    }

    /// What a new order may use: unrealised profit does not count, realised does.
    #[must_use]
    pub const fn available(&self) -> Paise {
        Paise(self.opening.0 + self.sale_credit.0 + self.realised.0 - self.used().0)
    }
}
