//! The seed's `portfolio_aggregation`: positions of several brokers are one portfolio with a value, in exact decimals; on
//! every kind of books, and through the whole stack over simulated brokers.

use std::collections::HashMap;
use std::time::Duration;

use rust_decimal::Decimal;
use sangam::portfolio::{Line, Portfolio, PortfolioQuery, PortfolioView};
use sangam_core::ports::{Change, FillRecord, HoldingRecord, PositionRecord};
use sangam_core::{
    AccountId, BookInstrument, BrokerName, Holding, InstrumentId, Money, OrderDraft, OrderState, Product,
    Quantity, Side, Timestamp,
};
use sangam_storage::portfolio::{BookKind, PortfolioInputs};
use sangam_storage::{PortfolioBooks, SqlLedger};
use sangam_testkit::{PostgresServer, samples};
use serde_json::json;

use crate::ledgers::Books;
use crate::support::{Served, Stack, market_buy};

const FYERS: (&str, BrokerName) = ("fyers-1", BrokerName::Fyers);
const UPSTOX: (&str, BrokerName) = ("upstox-1", BrokerName::Upstox);

fn accounts() -> [(AccountId, BrokerName); 2] {
    [FYERS, UPSTOX].map(|(account, broker)| (account.parse().expect("an account"), broker))
}

fn instrument(id: &str) -> BookInstrument {
    let id: InstrumentId = id.parse().expect("an instrument");
    BookInstrument {
        exchange: Some(id.exchange),
        broker_symbol: id.symbol.to_string(),
        id: Some(id),
    }
}

fn money(text: &str) -> Money {
    text.parse().expect("an amount")
}

fn at(second: u64) -> Timestamp {
    samples::morning() + Duration::from_secs(second)
}

fn position(
    of: (&str, BrokerName),
    id: &str,
    product: Product,
    net: i64,
    average: &str,
    last: &str,
) -> PositionRecord {
    let mut record = samples::position_record(of.0, net);
    record.broker = of.1;
    record.position.instrument = instrument(id);
    record.position.product = Some(product);
    record.position.average_price = Some(samples::price(average));
    record.position.last_price = Some(samples::price(last));
    record
}

fn positions_read(of: (&str, BrokerName), positions: Vec<PositionRecord>) -> Change {
    Change::PositionsRead {
        account: of.0.parse().expect("an account"),
        positions,
    }
}

/// A trade of RELIANCE for the day: units bought, or sold below nought.
fn trade(of: (&str, BrokerName), trade: &str, second: u64, units: i64, price: &str) -> Change {
    let mut record = FillRecord {
        account: of.0.parse().expect("an account"),
        broker: of.1,
        ..samples::fill_record("808", trade)
    };
    record.fill.instrument = instrument("NSE:RELIANCE");
    record.fill.product = Some(Product::Intraday);
    record.fill.side = if units < 0 { Side::Sell } else { Side::Buy };
    record.fill.quantity = Quantity::new(units.unsigned_abs()).expect("small");
    record.fill.price = samples::price(price);
    record.fill.at = Some(at(second));
    Change::Filled(Box::new(record))
}

fn of_books(books: &PortfolioBooks) -> Portfolio {
    let made = Portfolio::of(&PortfolioInputs {
        kept: &books.kept,
        books: &books.books,
        prices: &HashMap::new(),
        multipliers: &HashMap::new(),
        now: at(60),
        stale_after: Duration::from_secs(60),
    });
    made.expect("in range")
}

fn line<'a>(portfolio: &'a Portfolio, symbol: &str) -> &'a Line {
    let found = portfolio.lines.iter().find(|line| line.symbol == symbol);
    found.unwrap_or_else(|| panic!("{symbol} is not in {:?}", portfolio.lines))
}

