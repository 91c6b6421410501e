//! The JSON of `POST /__sim/faults`, read strictly: a mistyped fault must not become a silent calm.

use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

/// Faults in force. Rates are probabilities from 0 to 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FaultSettings {
    /// Delay before handling, least and most, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<(u64, u64)>,
    /// The request is lost on its way.
    pub drop_before: f64,
    /// The request is handled, the answer lost.
    pub drop_after_accept: f64,
    /// TCP reset; half of them before, half after handling.
    pub reset: f64,
    /// Half the body, then the connection closes.
    pub cut_body: f64,
    /// 307 to the same address.
    pub redirect: f64,
    /// A status of the tester's choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusFault>,
    /// Books and account reads show the state of so many seconds ago.
    pub stale_book_s: u32,
    /// Order calls get the broker's 503.
    pub orders_down: bool,
    /// Reads get the broker's 503.
    pub reads_down: bool,
    /// Only paths that contain one of these texts are touched; empty: all.
    pub paths: Vec<String>,
}

/// A status of the tester's choice.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StatusFault {
    /// HTTP status.
    #[serde(serialize_with = "code_as_number")]
    pub code: StatusCode,
    /// Body as sent.
    pub body: String,
    /// Probability.
    pub rate: f64,
    /// Handle the request first.
    pub after_accept: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn code_as_number<S: serde::Serializer>(code: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(code.as_u16())
}

/// The JSON is refused; `field` names the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct FaultError {
    /// The key, dotted for a nested one; `body` for the whole.
    pub field: String,
    /// What is wrong, and what would be right.
    pub why: String,
}

impl FaultError {
    fn new(field: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            why: why.into(),
        }
    }
}

/// Longest delay that can be asked for.
const DELAY_MS_MAX: u64 = 600_000;
/// Oldest book that can be asked for.
const STALE_S_MAX: u64 = 86_400;

const KEYS: [&str; 14] = [
    "clear",
    "cut_body",
    "delay_ms",
    "drop_after_accept",
    "drop_before",
    "orders_down",
    "paths",
    "reads_down",
    "redirect",
    "reset",
    "seed",
    "sessions",
    "stale_book_s",
    "status",
];

/// A change as it was sent.
pub(super) struct Change {
    keys: Map<String, Value>,
    seed: Option<u64>,
    expire: bool,
}

impl Change {
    pub(super) fn read(json: &[u8]) -> Result<Self, FaultError> {
        let value: Value = serde_json::from_slice(json)
            .map_err(|error| FaultError::new("body", format!("not JSON: {error}")))?;
        let Value::Object(keys) = value else {
            return Err(FaultError::new("body", "must be a JSON object"));
        };
        if let Some(unknown) = keys.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(FaultError::new(
                unknown,
                format!("unknown key; known are {}", KEYS.join(", ")),
            ));
        }
        let seed = match keys.get("seed") {
            None => None,
            Some(value) => Some(
                value
                    .as_u64()
                    .ok_or_else(|| FaultError::new("seed", "must be a whole number from 0"))?,
            ),
        };
        let expire = match keys.get("sessions") {
            None => false,
            Some(value) if value == "expire" => true,
            Some(_) => return Err(FaultError::new("sessions", "must be \"expire\"")),
        };
        Ok(Self { keys, seed, expire })
    }

    pub(super) const fn seed(&self) -> Option<u64> {
        self.seed
    }

    pub(super) const fn expires_sessions(&self) -> bool {
        self.expire
    }

    pub(super) fn applied_to(&self, old: &FaultSettings) -> Result<FaultSettings, FaultError> {
        let clear = self
            .keys
            .get("clear")
            .map_or(Ok(false), |value| flag("clear", value))?;
        let mut next = if clear {
            FaultSettings::default()
        } else {
            old.clone()
        };
        for (key, value) in &self.keys {
            match key.as_str() {
                "cut_body" => next.cut_body = rate(key, value)?,
                "delay_ms" => next.delay_ms = delay(value)?,
                "drop_after_accept" => next.drop_after_accept = rate(key, value)?,
                "drop_before" => next.drop_before = rate(key, value)?,
                "orders_down" => next.orders_down = flag(key, value)?,
                "paths" => next.paths = paths(value)?,
                "reads_down" => next.reads_down = flag(key, value)?,
                "redirect" => next.redirect = rate(key, value)?,
                "reset" => next.reset = rate(key, value)?,
                "stale_book_s" => {
                    let seconds = whole(key, value, STALE_S_MAX)?;
                    next.stale_book_s = u32::try_from(seconds).expect("at most a day");
                }
                "status" => next.status = status(value)?,
                _ => {}
            }
        }
        Ok(next)
    }
}

