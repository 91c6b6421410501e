//! A toy broker over the engine and a bare HTTP client: they prove the engine over real sockets without any broker's
//! wire format.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Path, Query, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use http::StatusCode;
use sangam_sim::account::{NewOrder, Order, OrderKind, Product, Side, Validity};
use sangam_sim::limits::{Excess, RateRule, Window};
use sangam_sim::masters;
use sangam_sim::sessions::TokenLife;
use sangam_sim::{
    BrokerApi, Call, CallClass, Charge, Instant64, Paise, RunningSim, SimConfig, SimServer, World,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A broker with a wire format of its own invention.
#[derive(Debug)]
pub(crate) struct Toy;

impl BrokerApi for Toy {
    fn name(&self) -> &'static str {
        "toy"
    }

    fn router(&self, world: Arc<World>) -> Router {
        let private = Router::new()
            .route("/orders", post(place).get(book))
            .route("/orders/{id}", delete(cancel))
            .route("/quote", get(quote))
            .route_layer(from_fn_with_state(Arc::clone(&world), logged_in));
        Router::new()
            .route("/login", post(login))
            .route("/masters/{name}", get(master))
            .merge(private)
            .with_state(world)
    }

    fn classify(&self, call: &Call<'_>) -> Charge {
        let path = call.uri.path();
        let (class, rules): (CallClass, &'static [&'static str]) = match path {
            "/login" => (CallClass::Login, &[]),
            _ if path.starts_with("/masters") => (CallClass::File, &[]),
            _ if path.starts_with("/orders") && call.method != http::Method::GET => {
                (CallClass::Order, &["orders", "all"])
            }
            _ => (CallClass::Read, &["all"]),
        };
        let shape = if path.starts_with("/orders/") {
            "/orders/{id}"
        } else {
            path
        };
        Charge {
            class,
            rules,
            weight: 1,
            label: format!("{} {shape}", call.method),
        }
    }

    fn rules(&self) -> Vec<RateRule> {
        vec![
            RateRule::new("orders", &[Window::of(10, 1), Window::of(40, 60)]),
            RateRule::new("all", &[Window::of(60, 1)]),
        ]
    }

    fn token_life(&self) -> TokenLife {
        TokenLife::UPSTOX
    }

    fn order_id(&self, sequence: u64, now: Instant64) -> String {
        format!("{}{sequence:06}", now.format("%y%m%d"))
    }

    fn refusal(&self, _call: &Call<'_>, excess: &Excess) -> Response {
        let retry = [("retry-after", excess.retry_after_s().to_string())];
        (
            StatusCode::TOO_MANY_REQUESTS,
            retry,
            Json(json!({ "error": "slow down", "rule": excess.rule })),
        )
            .into_response()
    }
}

async fn login(State(world): State<Arc<World>>) -> Json<Value> {
    world.sessions().issue("toy-token", world.now());
    Json(json!({ "token": "toy-token" }))
}

async fn logged_in(State(world): State<Arc<World>>, request: Request, next: Next) -> Response {
    let token = request
        .headers()
        .get("token")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match world.sessions().check(token, world.now()) {
        Ok(()) => next.run(request).await,
        Err(fault) => (
            StatusCode::UNAUTHORIZED,
            Json(json!({ "error": format!("{fault:?}") })),
        )
            .into_response(),
    }
}

/// `{"symbol", "side", "qty", "price", "tag"}`; a zero price is a market order.
async fn place(State(world): State<Arc<World>>, Json(body): Json<Value>) -> Response {
    let symbol = body["symbol"].as_str().unwrap_or_default();
    let Some(contract) = world.universe().by_fyers(symbol).cloned() else {
        return (
            StatusCode::BAD_REQUEST,
            Json(json!({ "error": "unknown symbol" })),
        )
            .into_response();
    };
    let price = Paise::from_json(&body["price"]).unwrap_or_default();
    let new = NewOrder {
        product: if contract.segment.is_cash() {
            Product::Delivery
        } else {
            Product::CarryForward
        },
        contract,
        side: if body["side"] == "sell" {
            Side::Sell
        } else {
            Side::Buy
        },
        kind: if price.is_zero() {
            OrderKind::Market
        } else {
            OrderKind::Limit
        },
        validity: Validity::Day,
        quantity: body["qty"].as_i64().unwrap_or(0),
        disclosed: 0,
        price,
        trigger: Paise::ZERO,
        after_market: false,
        tag: body["tag"].as_str().map(str::to_owned),
        extra: BTreeMap::new(),
    };
    match world.check(&new) {
        Err(refusal) if !refusal.is_risk() => (
            StatusCode::BAD_REQUEST,
            Json(json!({ "error": refusal.to_string() })),
        )
            .into_response(),
        _ => Json(row(&world.place(new))).into_response(),
    }
}

