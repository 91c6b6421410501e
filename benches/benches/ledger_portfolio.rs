//! What a portfolio of 500 positions costs from the books on disk: their rows read of one moment and put together. After
//! 10 thousand trades and after a million, for it must not grow with them; in both databases.

use std::cell::{Cell, OnceCell};
use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use sangam_core::ports::{Change, FillRecord, HoldingRecord, Ledger as _, PositionRecord};
use sangam_core::{
    AccountId, BookInstrument, BrokerName, Exchange, Holding, IST, InstrumentId, Product, Quantity, Side,
    Symbol, Timestamp,
};
use sangam_storage::portfolio::{Portfolio, PortfolioInputs};
use sangam_storage::{PostgresSettings, SqlLedger};
use sangam_testkit::{PostgresServer, samples};
use tokio::runtime::Runtime;

const ACCOUNTS: [(&str, BrokerName); 3] = [
    ("flattrade-1", BrokerName::Flattrade),
    ("fyers-1", BrokerName::Fyers),
    ("upstox-1", BrokerName::Upstox),
];
const POSITIONS: u64 = 500;
const HOLDINGS: u64 = 100;
/// Fills a commit.
const TOGETHER: u64 = 2_000;

fn now() -> Timestamp {
    samples::morning()
}

fn owner(at: u64) -> (AccountId, BrokerName) {
    let (account, broker) = ACCOUNTS[(at % 3) as usize];
    (account.parse().expect("an account"), broker)
}

fn instrument(exchange: Exchange, symbol: &str) -> BookInstrument {
    BookInstrument {
        id: Some(InstrumentId::new(
            exchange,
            Symbol::new(symbol).expect("a symbol"),
        )),
        exchange: Some(exchange),
        broker_symbol: symbol.to_owned(),
    }
}

fn option(at: u64) -> BookInstrument {
    instrument(Exchange::Nfo, &format!("NIFTY24NOV26{}CE", 20_000 + 50 * at))
}

/// The trades go round the positions: each is bought twice, then sold and bought in turns.
fn fill(trade: u64) -> Change {
    let (at, round) = (trade % POSITIONS, trade / POSITIONS);
    let (account, broker) = owner(at);
    let mut record = FillRecord {
        account,
        broker,
        ..samples::fill_record("808", &trade.to_string())
    };
    record.trading_date = IST::date(now());
    record.fill.at = Some(now() + Duration::from_millis(trade));
    record.fill.instrument = option(at);
    record.fill.product = Some(Product::CarryForward);
    record.fill.side = if round > 1 && round % 2 == 0 {
        Side::Sell
    } else {
        Side::Buy
    };
    record.fill.quantity = Quantity::new(75).expect("a quantity");
    record.fill.price = samples::price(&format!("{}.05", 100 + at % 50));
    Change::Filled(Box::new(record))
}

fn position(at: u64) -> PositionRecord {
    let (account, broker) = owner(at);
    let mut record = samples::position_record(account.as_str(), 75);
    record.broker = broker;
    record.position.instrument = option(at);
    record.position.product = Some(Product::CarryForward);
    record.position.average_price = Some(samples::price("110.05"));
    record.position.last_price = Some(samples::price("112.4"));
    record.read_at = now();
    record
}

fn holding(at: u64) -> HoldingRecord {
    let (account, broker) = owner(at);
    HoldingRecord {
        account,
        broker,
        holding: Holding {
            instrument: instrument(Exchange::Nse, &format!("SHARE{at}")),
            isin: None,
            quantity: Quantity::new(20).expect("a quantity"),
            undelivered: Quantity::ZERO,
            saleable: Quantity::new(20).expect("a quantity"),
            average_price: Some(samples::price("900.5")),
            last_price: Some(samples::price("910.25")),
        },
        read_at: now(),
    }
}

async fn fill_books(ledger: &SqlLedger, trades: u64) {
    let audit = samples::audit("books.read", "fyers-1");
    let all: Vec<u64> = (0..trades).collect();
    for some in all.chunks(usize::try_from(TOGETHER).expect("small")) {
        let changes: Vec<_> = some.iter().map(|trade| fill(*trade)).collect();
        ledger.commit(&changes, &audit).await.expect("commits");
    }
    for place in 0..3 {
        let (account, _) = owner(place);
        let mine = |at: &u64| at % 3 == place;
        let changes = [
            Change::PositionsRead {
                account: account.clone(),
                positions: (0..POSITIONS).filter(mine).map(position).collect(),
            },
            Change::HoldingsRead {
                account,
                date: IST::date(now()),
                holdings: (0..HOLDINGS).filter(mine).map(holding).collect(),
            },
        ];
        ledger.commit(&changes, &audit).await.expect("commits");
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is measured is time on this machine"
)]
fn now_on_the_machine() -> std::time::Instant {
    std::time::Instant::now()
}

