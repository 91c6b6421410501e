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

#[test]
fn a_marketable_limit_fills_at_once_at_the_best_price() {
    let mut desk = Desk::new();
    let ask = desk.ask(RELIANCE);
    let order = desk.place(desk.limit(RELIANCE, Side::Buy, 10, ask + Paise::rupees(5)));
    assert_eq!(
        (order.state, order.filled, order.pending()),
        (OrderState::Complete, 10, 0)
    );
    assert_eq!(order.average(), ask, "price improvement");
    assert_eq!(
        kinds(&order),
        [EventKind::Received, EventKind::Opened, EventKind::Filled]
    );
    assert!(order.exchange_id.is_some());
    let positions = desk.positions();
    assert_eq!(
        (positions.len(), positions[0].net(), positions[0].net_average()),
        (1, 10, ask)
    );
    assert_eq!(desk.funds().available(), Paise::rupees(100_000) - ask.times(10));
}

#[test]
fn a_distant_limit_rests_blocks_money_and_is_cancelled() {
    let mut desk = Desk::new();
    let price = Paise(desk.last(RELIANCE).0 * 95 / 100).floor_to(Paise(10));
    let order = desk.place(desk.limit(RELIANCE, Side::Buy, 10, price));
    assert_eq!(order.state, OrderState::Open);
    assert_eq!(desk.funds().blocked, price.times(10));
    assert!(desk.after(10 * MINUTE_US)[0].fills.is_empty());
    let cancelled = desk
        .with_account(|account, scene| account.cancel(scene, "o1"))
        .expect("open");
    assert_eq!(
        (cancelled.state, cancelled.cancelled(), cancelled.requests),
        (OrderState::Cancelled, 10, 2)
    );
    assert_eq!(desk.funds().available(), Paise::rupees(100_000));
    let again = desk.with_account(|account, scene| account.cancel(scene, "o1"));
    assert_eq!(
        again.expect_err("final"),
        Refusal::NotOpen {
            state: OrderState::Cancelled
        }
    );
    let unknown = desk.with_account(|account, scene| account.cancel(scene, "o9"));
    assert_eq!(unknown.expect_err("unknown"), Refusal::UnknownOrder);
}

#[test]
fn a_resting_limit_fills_at_its_own_price_when_the_market_comes() {
    let mut desk = Desk::new();
    let price = desk.ask(RELIANCE) - Paise(30);
    assert_eq!(
        desk.place(desk.limit(RELIANCE, Side::Buy, 5, price)).state,
        OrderState::Open
    );
    let mut steps = 0;
    while desk.after(MINUTE_US)[0].state == OrderState::Open {
        steps += 1;
        assert!(steps < 4_000, "the series walks below the price within its round");
    }
    let order = desk.after(0).remove(0);
    assert_eq!((order.state, order.average()), (OrderState::Complete, price));
}

#[test]
fn a_large_order_fills_in_several_trades_over_several_ticks() {
    let mut desk = Desk::with(&SimConfig {
        cash: Paise::rupees(100_000_000),
        ..SimConfig::default()
    });
    let order = desk.place(desk.order(RELIANCE, Side::Buy, 2_000));
    assert_eq!(order.state, OrderState::Open);
    assert_eq!(order.fills.len(), 5, "the five levels shown");
    let shown: i64 = order.fills.iter().map(|fill| fill.quantity).sum();
    assert_eq!((order.filled, order.pending()), (shown, 2_000 - shown));
    let next = desk.after(TICK_US).remove(0);
    assert!(next.filled > order.filled && next.state == OrderState::Open);
    let done = desk.after(60 * SECOND_US).remove(0);
    assert_eq!((done.state, done.filled), (OrderState::Complete, 2_000));
    assert_eq!(done.fills.iter().map(|fill| fill.quantity).sum::<i64>(), 2_000);
    assert_eq!(
        done.fills
            .iter()
            .map(|fill| fill.price.times(fill.quantity))
            .sum::<Paise>(),
        done.value
    );
    assert!(
        done.fills
            .windows(2)
            .all(|pair| pair[0].at <= pair[1].at && pair[0].trade_id != pair[1].trade_id)
    );
    assert!(
        done.fills.last().expect("filled").at < desk.now,
        "stamped when it fell due, not when it was read"
    );
}

