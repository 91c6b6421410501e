//! Reading answers whole: an object, or a list whose every row must hold what a row needs. One bad row fails the list,
//! with the row and the field named, because an order must not vanish.

use sangam_broker::{Number, Text};
use sangam_core::ports::SymbolMap;
use sangam_core::{
    BookInstrument, BrokerName, BrokerOrderId, Error, ErrorKind, Exchange, Money, NetQuantity, Operation,
    Outcome, Price, Quantity, Side, Tag,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::words;
use crate::error;
use crate::wire::{Envelope, Row};

/// An object answer read whole; `None` when the body is anything else.
pub(crate) fn object<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    starts_with(body, b'{')
        .then(|| serde_json::from_slice(body).ok())
        .flatten()
}

/// An object answer that says `Ok` at a 2xx status.
pub(super) fn success<T: DeserializeOwned>(
    call: &'static str,
    operation: Operation,
    status: u16,
    body: &[u8],
) -> Result<T, Error> {
    let said_ok = object::<Envelope>(body).is_some_and(|envelope| is_ok(&envelope.stat));
    if !said_ok || !(200..300).contains(&status) {
        return Err(error::failure(operation, status, body));
    }
    serde_json::from_slice(body)
        .map_err(|cause| unexpected(format!("the answer to {call} cannot be read: {cause}")))
}

/// A list answer: its rows, none when the broker says there is nothing.
pub(super) fn rows<R: Row + DeserializeOwned>(
    call: &'static str,
    operation: Operation,
    status: u16,
    body: &[u8],
) -> Result<Vec<R>, Error> {
    if !starts_with(body, b'[') {
        return if error::is_no_data(status, body) {
            Ok(Vec::new())
        } else {
            Err(error::failure(operation, status, body))
        };
    }
    if !(200..300).contains(&status) {
        return Err(error::strange(status, "a list with a status of failure"));
    }
    let rows: Vec<R> = serde_json::from_slice(body).map_err(|cause| bad_row::<R>(call, body, &cause))?;
    if let Some(at) = rows.iter().position(|row| !row.stat().is_some_and(is_ok_word)) {
        return refused_row(call, operation, status, body, rows.len(), at);
    }
    Ok(rows)
}

/// A list whose rows do not all say `Ok`: one lone refusal is the refusal of the call, anything else cannot be trusted.
fn refused_row<R>(
    call: &'static str,
    operation: Operation,
    status: u16,
    body: &[u8],
    count: usize,
    at: usize,
) -> Result<Vec<R>, Error> {
    let lone = serde_json::from_slice::<[&RawValue; 1]>(body).ok();
    match lone {
        Some([row]) if count == 1 => {
            let row = row.get().as_bytes();
            if error::is_no_data(status, row) {
                Ok(Vec::new())
            } else {
                Err(error::failure(operation, status, row))
            }
        }
        _ => Err(unexpected(format!("row {} of {call} does not say Ok", at + 1))),
    }
}

fn bad_row<R: DeserializeOwned>(call: &'static str, body: &[u8], cause: &serde_json::Error) -> Error {
    let found = serde_json::from_slice::<Vec<&RawValue>>(body)
        .ok()
        .and_then(|raw| {
            raw.iter().enumerate().find_map(|(i, row)| {
                let cause = serde_json::from_str::<R>(row.get()).err()?;
                Some(unexpected(format!(
                    "row {} of {call} cannot be read: {cause}",
                    i + 1
                )))
            })
        });
    found.unwrap_or_else(|| unexpected(format!("the answer to {call} cannot be read: {cause}")))
}

pub(super) fn is_ok(stat: &Text) -> bool {
    stat.get().is_some_and(is_ok_word)
}

fn is_ok_word(stat: &str) -> bool {
    stat.eq_ignore_ascii_case("ok")
}

fn starts_with(body: &[u8], first: u8) -> bool {
    body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&first)
}

/// An answer that is not what the broker's documents promise.
pub(super) fn unexpected(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::UnexpectedAnswer, Outcome::Unknown, message).at(BrokerName::Flattrade)
}

/// Where a value stands, so that what is wrong with it can be said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    call: &'static str,
    /// From 1; nought where the answer is one object.
    row: usize,
}

impl Place {
    pub(super) fn row(call: &'static str, index: usize) -> Self {
        Self { call, row: index + 1 }
    }

    pub(super) fn whole(call: &'static str) -> Self {
        Self { call, row: 0 }
    }

