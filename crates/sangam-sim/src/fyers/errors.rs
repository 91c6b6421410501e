//! The reply envelope and the documented errors. Wordings are those of the documents where they quote one.

use std::borrow::Cow;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::words;
use crate::account::Refusal;
use crate::money::Paise;

/// A refusal: HTTP status, code, sentence, and the order it is about where that is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) status: u16,
    code: i64,
    message: Cow<'static, str>,
    id: Option<String>,
}

/// An answer or a refusal.
pub(super) type Outcome = Result<Response, Fault>;

const fn known(status: u16, code: i64, message: &'static str) -> Fault {
    let message = Cow::Borrowed(message);
    Fault {
        status,
        code,
        message,
        id: None,
    }
}

pub(super) const TOKEN_EXPIRED: Fault = known(401, -8, "Your token has expired. Please generate a token");
pub(super) const TOKEN_WRONG: Fault = known(401, -15, "Please provide valid token");
pub(super) const NOT_AUTHENTICATED: Fault = known(401, -16, "Could not authenticate the user");
pub(super) const LOG_OUT_REFUSED: Fault = known(401, -16, "Token is Invalid or Expired");
pub(super) const TOKEN_UNKNOWN: Fault = known(401, -17, "Token is invalid or expired");
pub(super) const APP_UNKNOWN: Fault = known(401, -352, "Invalid app id");
pub(super) const HASH_WRONG: Fault = known(400, -371, "Please provide sha256 hash of appId and app secret");
pub(super) const CODE_WRONG: Fault = known(400, -437, "invalid auth code");
pub(super) const REFRESH_WITHDRAWN: Fault = known(
    401,
    -16,
    "Refresh token API is currently disabled to comply with SEBI regulations.",
);

pub(super) const INPUT: Fault = known(400, -50, "Invalid input");
pub(super) const SYMBOL_ON_ORDER: Fault = known(400, -50, "The input symbol is invalid.");
pub(super) const SYMBOL: Fault = known(400, -300, "Invalid symbol provided");
pub(super) const OFF_TICK: Fault = known(400, -392, "Price should be in multiples of tick size.");
pub(super) const ORDER_UNKNOWN: Fault = known(400, -51, "Invalid order id");
const NOT_PENDING: Fault = known(400, -52, "Not a pending order");
pub(super) const POSITION_UNKNOWN: Fault = known(400, -53, "Invalid position id");
pub(super) const NOTHING_TO_EXIT: Fault = known(400, -352, "No open positions to exit");
pub(super) const TOO_MANY: Fault = known(429, -429, "Rate limit exceeded");

/// Wrong input, named.
pub(super) fn input(what: impl std::fmt::Display) -> Fault {
    let message = format!("Invalid input: {what}").into();
    Fault { message, ..INPUT }
}

/// The order can no longer be changed; its id comes back.
pub(super) fn not_pending(id: &str) -> Fault {
    Fault {
        id: Some(id.to_owned()),
        ..NOT_PENDING
    }
}

/// A rejection with its reason, and the order's id.
pub(super) fn rejected(refusal: &Refusal, id: Option<&str>) -> Fault {
    let message = words::reason(refusal).into();
    Fault {
        status: 400,
        code: -99,
        message,
        id: id.map(str::to_owned),
    }
}

/// What the engine refuses, for an order that stands in the book under `id`, if any does.
pub(super) fn refused(refusal: &Refusal, id: Option<&str>) -> Fault {
    match refusal {
        Refusal::UnknownOrder => ORDER_UNKNOWN,
        Refusal::UnknownPosition => POSITION_UNKNOWN,
        Refusal::NotOpen { .. } => not_pending(id.unwrap_or_default()),
        Refusal::IndexNotTradable => SYMBOL_ON_ORDER,
        Refusal::OffTick { .. } => OFF_TICK,
        risk if risk.is_risk() => rejected(risk, id),
        other => input(other),
    }
}

impl Fault {
    /// The body.
    pub(super) fn body(&self) -> Value {
        let mut body = json!({ "s": "error", "code": self.code, "message": self.message });
        if let Some(id) = &self.id {
            body["id"] = json!(id);
        }
        body
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).expect("the statuses above are statuses");
        (status, Json(self.body())).into_response()
    }
}

/// A success with code 200 and no message, plus what it carries.
pub(super) fn success(payload: Value) -> Response {
    let mut body = json!({ "s": "ok", "code": 200, "message": "" });
    if let (Value::Object(body), Value::Object(payload)) = (&mut body, payload) {
        body.extend(payload);
    }
    Json(body).into_response()
}

/// What the edge answers for a path or method it does not know. No document shows it.
pub(super) fn not_routed() -> Response {
    const PAGE: &str =
        "<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>";
    (StatusCode::NOT_FOUND, [(CONTENT_TYPE, "text/html")], PAGE).into_response()
}

/// An offset off the tick, as the documents quote it.
pub(super) fn off_tick(what: &str, tick: Paise) -> Fault {
    let message = format!("{what} not a multiple of tick size {tick}00").into();
    Fault { message, ..INPUT }
}
