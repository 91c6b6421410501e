//! Masters: reading and joining about a hundred thousand rows, look-ups, and bytes a contract.
//!
//! Bounds: 1.5 s per 100,000 rows, 300 bytes a contract, 200 ns a look-up. The bytes are counted by the allocator beside
//! the table's own count, and the bench fails when one of them is over the bound.

#![expect(
    clippy::print_stderr,
    reason = "what is measured on is told to the person who runs it"
)]

use std::alloc::System;
use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use sangam_core::ports::SymbolMap;
use sangam_core::timestamp::Date;
use sangam_core::{BrokerName, InstrumentId};
use sangam_instruments::{Master, Source, Table};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

/// Masters of October 2025 and, to reach a hundred thousand rows, commodities of January 2026.
const SAMPLES: [&str; 7] = [
    "noren/2025-10-06/NFO_symbols.trim.txt.gz",
    "noren/2025-09-20/NSE_symbols.txt.gz",
    "noren/2026-01-19/MCX_symbols.trim.txt.gz",
    "fyers/2025-10-10/NSE_CM.csv.gz",
    "fyers/2025-10-10/BSE_FO.csv.gz",
    "upstox/2025-10-05/NSE.trim.json.gz",
    "upstox/2026-01-02/complete.trim.json.gz",
];

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const BYTES_MAX: usize = 300;

/// The masters to measure on: real ones where they lie beside the project, else rows made up in their layouts.
fn sources() -> Vec<(String, Vec<u8>)> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."));
    let folder = project.join("../shared/data/instruments");
    let read = |path: &&str| Some(((*path).to_owned(), fs::read(folder.join(path)).ok()?));
    SAMPLES
        .iter()
        .map(read)
        .collect::<Option<Vec<_>>>()
        .unwrap_or_else(|| {
            eprintln!(
                "NOTE: no masters in {}: measured on GENERATED rows, not on real ones",
                folder.display()
            );
            vec![
                ("noren.txt".to_owned(), noren()),
                ("upstox.json".to_owned(), upstox()),
            ]
        })
}

fn strikes() -> impl Iterator<Item = (u32, &'static str, &'static str, u32)> {
    let expiries = [
        "14-OCT-2025",
        "20-OCT-2025",
        "28-OCT-2025",
        "25-NOV-2025",
        "30-DEC-2025",
    ];
    (0..10_000_u32).flat_map(move |row| {
        expiries.into_iter().zip(0..).map(move |(expiry, at)| {
            let right = if row % 2 == 0 { "CE" } else { "PE" };
            (row * 5 + at, expiry, right, 1_000 + row / 2 * 50)
        })
    })
}

fn noren() -> Vec<u8> {
    let mut text =
        "Exchange,Token,LotSize,Symbol,TradingSymbol,Expiry,Instrument,OptionType,StrikePrice,TickSize,\n"
            .to_owned();
    for (token, expiry, right, strike) in strikes() {
        let compact: String = expiry.replace("-20", "").replace('-', "");
        let letter = right.get(..1).unwrap_or_default();
        writeln!(
            text,
            "NFO,{token},75,NIFTY,NIFTY{compact}{letter}{strike},{expiry},OPTIDX,{right},{strike},0.05,"
        )
        .expect("writing to a string cannot fail");
    }
    text.into_bytes()
}

fn upstox() -> Vec<u8> {
    let mut items = Vec::new();
    for (token, expiry, right, strike) in strikes() {
        let millis: u64 = match expiry {
            "14-OCT-2025" => 1_760_466_599_000,
            "20-OCT-2025" => 1_760_984_999_000,
            "28-OCT-2025" => 1_761_676_199_000,
            "25-NOV-2025" => 1_764_095_399_000,
            _ => 1_767_119_399_000,
        };
        items.push(format!(
            r#"{{"weekly":false,"segment":"NSE_FO","name":"NIFTY","exchange":"NSE","expiry":{millis},"instrument_type":"{right}","asset_symbol":"NIFTY","underlying_symbol":"NIFTY","instrument_key":"NSE_FO|{token}","lot_size":75,"freeze_quantity":1800.0,"exchange_token":"{token}","minimum_lot":75,"asset_key":"NSE_INDEX|Nifty 50","underlying_key":"NSE_INDEX|Nifty 50","tick_size":5.0,"asset_type":"INDEX","underlying_type":"INDEX","trading_symbol":"NIFTY {strike} {right}","strike_price":{strike}.0,"qty_multiplier":1.0}}"#
        ));
    }
    format!("[{}]", items.join(",\n")).into_bytes()
}

