//! Ready values for tests: a sound order and the rows that follow from it. Change the field a test is about with
//! `..` or in place; each function panics on a text that is no id.

use sangam_core::ports::{
    AttemptRecord, AuditEntry, FillRecord, HoldingRecord, OrderMoved, OrderRecord, Placed, PositionRecord,
    Stop, StopId, StopKind, StopSubject, Wishes,
};
use sangam_core::{
    AttemptNo, AttemptState, BookInstrument, BrokerName, BrokerOrder, BrokerOrderStatus, Exchange, Fill,
    Holding, IST, NetQuantity, OrderNumber, OrderRequest, OrderState, OrderUid, PlaceOrder, Position,
    PositionEffect, Price, Pricing, Product, Quantity, Side, Timestamp, Validity,
};

/// 23 November 2026, 09:15:00 in India: the first second of a session.
#[must_use]
pub fn morning() -> Timestamp {
    Timestamp::from_second(1_795_405_500).expect("a second of 2026")
}

/// A quantity.
#[must_use]
pub fn quantity(units: u64) -> Quantity {
    Quantity::new(units).expect("a quantity")
}

/// A price.
#[must_use]
pub fn price(text: &str) -> Price {
    text.parse().expect("a price")
}

/// Buy 10 RELIANCE at 1450.50, delivery, for the day, opening.
#[must_use]
pub fn request() -> OrderRequest {
    OrderRequest {
        instrument: "NSE:RELIANCE".parse().expect("an instrument"),
        side: Side::Buy,
        quantity: quantity(10),
        pricing: Pricing::Limit {
            limit: price("1450.50"),
        },
        product: Product::Delivery,
        validity: Validity::Day,
        disclosed: Quantity::ZERO,
        after_market: false,
        position_effect: Some(PositionEffect::Open),
    }
}

/// The command to place [`request`] under a tag.
#[must_use]
pub fn place_order(tag: &str) -> PlaceOrder {
    PlaceOrder {
        request: request(),
        tag: Some(tag.parse().expect("a tag")),
        algo: None,
    }
}

/// A broker's acknowledgement.
#[must_use]
pub fn placed(broker_order_id: &str) -> Placed {
    Placed {
        broker_order_id: broker_order_id.parse().expect("a broker order id"),
        message: None,
    }
}

/// The order id made of a small number.
#[must_use]
pub fn uid(seed: u8) -> OrderUid {
    OrderUid::new(1_795_405_500_000, &[seed; 10])
}

/// An order just received, without a client order id.
#[must_use]
pub fn order_record(seed: u8) -> OrderRecord {
    OrderRecord {
        uid: uid(seed),
        number: OrderNumber::from_u64(0),
        owner: "asha".parse().expect("an owner"),
        group: "main".parse().expect("a group"),
        client_order_id: None,
        body_digest: format!("digest-{seed}"),
        request: request(),
        strategy: None,
        state: OrderState::Received,
        account: None,
        broker: None,
        broker_order_id: None,
        filled: Quantity::ZERO,
        average_price: None,
        message: None,
        simulated: true,
        wishes: Wishes::default(),
        created_at: morning(),
        updated_at: morning(),
    }
}

/// The first attempt of [`order_record`] of the same seed, about to be sent.
#[must_use]
pub fn attempt_record(seed: u8) -> AttemptRecord {
    AttemptRecord {
        order: uid(seed),
        no: AttemptNo::FIRST,
        account: "fyers-1".parse().expect("an account"),
        broker: BrokerName::Fyers,
        tag: format!("S{seed:013}").parse().expect("a tag"),
        request: request(),
        state: AttemptState::Intent,
        created_at: morning(),
        updated_at: morning(),
    }
}

/// A move of [`order_record`] of the same seed, with nothing else known.
#[must_use]
pub fn order_moved(seed: u8, from: OrderState, to: OrderState) -> OrderMoved {
    OrderMoved {
        uid: uid(seed),
        from,
        to,
        placed_with: None,
        broker_order_id: None,
        filled: None,
        average_price: None,
        request: None,
        message: None,
        at: morning(),
    }
}