#[tokio::test]
async fn portfolio_aggregation_on_every_kind_of_books() {
    for books in Books::of_each_kind().await {
        books
            .write(&[positions_read(
                FYERS,
                vec![
                    position(FYERS, "NSE:RELIANCE", Product::Delivery, 10, "2845", "2851.5"),
                    position(
                        FYERS,
                        "NFO:NIFTY25SEP25840CE",
                        Product::CarryForward,
                        50,
                        "52",
                        "52.25",
                    ),
                ],
            )])
            .await;
        let tcs = position(UPSTOX, "NSE:TCS", Product::Delivery, 5, "3465", "3460");
        books.write(&[positions_read(UPSTOX, vec![tcs])]).await;
        let books = books.opened_again().await;
        let portfolio = of_books(&books.portfolio_books(&accounts()).await);
        assert_eq!(portfolio.lines.len(), 3);
        assert_eq!(line(&portfolio, "RELIANCE").figures.quantity.units(), 10);
        // 28515 + 17300 + 2612.5 against 28450 + 17325 + 2600.
        let totals = &portfolio.totals;
        assert!(totals.value.is_positive());
        assert_eq!(
            [totals.value, totals.cost, totals.unrealised],
            [money("48427.5"), money("48375"), money("52.5")]
        );
        assert_eq!(portfolio.by_broker[&BrokerName::Upstox].value, money("17300"));
        assert_eq!(
            line(&portfolio, "TCS").price.map(|price| price.age_ms),
            Some(60_000)
        );
    }
}

/// Partial fills at two brokers, a restart, part of it sold, another restart: figures computed by hand.
#[tokio::test]
async fn realised_profit_of_partial_fills_over_two_brokers_on_every_kind_of_books() {
    for books in Books::of_each_kind().await {
        books
            .write(&[
                trade(FYERS, "t1", 1, 4, "1450.05"),
                trade(FYERS, "t2", 2, 6, "1450.10"),
                trade(UPSTOX, "u1", 3, 3, "1451"),
            ])
            .await;
        let books = books.opened_again().await;
        // 4 x (1460 - 1450.05) + 1 x (1460 - 1450.10), then 2 x (1449.95 - 1451).
        books
            .write(&[
                trade(FYERS, "t3", 4, -5, "1460"),
                trade(UPSTOX, "u2", 5, -2, "1449.95"),
            ])
            .await;
        let books = books.opened_again().await;
        let kept = books.kept().await;
        let figures: Vec<_> = kept
            .iter()
            .map(|kept| (kept.net.units(), kept.cost, kept.realised, kept.fills))
            .collect();
        assert_eq!(
            figures,
            [
                (5, money("7250.5"), money("49.7"), 3),
                (1, money("1451"), money("-2.1"), 2)
            ]
        );
        let portfolio = of_books(&books.portfolio_books(&accounts()).await);
        let line = line(&portfolio, "RELIANCE");
        assert_eq!((line.figures.quantity.units(), line.parts.len()), (6, 2));
        assert_eq!(line.figures.realised, Some(money("47.6")));
        assert_eq!(line.figures.realised_today, Some(money("47.6")));
        // Nothing was read of the brokers, so nothing says what it is worth.
        assert_eq!((line.figures.value, portfolio.totals.without_value), (None, 1));
        assert_eq!(portfolio.unread.len(), 4);
    }
}