impl FaultSettings {
    pub(super) fn covers(&self, path: &str) -> bool {
        self.paths.is_empty() || self.paths.iter().any(|part| path.contains(part.as_str()))
    }
}

fn rate(field: &str, value: &Value) -> Result<f64, FaultError> {
    let number = value.as_f64().filter(|rate| (0.0..=1.0).contains(rate));
    number.ok_or_else(|| FaultError::new(field, "must be a number from 0 to 1"))
}

fn flag(field: &str, value: &Value) -> Result<bool, FaultError> {
    value
        .as_bool()
        .ok_or_else(|| FaultError::new(field, "must be true or false"))
}

fn whole(field: &str, value: &Value, max: u64) -> Result<u64, FaultError> {
    let number = value.as_u64().filter(|number| *number <= max);
    number.ok_or_else(|| FaultError::new(field, format!("must be a whole number from 0 to {max}")))
}

/// An object with exactly the keys a fault knows.
fn object<'a>(field: &str, value: &'a Value, known: &[&str]) -> Result<&'a Map<String, Value>, FaultError> {
    let keys = value
        .as_object()
        .ok_or_else(|| FaultError::new(field, "must be an object"))?;
    match keys.keys().find(|key| !known.contains(&key.as_str())) {
        Some(unknown) => Err(FaultError::new(
            format!("{field}.{unknown}"),
            format!("unknown key; known are {}", known.join(", ")),
        )),
        None => Ok(keys),
    }
}

fn delay(value: &Value) -> Result<Option<(u64, u64)>, FaultError> {
    if value.is_null() {
        return Ok(None);
    }
    let keys = object("delay_ms", value, &["min", "max"])?;
    let bound = |key: &str| {
        let field = format!("delay_ms.{key}");
        keys.get(key)
            .map(|value| whole(&field, value, DELAY_MS_MAX))
            .transpose()
    };
    let min = bound("min")?.unwrap_or(0);
    let max = bound("max")?.ok_or_else(|| FaultError::new("delay_ms.max", "is required"))?;
    if min > max {
        return Err(FaultError::new("delay_ms.min", "must not be above max"));
    }
    Ok(Some((min, max)))
}

fn status(value: &Value) -> Result<Option<StatusFault>, FaultError> {
    if value.is_null() {
        return Ok(None);
    }
    let keys = object("status", value, &["code", "body", "rate", "after_accept"])?;
    let code = keys
        .get("code")
        .ok_or_else(|| FaultError::new("status.code", "is required"))?;
    let number = code.as_u64().filter(|code| (200..=599).contains(code));
    let number =
        number.ok_or_else(|| FaultError::new("status.code", "must be a whole number from 200 to 599"))?;
    let code =
        StatusCode::from_u16(u16::try_from(number).expect("at most 599")).expect("200 to 599 are statuses");
    // A JSON body may be given as JSON.
    let body = match keys.get("body") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(json) => json.to_string(),
    };
    let rate = keys
        .get("rate")
        .map_or(Ok(1.0), |value| rate("status.rate", value))?;
    let after_accept = keys
        .get("after_accept")
        .map_or(Ok(false), |value| flag("status.after_accept", value))?;
    Ok(Some(StatusFault {
        code,
        body,
        rate,
        after_accept,
    }))
}

fn paths(value: &Value) -> Result<Vec<String>, FaultError> {
    let wrong = || FaultError::new("paths", "must be a list of texts that are not empty");
    let list = value.as_array().ok_or_else(wrong)?;
    list.iter()
        .map(|part| {
            part.as_str()
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
                .ok_or_else(wrong)
        })
        .collect()
}
