//! Recorded requests: the same call through the adapter, and what left it against what was recorded.

use std::sync::Arc;

use futures::executor::block_on;
use sangam_broker::WireRequest;
use serde_json::{Map, Value, json};

use super::calls::Asked;
use super::{Who, account, text};
use crate::vectors::Verdict;
use crate::vectors::compare::{self, Allow, Body, Differences};
use crate::vectors::recording::RecordingTransport;

/// Artefacts of the official client that an adapter does not copy.
const ALLOWED: &[Allow] = &[
    Allow {
        at: "body.jData.trgprc",
        when: |recorded, sent| recorded == Some(&json!("None")) && sent.is_none(),
        reason: "the client writes out its own missing value",
        section: "flattrade.md 0",
    },
    Allow {
        at: "body.jData.remarks",
        when: |recorded, sent| recorded == Some(&Value::Null) && sent.is_none(),
        reason: "the client sends null when no tag is given",
        section: "flattrade.md 0",
    },
    Allow {
        at: "body.jData.ret",
        when: |recorded, sent| recorded.is_none() && sent == Some(&json!("DAY")),
        reason: "the documents require it on modifications, the client forgets it",
        section: "flattrade.md 0 and 5.2",
    },
];

/// Fields that are decimal text.
const DECIMALS: &[&str] = &[
    "qty", "dscqty", "prc", "trgprc", "st", "et", "from", "to", "intrv",
];

/// Operations that must leave through the order transport.
const COMMANDS: &[&str] = &["place_order", "modify_order", "cancel_order"];

/// Runs one request vector.
pub(super) fn run(operation: &str, vector: &Value) -> Verdict {
    let vector = &with_canonical(operation, vector);
    let recorded = &vector["request"];
    let call = &vector["call"];
    if let Some(reason) = not_offered(operation, vector) {
        return Verdict::NotOffered(reason);
    }
    let (asked, symbols) = match Asked::new(vector) {
        Ok(asked) => asked,
        Err(problem) => return Verdict::Failed(problem),
    };
    let orders = RecordingTransport::silent();
    let reads = RecordingTransport::silent();
    let adapter = account(
        who(recorded, call),
        orders.clone(),
        reads.clone(),
        Arc::new(symbols),
    );
    let ended = block_on(asked.make(operation, vector, &adapter));
    let (mut sent, beside) = if COMMANDS.contains(&operation) {
        (orders.take(), reads.take())
    } else {
        (reads.take(), orders.take())
    };
    let Some(request) = sent.pop().filter(|_| sent.is_empty() && beside.is_empty()) else {
        let why = ended.err().map_or_else(String::new, |error| format!(": {error}"));
        return Verdict::Failed(format!("not one request left through the right transport{why}"));
    };
    differences(operation, vector, recorded, &request).into()
}

/// Variants of offered operations that Sangam does not make.
fn not_offered(operation: &str, vector: &Value) -> Option<&'static str> {
    let call = &vector["call"];
    let given = |key: &str| call.get(key).is_some_and(|value| !compare::is_unset(Some(value)));
    let fields = &vector["request"]["body_decoded"]["jData"];
    match operation {
        "place_order" if vector.get("canonical").is_none_or(Value::is_null) => {
            Some("an order of a kind Sangam does not place")
        }
        "modify_order"
            if ["bookloss_price", "bookprofit_price", "trail_price"]
                .iter()
                .any(|key| given(key)) =>
        {
            Some("changes a cover or bracket order, which Sangam does not place")
        }
        "holdings" if text(call, "product_type").is_some_and(|product| product != "C") => {
            Some("holdings are read as delivery")
        }
        "time_price_series" if ["st", "et", "intrv"].iter().any(|key| fields.get(key).is_none()) => {
            Some("candles are asked for with both ends and a length")
        }
        _ => None,
    }
}

/// The vector with the order in Sangam's outside form: its own, or put together from the client's arguments when it has
/// neither that nor a reason for its absence.
fn with_canonical(operation: &str, vector: &Value) -> Value {
    let mut vector = vector.clone();
    let silent =
        vector.get("canonical").is_none_or(Value::is_null) && vector.get("canonical_absent").is_none();
    if operation == "place_order" && silent {
        vector["canonical"] = canonical(&vector["call"]).unwrap_or(Value::Null);
    }
    vector
}

