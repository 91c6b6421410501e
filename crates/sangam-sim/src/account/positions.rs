//! Positions and holdings, folded from the day's trades.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Account, Fill, Holding, Leg, Order, Position, Product, Refusal, Scene, Side, average};
use crate::clock::Instant64;
use crate::contracts::{Contract, ContractKey};
use crate::money::Paise;

/// What was carried over from the day before.
#[derive(Clone, Debug)]
pub(super) struct Carried {
    pub(super) contract: Arc<Contract>,
    pub(super) buy: Leg,
    pub(super) sell: Leg,
}

/// A position moved to another product during the day.
#[derive(Clone, Debug)]
pub(super) struct Conversion {
    pub(super) contract: Arc<Contract>,
    pub(super) from: Product,
    pub(super) to: Product,
    pub(super) side: Side,
    pub(super) leg: Leg,
    pub(super) at: Instant64,
}

/// Nets by contract and product.
pub(super) type Nets = BTreeMap<(ContractKey, Product), Net>;

impl Conversion {
    fn add_to(&self, nets: &mut Nets) {
        let opposite = Leg {
            quantity: -self.leg.quantity,
            value: -self.leg.value,
        };
        for (product, moved) in [(self.from, opposite), (self.to, self.leg)] {
            let key = (self.contract.key(), product);
            let net = nets
                .entry(key)
                .or_insert_with(|| Net::of(Arc::clone(&self.contract)));
            net.add(self.side, moved);
        }
    }
}

fn add_fill(nets: &mut Nets, order: &Order, fill: &Fill) {
    let key = (order.contract.key(), order.product);
    let net = nets
        .entry(key)
        .or_insert_with(|| Net::of(Arc::clone(&order.contract)));
    net.add(
        order.side,
        Leg {
            quantity: fill.quantity,
            value: fill.price.times(fill.quantity),
        },
    );
}

/// Net of one contract and product.
#[derive(Clone, Debug)]
pub(super) struct Net {
    pub(super) contract: Arc<Contract>,
    pub(super) day_buy: Leg,
    pub(super) day_sell: Leg,
    pub(super) carried_buy: Leg,
    pub(super) carried_sell: Leg,
}

impl Net {
    const fn of(contract: Arc<Contract>) -> Self {
        let none = Leg {
            quantity: 0,
            value: Paise::ZERO,
        };
        Self {
            contract,
            day_buy: none,
            day_sell: none,
            carried_buy: none,
            carried_sell: none,
        }
    }

    const fn buy(&self) -> Leg {
        self.day_buy.and(self.carried_buy)
    }

    const fn sell(&self) -> Leg {
        self.day_sell.and(self.carried_sell)
    }

    pub(super) const fn quantity(&self) -> i64 {
        self.buy().quantity - self.sell().quantity
    }

    /// Average of the open side, zero when flat.
    pub(super) const fn average(&self) -> Paise {
        let net = self.quantity();
        if net > 0 {
            self.buy().average()
        } else if net < 0 {
            self.sell().average()
        } else {
            Paise::ZERO
        }
    }

    /// Profit of the part that was both bought and sold.
    pub(super) fn realised(&self) -> Paise {
        let (buy, sell) = (self.buy(), self.sell());
        let closed = buy.quantity.min(sell.quantity);
        if closed == 0 {
            return Paise::ZERO;
        }
        let share = |leg: Leg| i128::from(leg.value.0) * i128::from(closed) / i128::from(leg.quantity);
        Paise(i64::try_from(share(sell) - share(buy)).expect("a share of an amount fits"))
    }

    fn add(&mut self, side: Side, leg: Leg) {
        match side {
            Side::Buy => self.day_buy = self.day_buy.and(leg),
            Side::Sell => self.day_sell = self.day_sell.and(leg),
        }
    }
}

