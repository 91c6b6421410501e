//! The simulated Flattrade over real sockets, as its documents describe the broker.

#[path = "flattrade/errors.rs"]
mod errors;
#[path = "flattrade/life.rs"]
mod life;
#[path = "flattrade/market.rs"]
mod market;
#[path = "flattrade/portfolio.rs"]
mod portfolio;
#[path = "flattrade/session.rs"]
mod session;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::date;
use sangam_sim::flattrade::Flattrade;
use sangam_sim::{Instant64, Paise, RunningSim, SimClock, SimConfig, SimServer};
use serde_json::{Value, json};
use wire::{Answer, send};

/// SHA-256 over `test-key`, `test-request-code`, `test-secret`, in hex.
const DIGEST: &str = "360565bd566bdbceb31aebfec901a4cb56d36b39ef6de1a69c6b4f74c38ff9d4";

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
        let sim = SimServer::bind_with(Arc::new(Flattrade), config, clock.clone(), any_port)
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
        let answer = self.exchange("test-request-code", DIGEST).await;
        assert_eq!(answer["stat"], "Ok", "{answer}");
        self.token = answer["token"].as_str().expect("a token").to_owned();
    }

    async fn exchange(&self, code: &str, digest: &str) -> Value {
        let body = json!({ "api_key": "test-key", "request_code": code, "api_secret": digest });
        let answer = self.raw("POST", "/trade/apitoken", &body.to_string()).await;
        assert_eq!(answer.status, 200);
        answer.json()
    }

    async fn raw(&self, method: &str, path: &str, body: &str) -> Answer {
        send(self.addr, method, path, &[], body)
            .await
            .expect("the connection holds")
            .expect("an answer comes")
    }

    /// A call with its JSON as given, the way the official client sends it: no content type.
    async fn text(&self, name: &str, data: &str) -> Answer {
        let body = format!("jData={data}&jKey={}", self.token);
        self.raw("POST", &format!("/PiConnectAPI/{name}"), &body).await
    }

    async fn call(&self, name: &str, fields: &Value) -> Answer {
        self.text(name, &escaped(&with_user(fields)).to_string()).await
    }

    /// The answer of a call that succeeds.
    async fn done(&self, name: &str, fields: &Value) -> Value {
        let answer = self.call(name, fields).await;
        let json = answer.json();
        let stat = if json.is_array() {
            &json[0]["stat"]
        } else {
            &json["stat"]
        };
        assert_eq!(
            (answer.status, stat),
            (200, &json!("Ok")),
            "{name} {fields}: {json}"
        );
        json
    }

    /// Status and text of a refusal.
    async fn refused(&self, name: &str, fields: &Value) -> (u16, String) {
        emsg(&self.call(name, fields).await)
    }

    /// Places an order that must be taken and returns its number.
    async fn place(&self, order: &Value) -> String {
        let answer = self.done("PlaceOrder", order).await;
        answer["norenordno"].as_str().expect("a number").to_owned()
    }

    /// The row of an order in the book.
    async fn row(&self, id: &str) -> Value {
        let rows = self.done("OrderBook", &json!({})).await;
        let rows = rows.as_array().expect("a list");
        let found = rows.iter().find(|row| row["norenordno"] == id);
        found
            .cloned()
            .unwrap_or_else(|| panic!("{id} is not in {rows:?}"))
    }

    /// Reports and statuses of an order's history, newest first.
    async fn reports(&self, id: &str) -> Vec<(String, String)> {
        let rows = self.done("SingleOrdHist", &json!({ "norenordno": id })).await;
        let word = |row: &Value, name: &str| row[name].as_str().expect("a text").to_owned();
        let rows = rows.as_array().expect("a list");
        rows.iter()
            .map(|row| (word(row, "rpt"), word(row, "status")))
            .collect()
    }

    async fn faults(&self, faults: &Value) {
        let answer = self.raw("POST", "/__sim/faults", &faults.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
    }

    async fn stats(&self) -> Value {
        self.raw("GET", "/__sim/stats", "").await.json()
    }

    fn pass(&self, seconds: u64) {
        assert!(self.clock.advance(Duration::from_secs(seconds)));
    }

    /// The last price in paise.
    async fn last(&self, exchange: &str, token: &str) -> i64 {
        let quote = self
            .done("GetQuotes", &json!({ "exch": exchange, "token": token }))
            .await;
        paise(&quote["lp"])
    }

    /// A price some percent of RELIANCE's last, on its grid.
    async fn around(&self, percent: i64) -> String {
        rupees(self.last("NSE", "2885").await * percent / 100)
    }
}

/// The fields with user and account, where the test names no others.
fn with_user(fields: &Value) -> Value {
    changed(json!({ "uid": "FT000000", "actid": "FT000000" }), fields)
}

/// Symbols as the documents ask for them.
fn escaped(fields: &Value) -> Value {
    let mut fields = fields.clone();
    if let Some(symbol) = fields["tsym"].as_str() {
        fields["tsym"] = json!(symbol.replace('&', "%26"));
    }
    fields
}

fn emsg(answer: &Answer) -> (u16, String) {
    let json = answer.json();
    assert_eq!(json["stat"], "Not_Ok", "{json}");
    (answer.status, json["emsg"].as_str().expect("a text").to_owned())
}

fn refusal(text: &str) -> (u16, String) {
    (200, text.to_owned())
}

/// A number, which is always text on this wire.
fn paise(price: &Value) -> i64 {
    let text = price.as_str().unwrap_or_else(|| panic!("{price} is no text"));
    text.parse::<Paise>().expect("an amount").0
}

/// Rupees on the ten-paise grid.
fn rupees(paise: i64) -> String {
    Paise(paise / 10 * 10).to_string()
}

/// A limit order to buy one RELIANCE, delivery, tagged.
fn limit(price: &str) -> Value {
    json!({
        "ordersource": "API", "exch": "NSE", "tsym": "RELIANCE-EQ", "qty": "1", "prc": price, "dscqty": "0",
        "prd": "C", "trantype": "B", "prctyp": "LMT", "ret": "DAY", "remarks": "oms-1",
    })
}

/// Some fields replaced; null drops a field.
fn changed(mut order: Value, fields: &Value) -> Value {
    let all = order.as_object_mut().expect("an object");
    for (name, value) in fields.as_object().expect("an object") {
        all.insert(name.clone(), value.clone());
    }
    all.retain(|_, value| !value.is_null());
    order
}