fn canonical(call: &Value) -> Option<Value> {
    let side = match text(call, "buy_or_sell")? {
        "B" => "BUY",
        "S" => "SELL",
        _ => return None,
    };
    let product = match text(call, "product_type")? {
        "C" => "CNC",
        "I" => "MIS",
        "M" => "NRML",
        _ => return None,
    };
    let kind = match text(call, "price_type")? {
        "MKT" => "MARKET",
        "LMT" => "LIMIT",
        "SL-LMT" => "SL",
        "SL-MKT" => "SL-M",
        _ => return None,
    };
    let validity = text(call, "retention").filter(|word| ["DAY", "IOC"].contains(word))?;
    Some(json!({
        "exchange": text(call, "exchange")?, "broker_symbol": text(call, "tradingsymbol")?, "side": side,
        "quantity": call.get("quantity")?, "order_type": kind, "product": product, "validity": validity,
        "price": call.get("price"), "trigger_price": call.get("trigger_price"),
        "disclosed_quantity": call.get("discloseqty"), "after_market": text(call, "amo") == Some("Yes"),
        "tag": call.get("remarks"),
    }))
}

fn who(recorded: &Value, call: &Value) -> Who {
    let body = &recorded["body_decoded"];
    let fields = &body["jData"];
    let mut who = Who::default();
    if let Some(uid) = text(fields, "uid") {
        uid.clone_into(&mut who.uid);
    }
    who.actid = text(fields, "actid").map(str::to_owned);
    if let Some(token) = text(body, "jKey") {
        token.clone_into(&mut who.token);
    }
    if let Some(key) = text(call, "api_key") {
        key.clone_into(&mut who.api_key);
    }
    if let Some(secret) = text(call, "api_secret") {
        secret.clone_into(&mut who.api_secret);
    }
    who
}

/// Everything that differs between what was recorded and what left.
fn differences(operation: &str, vector: &Value, recorded: &Value, sent: &WireRequest) -> Differences {
    let mut envelope = recorded.clone();
    envelope["body_decoded"] = Value::Null;
    let bodiless = WireRequest {
        body: None,
        ..sent.clone()
    };
    let mut out = compare::request(&envelope, &bodiless, Body::Json);
    compare::header(recorded, sent, "authorization", &mut out);
    if operation == "token_exchange" {
        compare::header(recorded, sent, "content-type", &mut out);
    }
    let expected = &recorded["body_decoded"];
    let found = match (operation, sent.body.as_deref()) {
        (_, None) => Value::Null,
        ("token_exchange", Some(body)) => serde_json::from_slice(body).unwrap_or(Value::Null),
        (_, Some(body)) => match literal(body) {
            Ok(found) => found,
            Err(problem) => {
                out.say("body", problem);
                return out;
            }
        },
    };
    let other_reading = ["body_decoded_if_server_percent_decodes"]
        .iter()
        .find_map(|key| vector.get(key).or_else(|| recorded.get(key)));
    let expected = readable(expected, &found, other_reading);
    compare::values("body", &decimals(&expected), &decimals(&found), &mut out);
    out.forgive(if operation == "modify_order" {
        ALLOWED
    } else {
        &ALLOWED[..2]
    });
    out
}

/// The literal reading of a body: text between `jData=` and the last `&jKey=`, as JSON.
fn literal(body: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(body).map_err(|_| "no text".to_owned())?;
    if !text.is_ascii() {
        return Err("has characters beyond ASCII".to_owned());
    }
    let inner = text.strip_prefix("jData=").ok_or("does not begin with jData=")?;
    let (json, token) = inner.rsplit_once("&jKey=").ok_or("has no &jKey=")?;
    if json.contains('&') {
        return Err("has a bare & inside jData, which ends it early".to_owned());
    }
    let fields: Value = serde_json::from_str(json).map_err(|error| format!("jData is no JSON: {error}"))?;
    if let Some((name, value)) = fields
        .as_object()
        .and_then(|fields| fields.iter().find(|(_, value)| !value.is_string()))
    {
        return Err(format!("{name} is {value}, not a text"));
    }
    Ok(json!({"jData": fields, "jKey": token}))
}

/// The recorded body, with the fields the client percent-encodes taken in their other reading where that is what was
/// sent (flattrade.md 3: raw blanks in searches, the other form of `&` in symbols).
fn readable(expected: &Value, found: &Value, other: Option<&Value>) -> Value {
    let mut expected = expected.clone();
    for field in ["stext", "tsym"] {
        let Some(value) = other.and_then(|other| other["jData"].get(field)) else {
            continue;
        };
        let recorded = text(&expected["jData"], field)
            .unwrap_or_default()
            .replace('+', " ");
        let decoded = percent_encoding::percent_decode_str(&recorded).decode_utf8_lossy();
        if value.as_str() == Some(&*decoded) && found["jData"].get(field) == Some(value) {
            expected["jData"][field] = value.clone();
        }
    }
    expected
}

/// The body with its decimal texts in their shortest form.
fn decimals(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(fields) = body.get_mut("jData").and_then(Value::as_object_mut) {
        shorten(fields);
    }
    body
}

fn shorten(fields: &mut Map<String, Value>) {
    for name in DECIMALS {
        if let Some(value) = fields.get_mut(*name)
            && let Some(number) = value.is_string().then(|| compare::decimal(value)).flatten()
        {
            *value = Value::String(number.to_string());
        }
    }
}
