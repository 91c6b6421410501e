//! Matching against the market's depth.
//!
//! An order looks at the depth when it is placed and then once a market tick. It takes what is shown at its price or
//! better; what is left waits for the next tick's depth, so a large order fills in several trades. An order that was
//! marketable when it came trades at the levels' prices; one that rested trades at its own limit.

use super::{Account, Book, EventKind, Fill, OrderKind, OrderState, Scene, Side, Validity};
use crate::clock::{Instant64, Phase, next_ist, phase};
use crate::market::{Level, TICK_US};
use crate::money::Paise;

/// However long nobody looked, an order is not matched more often than this in one go.
const CATCH_UP_STEPS: i64 = 2_000;

impl Account {
    /// Brings all orders up to the present: releases queued ones, fires triggers, fills.
    pub fn process(&mut self, scene: &Scene<'_>) {
        self.roll_over(scene);
        loop {
            let mut due: Vec<(Instant64, usize)> =
                self.open.iter().map(|&at| (self.orders[at].due, at)).collect();
            due.retain(|(when, _)| *when <= scene.now);
            if due.is_empty() {
                return;
            }
            due.sort_unstable();
            for (when, at) in due {
                self.look(scene, at, when);
            }
        }
    }

    /// One look of one order, and the time of the next.
    fn look(&mut self, scene: &Scene<'_>, at: usize, when: Instant64) {
        self.step(scene, at, when);
        let book = &mut self.orders[at];
        if book.order.state.is_final() {
            self.open.remove(&at);
            return;
        }
        let behind = (scene.now.0 - when.0) / CATCH_UP_STEPS;
        let next = Instant64((when.0.div_euclid(TICK_US) + 1) * TICK_US);
        book.due = next.plus_us(behind / TICK_US * TICK_US).max(book.due.plus_us(1));
    }

    /// What an order does at the market of an instant.
    fn step(&mut self, scene: &Scene<'_>, at: usize, when: Instant64) {
        let open = phase(when, scene.always_open) == Phase::Open;
        let book = &mut self.orders[at];
        match book.order.state {
            OrderState::AfterMarket => {
                let release = next_ist(book.order.placed_at, 9, 15);
                if when < release || !open {
                    book.due = release.max(when);
                    return;
                }
                book.open(when);
            }
            OrderState::TriggerPending | OrderState::Open if open => {}
            _ => return,
        }
        if book.order.state == OrderState::TriggerPending && !book.triggers(scene, when) {
            return;
        }
        self.fill(scene, at, when);
        let book = &mut self.orders[at];
        if book.order.state == OrderState::Open {
            book.resting = true;
            if book.order.terms.validity == Validity::Ioc {
                book.record(when, EventKind::Lapsed, OrderState::Cancelled);
            }
        }
    }

    fn fill(&mut self, scene: &Scene<'_>, at: usize, when: Instant64) {
        let depth = scene.market.depth(&self.orders[at].order.contract, when);
        let levels = match self.orders[at].order.side {
            Side::Buy => depth.asks,
            Side::Sell => depth.bids,
        };
        for level in levels {
            let book = &mut self.orders[at];
            if book.order.pending() == 0 || !book.takes(level.price) {
                return;
            }
            self.fills += 1;
            let fill = book.trade(level, when, self.fills);
            self.count_trade(at, &fill);
        }
    }
}

impl Book {
    /// True if the trigger is touched; the order is open then.
    fn triggers(&mut self, scene: &Scene<'_>, when: Instant64) -> bool {
        let last = scene.market.last(&self.order.contract, when);
        let touched = match self.order.side {
            Side::Buy => last >= self.order.terms.trigger,
            Side::Sell => last <= self.order.terms.trigger,
        };
        if touched {
            self.record(when, EventKind::Triggered, OrderState::Open);
        }
        touched
    }

    /// True if the order may trade at a price. Once triggered, a stop-market order is a market order.
    fn takes(&self, price: Paise) -> bool {
        match (self.order.terms.kind, self.order.side) {
            (OrderKind::Market | OrderKind::StopMarket, _) => true,
            (_, Side::Buy) => price <= self.order.terms.price,
            (_, Side::Sell) => price >= self.order.terms.price,
        }
    }

    fn trade(&mut self, level: Level, when: Instant64, serial: u64) -> Fill {
        let order = &mut self.order;
        let quantity = order.pending().min(level.quantity);
        let price = if self.resting && order.terms.kind.has_price() {
            order.terms.price
        } else {
            level.price
        };
        order.filled += quantity;
        order.value = order.value + price.times(quantity);
        let fill = Fill {
            trade_id: format!("{}{serial:06}", when.format("%d%m")),
            order_id: order.id.clone(),
            quantity,
            price,
            at: when,
            serial,
        };
        order.fills.push(fill.clone());
        let state = if order.filled == order.terms.quantity {
            OrderState::Complete
        } else {
            OrderState::Open
        };
        self.record(when, EventKind::Filled, state);
        fill
    }
}
