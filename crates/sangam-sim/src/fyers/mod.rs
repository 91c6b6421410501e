//! Fyers' API v3 over the engine: trading, market data and symbol files under one address.
//!
//! Written from the broker's documents and its official client alone. Not here: sockets, option chain, multi-leg and
//! GTT orders, the margin check, smart orders, stop-loss and take-profit legs, reports; those paths answer like any
//! path the broker does not route, those fields are refused.

mod books;
mod candles;
mod change;
mod errors;
mod exits;
mod fields;
mod login;
mod market;
mod masters;
mod multi;
mod place;
mod portfolio;
mod words;

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use http::Method;
use http::header::{HeaderName, RETRY_AFTER};

use crate::broker::{BrokerApi, Call, CallClass, Charge};
use crate::clock::{Instant64, SECOND_US};
use crate::limits::{Excess, RateRule, Window};
use crate::sessions::TokenLife;
use crate::world::World;

/// The application that the simulator knows, and the hash of it with its secret, `TESTSECRET`.
const APP_ID: &str = "TESTAPP-100";
const APP_ID_HASH: &str = "b54014211531da4e260fb0e443ea04d63e6012d99bef48f5ffadd9ce23ec9b60";

/// The account.
const CLIENT_ID: &str = "XX00000";

/// The simulated Fyers.
#[derive(Debug, Default)]
pub struct Fyers {
    /// The running number before the first order id.
    ids_from: OnceLock<u64>,
}

impl BrokerApi for Fyers {
    fn name(&self) -> &'static str {
        "fyers"
    }

    fn router(&self, world: Arc<World>) -> Router {
        let private = Router::new().nest("/api/v3", trading()).nest("/data", data());
        private
            .route_layer(from_fn_with_state(Arc::clone(&world), login::logged_in))
            .merge(open_to_all())
            .fallback(async || errors::not_routed())
            .method_not_allowed_fallback(async || errors::not_routed())
            .with_state(world)
    }

    fn classify(&self, call: &Call<'_>) -> Charge {
        const ORDERS: &[&str] = &["orders", "all"];
        let path = call.uri.path();
        let write = *call.method != Method::GET;
        let (class, rules): (CallClass, &'static [&'static str]) = match path {
            "/api/v3/generate-authcode" | "/api/v3/validate-authcode" | "/api/v3/validate-refresh-token" => {
                (CallClass::Login, &[])
            }
            "/api/v3/logout" => (CallClass::Login, &["all"]),
            _ if path.starts_with(masters::FOLDER) => (CallClass::File, &[]),
            _ if write && (path.starts_with("/api/v3/orders") || path.starts_with("/api/v3/multi-order")) => {
                (CallClass::Order, ORDERS)
            }
            "/api/v3/positions" if *call.method == Method::DELETE => (CallClass::Order, ORDERS),
            // A conversion is a write, but no order.
            "/api/v3/positions" if write => (CallClass::Order, &["all"]),
            _ => (CallClass::Read, &["all"]),
        };
        let several = path.starts_with("/api/v3/multi-order");
        Charge {
            class,
            rules,
            weight: if several { multi::orders_in(call.body) } else { 1 },
            label: format!("{} {}", call.method, shape(path)),
        }
    }

    /// Ten a second and 200 a minute over all calls, and the stricter of the two daily figures told for orders.
    fn rules(&self) -> Vec<RateRule> {
        let all = [Window::of(10, 1), Window::of(200, 60), Window::per_day(100_000)];
        vec![
            RateRule::new("orders", &[Window::of(10, 1), Window::per_day(10_000)]),
            RateRule::new("all", &all).blocking_after(3),
        ]
    }

    fn token_life(&self) -> TokenLife {
        TokenLife::FYERS
    }

    /// The date and a running number of eight digits. It starts from the second of the day, so that a simulator
    /// started again does not repeat the ids of its forerunner.
    fn order_id(&self, sequence: u64, now: Instant64) -> String {
        /// 86,400 times this fits eight digits.
        const IDS_PER_SECOND: u64 = 1_157;
        let second = (now.since_midnight_us() / SECOND_US).unsigned_abs();
        let from = *self.ids_from.get_or_init(|| second * IDS_PER_SECOND);
        format!("{}{:08}", now.format("%y%m%d"), (from + sequence) % 100_000_000)
    }

    /// Order calls are promised the time to wait in headers; other calls are not.
    fn refusal(&self, call: &Call<'_>, excess: &Excess) -> Response {
        const IN_MS: HeaderName = HeaderName::from_static("x-retry-after-ms");
        let refusal = errors::TOO_MANY.into_response();
        if self.classify(call).class != CallClass::Order {
            return refusal;
        }
        let headers = [
            (RETRY_AFTER, excess.retry_after_s().to_string()),
            (IN_MS, excess.retry_after_ms().to_string()),
        ];
        (headers, refusal).into_response()
    }
}

