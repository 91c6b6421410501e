//! The broker's refusals: `stat`, `emsg`, and a `request_time` where its samples carry one.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::json;

use super::words::{paise_text, time_date};
use crate::account::Refusal;
use crate::clock::Instant64;

/// A call that was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    status: StatusCode,
    emsg: String,
    timed: bool,
}

impl Refused {
    fn new(emsg: impl Into<String>) -> Self {
        Self {
            status: StatusCode::OK,
            emsg: emsg.into(),
            timed: false,
        }
    }

    fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    fn timed(self) -> Self {
        Self { timed: true, ..self }
    }

    /// The answer at an instant.
    pub(super) fn at(&self, now: Instant64) -> Response {
        let mut body = json!({ "stat": "Not_Ok", "emsg": self.emsg });
        if self.timed {
            body["request_time"] = json!(time_date(now));
        }
        (self.status, Json(body)).into_response()
    }
}

/// The list is empty, or the order or instrument is not known.
pub(super) fn no_data() -> Refused {
    Refused::new("Error Occurred : 5 \"no data\"").timed()
}

/// A field holds what it must not.
pub(super) fn invalid_input() -> Refused {
    Refused::new("Error Occurred : 2 \"invalid input\"").timed()
}

/// A field is not there or empty.
pub(super) fn missing(field: &str) -> Refused {
    Refused::new(format!("Invalid Input : {field} is Missing."))
}

/// The account and product that holdings are asked for by.
pub(super) fn holdings_of_whom() -> Refused {
    Refused::new("Invalid Input : Missing uid or actid or prd.")
}

/// The body has no `jData`.
pub(super) fn no_jdata() -> Refused {
    Refused::new("Invalid Input : Missing jData").with_status(StatusCode::BAD_REQUEST)
}

/// What stands before the first `&` is no JSON object.
pub(super) fn jdata_malformed() -> Refused {
    Refused::new("Invalid Input : jData is not valid json object").with_status(StatusCode::BAD_REQUEST)
}

/// A number, null or boolean where text must be.
pub(super) fn not_text() -> Refused {
    Refused::new("Invalid Input : One or more input parameters are not in string format")
}

/// The token is unknown, over or logged out.
pub(super) fn session_expired() -> Refused {
    Refused::new("Session Expired : Invalid Session Key")
}

/// The token is not this user's.
pub(super) fn wrong_user() -> Refused {
    Refused::new("Session Expired : Invalid User Id").with_status(StatusCode::UNAUTHORIZED)
}

/// The account is not this user's.
pub(super) fn wrong_account() -> Refused {
    Refused::new("Invalid Input : Invalid Account Id")
}

/// Market orders do not come in through the API.
pub(super) fn kind_not_allowed(kind: &str) -> Refused {
    Refused::new(format!(
        "Rejected : ALGO_CHK: {kind} Order type not allowed for API order"
    ))
    .timed()
}

/// An after-market mark other than `Yes`, or one in the session.
pub(super) fn invalid_amo() -> Refused {
    Refused::new("Invalid AMO")
}

/// A limit price of zero.
pub(super) fn price_zero() -> Refused {
    Refused::new("Order price cannot be zero")
}

/// A trigger on an order that takes none, none on one that does, or one beyond the price.
pub(super) fn trigger_invalid(sent: Option<&str>) -> Refused {
    let shown = match sent {
        None => "0.00".to_owned(),
        Some(text) => paise_text(text).unwrap_or_else(|| text.to_owned()),
    };
    Refused::new(format!("Trigger price invalid - {shown}"))
}

/// Unknown, foreign or finished.
pub(super) fn order_not_found() -> Refused {
    Refused::new("Rejected : ORA:Order not found").timed()
}

/// The same on a cancellation.
pub(super) fn nothing_to_cancel() -> Refused {
    Refused::new("Rejected : ORA:Order not found to Cancel").timed()
}

/// Refused by the OMS for a reason in its own words.
pub(super) fn rejected(reason: &str) -> Refused {
    Refused::new(format!("Rejected : {reason}")).timed()
}

/// A position is neither of the day nor carried.
pub(super) fn position_type() -> Refused {
    Refused::new("Invalid Input :  Invalid Position Type")
}

/// The search found nothing.
pub(super) fn no_match() -> Refused {
    Refused::new("No Data :  ")
}

/// What is refused before the order enters the book, among what the engine refuses.
pub(super) fn at_once(refusal: &Refusal, trigger: Option<&str>) -> Option<Refused> {
    match refusal {
        Refusal::IndexNotTradable
        | Refusal::QuantityNotPositive
        | Refusal::DisclosedNotAllowed
        | Refusal::ProductNotAllowed => Some(invalid_input()),
        Refusal::PriceMissing => Some(price_zero()),
        Refusal::TriggerMissing | Refusal::TriggerNotAllowed | Refusal::TriggerBeyondPrice => {
            Some(trigger_invalid(trigger))
        }
        Refusal::AfterMarketInSession => Some(invalid_amo()),
        _ => None,
    }
}

/// The web server's own answer to a path or method nobody handles.
pub(super) fn page(status: StatusCode) -> Response {
    let body = format!("<html><body><h1>{status}</h1></body></html>");
    (status, [(CONTENT_TYPE, "text/html")], body).into_response()
}