#[test]
fn a_late_read_gives_the_same_book_as_a_busy_one() {
    let rich = SimConfig {
        cash: Paise::rupees(100_000_000),
        ..SimConfig::default()
    };
    let (mut busy, mut lazy) = (Desk::with(&rich), Desk::with(&rich));
    for desk in [&mut busy, &mut lazy] {
        desk.place(desk.order(RELIANCE, Side::Buy, 2_000));
    }
    for _ in 0..200 {
        busy.after(SECOND_US / 20);
    }
    let view = |orders: Vec<Order>| -> Vec<(i64, Paise, Instant64)> {
        orders[0]
            .fills
            .iter()
            .map(|fill| (fill.quantity, fill.price, fill.at))
            .collect()
    };
    assert_eq!(view(busy.after(0)), view(lazy.after(10 * SECOND_US)));
}

#[test]
fn stops_wait_for_their_trigger() {
    let config = SimConfig::from_toml("[[moves]]\nsymbol = \"SBIN\"\nat_s = 60\nover_s = 10\npercent = -5\n")
        .expect("valid");
    let mut desk = Desk::with(&config);
    let last = desk.last(SBIN);
    let trigger = Paise(last.0 * 97 / 100).floor_to(Paise(10));
    let limit = Paise(last.0 * 93 / 100).floor_to(Paise(10));
    let stop_limit = NewOrder {
        kind: OrderKind::StopLimit,
        trigger,
        ..desk.limit(SBIN, Side::Sell, 5, limit)
    };
    let stop_market = NewOrder {
        kind: OrderKind::StopMarket,
        trigger,
        ..desk.order(SBIN, Side::Sell, 5)
    };
    for new in [stop_limit, stop_market] {
        let order = desk.place(new);
        assert_eq!(order.state, OrderState::TriggerPending);
        assert_eq!(kinds(&order), [EventKind::Received, EventKind::Armed]);
    }
    assert!(
        desk.after(59 * SECOND_US)
            .iter()
            .all(|order| order.state == OrderState::TriggerPending)
    );
    for order in desk.after(15 * SECOND_US) {
        assert_eq!(order.state, OrderState::Complete);
        assert!(kinds(&order).contains(&EventKind::Triggered));
        assert!(
            order.average() <= trigger + Paise(50) && order.average() >= limit,
            "{}",
            order.average()
        );
    }
}

#[test]
fn immediate_or_cancel_drops_what_is_left() {
    let mut desk = Desk::with(&SimConfig {
        cash: Paise::rupees(100_000_000),
        ..SimConfig::default()
    });
    let distant = Paise(desk.last(RELIANCE).0 * 95 / 100).floor_to(Paise(10));
    let nothing = NewOrder {
        validity: Validity::Ioc,
        ..desk.limit(RELIANCE, Side::Buy, 5, distant)
    };
    let order = desk.place(nothing);
    assert_eq!(
        (order.state, order.filled, order.cancelled()),
        (OrderState::Cancelled, 0, 5)
    );
    let part = NewOrder {
        validity: Validity::Ioc,
        ..desk.order(RELIANCE, Side::Buy, 5_000)
    };
    let order = desk.place(part);
    assert_eq!(order.state, OrderState::Cancelled);
    assert!(order.filled > 0 && order.filled + order.cancelled() == 5_000);
    assert_eq!(order.history.last().expect("history").kind, EventKind::Lapsed);
}

