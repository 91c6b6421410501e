//! The change of day at midnight IST: books are cleared, deliveries settle, derivatives are carried or settled.

use std::sync::Arc;

use super::positions::Carried;
use super::{Account, HeldShares, Leg, OrderState, Product, Scene};
use crate::clock::{DAY_US, Instant64};
use crate::money::Paise;

impl Account {
    /// Starts a new day if the clock has passed midnight. After-market orders stay; everything else of the old day goes.
    pub(super) fn roll_over(&mut self, scene: &Scene<'_>) {
        let today = scene.now.day_number();
        if today == self.day {
            return;
        }
        let midnight = scene.now.plus_us(-scene.now.since_midnight_us());
        let last_moment = Instant64(midnight.0 - (today - self.day - 1) * DAY_US - 1);
        let nets = self.nets(last_moment).into_owned();
        self.settle_holdings();
        self.carried.clear();
        let mut cash = self.opening;
        for ((key, product), net) in nets {
            cash = cash + net.realised();
            let quantity = net.quantity();
            let last = scene.market.last(&net.contract, last_moment);
            let expired = net
                .contract
                .expiry
                .as_ref()
                .is_some_and(|expiry| expiry.date < scene.now.date());
            match product {
                Product::Delivery | Product::MarginFunded => {
                    cash = cash - net.average().times(quantity);
                    self.deliver(&net.contract, quantity, net.average());
                }
                Product::CarryForward if !expired && quantity != 0 => {
                    let leg = Leg {
                        quantity: quantity.abs(),
                        value: net.average().times(quantity.abs()),
                    };
                    let (buy, sell) = if quantity > 0 {
                        (leg, Leg::default())
                    } else {
                        (Leg::default(), leg)
                    };
                    self.carried.insert(
                        (key, product),
                        Carried {
                            contract: net.contract,
                            buy,
                            sell,
                        },
                    );
                }
                // Intraday positions are squared off, expired ones settled, at the last price.
                _ => cash = cash + Paise((last.0 - net.average().0) * quantity),
            }
        }
        self.opening = cash;
        self.conversions.clear();
        self.orders
            .retain(|book| book.order.state == OrderState::AfterMarket);
        self.by_id = self
            .orders
            .iter()
            .enumerate()
            .map(|(at, book)| (book.order.id.clone(), at))
            .collect();
        self.open = (0..self.orders.len()).collect();
        self.restart_nets();
        self.day = today;
    }

    /// Shares bought the day before have arrived.
    fn settle_holdings(&mut self) {
        for held in &mut self.holdings {
            held.quantity += held.t1_quantity;
            held.t1_quantity = 0;
        }
    }

    /// Bought shares arrive tomorrow; sold ones leave at once, at the holding's own cost.
    fn deliver(&mut self, contract: &Arc<crate::contracts::Contract>, quantity: i64, price: Paise) {
        let place = self
            .holdings
            .iter()
            .position(|held| held.contract.isin == contract.isin);
        let at = place.unwrap_or_else(|| {
            let contract = Arc::clone(contract);
            self.holdings.push(HeldShares {
                contract,
                quantity: 0,
                t1_quantity: 0,
                cost: Paise::ZERO,
            });
            self.holdings.len() - 1
        });
        let held = &mut self.holdings[at];
        if quantity > 0 {
            held.cost = held.cost + price.times(quantity);
            held.t1_quantity += quantity;
        } else if quantity < 0 {
            let all = (held.quantity + held.t1_quantity).max(1);
            held.cost = held.cost + Paise(held.cost.0 * quantity / all);
            held.quantity += quantity;
        }
        self.holdings.retain(|held| held.quantity + held.t1_quantity > 0);
    }
}
