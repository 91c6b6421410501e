//! The seed's `portfolio_aggregation` on every kind of books: positions of several brokers are one portfolio with a value,
//! in exact decimals, also after a restart.

use std::collections::HashMap;
use std::time::Duration;

use sangam::portfolio::{BookKind, Portfolio};
use sangam_core::ports::{Change, FillRecord, HoldingRecord, PositionRecord};
use sangam_core::{
    AccountId, BookInstrument, BrokerName, Holding, InstrumentId, Money, Product, Quantity, Side, Timestamp,
};
use sangam_storage::PortfolioBooks;
use sangam_storage::portfolio::PortfolioInputs;
use sangam_testkit::samples;

use crate::ledgers::Books;
use crate::portfolio_aggregation::line;

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
