//! Compares requests and values the way the wire documents say: method, host, path, decoded query, the headers that
//! carry meaning, decoded body; numbers as decimals. Known differences are forgiven one by one, each with its reason.
//!
//! Numbers pass through binary doubles on their way out of the vector files, so figures of more than fifteen
//! digits compare as the nearest double. Prices and quantities have fewer.

use std::fmt::Write as _;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use rust_decimal::Decimal;
use sangam_broker::WireRequest;
use serde_json::{Map, Value};

/// Something that is not as recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where: `method`, `query.order_id`, `header.authorization`, `body.price`, `row[2].quantity`.
    pub at: String,
    /// What was recorded; `None` for nothing.
    pub expected: Option<Value>,
    /// What was found; `None` for nothing.
    pub found: Option<Value>,
}

/// A difference that is right as it is.
#[derive(Debug, Clone, Copy)]
pub struct Allow {
    /// Where it may be; `[]` stands for any index.
    pub at: &'static str,
    /// Which recorded and found values it covers.
    pub when: fn(Option<&Value>, Option<&Value>) -> bool,
    /// Why.
    pub reason: &'static str,
    /// The section of the wire document that says so.
    pub section: &'static str,
}

/// The differences found so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Differences(Vec<Difference>);

impl Differences {
    /// Notes a difference.
    pub fn note(&mut self, at: impl Into<String>, expected: Option<Value>, found: Option<Value>) {
        self.0.push(Difference {
            at: at.into(),
            expected,
            found,
        });
    }

    /// Notes a difference unless the two values mean the same.
    pub fn check(&mut self, at: impl Into<String>, expected: &Value, found: &Value) {
        values(&at.into(), expected, found, self);
    }

    /// Notes a difference unless the two texts are equal.
    pub fn check_text(&mut self, at: impl Into<String>, expected: Option<&str>, found: Option<&str>) {
        if expected != found {
            let value = |text: Option<&str>| text.map(|text| Value::String(text.to_owned()));
            self.note(at, value(expected), value(found));
        }
    }

    /// Notes a difference unless the two numbers are equal as decimals.
    pub fn check_number(&mut self, at: impl Into<String>, expected: Option<Decimal>, found: Option<Decimal>) {
        if expected != found {
            let value =
                |number: Option<Decimal>| number.map(|number| Value::String(number.normalize().to_string()));
            self.note(at, value(expected), value(found));
        }
    }

    /// Notes something that is wrong in words.
    pub fn say(&mut self, at: impl Into<String>, what: impl Into<String>) {
        self.note(at, None, Some(Value::String(what.into())));
    }

    /// Drops what the list allows.
    pub fn forgive(&mut self, allowed: &[Allow]) {
        self.0.retain(|difference| {
            !allowed.iter().any(|allow| {
                same_place(allow.at, &difference.at)
                    && (allow.when)(difference.expected.as_ref(), difference.found.as_ref())
            })
        });
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each difference.
    pub fn iter(&self) -> impl Iterator<Item = &Difference> {
        self.0.iter()
    }
}

impl std::fmt::Display for Differences {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::new();
        for Difference { at, expected, found } in &self.0 {
            let show = |value: &Option<Value>| {
                value
                    .as_ref()
                    .map_or_else(|| "nothing".to_owned(), ToString::to_string)
            };
            writeln!(text, "{at}: expected {}, found {}", show(expected), show(found))?;
        }
        f.write_str(text.trim_end())
    }
}

impl From<Differences> for super::Verdict {
    fn from(differences: Differences) -> Self {
        Self::from_differences(&differences.to_string())
    }
}

fn same_place(pattern: &str, at: &str) -> bool {
    let mut plain = String::with_capacity(at.len());
    let mut inside = false;
    for c in at.chars() {
        match c {
            '[' => {
                inside = true;
                plain.push('[');
            }
            ']' => {
                inside = false;
                plain.push(']');
            }
            _ if inside => {}
            _ => plain.push(c),
        }
    }
    pattern == plain
}

/// A value that stands for "nothing": null, blank, nought, `false` or an empty list or object.
#[must_use]
pub fn is_unset(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(list)) => list.is_empty(),
        Some(Value::Object(map)) => map.is_empty(),
        Some(number @ Value::Number(_)) => decimal(number).is_some_and(|number| number.is_zero()),
        Some(Value::Bool(true)) => false,
    }
}

