//! Upstox: which operations are run how, and which are not offered.

mod failures;
mod market;
mod requests;
mod responses;
mod rows;
mod setup;

use sangam_core::BrokerName;
use serde_json::Value;

use super::{BrokerVectors, Verdict};

/// Upstox' side of the runner.
#[derive(Debug, Clone, Copy, Default)]
pub struct UpstoxVectors;

impl BrokerVectors for UpstoxVectors {
    fn name(&self) -> BrokerName {
        BrokerName::Upstox
    }

    fn request(&self, vector: &Value) -> Verdict {
        let operation = vector
            .get("operation")
            .and_then(Value::as_str)
            .unwrap_or_default();
        not_offered(operation).map_or_else(|| requests::run(operation, vector), Verdict::NotOffered)
    }

    fn response(&self, operation: &str, item: &Value) -> Verdict {
        match not_offered(operation) {
            // The answer of an older version is read like that of the newer one.
            Some(SUPERSEDED) if responses::reads_as_newer(operation, item) => responses::run(operation, item),
            Some(reason) => Verdict::NotOffered(reason),
            None => responses::run(operation, item),
        }
    }
}

const SUPERSEDED: &str = "the call is deprecated and its newer version is used";

/// The reviewed list of what Sangam does not call at Upstox.
fn not_offered(operation: &str) -> Option<&'static str> {
    Some(match operation {
        "ltp_v2" | "ohlc_v2" | "funds_and_margin_v2" => SUPERSEDED,
        "place_multi_order" | "cancel_multi_order" | "exit_positions" => {
            "bulk calls are not used: a basket is independent orders, each with its own tag"
        }
        "market_data_feed_v3" | "portfolio_stream_feed" | "portfolio_stream_feed.message" => {
            "sockets are not here yet"
        }
        "access_token_request" => {
            "the token would be posted to a public address of ours; the log-in link is used instead"
        }
        _ if operation.contains("gtt") => "orders that outlive the day are not placed",
        "convert_position" => "positions are not converted: close and open instead",
        "mtf_positions" => "margin trading is not placed, so its book is not read",
        "static_ip" => {
            "the registered address is changed in the broker's own console: a change kills the session"
        }
        "kill_switch" => "the broker's switch cannot be undone for hours; Sangam has its own",
        "market_status" => "the market's hours come from Sangam's calendar",
        "option_greeks_v3" => "greeks are not part of a quote",
        _ => return None,
    })
}