#[test]
fn wrong_input_is_refused_and_named() {
    let mut desk = Desk::new();
    let ask = desk.ask(RELIANCE);
    let option = "NSE:NIFTY26DEC26000CE";
    let cases: Vec<(NewOrder, Refusal)> = vec![
        (
            desk.order("NSE:NIFTY50-INDEX", Side::Buy, 1),
            Refusal::IndexNotTradable,
        ),
        (desk.order(RELIANCE, Side::Buy, 0), Refusal::QuantityNotPositive),
        (desk.order(RELIANCE, Side::Buy, -5), Refusal::QuantityNotPositive),
        (
            desk.order(option, Side::Buy, 64),
            Refusal::NotALotMultiple { lot: 65 },
        ),
        (
            desk.order(option, Side::Buy, 65 * 28),
            Refusal::AboveFreeze { freeze: 1_755 },
        ),
        (
            desk.limit(RELIANCE, Side::Buy, 1, Paise::ZERO),
            Refusal::PriceMissing,
        ),
        (
            NewOrder {
                price: ask,
                ..desk.order(RELIANCE, Side::Buy, 1)
            },
            Refusal::PriceNotAllowed,
        ),
        (
            desk.limit(RELIANCE, Side::Buy, 1, ask + Paise(5)),
            Refusal::OffTick { tick: Paise(10) },
        ),
        (
            NewOrder {
                kind: OrderKind::StopMarket,
                ..desk.order(RELIANCE, Side::Buy, 1)
            },
            Refusal::TriggerMissing,
        ),
        (
            NewOrder {
                trigger: ask,
                ..desk.limit(RELIANCE, Side::Buy, 1, ask)
            },
            Refusal::TriggerNotAllowed,
        ),
        (
            NewOrder {
                kind: OrderKind::StopLimit,
                trigger: ask + Paise::rupees(9),
                ..desk.limit(RELIANCE, Side::Buy, 1, ask + Paise::rupees(8))
            },
            Refusal::TriggerBeyondPrice,
        ),
        (
            NewOrder {
                disclosed: 11,
                ..desk.order(RELIANCE, Side::Buy, 10)
            },
            Refusal::DisclosedNotAllowed,
        ),
        (
            NewOrder {
                disclosed: 65,
                ..desk.order(option, Side::Buy, 65)
            },
            Refusal::DisclosedNotAllowed,
        ),
        (
            NewOrder {
                product: Product::CarryForward,
                ..desk.order(RELIANCE, Side::Buy, 1)
            },
            Refusal::ProductNotAllowed,
        ),
        (
            NewOrder {
                product: Product::Delivery,
                ..desk.order(option, Side::Buy, 65)
            },
            Refusal::ProductNotAllowed,
        ),
        (
            NewOrder {
                product: Product::Intraday,
                ..desk.order("NSE:GATECHDVR-BE", Side::Buy, 1)
            },
            Refusal::ProductNotAllowed,
        ),
    ];
    for (new, expected) in cases {
        assert!(!expected.is_risk());
        let order = desk.place(new);
        assert_eq!(
            (order.state, order.reason, order.exchange_id),
            (OrderState::Rejected, Some(expected), None)
        );
        assert_eq!(
            kinds(&desk.after(0).pop().expect("in the book")),
            [EventKind::Received, EventKind::Rejected]
        );
    }
    assert_eq!(desk.funds().available(), Paise::rupees(100_000));
}

#[test]
fn prices_outside_the_circuits_and_triggers_behind_the_market_are_refused() {
    let mut desk = Desk::new();
    let (lower, upper) = desk.market.circuits(&desk.contract(RELIANCE), desk.now);
    for price in [lower - Paise(10), upper + Paise(10)] {
        let refusal = desk.reason(desk.limit(RELIANCE, Side::Buy, 1, price));
        assert_eq!(refusal, Refusal::OutsideCircuit { lower, upper });
        assert!(refusal.is_risk());
    }
    assert_eq!(
        desk.place(desk.limit(RELIANCE, Side::Buy, 1, lower)).state,
        OrderState::Open
    );
    let last = desk.last(RELIANCE);
    let behind = NewOrder {
        kind: OrderKind::StopMarket,
        trigger: last - Paise::rupees(10),
        ..desk.order(RELIANCE, Side::Buy, 1)
    };
    assert_eq!(desk.reason(behind), Refusal::TriggerWrongSide { last });
}

