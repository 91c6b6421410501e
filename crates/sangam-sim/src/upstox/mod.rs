//! Upstox's developer API (v2 and v3) over the engine, with all its hosts under one address.
//!
//! Written from the broker's documents and its official client alone. Not here: streams, good-till-triggered orders,
//! the kill switch, static addresses, option greeks, mutual funds and reports; those paths answer like any path the
//! broker does not route.

mod books;
mod bulk;
mod candles;
mod errors;
mod fields;
mod login;
mod market;
mod masters;
mod modify;
mod place;
mod portfolio;
mod words;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use http::Method;
use parking_lot::Mutex;

use crate::account::Refusal;
use crate::broker::{BrokerApi, Call, CallClass, Charge};
use crate::clock::{DAY_US, Instant64, MINUTE_US, SECOND_US};
use crate::limits::{Excess, RateRule, Window};
use crate::sessions::TokenLife;
use crate::world::World;

/// The application the simulator knows; any code of a log-in will do.
const CLIENT_ID: &str = "test-client-id";
const CLIENT_SECRET: &str = "test-client-secret";

/// The account.
const USER_ID: &str = "TEST01";

/// At night the broker's order and funds services are closed, 00:00 to 05:30 IST.
const SERVICE_OPENS_US: i64 = (5 * 60 + 30) * MINUTE_US;

/// The simulated Upstox.
#[derive(Clone, Copy, Debug, Default)]
pub struct Upstox;

/// What the handlers share.
struct Desk {
    world: Arc<World>,
    /// Changes the risk engine refused after the request was taken, by order id.
    not_modified: Mutex<HashMap<String, Vec<NotModified>>>,
}

/// A change that was taken and then refused: the old terms stand.
#[derive(Clone, Debug)]
struct NotModified {
    at: Instant64,
    /// Events the order had gone through by then; it shows `not modified` until the next.
    after: usize,
    why: Refusal,
}

impl Desk {
    fn new(world: Arc<World>) -> Self {
        Self {
            world,
            not_modified: Mutex::default(),
        }
    }

    /// True while the broker's services sleep; a market that is always open has no night.
    fn at_night(&self) -> bool {
        !self.world.config().always_open && self.world.now().since_midnight_us() < SERVICE_OPENS_US
    }

    /// The refused changes of an order, oldest first.
    fn not_modified(&self, order_id: &str) -> Vec<NotModified> {
        self.not_modified
            .lock()
            .get(order_id)
            .cloned()
            .unwrap_or_default()
    }
}

impl BrokerApi for Upstox {
    fn name(&self) -> &'static str {
        "upstox"
    }

    fn router(&self, world: Arc<World>) -> Router {
        let desk = Arc::new(Desk::new(world));
        Router::new()
            .merge(orders())
            .merge(account())
            .merge(quotes())
            .route_layer(from_fn_with_state(Arc::clone(&desk), login::logged_in))
            .merge(open_to_all())
            .fallback(async || errors::ROUTE_UNKNOWN.into_response())
            .method_not_allowed_fallback(async || errors::METHOD_WRONG.into_response())
            .with_state(desk)
    }

    fn classify(&self, call: &Call<'_>) -> Charge {
        let path = call.uri.path();
        let (class, rules): (CallClass, &'static [&'static str]) = match path {
            _ if path.contains("/login/") || path == "/v2/logout" => (CallClass::Login, &[]),
            _ if path.starts_with(masters::FOLDER) => (CallClass::File, &[]),
            "/v2/order/multi/place" | "/v2/order/multi/cancel" | "/v2/order/positions/exit" => {
                (CallClass::Order, &["bulk"])
            }
            "/v2/order/place" | "/v3/order/place" | "/v2/order/modify" | "/v3/order/modify"
            | "/v2/order/cancel" | "/v3/order/cancel" => (CallClass::Order, &["orders"]),
            // A conversion is a write, but not one of the order writes the broker's table names.
            "/v2/portfolio/convert-position" => (CallClass::Order, &["others"]),
            _ => (CallClass::Read, &["others"]),
        };
        Charge {
            class,
            rules,
            weight: 1,
            label: label(call.method, path),
        }
    }

    fn rules(&self) -> Vec<RateRule> {
        let windows = |second, minute, half_hour| {
            [
                Window::of(second, 1),
                Window::of(minute, 60),
                Window::of(half_hour, 1_800),
            ]
        };
        vec![
            RateRule::new("orders", &windows(10, 500, 2_000)),
            RateRule::new("bulk", &windows(4, 40, 160)),
            RateRule::new("others", &windows(50, 500, 2_000)),
        ]
    }

    fn token_life(&self) -> TokenLife {
        TokenLife::UPSTOX
    }

    /// Fifteen digits, the date first. The second of the day is in it, so that a simulator started again does not
    /// repeat the ids of its forerunner.
    fn order_id(&self, sequence: u64, now: Instant64) -> String {
        /// Ids of one second before they would wrap; 86,400 times this fits nine digits.
        const IDS_PER_SECOND: u64 = 11_500;
        let second = now.since_midnight_us().rem_euclid(DAY_US) / SECOND_US;
        let rest = second.unsigned_abs() * IDS_PER_SECOND + sequence % IDS_PER_SECOND;
        format!("{}{rest:09}", now.format("%y%m%d"))
    }

    /// The documents name neither a waiting time nor a header for it.
    fn refusal(&self, _call: &Call<'_>, _excess: &Excess) -> Response {
        errors::TOO_MANY.into_response()
    }
}

