//! Every real answer, damaged in every way a wire can damage it, is read as a value or an error: never a panic, and
//! never an acknowledgement without the broker's id in the bytes.

use std::sync::{Arc, LazyLock};

use crate::common::{account, config};
use proptest::prelude::*;
use sangam_broker::ScriptedTransport;
use sangam_broker_upstox::Upstox;
use sangam_core::ports::{Books as _, Login as _, MarketData as _, OrderEntry as _};
use sangam_core::{
    BrokerOrderId, CancelOrder, CandleInterval, CandleQuery, InstrumentId, ModifyOrder, OrderRequest,
    PlaceOrder, Pricing, Product, Quantity, Side, Tag, Validity,
};
use serde_json::Value;

/// The bodies of all fixtures, and one of candles.
static BODIES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/wire/upstox");
    let mut bodies = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the fixtures are there") {
        let path = entry.expect("an entry").path();
        if path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("responses-"))
        {
            let items: Vec<Value> =
                serde_json::from_slice(&std::fs::read(&path).expect("a file")).expect("JSON");
            bodies.extend(items.into_iter().map(|mut item| item["body"].take()));
        }
    }
    assert!(bodies.len() > 80, "{} bodies", bodies.len());
    bodies.push(serde_json::json!({"status": "success", "data": {"candles":
        [["2025-01-06T00:00:00+05:30", 1.5, 2.0, 1.0, 1.75, 100, 0]]}}));
    bodies
});

const REPLACEMENTS: [&str; 14] = [
    "null",
    "0",
    "-1",
    "1e400",
    "99999999999999999999",
    "0.1234567890123456789",
    "\"\"",
    "\"x\"",
    "\"-\"",
    "[]",
    "{}",
    "true",
    "[null]",
    "\"\\u0000\"",
];

/// The paths of all values inside a value.
fn paths(value: &Value, at: String, out: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                paths(
                    inner,
                    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")),
                    out,
                );
            }
        }
        Value::Array(list) => {
            for (i, inner) in list.iter().enumerate() {
                paths(inner, format!("{at}/{i}"), out);
            }
        }
        _ => {}
    }
    out.push(at);
}

