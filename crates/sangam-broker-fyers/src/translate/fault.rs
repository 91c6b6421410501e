//! What is wrong with an answer, and the reading of rows that says so by row and field.

use sangam_broker::Number;
use sangam_core::{BrokerName, Error, ErrorKind, Money, NetQuantity, Outcome, Price, Quantity};

use crate::wire::field::Field;

/// An answer that is not what the broker's documents promise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Not JSON of the shape.
    #[error("the answer is not {what} as documented")]
    Shape {
        /// What was asked for.
        what: &'static str,
        /// Where it goes wrong.
        #[source]
        source: serde_json::Error,
    },
    /// JSON that does not say `ok`.
    #[error("the answer to {what} does not say ok")]
    NotOk {
        /// What was asked for.
        what: &'static str,
    },
    /// The list or value asked for is not there.
    #[error("the answer holds no {what}")]
    Absent {
        /// What was asked for.
        what: &'static str,
    },
    /// A row that cannot be read.
    #[error("{what} row {row}: {field} {problem}")]
    Row {
        /// Which list.
        what: &'static str,
        /// Which row, from 1.
        row: usize,
        /// The broker's name of the field.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl Fault {
    /// The error a call ends in.
    #[must_use]
    pub fn into_error(self) -> Error {
        Error::new(ErrorKind::UnexpectedAnswer, Outcome::Unknown, self.to_string())
            .at(BrokerName::Fyers)
            .with_source(self)
    }
}

/// Reads JSON of a shape.
pub(super) fn shape<'a, T: serde::Deserialize<'a>>(what: &'static str, body: &'a [u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|source| Fault::Shape { what, source })
}

/// Refuses a reply whose `s` is not `ok`; the broker writes it in either case.
pub(super) fn expect_ok(what: &'static str, s: Field<'_>) -> Result<(), Fault> {
    if s.text().is_some_and(|s| s.eq_ignore_ascii_case("ok")) {
        Ok(())
    } else {
        Err(Fault::NotOk { what })
    }
}

/// A row being read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    what: &'static str,
    row: usize,
}

impl Row {
    /// The row at an index from 0.
    pub(super) fn new(what: &'static str, index: usize) -> Self {
        Self { what, row: index + 1 }
    }

    pub(super) fn fault(self, field: &'static str, problem: &'static str) -> Fault {
        Fault::Row {
            what: self.what,
            row: self.row,
            field,
            problem,
        }
    }

    /// What must be there.
    pub(super) fn required<T>(self, field: &'static str, value: Option<T>) -> Result<T, Fault> {
        value.ok_or_else(|| self.fault(field, "is missing"))
    }

    pub(super) fn number(self, field: &'static str, value: Field<'_>) -> Result<Number, Fault> {
        value.number().map_err(|_| self.fault(field, "is not a number"))
    }

    /// A number in a narrower form: none when there is none, a fault when it does not fit.
    fn narrowed<T>(
        self,
        field: &'static str,
        value: Field<'_>,
        problem: &'static str,
        narrow: impl FnOnce(Number) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        let number = self.number(field, value)?;
        if number.get().is_none() {
            return Ok(None);
        }
        narrow(number).map(Some).ok_or_else(|| self.fault(field, problem))
    }

    pub(super) fn integer(self, field: &'static str, value: Field<'_>) -> Result<Option<i64>, Fault> {
        self.narrowed(field, value, "is not a whole number", Number::integer)
    }

    pub(super) fn quantity(self, field: &'static str, value: Field<'_>) -> Result<Option<Quantity>, Fault> {
        self.narrowed(field, value, "is not a quantity of whole units", Number::quantity)
    }

    pub(super) fn net_quantity(
        self,
        field: &'static str,
        value: Field<'_>,
    ) -> Result<Option<NetQuantity>, Fault> {
        self.narrowed(
            field,
            value,
            "is not a quantity of whole units",
            Number::net_quantity,
        )
    }

    pub(super) fn price(self, field: &'static str, value: Field<'_>) -> Result<Option<Price>, Fault> {
        self.narrowed(field, value, "is outside the range of prices", Number::price)
    }

    /// A price where nought means there is none.
    pub(super) fn some_price(self, field: &'static str, value: Field<'_>) -> Result<Option<Price>, Fault> {
        Ok(self.price(field, value)?.filter(|price| !price.is_zero()))
    }

    pub(super) fn money(self, field: &'static str, value: Field<'_>) -> Result<Option<Money>, Fault> {
        self.narrowed(field, value, "is outside the range of amounts", Number::money)
    }
}
