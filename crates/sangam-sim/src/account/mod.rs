//! One broker account: its order book, trades, positions, holdings and funds, in neutral form.
//!
//! Pure state: every call takes the instant and the market, so one seed and one series of calls give one book. Orders
//! are matched when they are placed, on every later read and by the server's background tick; the time stamped on a
//! fill is the time at which it fell due, whoever computed it.

mod checks;
mod matching;
mod money;
mod positions;
mod refusal;
mod rollover;
mod types;
mod views;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::clock::Instant64;
use crate::config::SimConfig;
use crate::contracts::{ContractKey, Universe};
use crate::market::Market;
use crate::money::Paise;

pub use refusal::Refusal;
pub use types::{
    Change, Event, EventKind, Fill, NewOrder, Order, OrderKind, OrderState, Product, Side, Terms, Validity,
    average,
};
pub use views::{Funds, Holding, Leg, Position};

/// What an account looks at while it works.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Prices.
    pub market: &'a Market,
    /// Contracts of the day.
    pub universe: &'a Universe,
    /// The present instant.
    pub now: Instant64,
    /// Sessions are ignored.
    pub always_open: bool,
}

/// One account's books.
#[derive(Debug)]
pub struct Account {
    fill_delay_us: i64,
    day: i64,
    opening: Paise,
    orders: Vec<Book>,
    by_id: HashMap<String, usize>,
    /// Places of the orders that are not final.
    open: BTreeSet<usize>,
    placed: u64,
    fills: u64,
    carried: BTreeMap<(ContractKey, Product), positions::Carried>,
    holdings: Vec<HeldShares>,
    conversions: Vec<positions::Conversion>,
    /// The fold of all of the day's trades, kept up as they happen.
    running: positions::Nets,
    last_trade: Instant64,
}

/// An order with what matching needs to remember.
#[derive(Clone, Debug)]
struct Book {
    order: Order,
    /// The next instant at which it may match.
    due: Instant64,
    /// It rested in the book before it could trade, so it trades at its own limit price.
    resting: bool,
}

/// Shares in the depository at the start of the day.
#[derive(Clone, Debug)]
struct HeldShares {
    contract: std::sync::Arc<crate::contracts::Contract>,
    quantity: i64,
    t1_quantity: i64,
    cost: Paise,
}

impl Account {
    /// An account as configured. Holdings that are no contract are skipped with a warning.
    #[must_use]
    pub fn new(config: &SimConfig, universe: &Universe, now: Instant64) -> Self {
        let held = |wanted: &crate::config::HoldingConfig| {
            let contract = universe.by_flattrade("NSE", &wanted.symbol);
            if contract.is_none() {
                tracing::warn!(symbol = %wanted.symbol, "the configured holding is no contract of the simulator");
            }
            contract.map(|contract| HeldShares {
                contract: std::sync::Arc::clone(contract),
                quantity: wanted.quantity,
                t1_quantity: 0,
                cost: wanted.average.times(wanted.quantity),
            })
        };
        Self {
            fill_delay_us: i64::from(config.fill_delay_ms) * 1_000,
            day: now.day_number(),
            opening: config.cash,
            orders: Vec::new(),
            by_id: HashMap::new(),
            open: BTreeSet::new(),
            placed: 0,
            fills: 0,
            carried: BTreeMap::new(),
            holdings: config.holdings.iter().filter_map(held).collect(),
            conversions: Vec::new(),
            running: positions::Nets::new(),
            last_trade: now,
        }
    }

    /// Takes an order under the broker's order id. It is always entered in the book: what fails the checks is entered
    /// as rejected, with its reason. Matching happens at once unless a fill delay is configured.
    pub fn place(&mut self, scene: &Scene<'_>, id: String, new: NewOrder) -> Order {
        self.process(scene);
        let refusal = self.check(scene, &new).err();
        self.placed += 1;
        let terms = Terms {
            kind: new.kind,
            validity: new.validity,
            quantity: new.quantity,
            disclosed: new.disclosed,
            price: new.price,
            trigger: new.trigger,
        };
        let order = Order {
            id: id.clone(),
            exchange_id: None,
            contract: new.contract,
            side: new.side,
            product: new.product,
            after_market: new.after_market,
            tag: new.tag,
            extra: new.extra,
            original: terms.clone(),
            terms,
            state: OrderState::Received,
            reason: None,
            filled: 0,
            value: Paise::ZERO,
            placed_at: scene.now,
            updated_at: scene.now,
            requests: 1,
            serial: self.placed,
            history: Vec::new(),
            fills: Vec::new(),
        };
        let mut book = Book {
            order,
            due: scene.now.plus_us(self.fill_delay_us),
            resting: false,
        };
        book.record(scene.now, EventKind::Received, OrderState::Received);
        match refusal {
            Some(reason) => {
                book.order.reason = Some(reason);
                book.record(scene.now, EventKind::Rejected, OrderState::Rejected);
            }
            None if book.order.after_market => {
                book.record(scene.now, EventKind::Queued, OrderState::AfterMarket)
            }
            None => book.open(scene.now),
        }
        let at = self.orders.len();
        self.by_id.insert(id, at);
        if !book.order.state.is_final() {
            self.open.insert(at);
        }
        self.orders.push(book);
        self.process(scene);
        self.orders[at].order.clone()
    }