/// A book that was read and is empty says nought; one that was never read says nothing.
#[tokio::test]
async fn an_empty_book_is_not_an_unread_one_on_every_kind_of_books() {
    for books in Books::of_each_kind().await {
        books.write(&[trade(FYERS, "t1", 1, 4, "1450.05")]).await;
        let shown = |books: PortfolioBooks| {
            let portfolio = of_books(&books);
            let figures = line(&portfolio, "RELIANCE").figures;
            let unread: Vec<_> = portfolio.unread.iter().map(|unread| unread.book).collect();
            (figures.quantity.units(), figures.differs, unread)
        };
        let fyers = &accounts()[..1];
        let both = vec![BookKind::Positions, BookKind::Holdings];
        assert_eq!(shown(books.portfolio_books(fyers).await), (4, false, both));
        books.write(&[positions_read(FYERS, Vec::new())]).await;
        let books = books.opened_again().await;
        assert_eq!(
            shown(books.portfolio_books(fyers).await),
            (0, true, vec![BookKind::Holdings])
        );
        let read = &books.portfolio_books(fyers).await.books[0];
        assert_eq!(
            read.positions.as_ref().map(|read| read.read_at),
            Some(samples::audit("", "").at)
        );
        // Rows of a broker the account has left are not its own.
        let moved = [(fyers[0].0.clone(), BrokerName::Upstox)];
        let row = position(FYERS, "NSE:TCS", Product::Delivery, 5, "3465", "3460");
        books.write(&[positions_read(FYERS, vec![row])]).await;
        let read = books.portfolio_books(&moved).await.books.remove(0);
        assert_eq!(read.positions.map(|read| read.rows.len()), Some(0));
    }
}

/// Holdings of today hold what was bought yesterday: yesterday's positions are not added to them.
#[tokio::test]
async fn no_unit_is_counted_on_two_days_on_every_kind_of_books() {
    for books in Books::of_each_kind().await {
        let bought = position(FYERS, "NSE:RELIANCE", Product::Delivery, 10, "2845", "2851.5");
        let day = sangam_core::IST::date(bought.read_at);
        books.write(&[positions_read(FYERS, vec![bought])]).await;
        let holding = |read_at: Timestamp, quantity: u64| HoldingRecord {
            account: FYERS.0.parse().expect("an account"),
            broker: FYERS.1,
            holding: Holding {
                instrument: instrument("NSE:RELIANCE"),
                isin: None,
                quantity: Quantity::new(quantity).expect("small"),
                undelivered: Quantity::ZERO,
                saleable: Quantity::new(quantity).expect("small"),
                average_price: None,
                last_price: None,
            },
            read_at,
        };
        let next = Duration::from_secs(86_400);
        for (read_at, date, held) in [
            (at(1), day, 2),
            (at(1) + next, day.tomorrow().expect("a date"), 12),
        ] {
            let holdings = vec![holding(read_at, held)];
            let account = FYERS.0.parse().expect("an account");
            books
                .write(&[Change::HoldingsRead {
                    account,
                    date,
                    holdings,
                }])
                .await;
            let portfolio = of_books(&books.portfolio_books(&accounts()[..1]).await);
            assert_eq!(
                line(&portfolio, "RELIANCE").figures.quantity.units(),
                12,
                "{date}"
            );
        }
    }
}

const BROKERS: [BrokerName; 3] = [BrokerName::Upstox, BrokerName::Fyers, BrokerName::Flattrade];

async fn stack_on(database: Option<&str>) -> Stack {
    Stack::with_sims(&BROKERS, |raw| raw.ledger.url = database.map(Into::into)).await
}

async fn traded(
    stack: &Stack,
    broker: BrokerName,
    id: &InstrumentId,
    side: Side,
    units: u64,
    product: Product,
) {
    let draft = OrderDraft {
        instrument: id.clone(),
        side,
        quantity: Quantity::new(units).expect("small"),
        product,
        ..market_buy()
    };
    let order = stack.submit_to(broker, draft).await;
    stack.wait(&order, &[OrderState::Filled]).await;
}

async fn shown(stack: &Stack, refresh: bool) -> PortfolioView {
    let query = PortfolioQuery {
        refresh,
        ..PortfolioQuery::default()
    };
    stack.system.portfolio(query).await.expect("a portfolio")
}

/// An option of the nearest expiry that the simulators trade, and its lot.
fn option(stack: &Stack) -> (InstrumentId, u64) {
    let found = stack.system.search("NIFTY CE", 20);
    let found = found
        .iter()
        .find(|found| found.expiry.is_some() && found.instrument.starts_with("NFO:NIFTY"))
        .expect("an option");
    (found.instrument.parse().expect("a name"), found.lot)
}