#[test]
fn money_reaches_for_ten_shares_and_one_lot_but_not_for_a_hundred_times_that() {
    let mut desk = Desk::new();
    let option = "NSE:NIFTY26DEC26000CE";
    assert_eq!(
        desk.place(desk.order(RELIANCE, Side::Buy, 10)).state,
        OrderState::Complete
    );
    assert_eq!(
        desk.place(desk.order(option, Side::Buy, 65)).state,
        OrderState::Complete
    );
    assert!(desk.funds().premium > Paise::ZERO);
    let free = desk.funds().available();
    for new in [
        desk.order(RELIANCE, Side::Buy, 1_000),
        desk.order(option, Side::Buy, 65 * 20),
        desk.order("NSE:NIFTY26DECFUT", Side::Sell, 65),
        desk.order(option, Side::Sell, 130),
    ] {
        let refusal = desk.reason(new);
        assert!(
            matches!(refusal, Refusal::Margin { required, available } if required > available && available == free)
        );
    }
    let exit = desk.place(desk.order(option, Side::Sell, 65));
    assert_eq!(exit.state, OrderState::Complete, "an exit needs no money");
    assert_eq!(desk.funds().premium, Paise::ZERO);
}

#[test]
fn open_orders_share_the_money() {
    let mut desk = Desk::new();
    let price = Paise(desk.last(RELIANCE).0 * 95 / 100).floor_to(Paise(10));
    assert_eq!(
        desk.place(desk.limit(RELIANCE, Side::Buy, 60, price)).state,
        OrderState::Open
    );
    assert!(matches!(
        desk.reason(desk.limit(RELIANCE, Side::Buy, 30, price)),
        Refusal::Margin { .. }
    ));
    let intraday = NewOrder {
        product: Product::Intraday,
        ..desk.limit(RELIANCE, Side::Buy, 30, price)
    };
    assert_eq!(
        desk.place(intraday).state,
        OrderState::Open,
        "a fifth is enough intraday"
    );
}

#[test]
fn delivery_sales_are_held_to_holdings_and_todays_buys() {
    let mut desk = Desk::new();
    assert_eq!(
        desk.reason(desk.order(SBIN, Side::Sell, 21)),
        Refusal::Holdings {
            wanted: 21,
            available: 20
        }
    );
    let high = Paise(desk.last(SBIN).0 * 105 / 100).floor_to(Paise(10));
    assert_eq!(
        desk.place(desk.limit(SBIN, Side::Sell, 15, high)).state,
        OrderState::Open
    );
    assert_eq!(
        desk.reason(desk.order(SBIN, Side::Sell, 6)),
        Refusal::Holdings {
            wanted: 6,
            available: 5
        }
    );
    desk.with_account(|account, scene| account.cancel(scene, "o2"))
        .expect("open");
    assert_eq!(
        desk.place(desk.order(SBIN, Side::Buy, 4)).state,
        OrderState::Complete
    );
    assert_eq!(
        desk.place(desk.order(SBIN, Side::Sell, 24)).state,
        OrderState::Complete
    );
    assert!(matches!(
        desk.reason(desk.order(SBIN, Side::Sell, 1)),
        Refusal::Holdings { available: 0, .. }
    ));
    let now = desk.now;
    let holdings = desk.with_account(|account, scene| account.holdings(scene, now));
    let sbin = holdings
        .iter()
        .find(|h| h.contract.symbol == "SBIN")
        .expect("held at the start");
    assert_eq!((sbin.quantity, sbin.sold_today, sbin.remaining()), (20, 20, 0));
    assert!(desk.funds().sale_credit > Paise::ZERO);
}

#[test]
fn intraday_round_trip_realises_its_profit() {
    let mut desk = Desk::new();
    let trade = |desk: &mut Desk, side| {
        let new = NewOrder {
            product: Product::Intraday,
            ..desk.order(RELIANCE, side, 10)
        };
        desk.place(new)
    };
    let sold = trade(&mut desk, Side::Sell);
    desk.after(30 * MINUTE_US);
    let bought = trade(&mut desk, Side::Buy);
    let position = desk.positions().remove(0);
    let profit = sold.value - bought.value;
    assert_eq!(
        (position.net(), position.realised, position.unrealised),
        (0, profit, Paise::ZERO)
    );
    let funds = desk.funds();
    assert_eq!(
        (funds.used(), funds.available()),
        (Paise::ZERO, Paise::rupees(100_000) + profit)
    );
}

