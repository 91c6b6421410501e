//! From rows back to our values. What does not read back as it was written is reported, never guessed.

use sangam_core::ports::{
    AttemptRecord, AuditEntry, FillRecord, HoldingRecord, Lease, LedgerError, OrderRecord, PositionRecord,
    SessionRecord, Stop, StopId, WindowCount, Wishes,
};
use sangam_core::{
    AttemptNo, AttemptState, ClientOrderId, Fill, Holding, NetQuantity, OrderNumber, OrderState, OwnerId,
    Position, Product, Tag,
};

use super::cells::Cells;
use super::columns;
use super::op::{Column, int, text};
use super::session::Row;
use crate::chain::{ChainedEntry, Seal, SealedDay};
use crate::cost::{CostMethod, FillPlace, KeptPosition, Lot, PositionKey};

const KEY: &[Column] = &[text("owner"), text("client_order_id"), int("number")];
const TAG: &[Column] = &[text("tag")];

/// An order, from every column of its table.
pub(crate) fn order(row: &Row) -> Result<OrderRecord, LedgerError> {
    let cells = Cells::new(row, "orders", columns::ORDERS, "number");
    let number = cells.int("number")?;
    let state = cells.word("state")?;
    Ok(OrderRecord {
        uid: cells.uid("uid")?,
        number: OrderNumber::from_u64(cells.checked("number", number.try_into())?),
        owner: cells.parse("owner")?,
        group: cells.parse("account_group")?,
        client_order_id: cells.parse_opt("client_order_id")?,
        body_digest: cells.text("body_digest")?,
        request: cells.request()?,
        strategy: cells.text_opt("strategy")?,
        state: OrderState::from_name(state)
            .ok_or_else(|| cells.damaged("state", format!("unknown state {state:?}")))?,
        account: cells.parse_opt("account")?,
        broker: cells.parse_opt("broker")?,
        broker_order_id: cells.parse_opt("broker_order_id")?,
        filled: cells.quantity("filled")?,
        average_price: cells.parse_opt("average_price")?,
        message: cells.text_opt("message")?,
        simulated: cells.flag("simulated")?,
        created_at: cells.instant("created_at")?,
        updated_at: cells.instant("updated_at")?,
        wishes: Wishes {
            deadline: cells.instant_opt("deadline")?,
            cancel_requested: cells.instant_opt("cancel_requested")?,
            awaited: match cells.word_opt("awaited")? {
                Some(terms) => Some(cells.checked("awaited", serde_json::from_str(terms))?),
                None => None,
            },
        },
    })
}

/// An attempt, from every column of its table.
pub(crate) fn attempt(row: &Row) -> Result<AttemptRecord, LedgerError> {
    let cells = Cells::new(row, "attempts", columns::ATTEMPTS, "id");
    Ok(AttemptRecord {
        order: cells.uid("order_uid")?,
        no: AttemptNo(cells.checked("no", cells.int("no")?.try_into())?),
        account: cells.parse("account")?,
        broker: cells.parse("broker")?,
        tag: cells.parse("tag")?,
        request: cells.request()?,
        state: attempt_state(
            &cells.subject(),
            cells.word("state")?,
            cells.word("state_detail")?,
        )?,
        created_at: cells.instant("created_at")?,
        updated_at: cells.instant("updated_at")?,
    })
}