/// For allow-lists of optional fields: both sides stand for "nothing".
#[must_use]
pub fn both_unset(expected: Option<&Value>, found: Option<&Value>) -> bool {
    is_unset(expected) && is_unset(found)
}

/// A JSON number, or a text that is a number, as a decimal.
#[must_use]
pub fn decimal(value: &Value) -> Option<Decimal> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    Decimal::from_str(&text)
        .or_else(|_| Decimal::from_scientific(&text))
        .ok()
        .map(|number| number.normalize())
}

/// Compares two values: JSON numbers as decimals, objects by key, lists by place. A text is never a number here.
pub fn values(at: &str, expected: &Value, found: &Value, out: &mut Differences) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (key, value) in expected {
                let at = format!("{at}.{key}");
                match found.get(key) {
                    Some(other) => values(&at, value, other, out),
                    None => out.note(at, Some(value.clone()), None),
                }
            }
            for (key, value) in found {
                if !expected.contains_key(key) {
                    out.note(format!("{at}.{key}"), None, Some(value.clone()));
                }
            }
        }
        (Value::Array(expected), Value::Array(found)) => {
            for i in 0..expected.len().max(found.len()) {
                let at = format!("{at}[{i}]");
                match (expected.get(i), found.get(i)) {
                    (Some(a), Some(b)) => values(&at, a, b, out),
                    (a, b) => out.note(at, a.cloned(), b.cloned()),
                }
            }
        }
        (Value::Number(_), Value::Number(_)) => {
            if decimal(expected) != decimal(found) {
                out.note(at, Some(expected.clone()), Some(found.clone()));
            }
        }
        _ => {
            if expected != found {
                out.note(at, Some(expected.clone()), Some(found.clone()));
            }
        }
    }
}

/// How a request's body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// JSON.
    Json,
    /// `a=b&c=d`, percent-encoded.
    Form,
}

/// Compares method, path, decoded query and decoded body with a vector's `request`, and the host with its `base_url`
/// where it has one. Headers are the broker's own business: see [`header`].
#[must_use]
pub fn request(expected: &Value, found: &WireRequest, body: Body) -> Differences {
    let mut out = Differences::default();
    let text = |key: &str| expected.get(key).and_then(Value::as_str);
    out.check_text("method", text("method"), Some(found.method.as_str()));
    let url = match url::Url::parse(&found.full_url()) {
        Ok(url) => url,
        Err(error) => {
            out.say("url", format!("{} is no address: {error}", found.url));
            return out;
        }
    };
    if let Some(base) = text("base_url") {
        let origin = url.origin().ascii_serialization();
        out.check_text("host", Some(base.trim_end_matches('/')), Some(&origin));
    }
    let segments = |path: &str| -> Vec<String> {
        path.split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect()
    };
    let path = text("path").unwrap_or_default();
    if segments(path) != segments(url.path()) {
        out.check_text("path", Some(path), Some(url.path()));
    }
    let mut query = Map::new();
    for (name, value) in url.query_pairs() {
        if query
            .insert(name.to_string(), value.into_owned().into())
            .is_some()
        {
            out.say(format!("query.{name}"), "stands there twice");
        }
    }
    let none = Value::Object(Map::new());
    let recorded = expected
        .get("query")
        .filter(|query| !query.is_null())
        .unwrap_or(&none);
    values("query", recorded, &Value::Object(query), &mut out);
    let recorded = expected.get("body_decoded").unwrap_or(&Value::Null);
    match decoded_body(found, body) {
        Ok(found) => values("body", recorded, &found, &mut out),
        Err(error) => out.note("body", Some(recorded.clone()), Some(error.into())),
    }
    out
}

/// A request's body as JSON; null for none.
///
/// # Errors
/// In words, when the body is not what it should be.
pub fn decoded_body(found: &WireRequest, body: Body) -> Result<Value, String> {
    let Some(bytes) = found.body.as_deref().filter(|bytes| !bytes.is_empty()) else {
        return Ok(Value::Null);
    };
    match body {
        Body::Json => serde_json::from_slice(bytes).map_err(|error| format!("no JSON: {error}")),
        Body::Form => {
            let mut map = Map::new();
            for (name, value) in url::form_urlencoded::parse(bytes) {
                if map.insert(name.to_string(), value.into_owned().into()).is_some() {
                    return Err(format!("{name} stands there twice"));
                }
            }
            Ok(Value::Object(map))
        }
    }
}

