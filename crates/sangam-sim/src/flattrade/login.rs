//! Log-in page, token exchange, log-out, the check of the token, and the user's details.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{StatusCode, Uri};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::errors::{self, Refused};
use super::request::Asked;
use super::{ACCOUNT, API_KEY, API_SECRET, Outcome, done};
use crate::world::World;

/// Stands for the address registered with the key, which a log-in ends at.
pub(super) const LANDING: &str = "/registered";

/// The log-in page, whose user signs in at once.
pub(super) async fn page(
    State(world): State<Arc<World>>,
    Query(query): Query<HashMap<String, String>>,
    uri: Uri,
) -> Response {
    match query.get("app_key").map(String::as_str) {
        // Not a call of the log-in host at all.
        None => errors::page(StatusCode::NOT_FOUND),
        Some(API_KEY) => {
            let code = world.fresh_text();
            let location = format!("{LANDING}?code={code}&client={ACCOUNT}");
            (StatusCode::FOUND, [(LOCATION, location)]).into_response()
        }
        Some(_) => {
            tracing::debug!(%uri, "a log-in with an unknown key");
            errors::page(StatusCode::BAD_REQUEST)
        }
    }
}

/// Where the browser ends up: the code is in the address.
pub(super) async fn landing() -> Response {
    let body = "<html><body><h1>Simulated log-in</h1><p>The code is in the address of this page, after \
                <code>code=</code>.</p></body></html>";
    ([(CONTENT_TYPE, "text/html")], body).into_response()
}

/// Exchanges a code for a token. The secret comes as a digest over key, code and secret. Any code will do, any number
/// of times: whoever tests against this has no browser to fetch one with.
pub(super) async fn token(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let sent = |name: &str| body[name].as_str().unwrap_or_default();
    let (key, code) = (sent("api_key"), sent("request_code"));
    if key != API_KEY || code.is_empty() || sent("api_secret") != digest(key, code) {
        // The broker gives no reason.
        return Json(json!({ "token": "", "client": "", "stat": "Not_Ok", "emsg": "" })).into_response();
    }
    let token: String = (0..4).map(|_| world.fresh_text()).collect();
    world.sessions().issue(token.clone(), world.now());
    Json(json!({ "token": token, "client": ACCOUNT, "stat": "Ok", "emsg": "" })).into_response()
}

/// Lower-case hex of SHA-256 over key, code and secret, joined with nothing between.
fn digest(key: &str, code: &str) -> String {
    let hash = Sha256::digest(format!("{key}{code}{API_SECRET}"));
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Lets a call through whose token is good and whose user and account are the token's.
pub(super) fn logged_in(world: &World, asked: &Asked) -> Result<(), Refused> {
    if world.sessions().check(asked.key(), world.now()).is_err() {
        return Err(errors::session_expired());
    }
    if asked.get("uid").is_some_and(|uid| uid != ACCOUNT) {
        return Err(errors::wrong_user());
    }
    if asked.get("actid").is_some_and(|account| account != ACCOUNT) {
        return Err(errors::wrong_account());
    }
    Ok(())
}

pub(super) fn log_out(world: &World, asked: &Asked) -> Outcome {
    asked.need("uid")?;
    world
        .sessions()
        .log_out(asked.key(), world.now())
        .map_err(|_| errors::session_expired())?;
    done(world, json!({}))
}

pub(super) fn user_details(world: &World, asked: &Asked) -> Outcome {
    asked.need("uid")?;
    let product = |prd: &str, alias: &str, exchanges: &[&str]| json!({ "prd": prd, "s_prdt_ali": alias, "exch": exchanges });
    let details = json!({
        "exarr": ["NSE", "NFO", "BSE", "BFO"],
        "orarr": ["LMT", "SL-LMT"],
        "prarr": [
            product("C", "Delivery", &["NSE", "BSE"]),
            product("I", "Intraday", &["NSE", "BSE", "NFO", "BFO"]),
            product("M", "Normal", &["NFO", "BFO"]),
            product("F", "MTF", &["NSE", "BSE"]),
        ],
        "brkname": "FLATTRADE",
        "brnchid": "HO",
        "email": "user@example.test",
        "actid": ACCOUNT,
        "uprev": "INVESTOR",
    });
    done(world, details)
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn the_digest_is_over_key_code_and_secret() {
        assert_eq!(
            digest("test-key", "testcode0001.aaaabbbb"),
            "35e6d19d0bd180c0fb7ceca1b756024e87182a05b9e667b2558423e95466eaad"
        );
    }
}