/// Method and path for the statistics, without the parts that name an instrument, a date or a file.
fn label(method: &Method, path: &str) -> String {
    const WITH_PARAMETERS: [&str; 4] = [
        "/v2/historical-candle",
        "/v3/historical-candle",
        "/v2/market/status",
        masters::FOLDER,
    ];
    let shown = WITH_PARAMETERS
        .into_iter()
        .find(|prefix| path.starts_with(prefix))
        .unwrap_or(path);
    format!("{method} {shown}")
}

fn orders() -> Router<Arc<Desk>> {
    Router::new()
        .route("/v2/order/place", post(place::second_version))
        .route("/v3/order/place", post(place::third_version))
        .route("/v2/order/modify", put(modify::modify_v2))
        .route("/v3/order/modify", put(modify::modify_v3))
        .route("/v2/order/cancel", delete(modify::cancel_v2))
        .route("/v3/order/cancel", delete(modify::cancel_v3))
        .route("/v2/order/multi/place", post(bulk::place))
        .route("/v2/order/multi/cancel", delete(bulk::cancel))
        .route("/v2/order/positions/exit", post(bulk::exit))
        .route("/v2/order/retrieve-all", get(books::book))
        .route("/v2/order/details", get(books::details))
        .route("/v2/order/history", get(books::history))
        .route("/v2/order/trades/get-trades-for-day", get(books::trades_of_day))
        .route("/v2/order/trades", get(books::trades_of_order))
}

fn account() -> Router<Arc<Desk>> {
    Router::new()
        .route("/v2/logout", delete(login::log_out))
        .route("/v2/user/profile", get(login::profile))
        .route("/v2/user/get-funds-and-margin", get(portfolio::funds_v2))
        .route("/v3/user/get-funds-and-margin", get(portfolio::funds_v3))
        .route("/v2/portfolio/short-term-positions", get(portfolio::positions))
        .route("/v3/portfolio/mtf-positions", get(portfolio::mtf_positions))
        .route("/v2/portfolio/long-term-holdings", get(portfolio::holdings))
        .route("/v2/portfolio/convert-position", put(portfolio::convert))
}

fn quotes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/v2/market-quote/quotes", get(market::full_v2))
        .route("/v3/market-quote/quotes", get(market::full_v3))
        .route("/v2/market-quote/ltp", get(market::ltp_v2))
        .route("/v3/market-quote/ltp", get(market::ltp_v3))
        .route("/v2/market-quote/ohlc", get(market::ohlc_v2))
        .route("/v3/market-quote/ohlc", get(market::ohlc_v3))
        .route("/v2/market/status/{exchange}", get(market::status))
        .route("/v2/instruments/search", get(masters::search))
}

/// What needs no token: log-in, instrument files, and candles, for which the official client sends none.
fn open_to_all() -> Router<Arc<Desk>> {
    Router::new()
        .route("/v2/login/authorization/dialog", get(login::dialog))
        .route("/v2/login/authorization/token", post(login::token))
        .route("/market-quote/instruments/exchange/{file}", get(masters::file))
        .route(
            "/v2/historical-candle/intraday/{key}/{interval}",
            get(candles::intraday_v2),
        )
        .route(
            "/v2/historical-candle/{key}/{interval}/{to}",
            get(candles::until_v2),
        )
        .route(
            "/v2/historical-candle/{key}/{interval}/{to}/{from}",
            get(candles::between_v2),
        )
        .route(
            "/v3/historical-candle/intraday/{key}/{unit}/{interval}",
            get(candles::intraday_v3),
        )
        .route(
            "/v3/historical-candle/{key}/{unit}/{interval}/{to}",
            get(candles::until_v3),
        )
        .route(
            "/v3/historical-candle/{key}/{unit}/{interval}/{to}/{from}",
            get(candles::between_v3),
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn order_ids_are_fifteen_digits_and_differ_after_a_restart() {
        let at = Instant64::at(date(2026, 11, 23).at(23, 59, 59, 0));
        let first = Upstox.order_id(1, at);
        assert_eq!((first.len(), &first[..6]), (15, "261123"));
        assert!(first.bytes().all(|byte| byte.is_ascii_digit()), "{first}");
        assert_eq!(Upstox.order_id(11_499, at).len(), 15);
        assert_ne!(first, Upstox.order_id(2, at));
        assert_ne!(
            first,
            Upstox.order_id(1, at.plus_us(-SECOND_US)),
            "the same number a second apart"
        );
    }

    #[test]
    fn instruments_and_dates_stay_out_of_labels() {
        let path = "/v3/historical-candle/NSE_EQ%7CINE002A01018/days/1/2026-11-20";
        assert_eq!(label(&Method::GET, path), "GET /v3/historical-candle");
        assert_eq!(label(&Method::POST, "/v3/order/place"), "POST /v3/order/place");
    }
}
