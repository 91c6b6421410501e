//! From our values to SQLite's, one rule a type: ids as text, prices and amounts as exact decimal text, quantities as
//! integers, instants as nanoseconds since 1970.
//!
//! Prices are text and not scaled integers because an amount of money with its six decimals does not fit 64 bits, and one
//! rule for both beats two; nothing is summed in SQL.

use std::fmt::Display;

use sangam_core::ports::LedgerError;
use sangam_core::{BookInstrument, NetQuantity, OrderRequest, OrderUid, PositionEffect, Quantity, Timestamp};
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments};

/// A statement that is being given its values.
pub(super) type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

/// The columns [`Bind::request`] fills, in its order.
macro_rules! request_columns {
    () => {
        "exchange, symbol, side, quantity, order_type, price, trigger_price, product, validity, disclosed, after_market, \
         position_effect"
    };
}
pub(super) use request_columns;

/// Binds our types; each call fills the next place.
pub(super) trait Bind: Sized {
    fn uid(self, uid: OrderUid) -> Self;
    fn shown(self, value: &impl Display) -> Self;
    fn shown_opt<T: Display>(self, value: Option<&T>) -> Self;
    fn quantity(self, quantity: Quantity) -> Self;
    fn quantity_opt(self, quantity: Option<Quantity>) -> Self;
    fn net(self, quantity: NetQuantity) -> Self;
    fn instant(self, at: Timestamp) -> Result<Self, LedgerError>;
    fn instant_opt(self, at: Option<Timestamp>) -> Result<Self, LedgerError>;
    fn request(self, request: &OrderRequest) -> Self;
    fn instrument(self, instrument: &BookInstrument) -> Self;
}

impl Bind for Statement<'_> {
    fn uid(self, uid: OrderUid) -> Self {
        self.bind(uid.uuid().as_bytes().to_vec())
    }

    fn shown(self, value: &impl Display) -> Self {
        self.bind(value.to_string())
    }

    fn shown_opt<T: Display>(self, value: Option<&T>) -> Self {
        self.bind(value.map(ToString::to_string))
    }

    fn quantity(self, quantity: Quantity) -> Self {
        self.bind(whole(quantity))
    }

    fn quantity_opt(self, quantity: Option<Quantity>) -> Self {
        self.bind(quantity.map(whole))
    }

    fn net(self, quantity: NetQuantity) -> Self {
        self.bind(quantity.units())
    }

    fn instant(self, at: Timestamp) -> Result<Self, LedgerError> {
        nanoseconds(at).map(|value| self.bind(value))
    }

    fn instant_opt(self, at: Option<Timestamp>) -> Result<Self, LedgerError> {
        at.map(nanoseconds).transpose().map(|value| self.bind(value))
    }

    /// Fills [`request_columns!`].
    fn request(self, request: &OrderRequest) -> Self {
        let effect = request.position_effect.map(|effect| match effect {
            PositionEffect::Open => "open",
            PositionEffect::Close => "close",
        });
        self.bind(request.instrument.exchange.as_str())
            .shown(&request.instrument.symbol)
            .bind(request.side.as_str())
            .quantity(request.quantity)
            .bind(request.pricing.kind().as_str())
            .shown_opt(request.pricing.limit().as_ref())
            .shown_opt(request.pricing.trigger().as_ref())
            .shown(&request.product)
            .bind(request.validity.as_str())
            .quantity(request.disclosed)
            .bind(request.after_market)
            .bind(effect)
    }

    /// Fills exchange, symbol, broker_exchange, broker_symbol.
    fn instrument(self, instrument: &BookInstrument) -> Self {
        let id = instrument.id.as_ref();
        self.bind(id.map(|id| id.exchange.as_str()))
            .shown_opt(id.map(|id| &id.symbol))
            .bind(instrument.exchange.map(|exchange| exchange.as_str()))
            .bind(instrument.broker_symbol.clone())
    }
}

fn whole(quantity: Quantity) -> i64 {
    i64::try_from(quantity.units()).expect("a quantity is at most a million million")
}

/// Nanoseconds since 1970, or the nearest that can be kept: for comparing, not for keeping.
pub(super) fn nanoseconds_or_nearest(at: Timestamp) -> i64 {
    let nearest = at.as_nanosecond().clamp(i64::MIN.into(), i64::MAX.into());
    i64::try_from(nearest).expect("the value was brought into range")
}

/// Nanoseconds since 1970.
fn nanoseconds(at: Timestamp) -> Result<i64, LedgerError> {
    i64::try_from(at.as_nanosecond()).map_err(|error| LedgerError::NotWritten {
        what: format!("the time {at} cannot be kept: it is outside the years 1678 to 2262; set the clock"),
        source: Box::new(error),
    })
}
