//! A desk for tests: an account, a market, a clock that stands still until moved.

mod books;
mod checks;
mod invariants;
mod matching;

use std::sync::Arc;

use jiff::civil::date;

use super::*;
use crate::clock::{DAY_US, MINUTE_US, SECOND_US};
use crate::contracts::Contract;
use crate::market::TICK_US;

/// An account with a market and a clock that stands still until moved.
struct Desk {
    market: Market,
    universe: Universe,
    account: Account,
    now: Instant64,
    always_open: bool,
    placed: u32,
}

impl Desk {
    fn new() -> Self {
        Self::with(&SimConfig::default())
    }

    fn with(config: &SimConfig) -> Self {
        let now = Instant64::at(date(2026, 11, 25).at(12, 0, 0, 0));
        let market = Market::new(config, now);
        let universe = Universe::of(now.date(), |symbol| market.base(symbol));
        let account = Account::new(config, &universe, now);
        Self {
            market,
            universe,
            account,
            now,
            always_open: config.always_open,
            placed: 0,
        }
    }

    fn contract(&self, fyers: &str) -> Arc<Contract> {
        Arc::clone(self.universe.by_fyers(fyers).expect(fyers))
    }

    fn with_account<T>(&mut self, work: impl FnOnce(&mut Account, &Scene<'_>) -> T) -> T {
        let scene = Scene {
            market: &self.market,
            universe: &self.universe,
            now: self.now,
            always_open: self.always_open,
        };
        work(&mut self.account, &scene)
    }

    fn place(&mut self, new: NewOrder) -> Order {
        self.placed += 1;
        let id = format!("o{}", self.placed);
        self.with_account(|account, scene| account.place(scene, id, new))
    }

    fn reason(&mut self, new: NewOrder) -> Refusal {
        self.place(new).reason.expect("rejected")
    }

    fn after(&mut self, us: i64) -> Vec<Order> {
        self.now = self.now.plus_us(us);
        let now = self.now;
        self.with_account(|account, scene| {
            account.process(scene);
            account.orders(now)
        })
    }

    fn funds(&mut self) -> Funds {
        let now = self.now;
        self.with_account(|account, scene| account.funds(scene, now))
    }

    fn positions(&mut self) -> Vec<Position> {
        let now = self.now;
        self.with_account(|account, scene| account.positions(scene, now))
    }

    fn order(&self, fyers: &str, side: Side, quantity: i64) -> NewOrder {
        let contract = self.contract(fyers);
        let cash = contract.segment.is_cash();
        NewOrder {
            contract,
            side,
            kind: OrderKind::Market,
            product: if cash {
                Product::Delivery
            } else {
                Product::CarryForward
            },
            validity: Validity::Day,
            quantity,
            disclosed: 0,
            price: Paise::ZERO,
            trigger: Paise::ZERO,
            after_market: false,
            tag: None,
            extra: BTreeMap::new(),
        }
    }

    fn limit(&self, fyers: &str, side: Side, quantity: i64, price: Paise) -> NewOrder {
        NewOrder {
            kind: OrderKind::Limit,
            price,
            ..self.order(fyers, side, quantity)
        }
    }

    fn ask(&self, fyers: &str) -> Paise {
        self.market.depth(&self.contract(fyers), self.now).asks[0].price
    }

    fn last(&self, fyers: &str) -> Paise {
        self.market.last(&self.contract(fyers), self.now)
    }
}

const RELIANCE: &str = "NSE:RELIANCE-EQ";
const SBIN: &str = "NSE:SBIN-EQ";

fn kinds(order: &Order) -> Vec<EventKind> {
    order.history.iter().map(|event| event.kind).collect()
}
