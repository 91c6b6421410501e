//! One table: a draft that is right but for one thing, and the field that must be named.

use crate::amount::{Price, Quantity};
use crate::instrument::{Contract, ContractKind, Instrument, InstrumentId};
use crate::order::{OrderDraft, OrderKind, Pricing, Product, Side, Validity};

fn price(text: &str) -> Price {
    text.parse().expect("a price")
}

fn units(n: u64) -> Quantity {
    Quantity::new(n).expect("small")
}

fn instrument(id: &str, lot: u64, tick: &str) -> Instrument {
    let id: InstrumentId = id.parse().expect("an id");
    Instrument {
        contract: Contract {
            exchange: id.exchange,
            underlying: id.symbol.as_str().into(),
            kind: ContractKind::Cash { series: "EQ".into() },
        },
        id,
        lot: units(lot),
        tick: price(tick),
        freeze: None,
        derived: false,
    }
}

fn share() -> Instrument {
    instrument("NSE:RELIANCE", 1, "0.1")
}

fn option() -> Instrument {
    instrument("NFO:NIFTY26DEC26000CE", 65, "0.05")
}

fn draft(instrument: &Instrument) -> OrderDraft {
    OrderDraft {
        instrument: instrument.id.clone(),
        side: Side::Buy,
        quantity: instrument.lot,
        kind: OrderKind::Limit,
        price: Some(price("1450.5")),
        trigger_price: None,
        product: Product::Intraday,
        validity: Validity::Day,
        disclosed: Quantity::ZERO,
        after_market: false,
        position_effect: None,
        client_order_id: None,
        strategy: None,
    }
}

fn refused(instrument: &Instrument, field: &str, change: impl FnOnce(&mut OrderDraft)) {
    let mut draft = draft(instrument);
    change(&mut draft);
    let errors = draft.check(instrument).expect_err("must be refused").0;
    assert_eq!(
        errors.iter().map(|e| e.field).collect::<Vec<_>>(),
        [field],
        "{errors:?}"
    );
}

#[test]
fn a_right_draft_passes() {
    let request = draft(&share()).check(&share()).expect("nothing wrong");
    assert_eq!(
        request.pricing,
        Pricing::Limit {
            limit: price("1450.5")
        }
    );
}

#[test]
fn a_stop_passes_with_its_prices_in_order() {
    let mut stop = draft(&share());
    stop.kind = OrderKind::StopLossLimit;
    stop.trigger_price = Some(price("1450"));
    assert_eq!(
        stop.check(&share()).expect("nothing wrong").pricing,
        Pricing::StopLossLimit {
            trigger: price("1450"),
            limit: price("1450.5")
        }
    );
}

#[test]
fn each_fault_names_its_field() {
    refused(&share(), "quantity", |d| d.quantity = Quantity::ZERO);
    refused(&option(), "quantity", |d| d.quantity = units(66));
    refused(&share(), "price", |d| d.price = None);
    refused(&share(), "price", |d| d.price = Some(Price::ZERO));
    refused(&share(), "price", |d| d.price = Some(price("-1")));
    refused(&share(), "price", |d| d.price = Some(price("1450.55")));
    refused(&share(), "price", |d| d.kind = OrderKind::Market);
    refused(&share(), "trigger_price", |d| {
        d.trigger_price = Some(price("1400"))
    });
    refused(&share(), "trigger_price", |d| d.kind = OrderKind::StopLossLimit);
    refused(&share(), "product", |d| d.product = Product::CarryForward);
    refused(&option(), "product", |d| d.product = Product::Delivery);
    refused(&share(), "product", |d| d.product = Product::Other("MTF".into()));
    refused(&share(), "disclosed_quantity", |d| d.disclosed = units(2));
    refused(&share(), "validity", |d| {
        d.validity = Validity::Ioc;
        d.after_market = true;
    });
    refused(&share(), "price", |d| {
        d.kind = OrderKind::StopLossLimit;
        d.trigger_price = Some(price("1460"));
    });
    let mut frozen = option();
    frozen.freeze = Some(units(1800));
    refused(&frozen, "quantity", |d| d.quantity = units(65 * 28));
    let mut derived = share();
    derived.derived = true;
    refused(&derived, "symbol", |_| ());
    refused(&instrument("NSE_INDEX:NIFTY", 0, "0"), "exchange", |d| {
        d.quantity = units(1)
    });
}

#[test]
fn the_freeze_quantity_printed_for_shares_binds_nobody() {
    let mut share = share();
    share.freeze = Some(units(100_000));
    let mut large = draft(&share);
    large.quantity = units(200_000);
    assert!(large.check(&share).is_ok());
}

#[test]
fn refusals_tell_the_way_out() {
    let mut off = draft(&option());
    off.quantity = units(100);
    off.price = Some(price("182.47"));
    let text = off.check(&option()).expect_err("two faults").to_string();
    assert!(text.contains("try 65 or 130"), "{text}");
    assert!(text.contains("try 182.45 or 182.5"), "{text}");
}
