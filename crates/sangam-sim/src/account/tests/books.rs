//! Margin, positions, holdings, funds, the change of day.

use super::*;

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
fn a_position_excuses_only_one_exit_from_margin() {
    let mut desk = Desk::new();
    let option = "NSE:NIFTY26DEC26000CE";
    desk.place(desk.order(option, Side::Buy, 65));
    let high = Paise(desk.last(option).0 * 2).floor_to(Paise(5));
    assert_eq!(
        desk.place(desk.limit(option, Side::Sell, 65, high)).state,
        OrderState::Open
    );
    assert_eq!(desk.funds().blocked, Paise::ZERO);
    assert!(
        matches!(
            desk.reason(desk.limit(option, Side::Sell, 65, high)),
            Refusal::Margin { .. }
        ),
        "that would be short"
    );
}
