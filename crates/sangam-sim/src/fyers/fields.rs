//! Reading a JSON body field by field. The first thing that is wrong is the answer.
//!
//! Types are taken at their word: a number sent as text is wrong. A null is an absent field.

use serde_json::{Map, Value};

use super::errors::{Fault, INPUT, OFF_TICK, input};
use crate::money::Paise;

/// The object of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(&'a Map<String, Value>);

/// The JSON value of a request.
pub(super) fn json(body: &[u8]) -> Result<Value, Fault> {
    serde_json::from_slice(body).map_err(|_| INPUT)
}

impl<'a> Fields<'a> {
    /// The fields of a JSON object.
    pub(super) fn of(value: &'a Value) -> Result<Self, Fault> {
        value.as_object().map(Self).ok_or(INPUT)
    }

    /// True if there is no field at all.
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// What stands under a name; none if absent or null.
    pub(super) fn raw(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn read<T>(
        self,
        name: &str,
        kind: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        let Some(value) = self.raw(name) else {
            return Ok(None);
        };
        read(value)
            .map(Some)
            .ok_or_else(|| input(format_args!("{name} must be {kind}")))
    }

    pub(super) fn text(self, name: &str) -> Result<Option<&'a str>, Fault> {
        self.read(name, "a text", Value::as_str)
    }

    pub(super) fn integer(self, name: &str) -> Result<Option<i64>, Fault> {
        self.read(name, "a whole number", integer)
    }

    pub(super) fn flag(self, name: &str) -> Result<Option<bool>, Fault> {
        self.read(name, "true or false", Value::as_bool)
    }

    /// A price that is not negative. One with more than two decimals is off every tick.
    pub(super) fn price(self, name: &str) -> Result<Option<Paise>, Fault> {
        let number = self.read(name, "a number", |value| value.is_number().then_some(value))?;
        let Some(number) = number else {
            return Ok(None);
        };
        match Paise::from_json(number) {
            Some(price) if price < Paise::ZERO => Err(input(format_args!("{name} must not be negative"))),
            Some(price) => Ok(Some(price)),
            None => Err(OFF_TICK),
        }
    }

    /// Turns a field that is missing into an error.
    pub(super) fn required<T>(
        self,
        name: &'static str,
        read: impl FnOnce(Self, &str) -> Result<Option<T>, Fault>,
    ) -> Result<T, Fault> {
        read(self, name)?.ok_or_else(|| input(format_args!("{name} is required")))
    }
}

/// A whole number that fits 32 bits.
fn integer(value: &Value) -> Option<i64> {
    value.as_i64().filter(|number| i32::try_from(*number).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn types_are_taken_at_their_word() {
        let body = json!({ "n": 5, "t": "5", "f": 5.5, "p": 812.35, "fine": 1.005, "minus": -1, "null": null, "b": true });
        let fields = Fields::of(&body).expect("an object");
        assert_eq!(fields.integer("n"), Ok(Some(5)));
        for name in ["t", "f", "b"] {
            assert!(fields.integer(name).is_err(), "{name}");
        }
        assert_eq!(fields.price("p"), Ok(Some(Paise(81_235))));
        assert_eq!(fields.price("fine"), Err(OFF_TICK));
        assert_eq!(fields.price("minus"), Err(input("minus must not be negative")));
        assert_eq!(fields.price("t"), Err(input("t must be a number")));
        assert_eq!(fields.integer("null"), Ok(None));
        assert_eq!(
            fields.required("null", Fields::integer),
            Err(input("null is required"))
        );
        assert_eq!(
            (fields.flag("b"), fields.flag("absent")),
            (Ok(Some(true)), Ok(None))
        );
        assert_eq!(Fields::of(&json!([1])).expect_err("an array"), INPUT);
    }
}