/// Compares one header with a vector's `request.headers`, names without case.
pub fn header(expected: &Value, found: &WireRequest, name: &str, out: &mut Differences) {
    let recorded = expected
        .get("headers")
        .and_then(Value::as_object)
        .and_then(|headers| {
            headers
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .and_then(|(_, value)| value.as_str())
        });
    let sent = found.headers.get(name).and_then(|value| value.to_str().ok());
    out.check_text(format!("header.{}", name.to_ascii_lowercase()), recorded, sent);
}

/// The status of a response item: a number, or a number with its certainty.
#[must_use]
pub fn http_status(item: &Value) -> Option<u16> {
    let status = item.get("http_status")?;
    status
        .as_u64()
        .or_else(|| status.get("value").and_then(Value::as_u64))
        .and_then(|status| u16::try_from(status).ok())
}

/// The body of a response item as bytes: `body` as JSON or text, else `body_raw` or `body_text`.
#[must_use]
pub fn body_bytes(item: &Value) -> Vec<u8> {
    match item.get("body") {
        Some(Value::String(text)) => text.clone().into_bytes(),
        Some(Value::Null) | None => ["body_raw", "body_text"]
            .iter()
            .find_map(|key| item.get(key).and_then(Value::as_str))
            .unwrap_or_default()
            .as_bytes()
            .to_vec(),
        Some(json) => json.to_string().into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use http::Method;
    use sangam_core::Operation;
    use serde_json::json;

    use super::*;

    fn differing(expected: &Value, found: &Value) -> Vec<String> {
        let mut out = Differences::default();
        values("body", expected, found, &mut out);
        out.iter().map(|difference| difference.at.clone()).collect()
    }

    #[test]
    fn numbers_compare_as_decimals_and_texts_as_texts() {
        assert!(
            differing(
                &json!({"a": 0.0, "b": [1, 1425.50]}),
                &json!({"b": [1.0, 1425.5], "a": 0})
            )
            .is_empty()
        );
        assert_eq!(differing(&json!({"a": 1}), &json!({"a": "1"})), ["body.a"]);
        assert_eq!(
            differing(&json!({"a": 1}), &json!({"b": 1})),
            ["body.a", "body.b"]
        );
        assert_eq!(differing(&json!([1, 2]), &json!([1])), ["body[1]"]);
    }

    #[test]
    fn a_request_compares_decoded() {
        let recorded = json!({"method": "GET", "base_url": "https://x.test", "path": "/a/NSE_INDEX%7CNifty%2050",
            "query": {"k": "NSE_EQ|A,B C"}, "body_decoded": null, "headers": {"Authorization": "Bearer t"}});
        let sent = WireRequest::new(
            Operation::Quotes,
            Method::GET,
            "https://x.test/a/NSE_INDEX|Nifty%2050",
        )
        .query("k", "NSE_EQ|A,B C");
        assert_eq!(request(&recorded, &sent, Body::Json).to_string(), "");
        let mut out = Differences::default();
        header(&recorded, &sent, "authorization", &mut out);
        assert_eq!(
            out.to_string(),
            "header.authorization: expected \"Bearer t\", found nothing"
        );
        let other = WireRequest::new(Operation::Quotes, Method::POST, "https://y.test/b").body("{}");
        let out = request(&recorded, &other, Body::Json);
        let places: Vec<_> = out.iter().map(|difference| difference.at.as_str()).collect();
        assert_eq!(places, ["method", "host", "path", "query.k", "body"]);
    }

    #[test]
    fn only_what_is_listed_is_forgiven() {
        const ALLOWED: &[Allow] = &[Allow {
            at: "row[].slice",
            when: both_unset,
            reason: "false is the default",
            section: "6.1",
        }];
        let mut out = Differences::default();
        out.note("row[3].slice", Some(json!(false)), None);
        out.note("row[3].slice", Some(json!(true)), None);
        out.forgive(ALLOWED);
        assert_eq!(out.iter().count(), 1);
    }
}
