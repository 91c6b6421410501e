//! What a portfolio of 500 positions costs to put together, and what a fill costs the position it belongs to, after few
//! fills and after many.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use sangam_core::ports::FillRecord;
use sangam_core::{
    AccountId, BookInstrument, BrokerName, Exchange, Fill, Holding, InstrumentId, Position, Price, Product,
    Quantity, Side, Symbol, Timestamp,
};
use sangam_storage::portfolio::{AccountBook, BookRead, Portfolio, PortfolioInputs, SeenPrice};
use sangam_storage::{CostMethod, KeptPosition};

const ACCOUNTS: [(&str, BrokerName); 3] = [
    ("flattrade-1", BrokerName::Flattrade),
    ("fyers-1", BrokerName::Fyers),
    ("upstox-1", BrokerName::Upstox),
];
/// Positions of the portfolio.
const POSITIONS: u32 = 500;

fn now() -> Timestamp {
    Timestamp::constant(1_795_405_500, 0)
}

fn price(ticks: u32) -> Price {
    Price::new(rust_decimal::Decimal::new(i64::from(ticks) * 5, 2)).expect("a price")
}

fn quantity(units: u64) -> Quantity {
    Quantity::new(units).expect("a quantity")
}

/// The first 400 positions are in instruments of their own, the rest in the first hundred of them at another broker.
fn instrument(at: u32) -> BookInstrument {
    let symbol = format!("NIFTY24NOV26{}CE", 20_000 + 50 * (at % 400));
    BookInstrument {
        id: Some(InstrumentId::new(
            Exchange::Nfo,
            Symbol::new(&symbol).expect("a symbol"),
        )),
        exchange: Some(Exchange::Nfo),
        broker_symbol: symbol,
    }
}

fn owner(at: u32) -> (AccountId, BrokerName) {
    let (account, broker) = ACCOUNTS[(at / 3) as usize % 3];
    (account.parse().expect("an account"), broker)
}

fn fill(at: u32, side: Side, ticks: u32) -> FillRecord {
    let (account, broker) = owner(at);
    FillRecord {
        account,
        broker,
        trading_date: sangam_core::IST::date(now()),
        order: None,
        fill: Fill {
            order_id: "1".parse().expect("an id"),
            trade_id: "1".parse().expect("an id"),
            instrument: instrument(at),
            side,
            product: Some(Product::CarryForward),
            quantity: quantity(75),
            price: price(ticks),
            at: Some(now()),
            tag: None,
        },
    }
}

fn position(at: u32) -> Position {
    Position {
        instrument: instrument(at),
        product: Some(Product::CarryForward),
        net: 75.try_into().expect("a quantity"),
        average_price: Some(price(2_000 + at)),
        bought: quantity(75),
        buy_average: Some(price(2_000 + at)),
        sold: Quantity::ZERO,
        sell_average: None,
        last_price: Some(price(2_100 + at)),
        realised: None,
        unrealised: None,
    }
}

fn holding(at: u32) -> Holding {
    let symbol = format!("SHARE{at}");
    Holding {
        instrument: BookInstrument {
            id: Some(InstrumentId::new(
                Exchange::Nse,
                Symbol::new(&symbol).expect("a symbol"),
            )),
            exchange: Some(Exchange::Nse),
            broker_symbol: symbol,
        },
        isin: None,
        quantity: quantity(20),
        undelivered: Quantity::ZERO,
        saleable: quantity(20),
        average_price: Some(price(9_000 + at)),
        last_price: Some(price(9_100 + at)),
    }
}

fn portfolio(criterion: &mut Criterion) {
    let books: Vec<_> = ACCOUNTS
        .iter()
        .map(|(account, broker)| {
            let account: AccountId = account.parse().expect("an account");
            let mine = |at: &u32| owner(*at).0 == account;
            AccountBook {
                positions: Some(BookRead {
                    rows: (0..POSITIONS).filter(mine).map(position).collect(),
                    read_at: now(),
                }),
                holdings: Some(BookRead {
                    rows: (0..100).filter(mine).map(holding).collect(),
                    read_at: now(),
                }),
                account,
                broker: *broker,
            }
        })
        .collect();
    let kept: Vec<_> = (0..POSITIONS)
        .map(|at| KeptPosition::opened_by(&fill(at, Side::Buy, 2_000 + at), 1, CostMethod::Fifo))
        .map(|opened| opened.expect("sound").0)
        .collect();
    let seen = |at: u32| {
        let id = instrument(at).id.expect("it is known");
        (
            id,
            SeenPrice {
                price: price(2_200 + at),
                made_at: now(),
            },
        )
    };
    let prices: HashMap<_, _> = (0..400).map(seen).collect();
    let multipliers = HashMap::new();
    let inputs = |kept| PortfolioInputs {
        kept,
        books: &books,
        prices: &prices,
        multipliers: &multipliers,
        now: now(),
        stale_after: Duration::from_secs(60),
    };
    let rows: usize = Portfolio::of(&inputs(&kept))
        .expect("in range")
        .lines
        .iter()
        .map(|line| line.parts.len())
        .sum();
    assert_eq!(rows, 600, "500 positions and 100 holdings");
    let mut group = criterion.benchmark_group("portfolio");
    group.bench_function("500_positions_100_holdings_and_500_kept", |bencher| {
        bencher.iter(|| {
            Portfolio::of(black_box(&inputs(&kept)))
                .expect("in range")
                .lines
                .len()
        });
    });
    group.bench_function("500_positions_100_holdings", |bencher| {
        bencher.iter(|| {
            Portfolio::of(black_box(&inputs(&[])))
                .expect("in range")
                .lines
                .len()
        });
    });
    group.finish();
}

/// A fill that closes one lot and one that opens one, on a position with a hundred open lots after so many fills.
fn fills(criterion: &mut Criterion) {
    let (buy, sell) = (fill(0, Side::Buy, 2_000), fill(0, Side::Sell, 2_010));
    let mut group = criterion.benchmark_group("fill");
    for method in CostMethod::ALL {
        for before in [1_000_u64, 1_000_000] {
            let (mut kept, _) = KeptPosition::opened_by(&buy, 1, method).expect("sound");
            for sequence in 2..=100 {
                kept.apply(&buy, sequence).expect("sound");
            }
            for sequence in 101..=before {
                let record = if sequence % 2 == 0 { &buy } else { &sell };
                kept.apply(record, sequence).expect("sound");
            }
            assert_eq!(kept.fills, before);
            group.bench_function(format!("two_{method}_after_{before}"), |bencher| {
                bencher.iter_batched_ref(
                    || kept.clone(),
                    |kept| {
                        let sold = kept.apply(&sell, before + 1).expect("sound");
                        (sold, kept.apply(&buy, before + 2).expect("sound"))
                    },
                    BatchSize::SmallInput,
                );
            });
        }
    }
    group.finish();
}

criterion_group!(benches, portfolio, fills);
criterion_main!(benches);