/// The path for the statistics, without the parts that name an order or a file.
fn shape(path: &str) -> &str {
    const BY_ID: &str = "/api/v3/orders/";
    let by_id = path
        .strip_prefix(BY_ID)
        .and_then(|rest| rest.strip_suffix("/sync"));
    match by_id {
        Some(_) => "/api/v3/orders/{id}/sync",
        None if path.starts_with(masters::FOLDER) => masters::FOLDER,
        None => path,
    }
}

fn trading() -> Router<Arc<World>> {
    Router::new()
        .route("/logout", post(login::log_out))
        .route("/profile", get(login::profile))
        .route("/funds", get(portfolio::funds))
        .route("/holdings", get(portfolio::holdings))
        .route(
            "/positions",
            get(portfolio::positions).post(exits::convert).delete(exits::exit),
        )
        .route("/tradebook", get(books::trades))
        .route("/orders", get(books::orders))
        .route(
            "/orders/sync",
            post(place::place).patch(change::modify).delete(change::cancel),
        )
        .route("/orders/{id}/sync", delete(change::cancel_by_path))
        .route("/orders/async", post(place::queue))
        .route(
            "/multi-order/sync",
            post(multi::place).patch(multi::modify).delete(multi::cancel),
        )
}

fn data() -> Router<Arc<World>> {
    Router::new()
        .route("/quotes", get(market::quotes).post(market::quotes_by_post))
        .route("/depth", get(market::depth))
        .route("/history", get(candles::history))
        .route("/marketStatus", get(market::status))
}

/// What needs no token: log-in and symbol files.
fn open_to_all() -> Router<Arc<World>> {
    Router::new()
        .route("/api/v3/generate-authcode", get(login::page))
        .route("/api/v3/validate-authcode", post(login::token))
        .route("/api/v3/validate-refresh-token", post(login::refresh))
        .route("/sym_details/{file}", get(masters::file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn order_ids_run_on_and_differ_after_a_restart() {
        let at = Instant64::at(date(2026, 11, 23).at(10, 30, 0, 0));
        let broker = Fyers::default();
        let first = broker.order_id(1, at);
        assert_eq!((first.len(), &first[..6]), (14, "261123"));
        let number = |id: &str| id.parse::<u64>().expect("digits");
        let second = broker.order_id(2, at.plus_us(60 * SECOND_US));
        assert_eq!(number(&second), number(&first) + 1);
        let again = Fyers::default().order_id(1, at.plus_us(5 * SECOND_US));
        assert!(number(&again) > number(&second), "{again} after {second}");
    }

    #[test]
    fn ids_and_files_stay_out_of_labels() {
        for (path, shown) in [
            ("/api/v3/orders/26112300000001/sync", "/api/v3/orders/{id}/sync"),
            ("/api/v3/orders/sync", "/api/v3/orders/sync"),
            ("/sym_details/NSE_CM.csv", "/sym_details/"),
            ("/data/quotes", "/data/quotes"),
        ] {
            assert_eq!(shape(path), shown);
        }
    }
}
