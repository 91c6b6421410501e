//! One row of cells, read by the names of its columns. What is wrong with a value names the row and the column.

use std::fmt::Display;
use std::str::FromStr;

use sangam_core::ports::LedgerError;
use sangam_core::timestamp::{Date, Timestamp};
use sangam_core::{
    BookInstrument, InstrumentId, OrderKind, OrderRequest, OrderUid, Pricing, Product, Quantity,
};
use uuid::Uuid;

use super::op::Column;
use super::session::{Cell, Row};
use crate::chain::Digest;

/// One row, and how to name it when something in it is wrong.
pub(crate) struct Cells<'r> {
    row: &'r Row,
    table: &'static str,
    columns: &'static [Column],
    key: &'static str,
    /// The column after the one read last: rows are mostly read in the order of their columns.
    next: std::cell::Cell<usize>,
}

impl<'r> Cells<'r> {
    /// The row of a table that was asked for these columns; `key` names a row to people.
    pub(crate) fn new(
        row: &'r Row,
        table: &'static str,
        columns: &'static [Column],
        key: &'static str,
    ) -> Self {
        Self {
            row,
            table,
            columns,
            key,
            next: std::cell::Cell::new(0),
        }
    }

    pub(crate) fn subject(&self) -> String {
        match self.cell(self.key) {
            Some(Cell::Int(Some(key))) => format!("{} {key}", self.table),
            Some(Cell::Text(Some(key))) => format!("{} {key}", self.table),
            _ => self.table.to_owned(),
        }
    }

    pub(crate) fn damaged(&self, column: &str, why: impl Display) -> LedgerError {
        LedgerError::Damaged {
            subject: self.subject(),
            what: format!("{column}: {why}"),
        }
    }

    pub(crate) fn checked<T, E: Display>(&self, column: &str, value: Result<T, E>) -> Result<T, LedgerError> {
        value.map_err(|error| self.damaged(column, error))
    }