#[test]
fn a_change_takes_effect_or_leaves_the_old_terms() {
    let mut desk = Desk::new();
    let price = Paise(desk.last(RELIANCE).0 * 95 / 100).floor_to(Paise(10));
    desk.place(desk.limit(RELIANCE, Side::Buy, 10, price));
    let modify = |desk: &mut Desk, change: Change| {
        desk.with_account(|account, scene| account.modify(scene, "o1", &change))
    };
    let refused = [
        (
            Change {
                quantity: Some(0),
                ..Change::default()
            },
            Refusal::BelowFilled { filled: 0 },
        ),
        (
            Change {
                price: Some(price + Paise(3)),
                ..Change::default()
            },
            Refusal::OffTick { tick: Paise(10) },
        ),
        (
            Change {
                trigger: Some(price),
                ..Change::default()
            },
            Refusal::TriggerNotAllowed,
        ),
    ];
    for (change, expected) in refused {
        assert_eq!(modify(&mut desk, change).expect_err("refused"), expected);
    }
    let margin = modify(
        &mut desk,
        Change {
            quantity: Some(1_000),
            ..Change::default()
        },
    )
    .expect_err("no money");
    assert!(matches!(margin, Refusal::Margin { .. }));
    let order = modify(
        &mut desk,
        Change {
            quantity: Some(12),
            ..Change::default()
        },
    )
    .expect("fits");
    assert_eq!(
        (order.terms.quantity, order.terms.price, order.original.quantity),
        (12, price, 10)
    );
    assert_eq!(
        (order.requests, order.history.last().expect("history").kind),
        (2, EventKind::Modified)
    );
    let ask = desk.ask(RELIANCE);
    let order = modify(
        &mut desk,
        Change {
            price: Some(ask),
            ..Change::default()
        },
    )
    .expect("marketable now");
    assert_eq!(
        (order.state, order.filled, order.average()),
        (OrderState::Complete, 12, ask)
    );
    let late = modify(
        &mut desk,
        Change {
            quantity: Some(20),
            ..Change::default()
        },
    );
    assert_eq!(
        late.expect_err("final"),
        Refusal::NotOpen {
            state: OrderState::Complete
        }
    );
}

#[test]
fn sessions_and_after_market_orders_follow_the_clock_when_told() {
    let mut desk = Desk::with(&SimConfig {
        always_open: false,
        ..SimConfig::default()
    });
    let amo = NewOrder {
        after_market: true,
        ..desk.order(RELIANCE, Side::Buy, 1)
    };
    assert_eq!(desk.reason(amo.clone()), Refusal::AfterMarketInSession);
    desk.after(5 * 60 * MINUTE_US);
    assert_eq!(
        desk.reason(desk.order(RELIANCE, Side::Buy, 1)),
        Refusal::MarketClosed
    );
    let queued = desk.place(amo);
    assert_eq!(
        (queued.state, queued.exchange_id.as_deref()),
        (OrderState::AfterMarket, None)
    );
    assert_eq!(kinds(&queued), [EventKind::Received, EventKind::Queued]);
    let next_morning = Instant64::at(date(2026, 11, 26).at(9, 14, 59, 0));
    let orders = desk.after(next_morning.0 - desk.now.0);
    assert_eq!(
        (orders.len(), orders[0].state),
        (1, OrderState::AfterMarket),
        "only the queued order is left"
    );
    let order = desk.after(2 * SECOND_US).remove(0);
    assert_eq!(order.state, OrderState::Complete);
}

