//! Flattrade's side of the runner: each recorded call through the real adapter, each recorded answer through its parsers.

mod answers;
mod calls;
mod failures;
mod prices;
mod requests;
mod rows;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use sangam_broker::Transport;
use sangam_broker_flattrade::{Config, Credentials, Flattrade, Hosts};
use sangam_core::ports::{Login as _, SymbolMap};
use sangam_core::session::{AccessToken, MarketSession};
use sangam_core::{AccountId, BrokerName, ManualClock, Timestamp};
use serde_json::Value;

use super::{BrokerVectors, Verdict};

/// Flattrade.
#[derive(Debug)]
pub struct FlattradeVectors;

/// Calls Sangam does not make, each with its reason. Reviewed: everything else must run.
const NOT_OFFERED: &[(&str, &str)] = &[
    (
        "exit_order",
        "exits cover and bracket orders, products Sangam does not place",
    ),
    (
        "product_conversion",
        "the port has no conversion of a position's product",
    ),
    ("option_chain", "option contracts come from the symbol masters"),
    (
        "security_info",
        "gone from the broker's documents; contract facts come from the symbol masters",
    ),
    (
        "login_quickauth",
        "password log-in of the generic client, which this broker does not offer",
    ),
];

/// Why an operation is not run, if it is not.
fn not_offered(operation: &str) -> Option<&'static str> {
    if operation.starts_with("ws_") {
        return Some("sockets are not part of the request adapters");
    }
    NOT_OFFERED
        .iter()
        .find(|(name, _)| *name == operation)
        .map(|(_, reason)| *reason)
}

impl BrokerVectors for FlattradeVectors {
    fn name(&self) -> BrokerName {
        BrokerName::Flattrade
    }

    fn request(&self, vector: &Value) -> Verdict {
        let operation = text(vector, "operation").unwrap_or_default();
        match not_offered(operation) {
            Some(reason) => Verdict::NotOffered(reason),
            None => requests::run(operation, vector),
        }
    }

    fn response(&self, operation: &str, item: &Value) -> Verdict {
        match not_offered(operation) {
            Some(reason) => Verdict::NotOffered(reason),
            None => answers::run(operation, item),
        }
    }
}

/// Who the vectors' account is.
struct Who {
    uid: String,
    actid: Option<String>,
    token: String,
    api_key: String,
    api_secret: String,
}

impl Default for Who {
    fn default() -> Self {
        Self {
            uid: "FT000000".to_owned(),
            actid: None,
            token: "test-session-token".to_owned(),
            api_key: "test-key".to_owned(),
            api_secret: "test-secret".to_owned(),
        }
    }
}

/// The real adapter, logged in, over these transports and names.
fn account(
    who: Who,
    orders: Arc<dyn Transport>,
    reads: Arc<dyn Transport>,
    symbols: Arc<dyn SymbolMap>,
) -> Flattrade {
    let name = AccountId::new("vectors").expect("letters are an account's name");
    let mut config = Config::new(name, who.uid);
    config.account_code = who.actid;
    config.hosts = Hosts::single("https://broker.test");
    // Vectors of MCX orders test the translation; whether they may be sent is the account's setting.
    config.mcx = true;
    let now = now();
    let adapter = Flattrade::new(
        config,
        Credentials::new(who.api_key, who.api_secret),
        orders,
        reads,
        symbols,
        Arc::new(ManualClock::at(now)),
    );
    adapter.resume(MarketSession {
        token: AccessToken::new(who.token),
        user_id: None,
        granted_at: now,
        expires_at: Timestamp::MAX,
    });
    adapter
}

fn now() -> Timestamp {
    Timestamp::from_second(1_796_100_000).expect("a second of 2026 is an instant")
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

/// A text or a number as text; blank and null are none.
fn plain(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