    pub(super) fn fault(self, field: &str, what: &str) -> Error {
        let Self { call, row } = self;
        if row == 0 {
            unexpected(format!("the answer to {call}: {field} {what}"))
        } else {
            unexpected(format!("row {row} of {call}: {field} {what}"))
        }
    }

    /// A text that must be there.
    pub(super) fn text(self, field: &str, text: &'_ Text) -> Result<String, Error> {
        text.get()
            .map(str::to_owned)
            .ok_or_else(|| self.fault(field, "is missing"))
    }

    /// A broker's order number that must be there.
    pub(super) fn order_id(self, field: &str, text: &Text) -> Result<BrokerOrderId, Error> {
        BrokerOrderId::new(self.text(field, text)?).map_err(|_| self.fault(field, "is no order number"))
    }

    /// A side that must be there.
    pub(super) fn side(self, field: &str, text: &Text) -> Result<Side, Error> {
        words::side_in(&self.text(field, text)?).ok_or_else(|| self.fault(field, "is neither B nor S"))
    }

    /// A count that must be there.
    pub(super) fn quantity(self, field: &str, number: Number) -> Result<Quantity, Error> {
        self.count(field, number)?
            .ok_or_else(|| self.fault(field, "is missing"))
    }

    /// A count, where there is one.
    pub(super) fn count(self, field: &str, number: Number) -> Result<Option<Quantity>, Error> {
        self.checked(field, number, Number::quantity, "is no whole quantity")
    }

    /// A count, nought where there is none.
    pub(super) fn count_or_nought(self, field: &str, number: Number) -> Result<Quantity, Error> {
        Ok(self.count(field, number)?.unwrap_or(Quantity::ZERO))
    }

    /// A signed count that must be there.
    pub(super) fn net(self, field: &str, number: Number) -> Result<NetQuantity, Error> {
        self.checked(field, number, Number::net_quantity, "is no whole quantity")?
            .ok_or_else(|| self.fault(field, "is missing"))
    }

    /// A price that must be there, nought included.
    pub(super) fn price(self, field: &str, number: Number) -> Result<Price, Error> {
        self.checked(field, number, Number::price, "is out of range")?
            .ok_or_else(|| self.fault(field, "is missing"))
    }

    /// A price, where there is one; nought counts as none.
    pub(super) fn some_price(self, field: &str, number: Number) -> Result<Option<Price>, Error> {
        let price = self.checked(field, number, Number::price, "is out of range")?;
        Ok(price.filter(|price| !price.is_zero()))
    }

    /// An amount, where there is one.
    pub(super) fn money(self, field: &str, number: Number) -> Result<Option<Money>, Error> {
        self.checked(field, number, Number::money, "is out of range")
    }

    fn checked<T>(
        self,
        field: &str,
        number: Number,
        read: impl Fn(Number) -> Option<T>,
        what: &str,
    ) -> Result<Option<T>, Error> {
        match (number.get(), read(number)) {
            (None, _) => Ok(None),
            (Some(_), Some(value)) => Ok(Some(value)),
            (Some(_), None) => Err(self.fault(field, what)),
        }
    }

    /// The instrument of a row: by the order name, else by the token.
    pub(super) fn instrument(
        self,
        symbols: &dyn SymbolMap,
        exch: &Text,
        tsym: &Text,
        token: Option<&str>,
    ) -> Result<BookInstrument, Error> {
        let exch = self.text("exch", exch)?;
        let name = self.text("tsym", tsym)?;
        let exchange: Option<Exchange> = exch.parse().ok();
        let by_name = |name: &str| symbols.by_order_symbol(BrokerName::Flattrade, exchange, name);
        let id = exchange.and_then(|exchange| {
            by_name(&name)
                .or_else(|| {
                    name.contains("%26")
                        .then(|| by_name(&name.replace("%26", "&")))
                        .flatten()
                })
                .or_else(|| symbols.by_token(BrokerName::Flattrade, exchange, token?))
        });
        Ok(BookInstrument {
            id,
            exchange,
            broker_symbol: name,
        })
    }
}

/// The tag in `remarks`; remarks that are no tag of anyone's shape are none.
pub(super) fn tag(remarks: &Text) -> Option<Tag> {
    remarks.get().and_then(|text| Tag::new(text).ok())
}

/// Decodes one JSON document that may come as itself or inside a string.
pub(super) fn inner<T: DeserializeOwned>(raw: &RawValue) -> Result<T, serde_json::Error> {
    let text = raw.get();
    if text.starts_with('"') {
        let document = String::deserialize(raw)?;
        serde_json::from_str(&document)
    } else {
        serde_json::from_str(text)
    }
}