#[test]
fn the_book_can_be_read_as_it_stood_before() {
    let mut desk = Desk::new();
    let before = desk.now;
    desk.after(5 * SECOND_US);
    let price = Paise(desk.last(RELIANCE).0 * 95 / 100).floor_to(Paise(10));
    desk.place(desk.limit(RELIANCE, Side::Buy, 10, price));
    let resting = desk.now;
    desk.after(5 * SECOND_US);
    let ask = desk.ask(RELIANCE);
    let change = Change {
        price: Some(ask),
        ..Change::default()
    };
    desk.with_account(|account, scene| account.modify(scene, "o1", &change))
        .expect("open");
    assert!(desk.account.orders(before).is_empty());
    let old = desk.account.order("o1", resting).expect("was there");
    assert_eq!(
        (old.state, old.filled, old.terms.price, old.fills.len()),
        (OrderState::Open, 0, price, 0)
    );
    assert!(desk.account.fills(resting).is_empty());
    let scene = Scene {
        market: &desk.market,
        universe: &desk.universe,
        now: desk.now,
        always_open: true,
    };
    assert!(desk.account.positions(&scene, resting).is_empty());
    assert_eq!(desk.account.funds(&scene, resting).margin, Paise::ZERO);
    assert_eq!(
        desk.account.order("o1", desk.now).expect("now").state,
        OrderState::Complete
    );
}

#[test]
fn a_new_day_clears_the_book_and_settles() {
    let mut desk = Desk::new();
    let option = "NSE:NIFTY26DEC26000CE";
    desk.place(desk.order(RELIANCE, Side::Buy, 10));
    desk.place(desk.order(SBIN, Side::Sell, 5));
    desk.place(desk.order(option, Side::Buy, 65));
    let spent = desk.funds();
    assert!(desk.after(DAY_US).is_empty(), "yesterday's orders are gone");
    let positions = desk.positions();
    assert_eq!(
        (positions.len(), positions[0].net(), positions[0].day_buy.quantity),
        (1, 65, 0)
    );
    assert_eq!(positions[0].carried_buy.quantity, 65);
    let now = desk.now;
    let holdings = desk.with_account(|account, scene| account.holdings(scene, now));
    let of = |symbol: &str| {
        let holding = holdings
            .iter()
            .find(|h| h.contract.symbol == symbol)
            .expect(symbol);
        (holding.quantity, holding.t1_quantity)
    };
    assert_eq!(
        (of("RELIANCE"), of("SBIN"), of("TCS")),
        ((0, 10), (15, 0), (5, 0))
    );
    let funds = desk.funds();
    assert_eq!(
        funds.margin, spent.premium,
        "the carried option still costs its premium"
    );
    assert!(funds.opening < spent.opening && funds.available() > Paise::ZERO);
    desk.after(DAY_US);
    let sold = desk.place(desk.order(RELIANCE, Side::Sell, 10));
    assert_eq!(sold.state, OrderState::Complete, "the shares have arrived");
}

#[test]
fn a_position_moves_to_another_product() {
    let mut desk = Desk::new();
    let intraday = NewOrder {
        product: Product::Intraday,
        ..desk.order(RELIANCE, Side::Buy, 10)
    };
    desk.place(intraday);
    let key = desk.contract(RELIANCE).key();
    let products = (Product::Intraday, Product::Delivery);
    let convert = |desk: &mut Desk, n| {
        desk.with_account(|account, scene| account.convert(scene, key, products, Side::Buy, n))
    };
    assert_eq!(convert(&mut desk, 11), Err(Refusal::UnknownPosition));
    assert_eq!(convert(&mut desk, 4), Ok(()));
    let nets: Vec<(Product, i64)> = desk.positions().iter().map(|p| (p.product, p.net())).collect();
    assert_eq!(nets, [(Product::Delivery, 4), (Product::Intraday, 6)]);
}

#[test]
fn a_fill_delay_leaves_time_to_cancel() {
    let mut desk = Desk::with(&SimConfig {
        fill_delay_ms: 400,
        ..SimConfig::default()
    });
    assert_eq!(
        desk.place(desk.order(RELIANCE, Side::Buy, 1)).state,
        OrderState::Open
    );
    assert_eq!(desk.after(399_000)[0].state, OrderState::Open);
    assert_eq!(desk.after(1_000)[0].state, OrderState::Complete);
}
