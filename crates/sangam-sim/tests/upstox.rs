//! The simulated Upstox over real sockets, as its documents describe the broker.

#[path = "upstox/errors.rs"]
mod errors;
#[path = "upstox/kinds.rs"]
mod kinds;
#[path = "upstox/life.rs"]
mod life;
#[path = "upstox/market.rs"]
mod market;
#[path = "upstox/session.rs"]
mod session;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::date;
use sangam_sim::upstox::Upstox;
use sangam_sim::{Instant64, RunningSim, SimClock, SimConfig, SimServer};
use serde_json::{Value, json};
use wire::{Answer, send};

const RELIANCE: &str = "NSE_EQ|INE002A01018";
const TOKEN_PATH: &str = "/v2/login/authorization/token";
const FORM: &str = "application/x-www-form-urlencoded";

/// A simulator with a clock that stands still, and a log-in to it.
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

    /// A day, hour and minute of November 2026.
    async fn with(config: SimConfig, (day, hour, minute): (i8, i8, i8)) -> Self {
        let clock = SimClock::manual(Instant64::at(date(2026, 11, day).at(hour, minute, 0, 0)));
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let sim = SimServer::bind_with(Arc::new(Upstox), config, clock.clone(), any_port)
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
        let answer = self.exchange("test-code", "test-client-secret").await;
        assert_eq!(answer.status, 200, "{:?}", answer.json());
        self.token = answer.json()["access_token"]
            .as_str()
            .expect("a token")
            .to_owned();
    }

    async fn exchange(&self, code: &str, secret: &str) -> Answer {
        let form = format!(
            "code={code}&client_id=test-client-id&client_secret={secret}\
             &redirect_uri=https%3A%2F%2Fexample.test%2Fcallback&grant_type=authorization_code"
        );
        self.raw("POST", TOKEN_PATH, &[("content-type", FORM)], &form)
            .await
    }

    async fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        send(self.addr, method, path, headers, body)
            .await
            .expect("the connection holds")
            .expect("an answer comes")
    }

    async fn call(&self, method: &str, path: &str, body: &str) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        self.raw(
            method,
            path,
            &[("authorization", &bearer), ("content-type", "application/json")],
            body,
        )
        .await
    }

    /// The data of a success.
    async fn data(&self, method: &str, path: &str, body: &Value) -> Value {
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let answer = self.call(method, path, &text).await;
        let json = answer.json();
        assert_eq!(
            (answer.status, &json["status"]),
            (200, &json!("success")),
            "{method} {path}: {json}"
        );
        json["data"].clone()
    }

    async fn get(&self, path: &str) -> Value {
        self.data("GET", path, &Value::Null).await
    }

    /// Status and first code of a refusal.
    async fn refused(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        code(&self.call(method, path, body).await)
    }

    /// Places an order that must be taken and returns its id.
    async fn place(&self, order: &Value) -> String {
        let data = self.data("POST", "/v3/order/place", order).await;
        let ids = data["order_ids"].as_array().expect("a list").clone();
        assert_eq!(ids.len(), 1, "{data}");
        ids[0].as_str().expect("a text").to_owned()
    }

    async fn details(&self, order_id: &str) -> Value {
        self.get(&format!("/v2/order/details?order_id={order_id}")).await
    }

    /// The statuses of an order's history.
    async fn statuses(&self, order_id: &str) -> Vec<String> {
        let rows = self.get(&format!("/v2/order/history?order_id={order_id}")).await;
        let status = |row: &Value| row["status"].as_str().expect("a text").to_owned();
        rows.as_array().expect("a list").iter().map(status).collect()
    }

    async fn faults(&self, faults: &Value) {
        let answer = self.raw("POST", "/__sim/faults", &[], &faults.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
    }

    async fn stats(&self) -> Value {
        self.raw("GET", "/__sim/stats", &[], "").await.json()
    }

    fn pass(&self, seconds: u64) {
        assert!(self.clock.advance(Duration::from_secs(seconds)));
    }

    /// RELIANCE's last price in paise.
    async fn last(&self) -> i64 {
        let rows = self
            .get("/v3/market-quote/ltp?instrument_key=NSE_EQ%7CINE002A01018")
            .await;
        paise(&rows["NSE_EQ:RELIANCE"]["last_price"])
    }
}

fn code(answer: &Answer) -> (u16, String) {
    let json = answer.json();
    assert_eq!(json["status"], "error", "{json}");
    (
        answer.status,
        json["errors"][0]["errorCode"]
            .as_str()
            .expect("a code")
            .to_owned(),
    )
}

fn refusal(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn paise(price: &Value) -> i64 {
    sangam_sim::Paise::from_json(price).expect("a price").0
}

/// Rupees on the ten-paise grid.
fn rupees(paise: i64) -> Value {
    sangam_sim::Paise(paise / 10 * 10).to_json()
}

/// A limit order to buy one RELIANCE, delivery.
fn limit(price: &Value) -> Value {
    json!({
        "quantity": 1, "product": "D", "validity": "DAY", "price": price, "tag": "oms-1", "slice": false,
        "instrument_token": RELIANCE, "order_type": "LIMIT", "transaction_type": "BUY",
        "disclosed_quantity": 0, "trigger_price": 0.0, "is_amo": false,
    })
}

/// The same with some fields replaced; null drops a field on the server's side.
fn changed(mut order: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().expect("an object") {
        order[name] = value.clone();
    }
    order
}
