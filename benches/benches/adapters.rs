//! What translation costs: an order to the bytes each broker expects, and a book of 500 orders back from the bytes each
//! broker sends. Rows are those of the recorded answers in tests/fixtures, repeated under numbers of their own.

use std::fs;
use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use sangam_broker_flattrade::{AmpersandForm, Sender, translate as flattrade};
use sangam_broker_fyers::translate as fyers;
use sangam_broker_upstox::translate as upstox;
use sangam_core::ports::SymbolMap;
use sangam_core::{
    BrokerName, Exchange, Instrument, InstrumentId, Listing, OrderRequest, PlaceOrder, Pricing, Product,
    Quantity, Side, Validity,
};
use serde_json::Value;

/// Rows of the book.
const ROWS: usize = 500;

/// Knows one instrument under every name, so that look-ups cost what a hit costs and nothing more.
#[derive(Debug)]
struct OneInstrument;

impl OneInstrument {
    fn id() -> InstrumentId {
        "NSE:RELIANCE".parse().expect("a name")
    }
}

impl SymbolMap for OneInstrument {
    fn instrument(&self, _: &InstrumentId) -> Option<Arc<Instrument>> {
        None
    }

    fn listing(&self, _: BrokerName, _: &InstrumentId) -> Option<Listing> {
        None
    }

    fn by_order_symbol(&self, _: BrokerName, _: Option<Exchange>, _: &str) -> Option<InstrumentId> {
        Some(Self::id())
    }

    fn by_token(&self, _: BrokerName, _: Exchange, _: &str) -> Option<InstrumentId> {
        Some(Self::id())
    }
}

fn order() -> PlaceOrder {
    PlaceOrder {
        request: OrderRequest {
            instrument: OneInstrument::id(),
            side: Side::Buy,
            quantity: Quantity::new(10).expect("small"),
            pricing: Pricing::Limit {
                limit: "1450.5".parse().expect("a price"),
            },
            product: Product::Delivery,
            validity: Validity::Day,
            disclosed: Quantity::ZERO,
            after_market: false,
            position_effect: None,
        },
        tag: Some("S0123456789ABC".parse().expect("a tag")),
        algo: None,
    }
}

fn listing() -> Listing {
    Listing {
        broker: BrokerName::Flattrade,
        exchange: Exchange::Nse,
        order_symbol: "RELIANCE-EQ".into(),
        token: "2885".into(),
    }
}

fn to_wire(c: &mut Criterion) {
    let mut group = c.benchmark_group("order_to_wire");
    let (order, listing) = (order(), listing());
    let sender = Sender {
        uid: "FT000000",
        actid: "FT000000",
        token: "test-token",
        ampersand: AmpersandForm::Percent,
    };
    group.bench_function("flattrade", |b| {
        b.iter(|| flattrade::place_body(&sender, &listing, black_box(&order)).expect("a right order"));
    });
    group.bench_function("fyers", |b| {
        b.iter(|| fyers::place_body(black_box(&order), "NSE:RELIANCE-EQ").expect("a right order"));
    });
    let style = upstox::CommandStyle::default();
    group.bench_function("upstox", |b| {
        b.iter(|| {
            upstox::place_body(black_box(&order), "NSE_EQ|INE002A01018", style).expect("a right order")
        });
    });
    group.finish();
}

/// The first recorded answer of a file that has a row at this pointer, with its rows repeated.
fn book(file: &str, rows_at: &str, id: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/fixtures/wire")
        .join(file);
    let recorded: Value = serde_json::from_str(&fs::read_to_string(&path).expect("a fixture")).expect("json");
    let items = recorded
        .get("responses")
        .unwrap_or(&recorded)
        .as_array()
        .expect("a list")
        .clone();
    let has_rows = |item: &Value| {
        let row = item["body"].pointer(&format!("{rows_at}/0"));
        row.is_some_and(|row| row.get(id).is_some() && row.get("status").is_some())
    };
    let mut body = items.into_iter().find(has_rows).expect("an answer with rows")["body"].clone();
    let rows = body
        .pointer_mut(rows_at)
        .and_then(Value::as_array_mut)
        .expect("rows");
    let first = rows[0].clone();
    *rows = (0..ROWS)
        .map(|i| {
            let mut row = first.clone();
            row[id] = Value::from(format!("261123{i:09}"));
            row
        })
        .collect();
    serde_json::to_vec(&body).expect("json")
}

fn from_wire(c: &mut Criterion) {
    let mut group = c.benchmark_group("order_book_500");
    let bytes = book("flattrade/responses-order_book.json", "", "norenordno");
    assert_eq!(
        flattrade::order_book(200, &bytes, &OneInstrument)
            .expect("a book")
            .len(),
        ROWS
    );
    group.bench_function("flattrade", |b| {
        b.iter(|| flattrade::order_book(200, black_box(&bytes), &OneInstrument).expect("a book"));
    });
    let bytes = book("fyers/responses-orderbook.json", "/orderBook", "id");
    assert_eq!(
        fyers::order_book(&bytes, &OneInstrument).expect("a book").len(),
        ROWS
    );
    group.bench_function("fyers", |b| {
        b.iter(|| fyers::order_book(black_box(&bytes), &OneInstrument).expect("a book"));
    });
    let bytes = book("upstox/responses-orders.json", "/data", "order_id");
    assert_eq!(
        upstox::order_book(&bytes, &OneInstrument).expect("a book").len(),
        ROWS
    );
    group.bench_function("upstox", |b| {
        b.iter(|| upstox::order_book(black_box(&bytes), &OneInstrument).expect("a book"));
    });
    group.finish();
}

criterion_group!(benches, to_wire, from_wire);
criterion_main!(benches);
