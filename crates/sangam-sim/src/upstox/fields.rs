//! Reading a JSON body field by field, collecting everything that is wrong with it.
//!
//! The real server takes numbers and booleans as text too (a live third-party client sends them so). A null is an
//! absent field.

use serde_json::{Map, Value};

use super::errors::{Fault, Faults, INPUT_INVALID, Known};
use crate::money::Paise;

/// A body being read.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    fields: &'a Map<String, Value>,
    faults: Vec<Fault>,
}

/// The JSON object of a request.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, Faults> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(INPUT_INVALID.into()),
    }
}

impl<'a> Reading<'a> {
    pub(super) const fn of(fields: &'a Map<String, Value>) -> Self {
        Self {
            fields,
            faults: Vec::new(),
        }
    }

    /// Notes an error.
    pub(super) fn fault(&mut self, fault: impl Into<Fault>) {
        self.faults.push(fault.into());
    }

    /// The result, if nothing was wrong.
    pub(super) fn finish<T>(self, result: Option<T>) -> Result<T, Faults> {
        match result {
            Some(result) if self.faults.is_empty() => Ok(result),
            _ if self.faults.is_empty() => Err(INPUT_INVALID.into()),
            _ => Err(Faults(self.faults)),
        }
    }

    pub(super) fn raw(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// A required field that `read` understands; `missing` and `invalid` are the errors otherwise.
    pub(super) fn required<T>(
        &mut self,
        name: &'static str,
        (missing, invalid): (Known, Known),
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let Some(value) = self.raw(name) else {
            self.fault(missing.at(name, Value::Null));
            return None;
        };
        let found = read(value);
        if found.is_none() {
            self.fault(invalid.at(name, value.clone()));
        }
        found
    }

    /// An optional field; one that cannot be read is an error.
    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        invalid: Known,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.raw(name)?;
        let found = read(value);
        if found.is_none() {
            self.fault(invalid.at(name, value.clone()));
        }
        found
    }

    /// A required field for which the documents name no code of its own.
    pub(super) fn plain<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        self.required(name, (INPUT_INVALID, INPUT_INVALID), read)
    }
}

/// A word.
pub(super) fn text(value: &Value) -> Option<&str> {
    value.as_str()
}

/// A whole number that fits 32 bits, also as text or with a zero fraction.
pub(super) fn integer(value: &Value) -> Option<i64> {
    let amount = Paise::from_json(value)?;
    let whole = (amount.0 % 100 == 0).then_some(amount.0 / 100)?;
    i32::try_from(whole).ok().map(i64::from)
}

/// A price: not negative, at most two decimals.
pub(super) fn price(value: &Value) -> Option<Paise> {
    Paise::from_json(value).filter(|price| *price >= Paise::ZERO)
}

/// A boolean, also as text.
pub(super) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_and_booleans_may_be_text() {
        for (value, expected) in [
            (json!(5), Some(5)),
            (json!(5.0), Some(5)),
            (json!("5"), Some(5)),
            (json!(-1), Some(-1)),
            (json!(5.5), None),
            (json!(3_000_000_000_i64), None),
            (json!(true), None),
        ] {
            assert_eq!(integer(&value), expected, "{value}");
        }
        assert_eq!(price(&json!("1425.5")), Some(Paise(142_550)));
        assert_eq!(price(&json!(-1)), None);
        assert_eq!(price(&json!(1425.505)), None);
        assert_eq!(
            (flag(&json!("False")), flag(&json!(true)), flag(&json!(0))),
            (Some(false), Some(true), None)
        );
    }
}