/// What was realised at one broker, first in first out, computed from its trades here.
fn realised(fills: &[FillRecord], broker: BrokerName, id: &InstrumentId) -> Decimal {
    let mut units: Vec<(Decimal, u64)> = Vec::new();
    let mut realised = Decimal::ZERO;
    for record in fills.iter().filter(|record| record.broker == broker) {
        let fill = &record.fill;
        if fill.instrument.id.as_ref() != Some(id) {
            continue;
        }
        let mut left = fill.quantity.units();
        if fill.side == Side::Buy {
            units.push((fill.price.decimal(), left));
            continue;
        }
        while left > 0 {
            let (price, open) = units.first_mut().expect("bought before");
            let closed = left.min(*open);
            realised += (fill.price.decimal() - *price) * Decimal::from(closed);
            (*open, left) = (*open - closed, left - closed);
            if *open == 0 {
                units.remove(0);
            }
        }
    }
    realised
}

async fn portfolio_aggregation(database: Option<&str>) {
    let stack = stack_on(database).await;
    let (reliance, tcs) = ["NSE:RELIANCE", "NSE:TCS"]
        .map(|id| id.parse().expect("a name"))
        .into();
    let (nifty, lot) = option(&stack);
    traded(
        &stack,
        BrokerName::Upstox,
        &reliance,
        Side::Buy,
        10,
        Product::Intraday,
    )
    .await;
    traded(&stack, BrokerName::Fyers, &tcs, Side::Buy, 5, Product::Delivery).await;
    traded(
        &stack,
        BrokerName::Flattrade,
        &nifty,
        Side::Buy,
        lot,
        Product::CarryForward,
    )
    .await;

    let view = shown(&stack, true).await;
    assert!(
        view.failed.is_empty() && view.portfolio.unread.is_empty(),
        "{view:?}"
    );
    assert!(
        view.books
            .iter()
            .all(|read| read.positions.is_some() && read.holdings.is_some())
    );
    let portfolio = &view.portfolio;
    assert!(portfolio.totals.value.is_positive());
    assert_eq!((portfolio.totals.stale, portfolio.totals.without_value), (0, 0));
    let bought = line(portfolio, "RELIANCE");
    assert_eq!(
        (bought.figures.quantity.units(), bought.figures.differs),
        (10, false)
    );
    let price = bought.price.expect("a price").price;
    let worth = price.decimal() * Decimal::TEN;
    assert_eq!(bought.figures.value.map(Money::decimal), Some(worth));
    let fills = stack
        .system
        .ledger()
        .fills(sangam_core::IST::date(stack.system.now()))
        .await;
    let fills = fills.expect("readable");
    let paid: Decimal = fills
        .iter()
        .filter(|record| record.fill.instrument.id.as_ref() == Some(&reliance))
        .map(|record| record.fill.price.decimal() * Decimal::from(record.fill.quantity.units()))
        .sum();
    assert_eq!(
        bought.parts[0]
            .kept
            .and_then(|kept| kept.cost)
            .map(Money::decimal),
        Some(paid)
    );
    let option = line(portfolio, nifty.symbol.as_str());
    assert_eq!(option.figures.quantity.units().unsigned_abs(), lot);
    assert_eq!(option.multiplier, Some(Decimal::ONE));
    // The simulators begin with 5 TCS each, and one bought 5 more: that account's part tells both sides.
    let shares = line(portfolio, "TCS");
    assert_eq!(shares.figures.quantity.units(), 20);
    let fyers = shares.parts.iter().find(|part| part.broker == BrokerName::Fyers);
    let fyers = fyers.expect("a part");
    assert_eq!(
        (
            fyers.figures.quantity.units(),
            fyers.kept.map(|kept| kept.net.units()),
            fyers.figures.differs
        ),
        (10, Some(5), true)
    );
    let sum: Decimal = portfolio
        .by_broker
        .values()
        .map(|totals| totals.value.decimal())
        .sum();
    assert_eq!(sum, portfolio.totals.value.decimal());
    let sum: Decimal = portfolio
        .lines
        .iter()
        .filter_map(|line| line.figures.value)
        .map(Money::decimal)
        .sum();
    assert_eq!(sum, portfolio.totals.value.decimal());

    // Nothing is lost by a restart, and nothing is asked of the brokers for it.
    let stack = stack.restart().await;
    let again = shown(&stack, false).await;
    let shape = |portfolio: &Portfolio| -> Vec<_> {
        let shape = |line: &Line| {
            (
                line.symbol.clone(),
                line.figures.quantity,
                line.figures.cost,
                line.parts.len(),
            )
        };
        portfolio.lines.iter().map(shape).collect()
    };
    assert_eq!(shape(&again.portfolio), shape(portfolio));
    assert_eq!(again.books, view.books);

    traded(
        &stack,
        BrokerName::Upstox,
        &reliance,
        Side::Sell,
        4,
        Product::Intraday,
    )
    .await;
    let view = shown(&stack, true).await;
    let sold = line(&view.portfolio, "RELIANCE");
    assert_eq!((sold.figures.quantity.units(), sold.figures.differs), (6, false));
    let fills = stack
        .system
        .ledger()
        .fills(sangam_core::IST::date(stack.system.now()))
        .await;
    let expected = realised(&fills.expect("readable"), BrokerName::Upstox, &reliance);
    assert_eq!(sold.figures.realised.map(Money::decimal), Some(expected));
    assert_eq!(view.portfolio.totals.realised.decimal(), expected);

    // The books of a system that has stopped, as another program finds them.
    stack.system.stop().await;
    let ledger = match database {
        Some(url) => {
            let settings = sangam_storage::PostgresSettings::of_url(url).expect("an address");
            SqlLedger::connect(settings).await
        }
        None => SqlLedger::open(stack.folder.path().join("data/ledger.sqlite")).await,
    };
    let checked = ledger.expect("opens").check_positions().await.expect("reads");
    assert_eq!(
        (checked.positions, checked.differing.len()),
        (3, 0),
        "{checked:?}"
    );
}