#[derive(Debug, Clone)]
enum Damage {
    Cut(prop::sample::Index),
    Flip(prop::sample::Index, u8),
    Replace(prop::sample::Index, usize),
    Delete(prop::sample::Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        any::<prop::sample::Index>().prop_map(Damage::Cut),
        (any::<prop::sample::Index>(), 0_u8..8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        (any::<prop::sample::Index>(), 0..REPLACEMENTS.len())
            .prop_map(|(at, with)| Damage::Replace(at, with)),
        any::<prop::sample::Index>().prop_map(Damage::Delete),
    ]
}

fn damaged(body: &Value, damage: &Damage) -> Vec<u8> {
    let mut all = Vec::new();
    paths(body, String::new(), &mut all);
    match damage {
        Damage::Cut(at) => {
            let mut bytes = body.to_string().into_bytes();
            bytes.truncate(at.index(bytes.len()));
            bytes
        }
        Damage::Flip(at, bit) => {
            let mut bytes = body.to_string().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            bytes
        }
        Damage::Replace(at, with) => {
            // A mark that the text of the replacement then takes the place of: some are no JSON a value can hold.
            let mut body = body.clone();
            let path: &String = at.get(&all);
            *body.pointer_mut(path).expect("a path of this value") = Value::from("@mark@");
            body.to_string()
                .replace("\"@mark@\"", REPLACEMENTS[*with])
                .into_bytes()
        }
        Damage::Delete(at) => {
            let mut body = body.clone();
            let path: &String = at.get(&all);
            if let Some((parent, key)) = path.rsplit_once('/') {
                match body.pointer_mut(parent) {
                    Some(Value::Object(map)) => {
                        map.remove(&key.replace("~1", "/").replace("~0", "~"));
                    }
                    Some(Value::Array(list)) => {
                        list.remove(key.parse().expect("an index"));
                    }
                    _ => {}
                }
            }
            body.to_string().into_bytes()
        }
    }
}

fn over(status: u16, body: &[u8]) -> Upstox {
    let script = ScriptedTransport::answering(std::iter::repeat_n((status, body.to_vec()), 2));
    account(config(), &script, &script)
}

fn order() -> PlaceOrder {
    PlaceOrder {
        request: OrderRequest {
            instrument: share(),
            side: Side::Buy,
            quantity: Quantity::new(1).expect("a quantity"),
            pricing: Pricing::Market,
            product: Product::Intraday,
            validity: Validity::Day,
            disclosed: Quantity::ZERO,
            after_market: false,
            position_effect: None,
        },
        tag: None,
        algo: None,
    }
}

fn share() -> InstrumentId {
    "NSE:INE002A01018".parse().expect("an instrument")
}

/// Every call reads the answer; what comes out matters only for commands.
async fn read_all_ways(status: u16, body: &[u8]) {
    let at = || over(status, body);
    let text = String::from_utf8_lossy(body);
    let known = |id: &BrokerOrderId| assert!(text.contains(id.as_str()), "an id from nowhere: {id}");
    let id = BrokerOrderId::new("240108010445130").expect("an id");
    if let Ok(placed) = at().place(&order()).await {
        known(&placed.broker_order_id);
    }
    let change = ModifyOrder {
        broker_order_id: id.clone(),
        instrument: share(),
        pricing: Pricing::Market,
        quantity: None,
        validity: None,
        disclosed: None,
        algo: None,
    };
    if let Ok(taken) = at().modify(&change).await {
        known(&taken.broker_order_id);
    }
    let cancel = CancelOrder {
        broker_order_id: id.clone(),
        algo: None,
    };
    if let Ok(taken) = at().cancel(&cancel).await {
        known(&taken.broker_order_id);
    }
    for order in at().order_book().await.into_iter().flatten() {
        known(&order.id);
    }
    let _ = at().order(&id).await;
    let _ = at().order_history(&id).await;
    let _ = at().orders_by_tag(&Tag::new("S1").expect("a tag")).await;
    let _ = at().trades().await;
    let _ = at().trades_of(&id).await;
    let _ = at().positions().await;
    let _ = at().holdings().await;
    let _ = at().funds().await;
    let _ = at().quotes(&[share()]).await;
    let _ = at().depth(&share()).await;
    let day = "2025-01-06".parse().expect("a date");
    let query = CandleQuery {
        instrument: share(),
        interval: CandleInterval::Day,
        from: day,
        to: day,
    };
    let _ = at().candles(&query).await;
    let _ = at().exchange_code("code").await;
    let _ = at().check_session().await;
    let _ = at().log_out().await;
}

fn block(future: impl Future<Output = ()>) {
    static RUNTIME: LazyLock<Arc<tokio::runtime::Runtime>> = LazyLock::new(|| {
        Arc::new(
            tokio::runtime::Builder::new_current_thread()
                .build()
                .expect("a runtime"),
        )
    });
    RUNTIME.block_on(future);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn property_no_damage_panics_or_invents(
        body in any::<prop::sample::Index>(),
        harm in damage(),
        status in prop::sample::select(vec![200_u16, 200, 200, 207, 302, 400, 401, 429, 500]),
    ) {
        let body = damaged(body.get::<Value>(&BODIES), &harm);
        block(read_all_ways(status, &body));
    }

    #[test]
    fn property_no_bytes_at_all_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        block(read_all_ways(200, &bytes));
    }
}

/// A book that lost a row, or the id of one, is an error or shorter by exactly what the bytes lost: rows never vanish in
/// reading.
#[test]
fn no_row_vanishes_in_reading() {
    for body in BODIES.iter() {
        let Some(rows) = body["data"].as_array() else {
            continue;
        };
        if rows.iter().all(|row| row.get("filled_quantity").is_some()) {
            let read = async {
                let book = over(200, body.to_string().as_bytes())
                    .order_book()
                    .await
                    .expect("a real book");
                assert_eq!(book.len(), rows.len());
            };
            block(read);
        }
    }
}
