//! The error envelope and the documented codes. Wordings are those of the documents where they quote one.

use std::borrow::Cow;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

/// A documented error: HTTP status, code, sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known(u16, &'static str, &'static str);

/// One error of an answer.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    known: Known,
    message: Option<String>,
    property: Option<Cow<'static, str>>,
    invalid: Value,
}

pub(super) const TOKEN_INVALID: Known = Known(401, "UDAPI100050", "Invalid token used to access API");
pub(super) const TOO_MANY: Known = Known(429, "UDAPI10005", "Too Many Request Sent");
pub(super) const ROUTE_UNKNOWN: Known = Known(404, "UDAPI100060", "Resource not Found.");
pub(super) const METHOD_WRONG: Known =
    Known(405, "UDAPI10000", "This request is not supported by Upstox API");
pub(super) const INPUT_INVALID: Known = Known(400, "UDAPI100036", "Invalid Input");

pub(super) const CREDENTIALS_WRONG: Known = Known(
    401,
    "UDAPI100069",
    "Check your 'client_id' and 'client_secret'; one or both are incorrect.",
);
pub(super) const CLIENT_WRONG: Known = Known(
    401,
    "UDAPI100068",
    "Check your 'client_id' and 'redirect_uri'; one or both are incorrect.",
);
pub(super) const KEY_MISSING: Known = Known(400, "UDAPI1017", "API key is required");
pub(super) const REDIRECT_MISSING: Known = Known(400, "UDAPI1018", "Redirect uri is required");
pub(super) const CODE_MISSING: Known = Known(400, "UDAPI1022", "Code is required");
pub(super) const GRANT_MISSING: Known = Known(400, "UDAPI1023", "Grant type is required");
pub(super) const SECRET_MISSING: Known = Known(400, "UDAPI1024", "Client secret is required");

pub(super) const ORDER_UNKNOWN: Known = Known(400, "UDAPI100010", "Order not found");
pub(super) const ORDER_ID_MALFORMED: Known = Known(
    400,
    "UDAPI1010",
    "Order id accepts only alphanumeric characters and '-'.",
);
pub(super) const ORDER_ID_MISSING: Known = Known(400, "UDAPI1023", "Order id is required");
pub(super) const SELECTOR_MISSING: Known =
    Known(400, "UDAPI100059", "Must provide either 'order_id' or 'tag'");
pub(super) const CANCEL_FINAL: Known = Known(
    400,
    "UDAPI100040",
    "Order cannot be cancelled as it is already in a final state",
);
pub(super) const MODIFY_FINAL: Known = Known(
    400,
    "UDAPI100041",
    "Order cannot be modified as it is already in a final state",
);
pub(super) const AMO_IN_SESSION: Known = Known(
    400,
    "UDAPI100039",
    "AMO orders are not allowed during market hours",
);
pub(super) const INSTRUMENT_INVALID: Known = Known(400, "UDAPI100011", "Invalid Instrument key");
pub(super) const INSTRUMENT_MISSING: Known = Known(400, "UDAPI1026", "Instrument key is required");
pub(super) const QUANTITY_ZERO: Known = Known(400, "UDAPI1052", "The order quantity cannot be zero");
pub(super) const PRICE_NOT_REQUIRED: Known = Known(400, "UDAPI1040", "Price not required");
pub(super) const PRICE_REQUIRED: Known = Known(400, "UDAPI1043", "Price is required");
pub(super) const KIND_MISSING: Known = Known(400, "UDAPI1004", "Valid order type is required");
pub(super) const KIND_INVALID: Known = Known(400, "UDAPI1056", "The 'order_type' is invalid");
pub(super) const VALIDITY_MISSING: Known = Known(400, "UDAPI1007", "Validity is required");
pub(super) const VALIDITY_INVALID: Known = Known(400, "UDAPI1055", "The 'validity' is invalid");
pub(super) const TAG_TOO_LONG: Known = Known(
    400,
    "UDAPI1119",
    "Tag exceeds the permitted limit of 40 characters",
);
pub(super) const MARKET_REFUSED: Known = Known(
    400,
    "UDAPI1158",
    "Market orders are not allowed. Try placing an order with market protection.",
);
pub(super) const PROTECTION_RANGE: Known = Known(400, "UDAPI1159", "Market protection out of range");
pub(super) const PROTECTION_INVALID: Known = Known(400, "UDAPI1160", "Market protection is invalid");
pub(super) const MCX_DISABLED: Known = Known(
    400,
    "UDAPI1161",
    "MCX API orders are temporarily disabled. Meanwhile, place commodity orders on NSE (NSCOM).",
);
pub(super) const ORDERS_CLOSED: Known = Known(
    423,
    "UDAPI100074",
    "The Place and Modify API is accessible from 5:30 AM to 12:00 AM IST daily",
);