#[tokio::test]
async fn portfolio_aggregation_in_sqlite() {
    portfolio_aggregation(None).await;
}

#[tokio::test]
async fn portfolio_aggregation_in_postgres() {
    let database = PostgresServer::shared().database();
    portfolio_aggregation(Some(database.url())).await;
}

/// Where no price is to be had, the one of the broker's row stands in with its age; a broker that is gone is named.
#[tokio::test]
async fn the_last_price_known_stands_in_with_its_age() {
    let mut stack = Stack::over(&[BrokerName::Upstox]).await;
    let reliance = "NSE:RELIANCE".parse().expect("a name");
    traded(
        &stack,
        BrokerName::Upstox,
        &reliance,
        Side::Buy,
        3,
        Product::Intraday,
    )
    .await;
    let before = shown(&stack, true).await;
    stack.shut_down(BrokerName::Upstox).await;
    let stack = stack.restart().await;
    let query = PortfolioQuery {
        refresh: true,
        stale_after: Duration::ZERO,
    };
    let view = stack.system.portfolio(query).await.expect("a portfolio");
    let failed: Vec<_> = view.failed.iter().map(|(account, _)| account.as_str()).collect();
    assert_eq!(failed, ["sim-upstox"]);
    assert_eq!(view.books, before.books, "the times of what was read before");
    let line = line(&view.portfolio, "RELIANCE");
    let price = line.price.expect("the row's");
    assert_eq!(Some(price.made_at), view.books[0].positions);
    assert!(price.stale && price.age_ms > 0);
    assert_eq!(line.figures.quantity.units(), 3);
    assert!(line.figures.value.is_some(), "a stale price still values");
    assert!(view.portfolio.totals.stale >= 1);
}