/// The state of an attempt from its name and its JSON; the two must agree.
pub(crate) fn attempt_state(subject: &str, name: &str, detail: &str) -> Result<AttemptState, LedgerError> {
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
pub(crate) fn fill(row: &Row) -> Result<FillRecord, LedgerError> {
    let cells = Cells::new(row, "fills", columns::FILLS, "id");
    Ok(FillRecord {
        account: cells.parse("account")?,
        broker: cells.parse("broker")?,
        trading_date: cells.parse("trading_date")?,
        order: cells.uid_opt("order_uid")?,
        fill: Fill {
            order_id: cells.parse("broker_order_id")?,
            trade_id: cells.parse("trade_id")?,
            instrument: cells.instrument()?,
            side: cells.parse("side")?,
            product: cells.text_opt("product")?.map(Product::from),
            quantity: cells.quantity("quantity")?,
            price: cells.parse("price")?,
            at: cells.instant_opt("traded_at")?,
            tag: cells.parse_opt("tag")?,
        },
    })
}

/// The number of a fill.
pub(crate) fn fill_id(row: &Row) -> Result<u64, LedgerError> {
    Cells::new(row, "fills", columns::FILLS, "id").count("id")
}

/// Owner, client order id and number of an order.
pub(crate) fn key(row: &Row) -> Result<((OwnerId, ClientOrderId), OrderNumber), LedgerError> {
    let cells = Cells::new(row, "orders", KEY, "number");
    let key = (cells.parse("owner")?, cells.parse("client_order_id")?);
    Ok((key, OrderNumber::from_u64(cells.count("number")?)))
}

/// The tag of an attempt.
pub(crate) fn tag(row: &Row) -> Result<Tag, LedgerError> {
    Cells::new(row, "attempts", TAG, "tag").parse("tag")
}

/// A lot and the position it belongs to, from every column of its table.
pub(crate) fn lot(row: &Row) -> Result<(String, Lot), LedgerError> {
    let cells = Cells::new(row, "lots", columns::LOTS, "opened_id");
    let lot = Lot {
        opened: FillPlace {
            trading_date: cells.parse("opened_date")?,
            at: cells.instant_opt("opened_at")?,
            sequence: cells.count("opened_id")?,
        },
        units: cells.checked("quantity", NetQuantity::new(cells.int("quantity")?))?,
        price: cells.parse("price")?,
    };
    Ok((cells.text("position")?, lot))
}

/// A kept position, from every column of its table; `lots` gives those of its name.
pub(crate) fn kept(
    row: &Row,
    method: CostMethod,
    lots: impl FnOnce(&str) -> Option<Vec<Lot>>,
) -> Result<KeptPosition, LedgerError> {
    let cells = Cells::new(row, "kept_positions", columns::KEPT, "position");
    let name = cells.word("position")?;
    let (account, broker, instrument, product) = cells.checked("position", serde_json::from_str(name))?;
    let mut lots = lots(name).unwrap_or_default();
    lots.sort_by_key(|lot| lot.opened);
    Ok(KeptPosition {
        key: PositionKey {
            account,
            broker,
            instrument,
            product,
        },
        instrument: cells.instrument()?,
        product: cells.text_opt("product")?.map(Product::from),
        method,
        net: cells.checked("net", NetQuantity::new(cells.int("net")?))?,
        cost: cells.parse("cost")?,
        bought: cells.quantity("bought")?,
        bought_value: cells.parse("bought_value")?,
        sold: cells.quantity("sold")?,
        sold_value: cells.parse("sold_value")?,
        realised: cells.parse("realised")?,
        day: cells.parse("day")?,
        realised_of_day: cells.parse("realised_of_day")?,
        unseen: cells.quantity("unseen")?,
        fills: cells.count("fills")?,
        last: FillPlace {
            trading_date: cells.parse("last_date")?,
            at: cells.instant_opt("last_at")?,
            sequence: cells.count("last_id")?,
        },
        lots: lots.into(),
    })
}

/// A position, from every column of its table.
pub(crate) fn position(row: &Row) -> Result<PositionRecord, LedgerError> {
    let cells = Cells::new(row, "positions", columns::POSITIONS, "place");
    let net = cells.int("net")?;
    Ok(PositionRecord {
        account: cells.parse("account")?,
        broker: cells.parse("broker")?,
        position: Position {
            instrument: cells.instrument()?,
            product: cells.text_opt("product")?.map(Product::from),
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

/// A holding, from every column of its table.
pub(crate) fn holding(row: &Row) -> Result<HoldingRecord, LedgerError> {
    let cells = Cells::new(row, "holdings", columns::HOLDINGS, "place");
    Ok(HoldingRecord {
        account: cells.parse("account")?,
        broker: cells.parse("broker")?,
        holding: Holding {
            instrument: cells.instrument()?,
            isin: cells.text_opt("isin")?,
            quantity: cells.quantity("quantity")?,
            undelivered: cells.quantity("undelivered")?,
            saleable: cells.quantity("saleable")?,
            average_price: cells.parse_opt("average_price")?,
            last_price: cells.parse_opt("last_price")?,
        },
        read_at: cells.instant("read_at")?,
    })
}

/// A log-in, from every column of its table.
pub(crate) fn session(row: &Row) -> Result<SessionRecord, LedgerError> {
    let cells = Cells::new(row, "sessions", columns::SESSIONS, "account");
    Ok(SessionRecord {
        account: cells.parse("account")?,
        broker: cells.parse("broker")?,
        began_at: cells.instant("began_at")?,
        expires_at: cells.instant("expires_at")?,
    })
}

/// A count of a window, from every column of its table.
pub(crate) fn window_count(row: &Row) -> Result<WindowCount, LedgerError> {
    let cells = Cells::new(row, "window_counts", columns::WINDOW_COUNTS, "account");
    Ok(WindowCount {
        account: cells.parse("account")?,
        scope: cells.text("scope")?,
        window_ms: cells.count("window_ms")?,
        used: cells.count("used")?,
        quota: cells.count("quota")?,
        counted_at: cells.instant("counted_at")?,
    })
}

/// A lease, from every column of its table.
pub(crate) fn lease(row: &Row) -> Result<Lease, LedgerError> {
    let cells = Cells::new(row, "leases", columns::LEASES, "account_group");
    Ok(Lease {
        group: cells.parse("account_group")?,
        holder: cells.text("holder")?,
        epoch: cells.count("epoch")?,
        expires_at: cells.instant("expires_at")?,
    })
}

/// A stop, from every column of its table.
pub(crate) fn stop(row: &Row) -> Result<Stop, LedgerError> {
    let cells = Cells::new(row, "stops", columns::STOPS, "subject");
    Ok(Stop {
        id: StopId {
            subject: cells.parse("subject")?,
            kind: cells.parse("kind")?,
            about: cells.text("about")?,
        },
        cancels: cells.flag("cancels")?,
        actor: cells.text("actor")?,
        reason: cells.text("reason")?,
        at: cells.instant("at")?,
    })
}

/// An entry of the audit chain, from every column of its table.
pub(crate) fn chained(row: &Row) -> Result<ChainedEntry, LedgerError> {
    let cells = Cells::new(row, "audit", columns::AUDIT, "sequence");
    Ok(ChainedEntry {
        sequence: cells.count("sequence")?,
        day: cells.date("day")?,
        entry: AuditEntry {
            at: cells.instant("at")?,
            actor: cells.text("actor")?,
            event: cells.text("event")?,
            subject: cells.text("subject")?,
            detail: cells.text("detail")?,
        },
        hash: cells.digest("hash")?,
    })
}

/// A sealed day, from every column of its table.
pub(crate) fn sealed_day(row: &Row) -> Result<SealedDay, LedgerError> {
    let cells = Cells::new(row, "audit_days", columns::AUDIT_DAYS, "day");
    Ok(SealedDay {
        seal: Seal {
            day: cells.date("day")?,
            first: cells.count("first")?,
            entries: cells.count("entries")?,
            root: cells.digest("root")?,
            last_hash: cells.digest("last_hash")?,
        },
        sealed_at: cells.instant("sealed_at")?,
        exported_at: cells.instant_opt("exported_at")?,
        pruned_at: cells.instant_opt("pruned_at")?,
    })
}
