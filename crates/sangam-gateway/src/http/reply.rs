//! Answers: always JSON, success exactly 200, errors in OpenAlgo's shapes with texts that say the next step.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use sangam::core::{Error, ErrorKind, Outcome};
use sangam::orders::DeskError;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::fields::Faults;

/// An answer that is not a success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Refusal {
    /// `{"status":"error","message":...}`.
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            body: json!({"status": "error", "message": message.into()}),
        }
    }

    /// Faults of a body sent to an order endpoint: the message is a text.
    pub(crate) fn faults_text(faults: &Faults) -> Self {
        Self::new(StatusCode::BAD_REQUEST, faults.as_text())
    }

    /// Faults of a body sent to a reading endpoint: the message is an object.
    pub(crate) fn faults_object(faults: &Faults) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            body: json!({"status": "error", "message": faults.as_object()}),
        }
    }

    /// Adds a field to the answer.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Some(body) = self.body.as_object_mut() {
            body.insert(name.to_owned(), value.into());
        }
        self
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let wait_ms = self.body["retry_after_ms"].as_u64();
        let mut response = (self.status, Json(self.body)).into_response();
        if let Some(wait_ms) = wait_ms {
            response
                .headers_mut()
                .insert(RETRY_AFTER, wait_ms.div_ceil(1_000).max(1).into());
        }
        response
    }
}

/// A success: the fields given, with `status: success` and, where nothing is real, OpenAlgo's word for that.
pub(crate) fn success(mode: Option<&'static str>, fields: impl Serialize) -> Response {
    #[derive(Serialize)]
    struct Success<T> {
        status: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        mode: Option<&'static str>,
        #[serde(flatten)]
        fields: T,
    }
    // Serialised straight to text: going through a tree of values would take the digits of prices through floats.
    match serde_json::to_string(&Success {
        status: "success",
        mode,
        fields,
    }) {
        Ok(text) => ([(CONTENT_TYPE, "application/json")], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer did not serialise");
            Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal error; see the gateway's log",
            )
            .into_response()
        }
    }
}

/// A failed call to a broker.
pub(crate) fn broker_refusal(error: &Error) -> Refusal {
    let status = match error.kind() {
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::LoginRequired
        | ErrorKind::Unavailable
        | ErrorKind::Timeout
        | ErrorKind::Network
        | ErrorKind::UnexpectedAnswer => StatusCode::BAD_GATEWAY,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    };
    Refusal::new(status, error.to_string()).with("kind", error.kind().as_str())
}

/// A command the desk did not take, or whose outcome is not known.
pub(crate) fn desk_refusal(error: &DeskError) -> Refusal {
    match error {
        DeskError::Invalid(errors) => {
            let faults = errors
                .0
                .iter()
                .map(|e| (e.field.to_owned(), vec![e.message.clone()]));
            Refusal::faults_text(&Faults(faults.collect()))
        }
        DeskError::Refused(refusal) => Refusal::new(StatusCode::BAD_REQUEST, refusal.to_string())
            .with("rule", refusal.rule.as_str())
            .with("source", refusal.source),
        DeskError::UnknownInstrument(id) => Refusal::new(
            StatusCode::BAD_REQUEST,
            unknown_symbol(id.symbol.as_str(), id.exchange.as_str()),
        ),
        DeskError::KeyReused { existing } => {
            Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
                .with("orderid", existing.to_string())
        }
        DeskError::InProgress { existing } => {
            Refusal::new(StatusCode::CONFLICT, error.to_string()).with("orderid", existing.to_string())
        }
        DeskError::NotFound(number) => {
            Refusal::new(StatusCode::NOT_FOUND, format!("Order {number} not found"))
        }
        DeskError::WrongState { state, .. } => {
            Refusal::new(StatusCode::BAD_REQUEST, error.to_string()).with("state", state.as_str())
        }
        DeskError::Broker(inner) if inner.outcome() == Outcome::Unknown => Refusal::new(
            // 200 with an error inside: the only form in which every OpenAlgo client sees the text as it is.
            StatusCode::OK,
            format!("Outcome unknown; ask for the order's status before sending it again. {inner}"),
        )
        .with("state", "in_doubt"),
        DeskError::Broker(inner) => broker_refusal(inner),
        DeskError::Interrupted => {
            Refusal::new(StatusCode::OK, format!("Outcome unknown. {error}")).with("state", "in_doubt")
        }
        DeskError::NoAccount { .. } | DeskError::BooksClosed { .. } => {
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
        }
        _ => {
            tracing::error!(%error, "command failed");
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
        }
    }
}