/// Reading the same books again writes nothing: a screen may ask every second.
#[tokio::test]
async fn books_that_are_the_same_are_not_written_again() {
    let stack = Stack::over(&[BrokerName::Upstox]).await;
    let reliance = "NSE:RELIANCE".parse().expect("a name");
    traded(
        &stack,
        BrokerName::Upstox,
        &reliance,
        Side::Buy,
        3,
        Product::Intraday,
    )
    .await;
    let first = shown(&stack, true).await;
    let entries = async || {
        let entries = stack
            .system
            .ledger()
            .audit_of("sim-upstox")
            .await
            .expect("readable");
        entries
            .into_iter()
            .filter(|entry| entry.event == "books.read")
            .count()
    };
    let before = entries().await;
    let second = shown(&stack, true).await;
    assert_eq!((entries().await, &second.books), (before, &first.books));
    traded(
        &stack,
        BrokerName::Upstox,
        &reliance,
        Side::Sell,
        1,
        Product::Intraday,
    )
    .await;
    let third = shown(&stack, true).await;
    assert!(entries().await > before && third.books[0].positions > first.books[0].positions);
}

#[tokio::test]
async fn the_gateway_answers_a_portfolio_in_decimals_as_texts() {
    let mut served = Served::over(&[BrokerName::Upstox, BrokerName::Fyers]).await;
    let order = json!({"strategy": "t", "exchange": "NSE", "symbol": "RELIANCE", "action": "BUY", "quantity": 2,
        "pricetype": "MARKET", "product": "MIS", "price": "0", "trigger_price": "0", "broker": "upstox"});
    let (status, body) = served.call("placeorder", order).await;
    assert_eq!(status, 200, "{body}");
    let number = body["orderid"]
        .as_str()
        .expect("a number")
        .parse()
        .expect("a number");
    let placed = served.stack.system.desks()[0].order(number).await.expect("ours");
    served.stack.wait(&placed, &[OrderState::Filled]).await;
    let (status, body) = served.call("portfolio", json!({"refresh": true})).await;
    assert_eq!(
        (status, &body["status"], &body["mode"]),
        (200, &json!("success"), &json!("analyze"))
    );
    let lines = body["data"]["lines"].as_array().expect("lines");
    let line = lines
        .iter()
        .find(|line| line["symbol"] == "RELIANCE")
        .expect("it is there");
    assert_eq!(line["quantity"], 2);
    let decimal = |value: &serde_json::Value| -> Decimal {
        value.as_str().expect("a text").parse().expect("a decimal")
    };
    assert_eq!(
        decimal(&line["value"]),
        decimal(&line["price"]["price"]) * Decimal::TWO
    );
    assert_eq!(body["data"]["books"].as_array().map(Vec::len), Some(2));
    assert!(body["incomplete"].is_null(), "{body}");

    for (fields, wrong) in [
        (json!({"stale_after_s": 1.5}), "stale_after_s"),
        (json!({"stale_after_s": 86_401}), "stale_after_s"),
        (json!({"stale_after_s": -1}), "stale_after_s"),
        (json!({"refresh": 7}), "refresh"),
        (json!({"account": "x"}), "account"),
    ] {
        let (status, body) = served.call("portfolio", fields.clone()).await;
        assert!(
            status == 400 && !body["message"][wrong].is_null(),
            "{fields}: {body}"
        );
    }
    served.stack.shut_down(BrokerName::Fyers).await;
    let (status, body) = served
        .call("portfolio", json!({"refresh": true, "stale_after_s": 0}))
        .await;
    assert_eq!(
        (status, &body["incomplete"][0]["account"]),
        (200, &json!("sim-fyers")),
        "{body}"
    );
    let (status, _) = served.raw("portfolio", &json!({"apikey": "wrong"})).await;
    assert_eq!(status, 403);
}