/// One more fill with the positions of its account, as the desk writes them.
async fn trade_once(ledger: &SqlLedger, trade: u64) {
    let place = trade % POSITIONS % 3;
    let (account, _) = owner(place);
    let positions = (0..POSITIONS)
        .filter(|at| at % 3 == place)
        .map(position)
        .collect();
    let changes = [fill(trade), Change::PositionsRead { account, positions }];
    let audit = samples::audit("books.read", "fyers-1");
    ledger.commit(&changes, &audit).await.expect("commits");
}

async fn portfolio(ledger: &SqlLedger, accounts: &[(AccountId, BrokerName)]) -> Portfolio {
    let books = ledger.portfolio_books(accounts).await.expect("reads");
    Portfolio::of(&PortfolioInputs {
        kept: &books.kept,
        books: &books.books,
        prices: &HashMap::new(),
        multipliers: &HashMap::new(),
        now: now(),
        stale_after: Duration::from_secs(60),
    })
    .expect("in range")
}

fn books(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let folder = std::env::temp_dir().join(format!("sangam-bench-{}", std::process::id()));
    let accounts: Vec<_> = (0..3).map(owner).collect();
    let mut group = criterion.benchmark_group("ledger_portfolio");
    for trades in [10_000, 1_000_000] {
        for store in ["sqlite", "postgres"] {
            let made = OnceCell::new();
            let database = OnceCell::new();
            let make = async || {
                let ledger = if store == "sqlite" {
                    SqlLedger::open(folder.join(format!("{trades}.db"))).await
                } else {
                    let database = database.get_or_init(|| PostgresServer::shared().database());
                    SqlLedger::connect(PostgresSettings::of_url(database.url()).expect("an address")).await
                };
                let ledger = ledger.expect("opens");
                fill_books(&ledger, trades).await;
                let shown = portfolio(&ledger, &accounts).await;
                assert_eq!(shown.lines.len() as u64, POSITIONS + HOLDINGS);
                ledger
            };
            group.bench_function(format!("{store}_after_{trades}_trades"), |bencher| {
                let ledger = made.get_or_init(|| runtime.block_on(make()));
                bencher
                    .to_async(&runtime)
                    .iter(async || black_box(portfolio(ledger, &accounts).await).lines.len());
            });
            // The books as they are while trading: before each reading there is a fill, and its account's positions.
            let next = Cell::new(trades);
            group.bench_function(
                format!("{store}_after_{trades}_trades_and_each_fill"),
                |bencher| {
                    let ledger = made.get_or_init(|| runtime.block_on(make()));
                    bencher.to_async(&runtime).iter_custom(async |times| {
                        let mut took = Duration::ZERO;
                        for _ in 0..times {
                            let trade = next.replace(next.get() + 1);
                            trade_once(ledger, trade).await;
                            let began = now_on_the_machine();
                            black_box(portfolio(ledger, &accounts).await).lines.len();
                            took += began.elapsed();
                        }
                        took
                    });
                },
            );
            group.bench_function(format!("{store}_after_{trades}_trades_first"), |bencher| {
                let ledger = made.get_or_init(|| runtime.block_on(make()));
                // Other accounts than before: nothing is remembered.
                let turned: Vec<_> = accounts.iter().rev().cloned().collect();
                let turn = Cell::new(false);
                bencher.to_async(&runtime).iter(async || {
                    let accounts = if turn.replace(!turn.get()) {
                        &accounts
                    } else {
                        &turned
                    };
                    black_box(portfolio(ledger, accounts).await).lines.len()
                });
            });
            if let Some(ledger) = made.get() {
                runtime.block_on(ledger.close());
            }
        }
    }
    group.finish();
    // A bench that was not asked for has made no file.
    let _gone = std::fs::remove_dir_all(&folder);
}

criterion_group!(benches, books);
criterion_main!(benches);
