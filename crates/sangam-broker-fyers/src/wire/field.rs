//! A field of a row, kept as the JSON text it came as until somebody who knows row and name asks for its value.
//!
//! A typed field would make the parser's error name a byte of the answer; this way the error names the row and the
//! field, and a value nobody asks for can be anything.

use sangam_broker::{Flag, Number, Text};
use serde::de::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A field: absent and null are the same.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Field<'a>(Option<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<&'a RawValue>::deserialize(deserializer).map(Self)
    }
}

impl<'a> Field<'a> {
    /// The JSON text, `None` for absent or null.
    pub(crate) fn raw(self) -> Option<&'a str> {
        self.0.map(RawValue::get)
    }

    /// The text or whole number as text; `None` for blank, absent and anything else.
    pub(crate) fn text(self) -> Option<String> {
        let raw = self.raw()?;
        serde_json::from_str::<Text>(raw).ok()?.into_option()
    }

    /// The number; an error when there is something that is none.
    pub(crate) fn number(self) -> Result<Number, serde_json::Error> {
        self.raw().map_or(Ok(Number::default()), serde_json::from_str)
    }

    /// The whole number, `None` for anything else.
    pub(crate) fn integer(self) -> Option<i64> {
        self.number().ok()?.integer()
    }

    /// The yes or no; anything that is neither is no.
    pub(crate) fn flag(self) -> bool {
        self.raw()
            .and_then(|raw| serde_json::from_str::<Flag>(raw).ok())
            .is_some_and(|flag| flag.0)
    }
}

/// A list of rows: null is an empty list (openalgo guards against it), an absent key is no list at all.
#[derive(Debug)]
pub(crate) struct List<T>(Option<Vec<T>>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows = Option::<Vec<T>>::deserialize(deserializer)?;
        Ok(Self(Some(rows.unwrap_or_default())))
    }
}

impl<T> List<T> {
    /// The rows, `None` when the key was absent.
    pub(crate) fn rows(self) -> Option<Vec<T>> {
        self.0
    }

    /// The rows, none when the key was absent.
    pub(crate) fn as_slice(&self) -> &[T] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// A struct of [`Field`]s with the broker's names.
macro_rules! fields {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident = $key:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, serde::Deserialize)]
        pub(crate) struct $name<'a> {
            $($(#[$fdoc])* #[serde(borrow, default, rename = $key)] pub(crate) $field: $crate::wire::field::Field<'a>),+
        }
    };
}

/// A reply with one list of rows, beside the `s` every reply is judged by.
macro_rules! list_reply {
    ($(#[$doc:meta])* $name:ident { $field:ident = $key:literal of $row:ident }) => {
        $(#[$doc])*
        #[derive(Debug, serde::Deserialize)]
        pub(crate) struct $name<'a> {
            #[serde(borrow, default)]
            pub(crate) s: $crate::wire::field::Field<'a>,
            #[serde(borrow, default, rename = $key)]
            pub(crate) $field: $crate::wire::field::List<$row<'a>>,
        }
    };
}

pub(crate) use {fields, list_reply};

#[cfg(test)]
mod tests {

    fields! { Row { qty = "qty", tag = "orderTag" } }
    list_reply! { Reply { rows = "rows" of Row } }

    #[test]
    fn fields_wait_to_be_asked() {
        let row: Row<'_> = serde_json::from_str(r#"{"qty":"x","orderTag":"M\u0026M","more":[1]}"#).unwrap();
        assert!(row.qty.number().is_err());
        assert_eq!(row.tag.text().as_deref(), Some("M&M"));
        let row: Row<'_> = serde_json::from_str(r#"{"qty":null}"#).unwrap();
        assert!(row.qty.raw().is_none() && row.tag.raw().is_none());
    }

    #[test]
    fn null_is_a_list_and_absence_is_not() {
        let rows = |json| {
            let reply: Reply<'_> = serde_json::from_str(json).unwrap();
            assert_eq!(reply.s.text().as_deref(), Some("ok"));
            reply.rows.rows().map(|rows| rows.len())
        };
        assert_eq!(rows(r#"{"s":"ok","rows":null}"#), Some(0));
        assert_eq!(rows(r#"{"s":"ok","rows":[{},{}]}"#), Some(2));
        assert_eq!(rows(r#"{"s":"ok"}"#), None);
    }
}
