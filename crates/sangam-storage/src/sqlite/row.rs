//! From SQLite's rows back to our values. What does not read back as it was written is reported, never guessed.

use std::str::FromStr;

use sangam_core::ports::{AttemptRecord, AuditEntry, FillRecord, LedgerError, OrderRecord, PositionRecord};
use sangam_core::timestamp::Timestamp;
use sangam_core::{
    AttemptNo, AttemptState, BookInstrument, Fill, InstrumentId, NetQuantity, OrderKind, OrderNumber,
    OrderRequest, OrderState, OrderUid, Position, Pricing, Product, Quantity,
};
use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Decode, Row as _, Sqlite, Type};
use uuid::Uuid;

/// An order, from every column of its table.
pub(super) fn order(row: &SqliteRow) -> Result<OrderRecord, LedgerError> {
    let cells = Cells {
        row,
        table: "orders",
        key: "number",
    };
    let number: i64 = cells.get("number")?;
    let state: &str = cells.get("state")?;
    Ok(OrderRecord {
        uid: cells.uid("uid")?,
        number: OrderNumber::from_u64(cells.checked("number", number.try_into())?),
        owner: cells.parse("owner")?,
        group: cells.parse("account_group")?,
        client_order_id: cells.parse_opt("client_order_id")?,
        body_digest: cells.get("body_digest")?,
        request: cells.request()?,
        strategy: cells.get("strategy")?,
        state: OrderState::from_name(state)
            .ok_or_else(|| cells.damaged("state", format!("unknown state {state:?}")))?,
        account: cells.parse_opt("account")?,
        broker: cells.parse_opt("broker")?,
        broker_order_id: cells.parse_opt("broker_order_id")?,
        filled: cells.quantity("filled")?,
        average_price: cells.parse_opt("average_price")?,
        message: cells.get("message")?,
        simulated: cells.get("simulated")?,
        created_at: cells.instant("created_at")?,
        updated_at: cells.instant("updated_at")?,
    })
}

/// An attempt, from every column of its table.
pub(super) fn attempt(row: &SqliteRow) -> Result<AttemptRecord, LedgerError> {
    let cells = Cells {
        row,
        table: "attempts",
        key: "id",
    };
    Ok(AttemptRecord {
        order: cells.uid("order_uid")?,
        no: AttemptNo(cells.get("no")?),
        account: cells.parse("account")?,
        broker: cells.parse("broker")?,
        tag: cells.parse("tag")?,
        request: cells.request()?,
        state: attempt_state(&cells.subject(), cells.get("state")?, cells.get("state_detail")?)?,
        created_at: cells.instant("created_at")?,
        updated_at: cells.instant("updated_at")?,
    })
}

/// The state of an attempt from its name and its JSON; the two must agree.
pub(super) fn attempt_state(subject: &str, name: &str, detail: &str) -> Result<AttemptState, LedgerError> {
    let damaged = |what| LedgerError::Damaged {
        subject: subject.to_owned(),
        what,
    };
    let state: AttemptState =
        serde_json::from_str(detail).map_err(|error| damaged(format!("state_detail: {error}")))?;
    if state.name() == name {
        Ok(state)
    } else {
        Err(damaged(format!(
            "state is {name:?}, state_detail says {:?}",
            state.name()
        )))
    }
}

/// A fill, from every column of its table.
pub(super) fn fill(row: &SqliteRow) -> Result<FillRecord, LedgerError> {
    let cells = Cells {
        row,
        table: "fills",
        key: "id",
    };
    let order: Option<&[u8]> = cells.get("order_uid")?;
    Ok(FillRecord {
        account: cells.parse("account")?,
        broker: cells.parse("broker")?,
        trading_date: cells.parse("trading_date")?,
        order: order.map(|_| cells.uid("order_uid")).transpose()?,
        fill: Fill {
            order_id: cells.parse("broker_order_id")?,
            trade_id: cells.parse("trade_id")?,
            instrument: cells.instrument()?,
            side: cells.parse("side")?,
            product: cells.get::<Option<String>>("product")?.map(Product::from),
            quantity: cells.quantity("quantity")?,
            price: cells.parse("price")?,
            at: cells.instant_opt("traded_at")?,
            tag: cells.parse_opt("tag")?,
        },
    })
}