    /// Changes an order that is still open.
    ///
    /// # Errors
    /// [`Refusal::UnknownOrder`], [`Refusal::NotOpen`], or what is wrong with the new terms; the old ones stand then.
    pub fn modify(&mut self, scene: &Scene<'_>, id: &str, change: &Change) -> Result<Order, Refusal> {
        self.process(scene);
        let at = self.open_order(id)?;
        let terms = changed(&self.orders[at].order, change);
        self.check_change(scene, at, &terms)?;
        let delay = self.fill_delay_us;
        let book = &mut self.orders[at];
        // A stop order that fired stays fired unless it gets a new trigger.
        let state = match book.order.state {
            OrderState::Open if terms.kind.has_trigger() && change.trigger.is_some() => {
                OrderState::TriggerPending
            }
            OrderState::TriggerPending if !terms.kind.has_trigger() => OrderState::Open,
            other => other,
        };
        book.order.terms = terms;
        book.order.requests += 1;
        book.resting = false;
        book.due = scene.now.plus_us(delay);
        book.record(scene.now, EventKind::Modified, state);
        self.process(scene);
        Ok(self.orders[at].order.clone())
    }

    /// Cancels what is left of an open order.
    ///
    /// # Errors
    /// [`Refusal::UnknownOrder`] or [`Refusal::NotOpen`].
    pub fn cancel(&mut self, scene: &Scene<'_>, id: &str) -> Result<Order, Refusal> {
        self.process(scene);
        let at = self.open_order(id)?;
        let book = &mut self.orders[at];
        book.order.requests += 1;
        book.record(scene.now, EventKind::Cancelled, OrderState::Cancelled);
        self.open.remove(&at);
        Ok(self.orders[at].order.clone())
    }

    fn open_order(&self, id: &str) -> Result<usize, Refusal> {
        let at = *self.by_id.get(id).ok_or(Refusal::UnknownOrder)?;
        let state = self.orders[at].order.state;
        if state.is_final() {
            Err(Refusal::NotOpen { state })
        } else {
            Ok(at)
        }
    }

    /// The day's orders as they stood at `as_of`, oldest first. Present orders: `as_of` of now.
    #[must_use]
    pub fn orders(&self, as_of: Instant64) -> Vec<Order> {
        self.orders
            .iter()
            .filter_map(|book| rewound(&book.order, as_of))
            .collect()
    }

    /// One order as it stood at `as_of`.
    #[must_use]
    pub fn order(&self, id: &str, as_of: Instant64) -> Option<Order> {
        self.by_id
            .get(id)
            .and_then(|&at| rewound(&self.orders[at].order, as_of))
    }

    /// The day's trades up to `as_of`, oldest first, each with its order as it stands.
    #[must_use]
    pub fn fills(&self, as_of: Instant64) -> Vec<(Order, Fill)> {
        let mut fills: Vec<(Order, Fill)> = self
            .orders(as_of)
            .into_iter()
            .flat_map(|order| {
                order
                    .fills
                    .clone()
                    .into_iter()
                    .map(move |fill| (order.clone(), fill))
            })
            .collect();
        fills.sort_by_key(|(_, fill)| fill.serial);
        fills
    }

    /// Number of orders of the day, rejected ones included.
    #[must_use]
    pub const fn order_count(&self) -> usize {
        self.orders.len()
    }
}

impl Book {
    /// Enters a change in the history.
    fn record(&mut self, at: Instant64, kind: EventKind, state: OrderState) {
        let order = &mut self.order;
        order.state = state;
        order.updated_at = at;
        order.history.push(Event {
            at,
            kind,
            state,
            terms: order.terms.clone(),
            filled: order.filled,
            value: order.value,
            reason: order.reason.clone(),
        });
    }

    /// Sends the order to the exchange.
    fn open(&mut self, at: Instant64) {
        let exchange = if self.order.contract.segment.is_bse() {
            2
        } else {
            1
        };
        let day = at.format("%d");
        self.order.exchange_id = Some(format!("{exchange}{day}00000{:08}", self.order.serial));
        if self.order.terms.kind.has_trigger() {
            self.record(at, EventKind::Armed, OrderState::TriggerPending);
        } else {
            self.record(at, EventKind::Opened, OrderState::Open);
        }
    }
}

fn changed(order: &Order, change: &Change) -> Terms {
    let old = &order.terms;
    let kind = change.kind.unwrap_or(old.kind);
    // A kind without price or trigger drops what the old kind had, unless the change names one (and is refused).
    let kept_price = if kind.has_price() { old.price } else { Paise::ZERO };
    let kept_trigger = if kind.has_trigger() {
        old.trigger
    } else {
        Paise::ZERO
    };
    Terms {
        kind,
        validity: change.validity.unwrap_or(old.validity),
        quantity: change.quantity.unwrap_or(old.quantity),
        disclosed: change.disclosed.unwrap_or(old.disclosed),
        price: change.price.unwrap_or(kept_price),
        trigger: change.trigger.unwrap_or(kept_trigger),
    }
}

/// The order as it stood at an instant; none if it did not exist yet.
fn rewound(order: &Order, as_of: Instant64) -> Option<Order> {
    if order.updated_at <= as_of {
        return Some(order.clone());
    }
    let known = order.history.iter().take_while(|event| event.at <= as_of).count();
    let last = order.history[..known].last()?.clone();
    let mut past = order.clone();
    past.history.truncate(known);
    past.fills.retain(|fill| fill.at <= as_of);
    past.state = last.state;
    past.terms = last.terms;
    past.filled = last.filled;
    past.value = last.value;
    past.reason = last.reason;
    past.updated_at = last.at;
    Some(past)
}

#[cfg(test)]
mod tests;
