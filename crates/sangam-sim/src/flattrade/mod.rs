//! Flattrade's Noren API ("Pi") over the engine, with all its hosts under one address.
//!
//! Written from the broker's documents and its official client alone. Not here: streams, cover and bracket orders,
//! good-till-triggered orders, margin calculators and postbacks; those paths answer like any path the broker does not
//! route. Neither that answer nor most HTTP statuses are documented: a refusal comes with 200 unless seen otherwise.

mod books;
mod charts;
mod errors;
mod files;
mod login;
mod market;
mod orders;
mod portfolio;
mod request;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use crate::broker::{BrokerApi, Call, CallClass, Charge};
use crate::clock::{DAY_US, Instant64, SECOND_US};
use crate::limits::{Excess, RateRule, Window};
use crate::sessions::TokenLife;
use crate::world::World;
use errors::Refused;
use request::Asked;

/// The application the simulator knows; any code of a log-in will do.
const API_KEY: &str = "test-key";
const API_SECRET: &str = "test-secret";

/// The account code, which is the login code too.
const ACCOUNT: &str = "FT000000";

/// Where the calls live. The official client's helper ends the base with a slash of its own.
const BASE: &str = "/PiConnectAPI";

/// The simulated Flattrade.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flattrade;

/// What a call comes to.
#[derive(Debug)]
enum Reply {
    Json(Value),
    /// 200 without a body: how the chart of days says that it has none.
    Blank,
}

type Outcome = Result<Reply, Refused>;
type Work = fn(&World, &Asked) -> Outcome;

/// The calls by the last part of their path.
const CALLS: [(&str, Work); 19] = [
    ("PlaceOrder", orders::place),
    ("ModifyOrder", orders::modify),
    ("CancelOrder", orders::cancel),
    ("ExitSNOOrder", orders::exit),
    ("OrderBook", books::orders),
    ("SingleOrdHist", books::history),
    ("TradeBook", books::trades),
    ("PositionBook", portfolio::positions),
    ("ProductConversion", portfolio::convert),
    ("Holdings", portfolio::holdings),
    ("Limits", portfolio::limits),
    ("UserDetails", login::user_details),
    ("Logout", login::log_out),
    ("SearchScrip", market::search),
    ("GetQuotes", market::quote),
    ("GetSecurityInfo", market::security),
    ("GetOptionChain", market::option_chain),
    ("TPSeries", charts::minutes),
    ("EODChartData", charts::days),
];

impl BrokerApi for Flattrade {
    fn name(&self) -> &'static str {
        "flattrade"
    }

    fn router(&self, world: Arc<World>) -> Router {
        let mut router = Router::new()
            .route("/", get(login::page))
            .route(login::LANDING, get(login::landing))
            .route("/trade/apitoken", post(login::token));
        for (name, work) in CALLS {
            let handler =
                async move |State(world): State<Arc<World>>, body: Bytes| answer(&world, work, &body);
            router = router
                .route(&format!("{BASE}/{name}"), post(handler))
                .route(&format!("{BASE}//{name}"), post(handler));
        }
        router
            .fallback(files::file)
            .method_not_allowed_fallback(async || errors::page(StatusCode::METHOD_NOT_ALLOWED))
            .with_state(world)
    }

    fn classify(&self, call: &Call<'_>) -> Charge {
        let path = single_slashes(call.uri.path());
        let name = path.strip_prefix(BASE).map(|rest| rest.trim_start_matches('/'));
        let (class, rules): (CallClass, &'static [&'static str]) = match name {
            Some("PlaceOrder" | "ModifyOrder" | "CancelOrder" | "ExitSNOOrder") => {
                (CallClass::Order, &["orders", "all"])
            }
            // A write, but none of those the broker means by order calls.
            Some("ProductConversion") => (CallClass::Order, &["all"]),
            Some("Logout") => (CallClass::Login, &[]),
            Some(_) => (CallClass::Read, &["all"]),
            None if files::name(&path).is_some() => (CallClass::File, &[]),
            None => (CallClass::Login, &[]),
        };
        let shown = if class == CallClass::File {
            "/scripmaster"
        } else {
            path.as_str()
        };
        Charge {
            class,
            rules,
            weight: 1,
            label: format!("{} {shown}", call.method),
        }
    }

    fn rules(&self) -> Vec<RateRule> {
        vec![
            RateRule::new("orders", &[Window::of(10, 1), Window::of(40, 60)]),
            RateRule::new("all", &[Window::of(40, 1), Window::of(200, 60)]),
        ]
    }

    fn token_life(&self) -> TokenLife {
        TokenLife::FLATTRADE
    }

    /// Fourteen digits, the date first. The second of the day is in it, so that a simulator started again does not
    /// repeat the ids of its forerunner.
    fn order_id(&self, sequence: u64, now: Instant64) -> String {
        /// Ids of one second before they would wrap; 86,400 times this fits eight digits.
        const IDS_PER_SECOND: u64 = 1_150;
        let second = now.since_midnight_us().rem_euclid(DAY_US) / SECOND_US;
        let rest = second.unsigned_abs() * IDS_PER_SECOND + sequence % IDS_PER_SECOND;
        format!("{}{rest:08}", now.format("%y%m%d"))
    }

    /// There is no header for the waiting time, and the text says `Order` whatever the call was.
    fn refusal(&self, _call: &Call<'_>, excess: &Excess) -> Response {
        let period = match excess.window.seconds() {
            1 => "second".to_owned(),
            60 => "minute".to_owned(),
            other => format!("{other} seconds"),
        };
        let limit = excess.window.count;
        let emsg = format!(
            "Invalid Input :  Order Recieved {} in a current {period} exceeds Limit {limit} for user",
            limit + 1
        );
        axum::Json(json!({ "stat": "Not_Ok", "emsg": emsg })).into_response()
    }
}