/// A position, from every column of its table.
pub(super) fn position(row: &SqliteRow) -> Result<PositionRecord, LedgerError> {
    let cells = Cells {
        row,
        table: "positions",
        key: "place",
    };
    let net: i64 = cells.get("net")?;
    Ok(PositionRecord {
        account: cells.parse("account")?,
        broker: cells.parse("broker")?,
        position: Position {
            instrument: cells.instrument()?,
            product: cells.get::<Option<String>>("product")?.map(Product::from),
            net: cells.checked("net", NetQuantity::new(net))?,
            average_price: cells.parse_opt("average_price")?,
            bought: cells.quantity("bought")?,
            buy_average: cells.parse_opt("buy_average")?,
            sold: cells.quantity("sold")?,
            sell_average: cells.parse_opt("sell_average")?,
            last_price: cells.parse_opt("last_price")?,
            realised: cells.parse_opt("realised")?,
            unrealised: cells.parse_opt("unrealised")?,
        },
        read_at: cells.instant("read_at")?,
    })
}

/// An audit entry, from every column of its table.
pub(super) fn audit(row: &SqliteRow) -> Result<AuditEntry, LedgerError> {
    let cells = Cells {
        row,
        table: "audit",
        key: "sequence",
    };
    Ok(AuditEntry {
        at: cells.instant("at")?,
        actor: cells.get("actor")?,
        event: cells.get("event")?,
        subject: cells.get("subject")?,
        detail: cells.get("detail")?,
    })
}

/// One row, and how to name it when something in it is wrong.
struct Cells<'r> {
    row: &'r SqliteRow,
    table: &'static str,
    key: &'static str,
}

impl<'r> Cells<'r> {
    fn subject(&self) -> String {
        let key = self.row.try_get::<i64, _>(self.key);
        key.map_or_else(|_| self.table.to_owned(), |key| format!("{} {key}", self.table))
    }

    fn damaged(&self, column: &str, why: impl std::fmt::Display) -> LedgerError {
        LedgerError::Damaged {
            subject: self.subject(),
            what: format!("{column}: {why}"),
        }
    }

    fn checked<T, E: std::fmt::Display>(&self, column: &str, value: Result<T, E>) -> Result<T, LedgerError> {
        value.map_err(|error| self.damaged(column, error))
    }

    fn get<T>(&self, column: &'static str) -> Result<T, LedgerError>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite>,
        &'static str: ColumnIndex<SqliteRow>,
    {
        self.checked(column, self.row.try_get(column))
    }

    fn parse<T: FromStr<Err: std::fmt::Display>>(&self, column: &'static str) -> Result<T, LedgerError> {
        self.checked(column, self.get::<&str>(column)?.parse())
    }

    fn parse_opt<T: FromStr<Err: std::fmt::Display>>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, LedgerError> {
        let text: Option<&str> = self.get(column)?;
        self.checked(column, text.map(str::parse).transpose())
    }

    fn uid(&self, column: &'static str) -> Result<OrderUid, LedgerError> {
        self.checked(column, Uuid::from_slice(self.get(column)?))
            .map(OrderUid::from_uuid)
    }

    fn quantity(&self, column: &'static str) -> Result<Quantity, LedgerError> {
        let units: i64 = self.get(column)?;
        let units: u64 = self.checked(column, units.try_into())?;
        self.checked(column, Quantity::new(units))
    }

    fn instant(&self, column: &'static str) -> Result<Timestamp, LedgerError> {
        let nanoseconds: i64 = self.get(column)?;
        self.checked(column, Timestamp::from_nanosecond(nanoseconds.into()))
    }

    fn instant_opt(&self, column: &'static str) -> Result<Option<Timestamp>, LedgerError> {
        let there: Option<i64> = self.get(column)?;
        there.map(|_| self.instant(column)).transpose()
    }

    fn request(&self) -> Result<OrderRequest, LedgerError> {
        let effect: Option<&str> = self.get("position_effect")?;
        Ok(OrderRequest {
            instrument: InstrumentId::new(self.parse("exchange")?, self.symbol()?),
            side: self.parse("side")?,
            quantity: self.quantity("quantity")?,
            pricing: self.pricing()?,
            product: Product::from(self.get::<String>("product")?),
            validity: self.parse("validity")?,
            disclosed: self.quantity("disclosed")?,
            after_market: self.get("after_market")?,
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
        self.checked("symbol", sangam_core::Symbol::new(self.get::<&str>("symbol")?))
    }

    fn instrument(&self) -> Result<BookInstrument, LedgerError> {
        let id = match self.get::<Option<&str>>("exchange")? {
            Some(_) => Some(InstrumentId::new(self.parse("exchange")?, self.symbol()?)),
            None => None,
        };
        Ok(BookInstrument {
            id,
            exchange: self.parse_opt("broker_exchange")?,
            broker_symbol: self.get("broker_symbol")?,
        })
    }
}