fn read_all(sources: &[(String, Vec<u8>)]) -> Vec<Master> {
    let read = |(name, bytes): &(String, Vec<u8>)| Master::read(&Source::new(name, bytes));
    sources
        .iter()
        .map(|source| read(source).expect("it is a master"))
        .collect()
}

fn built(masters: &[Master]) -> Table {
    Table::build(Date::constant(2025, 10, 7), masters)
        .expect("there are instruments")
        .0
}

fn masters(criterion: &mut Criterion) {
    let sources = sources();
    let rows: u64 = read_all(&sources).iter().map(|master| master.report().read).sum();
    let mut group = criterion.benchmark_group("masters");
    group.sample_size(10);
    group.bench_function(format!("read and join {rows} rows"), |bencher| {
        bencher.iter(|| built(&read_all(black_box(&sources))).len());
    });
    group.finish();
}

fn bytes_a_contract(_: &mut Criterion) {
    let masters = read_all(&sources());
    let region = Region::new(COUNTED);
    let table = built(&masters);
    let change = region.change();
    let held = change.bytes_allocated - change.bytes_deallocated;
    let contracts = table.len();
    let counted = table.memory_bytes();
    eprintln!(
        "bytes a contract: {} by the allocator, {} by the table's count, over {contracts} contracts",
        held / contracts,
        counted / contracts
    );
    assert!(held / contracts <= BYTES_MAX, "over {BYTES_MAX} bytes a contract");
    let apart = held.abs_diff(counted);
    assert!(
        apart * 20 < held,
        "the table's own count is {apart} bytes from the allocator's"
    );
}

fn look_ups(criterion: &mut Criterion) {
    let table = built(&read_all(&sources()));
    // Every thirty-seventh contract, so that rows do not lie in the processor's cache by chance.
    let ids: Vec<InstrumentId> = table.iter().step_by(37).map(|entry| entry.id()).collect();
    let orders: Vec<_> = table
        .iter()
        .step_by(37)
        .filter_map(|entry| entry.listing(BrokerName::Flattrade))
        .collect();
    let aliases: Vec<_> = table
        .iter()
        .step_by(37)
        .map(|entry| (entry.exchange(), entry.openalgo_symbol()))
        .collect();
    let mut group = criterion.benchmark_group("look-up");
    let mut at = 0;
    group.bench_function("find", |bencher| {
        bencher.iter(|| {
            at = (at + 1) % ids.len();
            table.find(ids[at].exchange, ids[at].symbol.as_str()).is_some()
        });
    });
    group.bench_function("instrument", |bencher| {
        bencher.iter(|| {
            at = (at + 1) % ids.len();
            table.instrument(&ids[at])
        });
    });
    group.bench_function("listing", |bencher| {
        bencher.iter(|| {
            at = (at + 1) % ids.len();
            table.listing(BrokerName::Upstox, &ids[at])
        });
    });
    let mut at = 0;
    group.bench_function("by order symbol", |bencher| {
        bencher.iter(|| {
            at = (at + 1) % orders.len();
            table.by_order_symbol(
                BrokerName::Flattrade,
                Some(orders[at].exchange),
                &orders[at].order_symbol,
            )
        });
    });
    group.bench_function("by token", |bencher| {
        bencher.iter(|| {
            at = (at + 1) % orders.len();
            table.by_token(BrokerName::Flattrade, orders[at].exchange, &orders[at].token)
        });
    });
    let mut at = 0;
    group.bench_function("resolve an alias", |bencher| {
        bencher.iter(|| {
            at = (at + 1) % aliases.len();
            table.resolve(aliases[at].0, &aliases[at].1).is_ok()
        });
    });
    group.bench_function("search", |bencher| {
        bencher.iter(|| table.search(black_box("nifty 25850 ce"), 20).len())
    });
    group.finish();
}

criterion_group!(benches, masters, bytes_a_contract, look_ups);
criterion_main!(benches);
