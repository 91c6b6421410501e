//! Every documented reply, damaged in every way a network or a broker could: cut, bytes changed, fields taken out or
//! replaced. Nothing may panic, and a placement must never become refused or placed by damage that leaves no such
//! answer.

use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::common::{Names, logged_in};
use proptest::prelude::*;
use sangam_broker_fyers::translate;
use sangam_core::ports::{Books as _, Login as _, MarketData as _, OrderEntry as _};
use sangam_core::{
    CandleInterval, OrderRequest, Outcome, PlaceOrder, Pricing, Product, Quantity, Side, Validity,
};
use serde_json::Value;

/// Bodies and statuses of all reply fixtures.
fn replies() -> Vec<(u16, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/wire/fyers");
    let mut replies = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("responses-") || name.contains("socket") {
            continue;
        }
        let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        for item in file["responses"].as_array().unwrap() {
            let status = u16::try_from(item["http_status"].as_u64().unwrap()).unwrap();
            let body = match item.get("body") {
                Some(body) => body.to_string().into_bytes(),
                None => item["body_text"].as_str().unwrap().as_bytes().to_vec(),
            };
            replies.push((status, body));
        }
    }
    assert!(replies.len() > 80, "the fixtures are there");
    replies
}

/// A future over the scripted transport never waits.
fn now_or_never<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the scripted transport waited"),
    }
}

fn order() -> PlaceOrder {
    PlaceOrder {
        request: OrderRequest {
            instrument: "NSE:SBIN".parse().unwrap(),
            side: Side::Buy,
            quantity: Quantity::new(10).unwrap(),
            pricing: Pricing::Market,
            product: Product::Delivery,
            validity: Validity::Day,
            disclosed: Quantity::ZERO,
            after_market: false,
            position_effect: None,
        },
        tag: None,
        algo: None,
    }
}

/// Feeds one body to everything that reads.
fn feed(status: u16, body: &[u8]) {
    let instrument = "NSE:SBIN".parse().unwrap();
    let span = ("2025-01-01".parse().unwrap(), "2026-12-31".parse().unwrap());
    // Every reader takes every body; only panics and hangs are wrong here.
    drop(translate::order_book(body, &Names));
    drop(translate::trade_book(body, &Names));
    drop(translate::positions(body, &Names));
    drop(translate::holdings(body, &Names));
    drop(translate::funds(body));
    drop(translate::profile(body));
    drop(translate::access_token(body));
    drop(translate::candles(body, CandleInterval::Day, span));
    drop(translate::depth(
        body,
        &instrument,
        "NSE:SBIN-EQ",
        super::common::now(),
    ));
    let asked = [(instrument.clone(), "NSE:SBIN-EQ".into())];
    drop(translate::quotes(body, &asked, super::common::now()));
    let account = logged_in();
    for _ in 0..4 {
        account.reads.answer(status, body);
    }
    drop(now_or_never(account.fyers.order_book()));
    drop(now_or_never(
        account.fyers.quotes(std::slice::from_ref(&instrument)),
    ));
    drop(now_or_never(account.fyers.check_session()));
    drop(now_or_never(account.fyers.exchange_code("code")));
    account.orders.answer(status, body);
    if let Err(error) = now_or_never(account.fyers.place(&order())) {
        assert_ne!(error.outcome(), Outcome::NotSent, "something was sent");
        if error.outcome() == Outcome::Rejected {
            let whole: Value = serde_json::from_slice(body).expect("only whole JSON is evidence");
            assert!(whole["s"].as_str().unwrap().eq_ignore_ascii_case("error"));
            assert!(status == 200 || (400..500).contains(&status));
        }
    } else {
        let whole: Value = serde_json::from_slice(body).expect("only whole JSON acknowledges");
        assert!(!whole["s"].as_str().unwrap_or("ok").eq_ignore_ascii_case("error"));
        assert!((200..300).contains(&status));
    }
}

/// Every place in a value that can be taken out or replaced.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(k, v)| (k.replace('~', "~0").replace('/', "~1"), v))
            .collect(),
        Value::Array(list) => list.iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect(),
        _ => return,
    };
    for (key, value) in inner {
        let at = format!("{at}/{key}");
        places(value, &at, out);
        out.push(at);
    }
}

fn take_out(value: &mut Value, at: &str) {
    let (parent, key) = at.rsplit_once('/').unwrap();
    match value.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.remove(&key.replace("~1", "/").replace("~0", "~"));
        }
        Some(Value::Array(list)) => {
            list.remove(key.parse().unwrap());
        }
        _ => {}
    }
}

#[test]
fn whole_replies_are_read_without_panic() {
    for (status, body) in replies() {
        feed(status, &body);
    }
}

#[test]
fn every_field_can_be_missing_or_wrong() {
    let wrong = [
        Value::Null,
        Value::Bool(true),
        Value::from(-1),
        Value::from(1e300),
        Value::from("x"),
        Value::from(""),
        Value::from("99999999999999999999999999999999999"),
        Value::Array(vec![]),
        Value::Object(serde_json::Map::new()),
    ];
    let mut fed = 0;
    for (status, body) in replies() {
        let Ok(whole) = serde_json::from_slice::<Value>(&body) else {
            continue;
        };
        let mut all = Vec::new();
        places(&whole, "", &mut all);
        for at in all {
            let mut less = whole.clone();
            take_out(&mut less, &at);
            feed(status, less.to_string().as_bytes());
            let other = &wrong[fed % wrong.len()];
            let mut changed = whole.clone();
            if let Some(slot) = changed.pointer_mut(&at) {
                *slot = other.clone();
            }
            feed(status, changed.to_string().as_bytes());
            fed += 1;
        }
    }
    assert!(fed > 1000, "{fed} places");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn property_cut_and_flipped_bytes_are_survived(
        which in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        status in prop::sample::select(vec![200_u16, 201, 302, 400, 401, 403, 429, 500, 502]),
    ) {
        let replies = replies();
        let (own_status, body) = which.get(&replies);
        let mut body = body.clone();
        feed(*own_status, &body[..cut.index(body.len() + 1)]);
        for (at, byte) in flips {
            if !body.is_empty() {
                let at = at.index(body.len());
                body[at] ^= byte;
            }
        }
        feed(*own_status, &body);
        feed(status, &body);
    }
}