impl Account {
    /// The net of each contract and product at `as_of`.
    pub(super) fn nets(&self, as_of: Instant64) -> Cow<'_, Nets> {
        if as_of >= self.last_trade {
            return Cow::Borrowed(&self.running);
        }
        let mut nets = self.carried_nets();
        for book in &self.orders {
            for fill in book.order.fills.iter().filter(|fill| fill.at <= as_of) {
                add_fill(&mut nets, &book.order, fill);
            }
        }
        for conversion in self
            .conversions
            .iter()
            .filter(|conversion| conversion.at <= as_of)
        {
            conversion.add_to(&mut nets);
        }
        Cow::Owned(nets)
    }

    fn carried_nets(&self) -> Nets {
        let net = |carried: &Carried| Net {
            carried_buy: carried.buy,
            carried_sell: carried.sell,
            ..Net::of(Arc::clone(&carried.contract))
        };
        self.carried
            .iter()
            .map(|(key, carried)| (*key, net(carried)))
            .collect()
    }

    /// Enters a trade of the order at a place in the running fold.
    pub(super) fn count_trade(&mut self, at: usize, fill: &Fill) {
        add_fill(&mut self.running, &self.orders[at].order, fill);
        self.last_trade = self.last_trade.max(fill.at);
    }

    /// Begins the fold anew from what was carried over.
    pub(super) fn restart_nets(&mut self) {
        self.running = self.carried_nets();
    }

    /// Positions at `as_of`, flat ones of the day included. Delivery trades of today are positions today.
    #[must_use]
    pub fn positions(&self, scene: &Scene<'_>, as_of: Instant64) -> Vec<Position> {
        let position = |((_, product), net): ((ContractKey, Product), Net)| {
            let last = scene.market.last(&net.contract, as_of);
            Position {
                product,
                day_buy: net.day_buy,
                day_sell: net.day_sell,
                carried_buy: net.carried_buy,
                carried_sell: net.carried_sell,
                last,
                previous_close: scene.market.previous_close(&net.contract, as_of),
                realised: net.realised(),
                unrealised: net.unrealised(product, last),
                contract: net.contract,
            }
        };
        self.nets(as_of).into_owned().into_iter().map(position).collect()
    }

    /// Holdings at `as_of`, sold-out ones included.
    #[must_use]
    pub fn holdings(&self, scene: &Scene<'_>, as_of: Instant64) -> Vec<Holding> {
        let nets = self.nets(as_of);
        self.holdings
            .iter()
            .map(|held| {
                // Today's delivery sales beyond today's delivery buys come out of the holding.
                let net: i64 = nets
                    .iter()
                    .filter(|(key, net)| {
                        key.1 == Product::Delivery && net.contract.isin == held.contract.isin
                    })
                    .map(|(_, net)| net.quantity())
                    .sum();
                Holding {
                    contract: Arc::clone(&held.contract),
                    quantity: held.quantity,
                    t1_quantity: held.t1_quantity,
                    sold_today: (-net).max(0),
                    average: average(held.cost, held.quantity + held.t1_quantity),
                    last: scene.market.last(&held.contract, as_of),
                    previous_close: scene.market.previous_close(&held.contract, as_of),
                }
            })
            .collect()
    }

    /// Moves part of a position to another product at its average price.
    ///
    /// # Errors
    /// [`Refusal::UnknownPosition`] if there is less than `quantity` on that side, [`Refusal::ProductNotAllowed`] if
    /// the segment does not know the product, [`Refusal::Margin`] if the new product needs more than there is.
    pub fn convert(
        &mut self,
        scene: &Scene<'_>,
        key: ContractKey,
        (from, to): (Product, Product),
        side: Side,
        quantity: i64,
    ) -> Result<(), Refusal> {
        self.process(scene);
        let before = self.funds(scene, scene.now);
        let nets = self.nets(scene.now).into_owned();
        let net = nets.get(&(key, from)).ok_or(Refusal::UnknownPosition)?;
        if quantity <= 0 || net.quantity() * side.sign() < quantity {
            return Err(Refusal::UnknownPosition);
        }
        super::checks::check_product(&net.contract, to)?;
        let leg = Leg {
            quantity,
            value: net.average().times(quantity),
        };
        let conversion = Conversion {
            contract: Arc::clone(&net.contract),
            from,
            to,
            side,
            leg,
            at: scene.now,
        };
        conversion.add_to(&mut self.running);
        let after = self.funds(scene, scene.now);
        if after.available() < Paise::ZERO && after.available() < before.available() {
            self.running = nets;
            let required = after.used() - before.used();
            return Err(Refusal::Margin {
                required,
                available: before.available(),
            });
        }
        self.last_trade = scene.now;
        self.conversions.push(conversion);
        Ok(())
    }
}
