//! The seed's `portfolio_aggregation` through the whole stack over simulated brokers: what was bought at several of them is
//! one portfolio with a value, in exact decimals.

use std::time::Duration;

use rust_decimal::Decimal;
use sangam::portfolio::{Line, Portfolio, PortfolioQuery, PortfolioView};
use sangam_core::ports::FillRecord;
use sangam_core::{BrokerName, InstrumentId, Money, OrderDraft, OrderState, Product, Quantity, Side};
use sangam_storage::SqlLedger;
use sangam_testkit::PostgresServer;
use serde_json::json;

use crate::support::{Served, Stack, market_buy};

const BROKERS: [BrokerName; 3] = [BrokerName::Upstox, BrokerName::Fyers, BrokerName::Flattrade];

/// The line of a symbol.
pub(crate) fn line<'a>(portfolio: &'a Portfolio, symbol: &str) -> &'a Line {
    let found = portfolio.lines.iter().find(|line| line.symbol == symbol);
    found.unwrap_or_else(|| panic!("{symbol} is not in {:?}", portfolio.lines))
}

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
