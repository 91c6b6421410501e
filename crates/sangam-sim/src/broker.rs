//! What a broker's server brings to the engine: routes, wire formats, rate rules.

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};

use crate::clock::Instant64;
use crate::limits::{Excess, RateRule};
use crate::sessions::TokenLife;
use crate::world::World;

/// A request as it arrived, before it is routed.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Method.
    pub method: &'a Method,
    /// Path and query.
    pub uri: &'a Uri,
    /// Headers.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a Bytes,
}

/// What kind of call a request is; faults tell orders and reads apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallClass {
    /// Places, modifies or cancels.
    Order,
    /// Reads account or market.
    Read,
    /// Log-in and log-out.
    Login,
    /// Symbol masters and other files.
    File,
}

/// How a request is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// What kind of call it is.
    pub class: CallClass,
    /// The rate rules it is charged to, by name; none: it is not counted.
    pub rules: &'static [&'static str],
    /// Orders it may become.
    pub weight: u32,
    /// The name it has in the statistics (`POST /PlaceOrder`), without ids.
    pub label: String,
}

/// A simulated broker on top of the engine.
pub trait BrokerApi: Send + Sync + 'static {
    /// `flattrade`, `fyers` or `upstox`.
    fn name(&self) -> &'static str;

    /// All routes, those of every host of the broker. Handlers take the world from their state. `/__sim` is the
    /// engine's own.
    fn router(&self, world: Arc<World>) -> Router;

    /// How a request is counted; log-in and files with no rules.
    fn classify(&self, call: &Call<'_>) -> Charge;

    /// The documented rate rules.
    fn rules(&self) -> Vec<RateRule>;

    /// When tokens end.
    fn token_life(&self) -> TokenLife;

    /// The broker's order id for a running number (from 1, unique for the life of the simulator).
    fn order_id(&self, sequence: u64, now: Instant64) -> String;

    /// The broker's answer to a call beyond a rate rule.
    fn refusal(&self, call: &Call<'_>, excess: &Excess) -> Response;

    /// The broker's answer while `orders_down` or `reads_down` holds: 503 without a JSON body unless overridden.
    fn unavailable(&self) -> Response {
        let mut response =
            Response::new("<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>".into());
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        response.headers_mut().insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("text/html"),
        );
        response
    }
}