async fn book(State(world): State<Arc<World>>) -> Json<Value> {
    Json(world.orders().iter().map(row).collect())
}

async fn cancel(State(world): State<Arc<World>>, Path(id): Path<String>) -> Response {
    match world.cancel(&id) {
        Ok(order) => Json(row(&order)).into_response(),
        Err(refusal) => (
            StatusCode::BAD_REQUEST,
            Json(json!({ "error": refusal.to_string() })),
        )
            .into_response(),
    }
}

async fn quote(State(world): State<Arc<World>>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let symbol = query.get("symbol").map(String::as_str).unwrap_or_default();
    match world.universe().by_fyers(symbol) {
        Some(contract) => Json(json!({ "last": world.quote(contract).last })).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn master(State(world): State<Arc<World>>, Path(name): Path<String>) -> Response {
    masters::fyers_csv(&world.universe(), &name).map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        IntoResponse::into_response,
    )
}

fn row(order: &Order) -> Value {
    json!({
        "id": order.id,
        "state": format!("{:?}", order.state),
        "filled": order.filled,
        "average": order.average(),
        "tag": order.tag,
        "reason": order.reason.as_ref().map(ToString::to_string),
    })
}

/// Serves the toy on a free port.
pub(crate) async fn toy(config: SimConfig) -> io::Result<RunningSim> {
    SimServer::bind(Arc::new(Toy), config, SocketAddr::from(([127, 0, 0, 1], 0))).await
}

/// What came back on one connection.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// The length its headers promise.
    pub(crate) fn promised(&self) -> usize {
        self.headers
            .get("content-length")
            .and_then(|length| length.parse().ok())
            .expect("a content length")
    }
}

/// Sends one request on a fresh connection and reads to its end. `Ok(None)`: closed without a byte.
pub(crate) async fn send(
    addr: SocketAddr,
    method: &str,
    path: &str,
    body: &str,
) -> io::Result<Option<Answer>> {
    let mut stream = TcpStream::connect(addr).await?;
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: sim\r\ntoken: toy-token\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    Ok(parse(&bytes))
}

/// Like [`send`] for calls that must be answered.
pub(crate) async fn ask(addr: SocketAddr, method: &str, path: &str, body: &str) -> Answer {
    send(addr, method, path, body)
        .await
        .expect("the connection holds")
        .expect("an answer comes")
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let split = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..split]).expect("headers are text");
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().expect("a status");
    let header = |line: &str| {
        line.split_once(": ")
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
    };
    Some(Answer {
        status,
        headers: lines.filter_map(header).collect(),
        body: bytes[split + 4..].to_vec(),
    })
}

/// Logs in and returns the address.
pub(crate) async fn logged_in_toy(config: SimConfig) -> (RunningSim, SocketAddr) {
    let sim = toy(config).await.expect("a free port");
    let addr = sim.local_addr();
    assert_eq!(ask(addr, "POST", "/login", "").await.status, 200);
    (sim, addr)
}

/// Sets faults.
pub(crate) async fn faults(addr: SocketAddr, json: &Value) {
    let answer = ask(addr, "POST", "/__sim/faults", &json.to_string()).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
}

/// The statistics.
pub(crate) async fn stats(addr: SocketAddr) -> Value {
    ask(addr, "GET", "/__sim/stats", "").await.json()
}

/// An order that fills at once.
pub(crate) const BUY_ONE: &str = r#"{"symbol":"NSE:SBIN-EQ","side":"buy","qty":1,"tag":"t1"}"#;
