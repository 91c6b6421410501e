//! The simulated Fyers over real sockets, as its documents describe the broker.

#[path = "fyers/errors.rs"]
mod errors;
#[path = "fyers/kinds.rs"]
mod kinds;
#[path = "fyers/life.rs"]
mod life;
#[path = "fyers/limits.rs"]
mod limits;
#[path = "fyers/market.rs"]
mod market;
#[path = "fyers/portfolio.rs"]
mod portfolio;
#[path = "fyers/session.rs"]
mod session;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::date;
use sangam_sim::fyers::Fyers;
use sangam_sim::{Instant64, Paise, RunningSim, SimClock, SimConfig, SimServer};
use serde_json::{Value, json};
use wire::{Answer, send};

const RELIANCE: &str = "NSE:RELIANCE-EQ";
const ORDERS: &str = "/api/v3/orders/sync";
const BOOK: &str = "/api/v3/orders";
/// SHA-256 of `TESTAPP-100:TESTSECRET`.
const HASH: &str = "b54014211531da4e260fb0e443ea04d63e6012d99bef48f5ffadd9ce23ec9b60";

/// A simulator with a clock that stands still between calls, and a log-in to it.
struct Session {
    sim: RunningSim,
    clock: SimClock,
    addr: SocketAddr,
    token: String,
}

impl Session {
    /// Monday at half past ten.
    async fn start() -> Self {
        Self::with(SimConfig::default(), (23, 10, 30)).await
    }

    /// A rich account.
    async fn rich() -> Self {
        let config = SimConfig {
            cash: Paise::rupees(1_000_000_000),
            ..SimConfig::default()
        };
        Self::with(config, (23, 10, 30)).await
    }

    /// A day, hour and minute of November 2026.
    async fn with(config: SimConfig, (day, hour, minute): (i8, i8, i8)) -> Self {
        let clock = SimClock::manual(Instant64::at(date(2026, 11, day).at(hour, minute, 0, 0)));
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let sim = SimServer::bind_with(Arc::new(Fyers::default()), config, clock.clone(), any_port)
            .await
            .expect("a free port");
        let addr = sim.local_addr();
        let mut session = Self {
            sim,
            clock,
            addr,
            token: String::new(),
        };
        session.log_in().await;
        session
    }

    async fn log_in(&mut self) {
        let answer = self.exchange(HASH, "TEST-AUTH-CODE").await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        self.token = answer.json()["access_token"].as_str().expect("a text").to_owned();
    }

    async fn exchange(&self, hash: &str, code: &str) -> Answer {
        let body = json!({ "grant_type": "authorization_code", "appIdHash": hash, "code": code });
        self.raw("POST", "/api/v3/validate-authcode", &[], &body.to_string())
            .await
    }

    async fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        send(self.addr, method, path, headers, body)
            .await
            .expect("the connection holds")
            .expect("an answer comes")
    }

    async fn as_app(&self, token: &str, method: &str, path: &str, body: &str) -> Answer {
        let authorization = format!("TESTAPP-100:{token}");
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/json"),
            ("version", "3"),
        ];
        self.raw(method, path, &headers, body).await
    }

    /// One call at the pace the broker allows.
    async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.pass_ms(125);
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.as_app(&self.token, method, path, &text).await
    }

    /// The body of a success.
    async fn ok(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.call(method, path, body).await;
        let json = answer.json();
        assert_eq!(
            (answer.status, &json["s"]),
            (200, &json!("ok")),
            "{method} {path}: {json}"
        );
        json
    }

    async fn get(&self, path: &str) -> Value {
        self.ok("GET", path, &Value::Null).await
    }

    /// Status, code and message of a refusal.
    async fn refused(&self, method: &str, path: &str, body: &Value) -> (u16, i64, String) {
        refusal(&self.call(method, path, body).await)
    }

    /// Places an order that must be taken and returns its id.
    async fn place(&self, order: &Value) -> String {
        let answer = self.ok("POST", ORDERS, order).await;
        assert_eq!(answer["code"], 1101, "{answer}");
        text(&answer["id"])
    }

    /// The row of one order.
    async fn order(&self, id: &str) -> Value {
        let mut book = self.get(&format!("{BOOK}?id={id}")).await;
        let rows = book["orderBook"].as_array_mut().expect("a list");
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows.remove(0)
    }

    async fn faults(&self, faults: &Value) {
        let answer = self.raw("POST", "/__sim/faults", &[], &faults.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
    }

    async fn stats(&self) -> Value {
        self.raw("GET", "/__sim/stats", &[], "").await.json()
    }

    fn pass_ms(&self, ms: u64) {
        assert!(self.clock.advance(Duration::from_millis(ms)));
    }

    /// The last price of a symbol.
    async fn last(&self, symbol: &str) -> Paise {
        let symbol = symbol.replace('&', "%26");
        let answer = self.get(&format!("/data/quotes?symbols={symbol}")).await;
        Paise::from_json(&answer["d"][0]["v"]["lp"]).expect("a price")
    }

    /// A symbol of a NIFTY option with this right near the money.
    fn option(&self, right: &str) -> String {
        let universe = self.sim.world().universe();
        let spot = universe.by_fyers("NSE:NIFTY50-INDEX").expect("the index");
        let spot = self.sim.world().quote(spot).last;
        let chain = universe.chain("NIFTY");
        let near = chain
            .iter()
            .filter(|contract| contract.right().is_some_and(|found| found.code() == right));
        let near = near.min_by_key(|contract| (contract.strike().unwrap_or_default() - spot).0.abs());
        near.expect("an option").names.fyers.clone()
    }
}

fn refusal(answer: &Answer) -> (u16, i64, String) {
    let json = answer.json();
    assert_eq!(json["s"], "error", "{json}");
    (
        answer.status,
        json["code"].as_i64().expect("a number"),
        text(&json["message"]),
    )
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
        .to_owned()
}

fn price(value: &Value) -> Paise {
    assert!(value.is_number(), "{value} is no number");
    Paise::from_json(value).expect("a price")
}

/// Some percent beside a price, on a tick that every cash share has.
fn beside(price: Paise, percent: i64) -> Paise {
    Paise(price.0 * (100 + percent) / 100).floor_to(Paise(10))
}

/// A delivery order to buy one share, with every documented field.
fn limit(symbol: &str, price: Paise) -> Value {
    json!({
        "symbol": symbol,
        "qty": 1,
        "type": 1,
        "side": 1,
        "productType": "CNC",
        "limitPrice": price,
        "stopPrice": 0,
        "validity": "DAY",
        "disclosedQty": 0,
        "offlineOrder": false,
        "stopLoss": 0,
        "takeProfit": 0,
        "orderTag": "algo001order0001",
    })
}

/// The order with some fields changed; a null takes the field away.
fn with(mut order: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().expect("an object") {
        let fields = order.as_object_mut().expect("an object");
        if value.is_null() {
            fields.remove(name);
        } else {
            fields.insert(name.clone(), value.clone());
        }
    }
    order
}

/// The names of an object's fields, sorted.
fn names(row: &Value) -> Vec<String> {
    let mut names: Vec<String> = row.as_object().expect("an object").keys().cloned().collect();
    names.sort_unstable();
    names
}

/// Words in order.
fn sorted(words: &str) -> Vec<String> {
    let mut words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
    words.sort_unstable();
    words
}