/// The text for a symbol that is in no master, in OpenAlgo's words with the way out.
pub(crate) fn unknown_symbol(symbol: &str, exchange: &str) -> String {
    format!(
        "Symbol '{symbol}' not found for exchange '{exchange}'. Please verify the symbol name and ensure master \
         contracts are downloaded."
    )
}

/// A body as an object, or the answer for one that is none.
pub(crate) fn object(bytes: &[u8]) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(Refusal {
            status: StatusCode::BAD_REQUEST,
            body: json!({"message": "The request body must be a JSON object, like {\"apikey\": \"...\"}."}),
        }),
        Err(error) => Err(Refusal {
            status: StatusCode::BAD_REQUEST,
            body: json!({"message": format!("The request body is not valid JSON: {error}.")}),
        }),
    }
}

#[cfg(test)]
mod tests {
    use sangam::core::{FieldError, FieldErrors, OrderNumber, OrderState};

    use super::*;

    fn check(error: &DeskError, status: u16, text: &str, field: Option<(&str, &str)>) {
        let refusal = desk_refusal(error);
        assert_eq!(refusal.status.as_u16(), status, "{error}");
        assert_eq!(refusal.body["status"], "error", "{error}");
        let message = refusal.body["message"].as_str().expect("text");
        assert!(message.contains(text), "{message:?} does not say {text:?}");
        if let Some((name, value)) = field {
            assert_eq!(refusal.body[name], value, "{error}");
        }
    }

    #[test]
    fn what_the_desk_says_and_what_the_client_sees() {
        let number: OrderNumber = "2611230000001".parse().expect("a number");
        check(
            &DeskError::UnknownInstrument("NSE:NOPE".parse().expect("a name")),
            400,
            "Symbol 'NOPE' not found for exchange 'NSE'",
            None,
        );
        let invalid = FieldErrors(vec![FieldError {
            field: "price",
            message: "needs a price".to_owned(),
        }]);
        check(
            &DeskError::Invalid(invalid),
            400,
            "{'price': ['needs a price']}",
            None,
        );
        let orderid = Some(("orderid", "2611230000001"));
        check(
            &DeskError::KeyReused { existing: number },
            422,
            "already used",
            orderid,
        );
        check(
            &DeskError::InProgress { existing: number },
            409,
            "still being sent",
            orderid,
        );
        check(
            &DeskError::NotFound(number),
            404,
            "Order 2611230000001 not found",
            None,
        );
        let over = DeskError::WrongState {
            number,
            state: OrderState::Filled,
            hint: "it is over",
        };
        check(
            &over,
            400,
            "it is over",
            Some(("state", OrderState::Filled.as_str())),
        );
        let nobody = DeskError::NoAccount {
            reasons: "up: log-in required".to_owned(),
        };
        check(&nobody, 503, "up: log-in required", None);
        let closed = DeskError::BooksClosed {
            why: "disk full".to_owned(),
        };
        check(&closed, 503, "nothing was sent", None);
        let doubt = Some(("state", "in_doubt"));
        let lost = Error::new(ErrorKind::Timeout, Outcome::Unknown, "no answer");
        check(&DeskError::Broker(lost), 200, "Outcome unknown", doubt);
        check(&DeskError::Interrupted, 200, "Outcome unknown", doubt);
    }

    #[test]
    fn a_failed_call_has_the_status_of_its_kind() {
        for (kind, status) in [
            (ErrorKind::InvalidRequest, 400),
            (ErrorKind::OrderRejected, 400),
            (ErrorKind::OrderNotOpen, 400),
            (ErrorKind::NotOffered, 400),
            (ErrorKind::NotFound, 404),
            (ErrorKind::RateLimited, 429),
            (ErrorKind::LoginRequired, 502),
            (ErrorKind::Unavailable, 502),
            (ErrorKind::Timeout, 502),
            (ErrorKind::Network, 502),
            (ErrorKind::Internal, 500),
        ] {
            let error = Error::new(kind, Outcome::Rejected, "why");
            check(
                &DeskError::Broker(error),
                status,
                "why",
                Some(("kind", kind.as_str())),
            );
        }
    }

    #[test]
    fn a_wait_is_told_in_the_head_too() {
        let wait = |ms: u64| {
            let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "x").with("retry_after_ms", ms);
            let response = refusal.into_response();
            response.headers()[RETRY_AFTER].to_str().expect("text").to_owned()
        };
        assert_eq!([wait(0), wait(1_000), wait(1_001)], ["1", "1", "2"]);
        let plain = Refusal::new(StatusCode::NOT_FOUND, "x").into_response();
        assert!(plain.headers().get(RETRY_AFTER).is_none());
    }
}