/// Reads a call, checks its log-in and does it.
fn answer(world: &World, work: Work, body: &[u8]) -> Response {
    let outcome = Asked::read(body)
        .and_then(|asked| login::logged_in(world, &asked).map(|()| asked))
        .and_then(|asked| work(world, &asked));
    match outcome {
        Ok(Reply::Json(value)) => axum::Json(value).into_response(),
        Ok(Reply::Blank) => StatusCode::OK.into_response(),
        Err(refused) => refused.at(world.now()),
    }
}

/// A success that is an object: the fields with `stat` and `request_time`.
fn done(world: &World, mut fields: Value) -> Outcome {
    fields["stat"] = json!("Ok");
    fields["request_time"] = json!(words::time_date(world.now()));
    Ok(Reply::Json(fields))
}

/// A success that is a list; an empty one is an error of its own.
fn list(rows: Vec<Value>) -> Outcome {
    if rows.is_empty() {
        Err(errors::no_data())
    } else {
        Ok(Reply::Json(Value::Array(rows)))
    }
}

/// The path with runs of slashes made one.
fn single_slashes(path: &str) -> String {
    let mut single = String::with_capacity(path.len());
    for letter in path.chars() {
        if letter != '/' || !single.ends_with('/') {
            single.push(letter);
        }
    }
    single
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, Method, Uri};
    use jiff::civil::date;

    fn charge(method: &Method, path: &'static str) -> Charge {
        Flattrade.classify(&Call {
            method,
            uri: &Uri::from_static(path),
            headers: &HeaderMap::new(),
            body: &Bytes::new(),
        })
    }

    #[test]
    fn order_ids_are_fourteen_digits_and_differ_after_a_restart() {
        let at = Instant64::at(date(2026, 12, 1).at(23, 59, 59, 0));
        let first = Flattrade.order_id(1, at);
        assert_eq!((first.len(), &first[..6]), (14, "261201"));
        assert!(first.bytes().all(|byte| byte.is_ascii_digit()), "{first}");
        assert_eq!(Flattrade.order_id(1_149, at).len(), 14);
        assert_ne!(first, Flattrade.order_id(2, at));
        assert_ne!(
            first,
            Flattrade.order_id(1, at.plus_us(-SECOND_US)),
            "the same number a second apart"
        );
    }

    #[test]
    fn both_slashes_are_one_call() {
        let single = charge(&Method::POST, "/PiConnectAPI/PlaceOrder");
        assert_eq!(
            (single.class, single.rules),
            (CallClass::Order, ["orders", "all"].as_slice())
        );
        assert_eq!(single.label, "POST /PiConnectAPI/PlaceOrder");
        assert_eq!(charge(&Method::POST, "/PiConnectAPI//PlaceOrder"), single);
    }

    #[test]
    fn files_and_log_in_are_not_counted() {
        let file = charge(&Method::GET, "/any/scripmaster/NSE_Equity.csv");
        assert_eq!((file.class, file.rules), (CallClass::File, [].as_slice()));
        assert_eq!(file.label, "GET /scripmaster");
        let login = charge(&Method::POST, "/trade/apitoken");
        assert_eq!((login.class, login.rules), (CallClass::Login, [].as_slice()));
        let read = charge(&Method::POST, "/PiConnectAPI/GetQuotes");
        assert_eq!((read.class, read.rules), (CallClass::Read, ["all"].as_slice()));
    }
}
