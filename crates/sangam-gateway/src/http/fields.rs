//! Reading a request body field by field, collecting every fault in the order of the schema, in the words OpenAlgo's
//! clients know.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde_json::{Map, Value};

/// The faults of a body: each field with its messages, in schema order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Faults(pub(crate) Vec<(String, Vec<String>)>);

impl Faults {
    /// One fault of one field.
    pub(crate) fn one(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self(vec![(field.into(), vec![message.into()])])
    }

    /// As an object: what the reading endpoints answer.
    pub(crate) fn as_object(&self) -> Value {
        let fields = self
            .0
            .iter()
            .map(|(field, messages)| (field.clone(), Value::from(messages.clone())));
        Value::Object(fields.collect())
    }

    /// As the text of a dictionary: what the order endpoints answer.
    pub(crate) fn as_text(&self) -> String {
        let quoted = |text: &str| {
            // Double quotes when the text holds a single one, as the original's formatting does.
            if text.contains('\'') && !text.contains('"') {
                format!("\"{text}\"")
            } else {
                format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
            }
        };
        let fields: Vec<_> = self
            .0
            .iter()
            .map(|(field, messages)| {
                let messages: Vec<_> = messages.iter().map(|message| quoted(message)).collect();
                format!("{}: [{}]", quoted(field), messages.join(", "))
            })
            .collect();
        format!("{{{}}}", fields.join(", "))
    }
}

const MISSING: &str = "Missing data for required field.";
const NULL: &str = "Field may not be null.";
const NOT_TEXT: &str = "Not a valid string.";
const NOT_NUMBER: &str = "Not a valid number.";

/// Reads fields of one body. Take every field, then [`finish`](Fields::finish).
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    body: &'a Map<String, Value>,
    known: Vec<&'static str>,
    faults: Vec<(String, Vec<String>)>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(body: &'a Map<String, Value>) -> Self {
        Self {
            body,
            known: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Records a fault found outside.
    pub(crate) fn fault(&mut self, field: &str, message: impl Into<String>) {
        match self.faults.iter_mut().find(|(name, _)| name == field) {
            Some((_, messages)) => messages.push(message.into()),
            None => self.faults.push((field.to_owned(), vec![message.into()])),
        }
    }

    fn present(&mut self, name: &'static str, required: bool) -> Option<&'a Value> {
        self.known.push(name);
        match self.body.get(name) {
            None => {
                if required {
                    self.fault(name, MISSING);
                }
                None
            }
            Some(Value::Null) => {
                self.fault(name, NULL);
                None
            }
            Some(value) => Some(value),
        }
    }

    fn text_of(&mut self, name: &'static str, required: bool) -> Option<String> {
        match self.present(name, required)? {
            Value::String(text) => Some(text.clone()),
            // The client sends order ids as it was given them; a number there is no reason to refuse.
            Value::Number(number) => Some(number.to_string()),
            _ => {
                self.fault(name, NOT_TEXT);
                None
            }
        }
    }

    /// A text that must be there.
    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        self.text_of(name, true)
    }

    /// A text that may be missing.
    pub(crate) fn optional_text(&mut self, name: &'static str) -> Option<String> {
        self.text_of(name, false)
    }

    /// One of some words; `default` when missing, required when there is none.
    pub(crate) fn one_of(
        &mut self,
        name: &'static str,
        words: &[&'static str],
        default: Option<&'static str>,
    ) -> Option<&'static str> {
        let found = self.present(name, default.is_none());
        let Some(value) = found else {
            return default;
        };
        let word = value
            .as_str()
            .and_then(|text| words.iter().find(|word| **word == text))
            .copied();
        if word.is_none() {
            self.fault(name, format!("Must be one of: {}.", words.join(", ")));
        }
        word
    }

    /// A decimal number written as a number or a text; `default` when missing.
    pub(crate) fn decimal(&mut self, name: &'static str, required: bool, negative: &str) -> Option<Decimal> {
        let value = self.present(name, required)?;
        let Some(number) = decimal_of(value) else {
            self.fault(name, NOT_NUMBER);
            return None;
        };
        if number.is_sign_negative() && !number.is_zero() {
            self.fault(name, negative);
            return None;
        }
        Some(number)
    }

    /// A yes or no, `false` when missing.
    pub(crate) fn flag(&mut self, name: &'static str) -> bool {
        match self.present(name, false) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) if ["true", "false", "True", "False"].contains(&text.as_str()) => {
                text.eq_ignore_ascii_case("true")
            }
            Some(_) => {
                self.fault(name, "Not a valid boolean.");
                false
            }
        }
    }

    /// A list.
    pub(crate) fn list(&mut self, name: &'static str) -> Option<&'a Vec<Value>> {
        let value = self.present(name, true)?;
        let list = value.as_array();
        if list.is_none() {
            self.fault(name, "Not a valid list.");
        }
        list
    }

    /// Takes note of a field that is accepted and ignored.
    pub(crate) fn ignored(&mut self, name: &'static str) {
        self.known.push(name);
    }

    /// Ends the reading: fields nobody asked for are faults too.
    pub(crate) fn finish(mut self) -> Result<(), Faults> {
        let unknown: Vec<_> = self
            .body
            .keys()
            .filter(|name| !self.known.contains(&name.as_str()))
            .cloned()
            .collect();
        for name in unknown {
            self.fault(&name, "Unknown field.");
        }
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(Faults(self.faults))
        }
    }

    /// Whether anything was wrong so far.
    pub(crate) fn is_fine(&self) -> bool {
        self.faults.is_empty()
    }
}

fn decimal_of(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => number.as_str_exact(),
        Value::String(text) => {
            let text = text.trim();
            Decimal::from_str_exact(text)
                .or_else(|_| Decimal::from_scientific(text))
                .ok()
        }
        _ => None,
    }
}

trait NumberText {
    fn as_str_exact(&self) -> Option<Decimal>;
}

impl NumberText for serde_json::Number {
    /// The decimal a person wrote: the shortest text of the number, which is what was sent up to 15 digits.
    fn as_str_exact(&self) -> Option<Decimal> {
        let text = self.to_string();
        Decimal::from_str(&text)
            .or_else(|_| Decimal::from_scientific(&text))
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().expect("an object").clone()
    }

    #[test]
    fn faults_come_in_schema_order_in_both_forms() {
        let body = object(&json!({"action": "Buy", "price": "-1", "extra": 1, "symbol": null}));
        let mut fields = Fields::new(&body);
        fields.text("apikey");
        fields.text("symbol");
        fields.one_of("action", &["BUY", "SELL"], None);
        fields.decimal("price", false, "Price must be a non-negative number.");
        let faults = fields.finish().expect_err("faults");
        assert_eq!(
            faults.as_text(),
            "{'apikey': ['Missing data for required field.'], 'symbol': ['Field may not be null.'], \
             'action': ['Must be one of: BUY, SELL.'], 'price': ['Price must be a non-negative number.'], \
             'extra': ['Unknown field.']}"
        );
        assert_eq!(
            faults.as_object()["price"],
            json!(["Price must be a non-negative number."])
        );
    }

    #[test]
    fn numbers_come_as_numbers_and_as_text() {
        for (value, decimal) in [
            (json!(1450.55), "1450.55"),
            (json!("1450.55"), "1450.55"),
            (json!(10), "10"),
            (json!("1e2"), "100"),
        ] {
            assert_eq!(
                decimal_of(&value).map(|d| d.normalize().to_string()),
                Some(decimal.to_owned())
            );
        }
        for value in [json!("x"), json!(true), json!([]), json!("")] {
            assert_eq!(decimal_of(&value), None);
        }
    }
}
