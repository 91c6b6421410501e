//! From our values to cells, one rule a type: ids as text, prices and amounts as exact decimal text, quantities and numbers as
//! integers, truth as 0 or 1, instants as nanoseconds since 1970.
//!
//! Prices are text and not scaled integers because an amount of money with its six decimals does not fit 64 bits, and one
//! rule for both beats two; nothing is summed in SQL.

use std::fmt::Display;

use sangam_core::{BookInstrument, OrderNumber, OrderRequest, OrderUid, PositionEffect, Quantity, Timestamp};

use super::session::{Cell, Rows};
use crate::rules::without_nought;

/// Cells put together, each call fills the next place.
#[derive(Debug, Default)]
pub(crate) struct Encode(pub(crate) Vec<Cell>);

impl Encode {
    pub(crate) fn rows(self) -> Rows {
        Rows { cells: self.0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn uid(&mut self, uid: OrderUid) -> &mut Self {
        self.uid_opt(Some(uid))
    }

    pub(crate) fn uid_opt(&mut self, uid: Option<OrderUid>) -> &mut Self {
        self.put(Cell::Blob(uid.map(|uid| uid.uuid().as_bytes().to_vec())))
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.put(Cell::Blob(Some(bytes.to_vec())))
    }

    /// A word of ours or an id.
    pub(crate) fn word(&mut self, word: &str) -> &mut Self {
        self.put(Cell::Text(Some(word.to_owned())))
    }

    pub(crate) fn word_opt(&mut self, word: Option<&str>) -> &mut Self {
        self.put(Cell::Text(word.map(str::to_owned)))
    }

    /// A text that nobody else needs.
    pub(crate) fn own(&mut self, text: String) -> &mut Self {
        self.put(Cell::Text(Some(text)))
    }

    /// A text of somebody else's making.
    pub(crate) fn free(&mut self, text: &str) -> &mut Self {
        self.put(Cell::Text(Some(without_nought(text))))
    }

    pub(crate) fn free_opt(&mut self, text: Option<&str>) -> &mut Self {
        self.put(Cell::Text(text.map(without_nought)))
    }

    pub(crate) fn shown(&mut self, value: &impl Display) -> &mut Self {
        self.put(Cell::Text(Some(value.to_string())))
    }

    pub(crate) fn shown_opt<T: Display>(&mut self, value: Option<&T>) -> &mut Self {
        self.put(Cell::Text(value.map(ToString::to_string)))
    }

    pub(crate) fn int(&mut self, value: i64) -> &mut Self {
        self.put(Cell::Int(Some(value)))
    }

    pub(crate) fn count(&mut self, value: u64) -> &mut Self {
        self.int(i64::try_from(value).unwrap_or(i64::MAX))
    }

    pub(crate) fn flag(&mut self, value: bool) -> &mut Self {
        self.int(value.into())
    }

    pub(crate) fn number(&mut self, number: OrderNumber) -> &mut Self {
        self.count(number.get())
    }

    pub(crate) fn quantity(&mut self, quantity: Quantity) -> &mut Self {
        self.count(quantity.units())
    }

    pub(crate) fn instant(&mut self, at: Timestamp) -> &mut Self {
        self.int(nanoseconds(at))
    }

    pub(crate) fn instant_opt(&mut self, at: Option<Timestamp>) -> &mut Self {
        self.put(Cell::Int(at.map(nanoseconds)))
    }

    /// What an order asks for.
    pub(crate) fn request(&mut self, request: &OrderRequest) -> &mut Self {
        let effect = request.position_effect.map(|effect| match effect {
            PositionEffect::Open => "open",
            PositionEffect::Close => "close",
        });
        self.word(request.instrument.exchange.as_str())
            .shown(&request.instrument.symbol)
            .word(request.side.as_str())
            .quantity(request.quantity)
            .word(request.pricing.kind().as_str())
            .shown_opt(request.pricing.limit().as_ref())
            .shown_opt(request.pricing.trigger().as_ref())
            .free(&request.product.to_string())
            .word(request.validity.as_str())
            .quantity(request.disclosed)
            .flag(request.after_market)
            .word_opt(effect)
    }

    /// Exchange, symbol, broker_exchange, broker_symbol.
    pub(crate) fn instrument(&mut self, instrument: &BookInstrument) -> &mut Self {
        let id = instrument.id.as_ref();
        self.word_opt(id.map(|id| id.exchange.as_str()))
            .shown_opt(id.map(|id| &id.symbol))
            .word_opt(instrument.exchange.map(|exchange| exchange.as_str()))
            .free(&instrument.broker_symbol)
    }

    fn put(&mut self, cell: Cell) -> &mut Self {
        self.0.push(cell);
        self
    }
}

/// Nanoseconds since 1970, or the nearest that can be kept; what is written was checked to fit.
pub(crate) fn nanoseconds(at: Timestamp) -> i64 {
    let nearest = at.as_nanosecond().clamp(i64::MIN.into(), i64::MAX.into());
    i64::try_from(nearest).expect("the value was brought into range")
}