pub(super) const LINES_MISSING: Known = Known(400, "UDAPI1114", "At least one order line is required");
pub(super) const CORRELATION_MISSING: Known =
    Known(400, "UDAPI1115", "Each order line must have a correlation_id");
pub(super) const CORRELATION_TWICE: Known = Known(
    400,
    "UDAPI1117",
    "Each order line must have a unique correlation_id",
);
pub(super) const LINES_TOO_MANY: Known = Known(400, "UDAPI1118", "No more than 10 order lines are allowed");
pub(super) const BULK_SEGMENT_INVALID: Known = Known(400, "UDAPI1105", "segment is invalid");
pub(super) const NOTHING_TO_CANCEL: Known = Known(
    400,
    "UDAPI1109",
    "Available open or pending orders should not be more than limit",
);
pub(super) const NOTHING_TO_EXIT: Known = Known(400, "UDAPI1111", "No open position available to exit");

pub(super) const FUNDS_CLOSED: Known = Known(
    423,
    "UDAPI100072",
    "The Funds service is accessible from 5:30 AM to 12:00 AM IST daily",
);
pub(super) const FUNDS_SEGMENT_INVALID: Known = Known(400, "UDAPI1019", "segment is invalid");
pub(super) const CONVERSION_REFUSED: Known = Known(400, "UDAPI1035", "Conversion not allowed");

pub(super) const QUOTE_KEY_MISSING: Known = Known(400, "UDAPI1009", "instrument_key is required");
pub(super) const QUOTE_KEY_MALFORMED: Known = Known(400, "UDAPI1011", "instrument_key is of invalid format");
pub(super) const QUOTE_KEY_INVALID: Known = Known(
    400,
    "UDAPI1087",
    "One of either symbol or instrument_key is invalid",
);
pub(super) const QUOTE_KEYS_TOO_MANY: Known = Known(
    400,
    "UDAPI100042",
    "Data of only 500 instrument keys can be requested in single API call",
);
pub(super) const LTP_KEYS_TOO_MANY: Known =
    Known(400, "UDAPI100043", "Maximum instrument key limit exceeded");
pub(super) const INTERVAL_MISSING: Known = Known(400, "UDAPI1027", "Interval is required");
pub(super) const INTERVAL_INVALID: Known = Known(400, "UDAPI1028", "Interval is invalid");

impl Known {
    /// The error with the field it is about and what was sent there.
    pub(super) fn at(self, property: impl Into<Cow<'static, str>>, invalid: Value) -> Fault {
        Fault {
            known: self,
            message: None,
            property: Some(property.into()),
            invalid,
        }
    }

    /// The error in other words, where the documents give a code without a sentence.
    pub(super) fn saying(self, message: impl Into<String>) -> Fault {
        Fault {
            message: Some(message.into()),
            ..Fault::from(self)
        }
    }
}

impl From<Known> for Fault {
    fn from(known: Known) -> Self {
        Self {
            known,
            message: None,
            property: None,
            invalid: Value::Null,
        }
    }
}

impl Fault {
    /// The entry of `errors`. Two codes were only ever seen with the older, camel-case names.
    pub(super) fn entry(&self) -> Value {
        let Known(_, code, sentence) = self.known;
        let message = self.message.as_deref().unwrap_or(sentence);
        let mut entry = json!({
            "errorCode": code,
            "message": message,
            "propertyPath": self.property,
            "invalidValue": self.invalid,
        });
        if self.known != MCX_DISABLED {
            entry["error_code"] = json!(code);
            entry["property_path"] = json!(self.property);
            entry["invalid_value"] = self.invalid.clone();
        }
        entry
    }

    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.known.0).expect("the table holds statuses")
    }
}

impl IntoResponse for Known {
    fn into_response(self) -> Response {
        Fault::from(self).into_response()
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        Faults(vec![self]).into_response()
    }
}

/// All that is wrong with a request, at least one error.
#[derive(Clone, Debug)]
pub(super) struct Faults(pub(super) Vec<Fault>);

impl<T: Into<Fault>> From<T> for Faults {
    fn from(fault: T) -> Self {
        Self(vec![fault.into()])
    }
}

impl IntoResponse for Faults {
    fn into_response(self) -> Response {
        let status = self.0.first().expect("a refusal has a reason").status();
        let errors: Vec<Value> = self.0.iter().map(Fault::entry).collect();
        (status, Json(json!({ "status": "error", "errors": errors }))).into_response()
    }
}

/// The success envelope.
pub(super) fn success(data: &Value) -> Response {
    Json(json!({ "status": "success", "data": data })).into_response()
}
