//! Fyers: the account a vector asks for, which calls are made of it, and which are not offered.

mod failures;
mod market;
mod requests;
mod responses;
mod rows;
mod words;

use std::sync::Arc;

use sangam_broker_fyers::{Config, Credentials, Fyers, Urls};
use sangam_core::ports::Login as _;
use sangam_core::session::{AccessToken, MarketSession};
use sangam_core::{BrokerName, ManualClock, Timestamp};
use serde_json::Value;

use super::recording::{NamedSymbols, RecordingTransport};
use super::{BrokerVectors, Verdict};

/// Fyers' side of the runner.
#[derive(Debug)]
pub struct FyersVectors;

impl BrokerVectors for FyersVectors {
    fn name(&self) -> BrokerName {
        BrokerName::Fyers
    }

    fn request(&self, vector: &Value) -> Verdict {
        let operation = text(vector, "operation").unwrap_or_default();
        if let Some(reason) = not_offered(operation) {
            return Verdict::NotOffered(reason);
        }
        requests::run(operation, vector).unwrap_or_else(Verdict::Failed)
    }

    fn response(&self, operation: &str, item: &Value) -> Verdict {
        responses::run(operation, item)
    }
}

/// The calls Sangam does not make, reviewed one by one.
fn not_offered(operation: &str) -> Option<&'static str> {
    Some(match operation {
        "place_multi_order" | "modify_multi_order" | "cancel_multi_order" | "multi_order" => {
            "bulk call: a basket is independent legs, each its own order (orders.md, baskets)"
        }
        "place_multileg_order" => "broker-side legs: each leg is its own order",
        "exit_positions" => "exit-all call: an exit is an order of ours, written down before it is sent",
        "convert_position" => "positions are not converted",
        "position_legs" => "broker-side stop and target of a position: stops are orders of ours",
        "positions_actions" => "actions of the broker on positions: exits are orders of ours",
        "option_chain" => "option chains come from the instrument table and quotes",
        "market_status" => "the market's hours come from the calendar",
        "quotes_post" => "not in the broker's documents; quotes are asked for with GET (fyers.md 11)",
        "token_refresh" => "withdrawn by the broker on 2026-04-01 (fyers.md 5)",
        "order_socket" => "socket",
        _ => return None,
    })
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

/// What an account is made of.
struct Setup<'a> {
    client_id: &'a str,
    secret: &'a str,
    token: &'a str,
    redirect_uri: &'a str,
    continuous: bool,
}

impl Default for Setup<'_> {
    fn default() -> Self {
        Self {
            client_id: "TESTAPP-100",
            secret: "TESTSECRET",
            token: "test-token",
            redirect_uri: "http://127.0.0.1:8080/callback",
            continuous: false,
        }
    }
}

fn now() -> Timestamp {
    "2026-11-23T04:00:00Z".parse().expect("an instant")
}

fn account(
    setup: &Setup<'_>,
    orders: Arc<RecordingTransport>,
    reads: Arc<RecordingTransport>,
    symbols: NamedSymbols,
) -> Fyers {
    let name = "vectors".parse().expect("letters are a name");
    let mut config = Config::new(name, Urls::under("http://fyers.test"), setup.redirect_uri);
    config.continuous_futures = setup.continuous;
    let fyers = Fyers::new(
        config,
        Credentials::new(setup.client_id, setup.secret.to_owned().into()),
        orders,
        reads,
        Arc::new(symbols),
        Arc::new(ManualClock::at(now())),
    );
    fyers.resume(MarketSession {
        token: AccessToken::new(setup.token),
        user_id: None,
        granted_at: now(),
        expires_at: Timestamp::MAX,
    });
    fyers
}
