//! Proptest strategies for the domain's words. They make what the types allow and markets print, and shrink to the plain.

#![expect(
    clippy::missing_panics_doc,
    reason = "what is generated is in range by construction"
)]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use rust_decimal::Decimal;
use sangam_core::instrument::Exchange;
use sangam_core::{
    AttemptState, BrokerName, InstrumentId, NotPlaced, OrderRequest, OrderState, PositionEffect, Price,
    Pricing, Product, Quantity, Side, Symbol, Timestamp, Validity,
};

/// Prices from a ten-thousandth of a rupee to ten million.
pub fn price() -> impl Strategy<Value = Price> {
    (1_i64..100_000_000_000).prop_map(|units| Price::new(Decimal::new(units, 4)).expect("within the range"))
}

/// One to a million units.
pub fn quantity() -> impl Strategy<Value = Quantity> {
    (1_u64..=1_000_000).prop_map(|units| Quantity::new(units).expect("within the range"))
}

/// Instruments of every exchange that trades.
pub fn instrument() -> impl Strategy<Value = InstrumentId> {
    let exchanges: Vec<_> = Exchange::ALL.into_iter().filter(|e| e.is_traded()).collect();
    let symbol = "[A-Z][A-Z0-9&-]{0,18}".prop_map(|text| Symbol::new(text).expect("upper case"));
    (select(exchanges), symbol).prop_map(|(exchange, symbol)| InstrumentId::new(exchange, symbol))
}

/// Every kind of order with its prices.
pub fn pricing() -> impl Strategy<Value = Pricing> {
    (0..4_u8, price(), price()).prop_map(|(kind, limit, trigger)| match kind {
        0 => Pricing::Market,
        1 => Pricing::Limit { limit },
        2 => Pricing::StopLossLimit { trigger, limit },
        _ => Pricing::StopLossMarket { trigger },
    })
}

/// Order requests of every kind.
pub fn order_request() -> impl Strategy<Value = OrderRequest> {
    let product = select(vec![
        Product::Delivery,
        Product::Intraday,
        Product::CarryForward,
        Product::Other("MTF".to_owned()),
    ]);
    let effect = select(vec![
        None,
        Some(PositionEffect::Open),
        Some(PositionEffect::Close),
    ]);
    (
        (instrument(), select(Side::ALL), quantity(), pricing()),
        (product, select(Validity::ALL), quantity(), any::<bool>(), effect),
    )
        .prop_map(
            |(
                (instrument, side, quantity, pricing),
                (product, validity, disclosed, after_market, effect),
            )| {
                OrderRequest {
                    instrument,
                    side,
                    quantity,
                    pricing,
                    product,
                    validity,
                    disclosed,
                    after_market,
                    position_effect: effect,
                }
            },
        )
}

/// Every state of an order.
pub fn order_state() -> impl Strategy<Value = OrderState> {
    select(OrderState::ALL.to_vec())
}

/// Every state of an attempt, with every proof.
pub fn attempt_state() -> impl Strategy<Value = AttemptState> {
    let proof = prop_oneof![
        Just(NotPlaced::NeverSent),
        text().prop_map(|code| NotPlaced::Refused { code }),
        Just(NotPlaced::SeenRejected),
        Just(NotPlaced::DayEnd),
        text().prop_map(|note| NotPlaced::Operator { note }),
    ];
    prop_oneof![
        Just(AttemptState::Intent),
        "[A-Z0-9-]{1,20}".prop_map(|id| AttemptState::Acked {
            broker_order_id: id.parse().expect("visible"),
        }),
        proof.prop_map(|proof| AttemptState::NotPlaced { proof }),
        text().prop_map(|reason| AttemptState::Unknown { reason }),
        text().prop_map(|reason| AttemptState::Parked { reason }),
    ]
}

/// Every broker.
pub fn broker() -> impl Strategy<Value = BrokerName> {
    select(BrokerName::ALL.to_vec())
}

/// Instants of a few days around 23 November 2026, to the nanosecond.
pub fn instant() -> impl Strategy<Value = Timestamp> {
    let morning = crate::samples::morning().as_nanosecond();
    let days = 3 * 86_400_000_000_000_i64;
    (-days..days).prop_map(move |offset| {
        Timestamp::from_nanosecond(morning + i128::from(offset)).expect("an instant of 2026")
    })
}

/// Texts as people and brokers write them, quotes and line breaks included.
pub fn text() -> impl Strategy<Value = String> {
    let odd = select(vec![
        "'",
        "\"",
        "\\",
        "\n",
        ";",
        "--",
        "₹",
        "\u{1F600}",
        "%",
        "?1",
    ]);
    let piece = prop_oneof![3 => "[a-zA-Z0-9 ]{0,8}", 1 => odd.prop_map(str::to_owned)];
    vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

/// Maybe a text.
pub fn text_opt() -> impl Strategy<Value = Option<String>> {
    option::of(text())
}
