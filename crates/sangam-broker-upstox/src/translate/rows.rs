//! Reading rows so that none vanishes: a row that cannot be read fails the whole answer, and the error names the row and
//! the field.

use std::fmt;

use sangam_broker::{Number, Text};
use sangam_core::ports::SymbolMap;
use sangam_core::{BookInstrument, BrokerName, Error, Money, NetQuantity, Operation, Price, Quantity, Side};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::words;

/// An answer that does not hold what its document promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct ParseError {
    /// Which answer and row: `order book row 3`.
    place: String,
    /// Which field, and what is wrong with it.
    what: String,
}

impl ParseError {
    pub(crate) fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            what: what.into(),
        }
    }

    /// The error of a call that got this answer.
    #[must_use]
    pub(crate) fn into_error(self, operation: Operation) -> Error {
        crate::error::unexpected(operation, self.to_string()).with_source(self)
    }
}

/// Where a row stands, for errors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) list: &'static str,
    /// Counted from 1; nought for an answer that is a single row.
    pub(crate) row: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.row == 0 {
            f.write_str(self.list)
        } else {
            write!(f, "{} row {}", self.list, self.row)
        }
    }
}

/// Reads the rows of a list. Null and absent are the broker's words for "nothing there".
pub(crate) fn list<R: DeserializeOwned, T>(
    name: &'static str,
    data: Option<&RawValue>,
    read: impl Fn(Place, R) -> Result<T, ParseError>,
) -> Result<Vec<T>, ParseError> {
    let Some(data) = data else {
        return Ok(Vec::new());
    };
    let raw: Vec<&RawValue> = serde_json::from_str(data.get())
        .map_err(|error| ParseError::new(name, format!("not a list of rows: {error}")))?;
    raw.into_iter()
        .enumerate()
        .map(|(i, raw)| {
            let place = Place {
                list: name,
                row: i + 1,
            };
            read(place, row(place, raw)?)
        })
        .collect()
}

/// Reads one row.
pub(crate) fn row<R: DeserializeOwned>(place: Place, raw: &RawValue) -> Result<R, ParseError> {
    serde_json::from_str(raw.get()).map_err(|error| {
        let what = culprit::<R>(raw).map_or_else(
            || format!("cannot be read: {error}"),
            |(field, error)| format!("field {field} cannot be read: {error}"),
        );
        ParseError::new(place.to_string(), what)
    })
}

/// Which field of a row cannot be read: the one that fails alone. Every row type reads an object with one field.
fn culprit<R: DeserializeOwned>(raw: &RawValue) -> Option<(String, serde_json::Error)> {
    let fields: std::collections::BTreeMap<String, &RawValue> = serde_json::from_str(raw.get()).ok()?;
    fields.into_iter().find_map(|(name, value)| {
        let alone = serde_json::to_string(&std::collections::BTreeMap::from([(&name, value)])).ok()?;
        serde_json::from_str::<R>(&alone).err().map(|error| (name, error))
    })
}

impl Place {
    fn wrong(self, field: &str, what: &str) -> ParseError {
        ParseError::new(self.to_string(), format!("field {field} {what}"))
    }

    /// A text that must be there.
    pub(crate) fn text<'t>(self, field: &str, text: &'t Text) -> Result<&'t str, ParseError> {
        text.get().ok_or_else(|| self.wrong(field, "is missing"))
    }

    /// An id that must be there.
    pub(crate) fn id<T: std::str::FromStr>(self, field: &str, text: &Text) -> Result<T, ParseError>
    where
        T::Err: fmt::Display,
    {
        self.text(field, text)?
            .parse()
            .map_err(|error: T::Err| self.wrong(field, &format!("is wrong: {error}")))
    }

    /// A quantity that must be there.
    pub(crate) fn quantity(self, field: &str, number: Number) -> Result<Quantity, ParseError> {
        if number.get().is_none() {
            return Err(self.wrong(field, "is missing"));
        }
        self.quantity_or_zero(field, number)
    }

    /// A quantity; none where there is none.
    pub(crate) fn quantity_or_zero(self, field: &str, number: Number) -> Result<Quantity, ParseError> {
        self.some_quantity(field, number).map(Option::unwrap_or_default)
    }

    /// A quantity where there is one.
    pub(crate) fn some_quantity(self, field: &str, number: Number) -> Result<Option<Quantity>, ParseError> {
        self.checked(field, number, number.quantity(), "is no quantity")
    }

    /// A signed quantity that must be there.
    pub(crate) fn net_quantity(self, field: &str, number: Number) -> Result<NetQuantity, ParseError> {
        self.checked(field, number, number.net_quantity(), "is no quantity")?
            .ok_or_else(|| self.wrong(field, "is missing"))
    }

    /// A price where there is one; nought counts as none.
    pub(crate) fn some_price(self, field: &str, number: Number) -> Result<Option<Price>, ParseError> {
        let price = self.checked(field, number, number.price(), "is no price")?;
        Ok(price.filter(|price| !price.is_zero()))
    }

    /// A price above nought that must be there.
    pub(crate) fn price(self, field: &str, number: Number) -> Result<Price, ParseError> {
        self.some_price(field, number)?
            .filter(|price| price.is_positive())
            .ok_or_else(|| self.wrong(field, "is missing or not above 0"))
    }

    /// An amount of money where there is one.
    pub(crate) fn some_money(self, field: &str, number: Number) -> Result<Option<Money>, ParseError> {
        self.checked(field, number, number.money(), "is no amount")
    }

    fn checked<T>(
        self,
        field: &str,
        number: Number,
        value: Option<T>,
        what: &str,
    ) -> Result<Option<T>, ParseError> {
        match (number.get(), value) {
            (Some(number), None) => Err(self.wrong(field, &format!("{what}: {number}"))),
            (_, value) => Ok(value),
        }
    }

    /// The side, which must be there.
    pub(crate) fn side(self, text: &Text) -> Result<Side, ParseError> {
        let word = self.text("transaction_type", text)?;
        words::side(word)
            .ok_or_else(|| self.wrong("transaction_type", &format!("is neither BUY nor SELL: {word:?}")))
    }

    /// The instrument, whose key must be there.
    pub(crate) fn instrument(
        self,
        exchange: &Text,
        key: &Text,
        symbols: &dyn SymbolMap,
    ) -> Result<BookInstrument, ParseError> {
        let key = self.text("instrument_token", key)?;
        let exchange = words::exchange_of_key(key).or_else(|| words::exchange(exchange.get()?));
        Ok(BookInstrument {
            id: symbols.by_order_symbol(BrokerName::Upstox, exchange, key),
            exchange,
            broker_symbol: key.to_owned(),
        })
    }
}