    fn cell(&self, column: &str) -> Option<&'r Cell> {
        let next = self.next.get();
        let place = match self.columns.get(next) {
            Some(there) if there.name == column => next,
            _ => self.columns.iter().position(|there| there.name == column)?,
        };
        self.next.set(place + 1);
        self.row.get(place)
    }

    pub(crate) fn int_opt(&self, column: &'static str) -> Result<Option<i64>, LedgerError> {
        match self.cell(column) {
            Some(Cell::Int(value)) => Ok(*value),
            Some(Cell::Text(None) | Cell::Blob(None)) => Ok(None),
            _ => Err(self.damaged(column, "not a whole number")),
        }
    }

    pub(crate) fn int(&self, column: &'static str) -> Result<i64, LedgerError> {
        self.there(column, self.int_opt(column)?)
    }

    pub(crate) fn count(&self, column: &'static str) -> Result<u64, LedgerError> {
        self.checked(column, self.int(column)?.try_into())
    }

    pub(crate) fn flag(&self, column: &'static str) -> Result<bool, LedgerError> {
        self.int(column).map(|value| value != 0)
    }

    pub(crate) fn word_opt(&self, column: &'static str) -> Result<Option<&'r str>, LedgerError> {
        match self.cell(column) {
            Some(Cell::Text(value)) => Ok(value.as_deref()),
            Some(Cell::Int(None) | Cell::Blob(None)) => Ok(None),
            _ => Err(self.damaged(column, "not a text")),
        }
    }

    pub(crate) fn word(&self, column: &'static str) -> Result<&'r str, LedgerError> {
        self.there(column, self.word_opt(column)?)
    }

    pub(crate) fn text(&self, column: &'static str) -> Result<String, LedgerError> {
        self.word(column).map(str::to_owned)
    }

    pub(crate) fn text_opt(&self, column: &'static str) -> Result<Option<String>, LedgerError> {
        Ok(self.word_opt(column)?.map(str::to_owned))
    }

    fn bytes_opt(&self, column: &'static str) -> Result<Option<&'r [u8]>, LedgerError> {
        match self.cell(column) {
            Some(Cell::Blob(value)) => Ok(value.as_deref()),
            Some(Cell::Int(None) | Cell::Text(None)) => Ok(None),
            _ => Err(self.damaged(column, "not bytes")),
        }
    }

    fn there<T>(&self, column: &'static str, value: Option<T>) -> Result<T, LedgerError> {
        value.ok_or_else(|| self.damaged(column, "is missing"))
    }

    pub(crate) fn parse<T: FromStr<Err: Display>>(&self, column: &'static str) -> Result<T, LedgerError> {
        self.checked(column, self.word(column)?.parse())
    }

    /// A date in the one form dates are written in: other forms of the same date would be a change nobody sees.
    pub(crate) fn date(&self, column: &'static str) -> Result<Date, LedgerError> {
        let date: Date = self.parse(column)?;
        if date.to_string() == self.word(column)? {
            return Ok(date);
        }
        Err(self.damaged(column, format!("is not written as {date}")))
    }

    pub(crate) fn parse_opt<T: FromStr<Err: Display>>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, LedgerError> {
        let text = self.word_opt(column)?;
        self.checked(column, text.map(str::parse).transpose())
    }

    pub(crate) fn uid_opt(&self, column: &'static str) -> Result<Option<OrderUid>, LedgerError> {
        let bytes = self.bytes_opt(column)?;
        let uuid = self.checked(column, bytes.map(Uuid::from_slice).transpose())?;
        Ok(uuid.map(OrderUid::from_uuid))
    }

    pub(crate) fn uid(&self, column: &'static str) -> Result<OrderUid, LedgerError> {
        self.there(column, self.uid_opt(column)?)
    }

    pub(crate) fn digest(&self, column: &'static str) -> Result<Digest, LedgerError> {
        let bytes = self.there(column, self.bytes_opt(column)?)?;
        self.checked(column, Digest::from_slice(bytes))
    }

    pub(crate) fn quantity(&self, column: &'static str) -> Result<Quantity, LedgerError> {
        self.checked(column, Quantity::new(self.count(column)?))
    }

    pub(crate) fn instant(&self, column: &'static str) -> Result<Timestamp, LedgerError> {
        let nanoseconds = self.int(column)?;
        self.checked(column, Timestamp::from_nanosecond(nanoseconds.into()))
    }

    pub(crate) fn instant_opt(&self, column: &'static str) -> Result<Option<Timestamp>, LedgerError> {
        let there = self.int_opt(column)?;
        there.map(|_| self.instant(column)).transpose()
    }

    pub(crate) fn request(&self) -> Result<OrderRequest, LedgerError> {
        let effect = self.word_opt("position_effect")?;
        Ok(OrderRequest {
            instrument: InstrumentId::new(self.parse("exchange")?, self.symbol()?),
            side: self.parse("side")?,
            quantity: self.quantity("quantity")?,
            pricing: self.pricing()?,
            product: Product::from(self.text("product")?),
            validity: self.parse("validity")?,
            disclosed: self.quantity("disclosed")?,
            after_market: self.flag("after_market")?,
            position_effect: self.checked("position_effect", effect.map(str::parse).transpose())?,
        })
    }

    fn pricing(&self) -> Result<Pricing, LedgerError> {
        let (price, trigger) = (self.parse_opt("price")?, self.parse_opt("trigger_price")?);
        match (self.parse::<OrderKind>("order_type")?, price, trigger) {
            (OrderKind::Market, None, None) => Ok(Pricing::Market),
            (OrderKind::Limit, Some(limit), None) => Ok(Pricing::Limit { limit }),
            (OrderKind::StopLossLimit, Some(limit), Some(trigger)) => {
                Ok(Pricing::StopLossLimit { trigger, limit })
            }
            (OrderKind::StopLossMarket, None, Some(trigger)) => Ok(Pricing::StopLossMarket { trigger }),
            (kind, ..) => Err(self.damaged("order_type", format!("{kind} has not the prices it needs"))),
        }
    }

    fn symbol(&self) -> Result<sangam_core::Symbol, LedgerError> {
        self.checked("symbol", sangam_core::Symbol::new(self.word("symbol")?))
    }

    pub(crate) fn instrument(&self) -> Result<BookInstrument, LedgerError> {
        let id = match self.word_opt("exchange")? {
            Some(_) => Some(InstrumentId::new(self.parse("exchange")?, self.symbol()?)),
            None => None,
        };
        Ok(BookInstrument {
            id,
            exchange: self.parse_opt("broker_exchange")?,
            broker_symbol: self.text("broker_symbol")?,
        })
    }
}