/// NSE's RELIANCE as Fyers names it.
#[must_use]
pub fn book_instrument() -> BookInstrument {
    BookInstrument {
        id: Some(request().instrument),
        exchange: Some(Exchange::Nse),
        broker_symbol: "NSE:RELIANCE-EQ".to_owned(),
    }
}

/// How a broker's book shows an order after it was placed.
#[must_use]
pub fn book_row(
    placed: &PlaceOrder,
    broker_order_id: &str,
    status: BrokerOrderStatus,
    filled: u64,
) -> BrokerOrder {
    let request = &placed.request;
    BrokerOrder {
        id: broker_order_id.parse().expect("a broker order id"),
        exchange_order_id: None,
        instrument: BookInstrument {
            id: Some(request.instrument.clone()),
            exchange: Some(request.instrument.exchange),
            broker_symbol: request.instrument.symbol.to_string(),
        },
        side: request.side,
        kind: Some(request.pricing.kind()),
        product: Some(request.product.clone()),
        validity: Some(request.validity),
        quantity: request.quantity,
        filled: quantity(filled),
        price: request.pricing.limit(),
        trigger_price: request.pricing.trigger(),
        average_price: request.pricing.limit().filter(|_| filled > 0),
        disclosed: request.disclosed,
        status_word: format!("{status:?}"),
        status,
        message: None,
        tag: placed.tag.clone(),
        placed_at: Some(morning()),
        updated_at: Some(morning()),
        after_market: request.after_market,
    }
}

/// A trade of 4 units of an order that is not known to be ours.
#[must_use]
pub fn fill_record(broker_order_id: &str, trade_id: &str) -> FillRecord {
    FillRecord {
        account: "fyers-1".parse().expect("an account"),
        broker: BrokerName::Fyers,
        trading_date: IST::date(morning()),
        order: None,
        fill: Fill {
            order_id: broker_order_id.parse().expect("a broker order id"),
            trade_id: trade_id.parse().expect("a trade id"),
            instrument: book_instrument(),
            side: Side::Buy,
            product: Some(Product::Delivery),
            quantity: quantity(4),
            price: price("1450.45"),
            at: Some(morning()),
            tag: None,
        },
    }
}

/// A position of an account, long by so many units or short by as many below nought.
#[must_use]
pub fn position_record(account: &str, net: i64) -> PositionRecord {
    PositionRecord {
        account: account.parse().expect("an account"),
        broker: BrokerName::Fyers,
        position: Position {
            instrument: book_instrument(),
            product: Some(Product::Delivery),
            net: NetQuantity::new(net).expect("a quantity"),
            average_price: Some(price("1450.123456")),
            bought: quantity(net.unsigned_abs()),
            buy_average: Some(price("1450.123456")),
            sold: Quantity::ZERO,
            sell_average: None,
            last_price: Some(price("1451")),
            realised: Some("-12.5".parse().expect("an amount")),
            unrealised: None,
        },
        read_at: morning(),
    }
}

/// A holding of an account of so many units, one of them not yet delivered.
#[must_use]
pub fn holding_record(account: &str, units: u64) -> HoldingRecord {
    HoldingRecord {
        account: account.parse().expect("an account"),
        broker: BrokerName::Fyers,
        holding: Holding {
            instrument: book_instrument(),
            isin: Some("INE002A01018".to_owned()),
            quantity: quantity(units),
            undelivered: quantity(1),
            saleable: quantity(units - 1),
            average_price: Some(price("1400.123456")),
            last_price: Some(price("1451")),
        },
        read_at: morning(),
    }
}

/// An audit entry about a subject.
#[must_use]
pub fn audit(event: &str, subject: &str) -> AuditEntry {
    AuditEntry {
        at: morning(),
        actor: "desk".to_owned(),
        event: event.to_owned(),
        subject: subject.to_owned(),
        detail: r#"{"why":"a test"}"#.to_owned(),
    }
}

/// A stop of a group (`main`) or of the sample account.
#[must_use]
pub fn stop(subject: StopSubject, kind: StopKind, about: &str) -> Stop {
    Stop {
        id: StopId {
            subject,
            kind,
            about: about.to_owned(),
        },
        cancels: kind == StopKind::Kill,
        actor: "operator:asha".to_owned(),
        reason: "a test of the switch".to_owned(),
        at: morning(),
    }
}
