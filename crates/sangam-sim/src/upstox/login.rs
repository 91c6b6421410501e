//! Log-in page, code exchange, log-out, the check of the bearer token, and the profile.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Query, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::{Json, http};
use http::header::{AUTHORIZATION, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use serde_json::{Map, Value, json};

use super::errors::{self, Fault, Faults};
use super::{CLIENT_ID, CLIENT_SECRET, Desk, USER_ID};
use crate::base64url::base64_url;
use crate::rng::{hash, hash_text};

/// The log-in page, whose user agrees at once.
pub(super) async fn dialog(
    State(desk): State<Arc<Desk>>,
    Query(query): Query<HashMap<String, String>>,
    uri: Uri,
) -> Response {
    let asked = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let wanted = query.get("response_type").is_none_or(|kind| kind == "code");
    if asked("client_id") != CLIENT_ID || asked("redirect_uri").is_empty() {
        return errors::CLIENT_WRONG.into_response();
    }
    if !wanted {
        return errors::INPUT_INVALID
            .at("response_type", json!(asked("response_type")))
            .into_response();
    }
    let code = desk.world.fresh_text();
    let back = asked("redirect_uri");
    let joint = if back.contains('?') { '&' } else { '?' };
    // The state goes back as it came, still encoded.
    let state = uri
        .query()
        .and_then(|raw| raw.split('&').find(|pair| pair.starts_with("state=")));
    let state = state.map(|pair| format!("&{pair}")).unwrap_or_default();
    let Ok(location) = HeaderValue::from_str(&format!("{back}{joint}code={code}{state}")) else {
        return errors::CLIENT_WRONG.into_response();
    };
    (StatusCode::FOUND, [(LOCATION, location)]).into_response()
}

/// Exchanges a code for a token. The answer has no envelope, its errors have.
pub(super) async fn token(
    State(desk): State<Arc<Desk>>,
    form: Result<Form<HashMap<String, String>>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else {
        return errors::INPUT_INVALID.into_response();
    };
    let sent = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let required = [
        ("client_id", errors::KEY_MISSING),
        ("redirect_uri", errors::REDIRECT_MISSING),
        ("code", errors::CODE_MISSING),
        ("grant_type", errors::GRANT_MISSING),
        ("client_secret", errors::SECRET_MISSING),
    ];
    let missing: Vec<Fault> = required
        .into_iter()
        .filter(|(name, _)| sent(name).is_empty())
        .map(|(_, known)| known.into())
        .collect();
    if !missing.is_empty() {
        return Faults(missing).into_response();
    }
    if sent("grant_type") != "authorization_code" {
        return errors::INPUT_INVALID
            .at("grant_type", json!(sent("grant_type")))
            .into_response();
    }
    // Any code will do, any number of times: whoever tests against this has no browser to fetch one with.
    if sent("client_id") != CLIENT_ID || sent("client_secret") != CLIENT_SECRET {
        return errors::CREDENTIALS_WRONG.into_response();
    }
    let access_token = desk.access_token();
    desk.world
        .sessions()
        .issue(access_token.clone(), desk.world.now());
    let mut answer = person();
    answer.insert("access_token".to_owned(), json!(access_token));
    Json(Value::Object(answer)).into_response()
}

/// Lets a request through that bears a good token.
pub(super) async fn logged_in(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let good = bearer(request.headers())
        .is_some_and(|token| desk.world.sessions().check(token, desk.world.now()).is_ok());
    if good {
        next.run(request).await
    } else {
        errors::TOKEN_INVALID.into_response()
    }
}

pub(super) async fn log_out(State(desk): State<Arc<Desk>>, headers: HeaderMap) -> Response {
    let token = bearer(&headers).unwrap_or_default();
    match desk.world.sessions().log_out(token, desk.world.now()) {
        Ok(()) => errors::success(&json!(true)),
        Err(_) => errors::TOKEN_INVALID.into_response(),
    }
}

pub(super) async fn profile() -> Response {
    let mut data = person();
    data.insert("ddpi".to_owned(), json!(false));
    errors::success(&Value::Object(data))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

fn person() -> Map<String, Value> {
    let person = json!({
        "email": "user@example.test",
        "exchanges": ["NSE", "NFO", "BSE", "BFO"],
        "products": ["D", "I", "MTF"],
        "broker": "UPSTOX",
        "user_id": USER_ID,
        "user_name": "TEST USER",
        "order_types": ["MARKET", "LIMIT", "SL", "SL-M"],
        "user_type": "individual",
        "poa": false,
        "is_active": true,
    });
    match person {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

impl Desk {
    /// A token in the broker's form: a JWT that ends at 03:30 IST. Its signature means nothing.
    fn access_token(&self) -> String {
        let now = self.world.now();
        let number = self.world.fresh_text();
        let header = json!({ "typ": "JWT", "kid": "sk_v1.0", "alg": "HS256" });
        let claims = json!({
            "sub": USER_ID,
            "jti": number,
            "isMultiClient": false,
            "isPlusPlan": false,
            "iat": now.epoch_s(),
            "iss": "udapi-gateway-service",
            "exp": self.world.sessions().end(now).epoch_s(),
        });
        let signed = format!(
            "{}.{}",
            base64_url(header.to_string().as_bytes()),
            base64_url(claims.to_string().as_bytes())
        );
        let signature: Vec<u8> = (0..4)
            .flat_map(|part| hash(&[hash_text(&signed), part]).to_be_bytes())
            .collect();
        format!("{signed}.{}", base64_url(&signature))
    }
}
