//! From a row of a broker's book to a state of ours. Pure.

use sangam_core::{BrokerOrder, BrokerOrderStatus, OrderState, Quantity};

/// The state a row shows of an order of which so much was seen filled before. A word we do not know counts as live, and
/// fills speak louder than words.
pub(crate) fn state_of(row: &BrokerOrder, filled_before: Quantity) -> OrderState {
    let some_filled = !row.filled.max(filled_before).is_zero();
    match row.status {
        BrokerOrderStatus::Complete => OrderState::Filled,
        BrokerOrderStatus::Cancelled => OrderState::Cancelled,
        BrokerOrderStatus::Expired => OrderState::Expired,
        BrokerOrderStatus::Rejected if some_filled => OrderState::Cancelled,
        BrokerOrderStatus::Rejected => OrderState::Rejected,
        _ if some_filled => OrderState::PartiallyFilled,
        BrokerOrderStatus::TriggerPending => OrderState::TriggerPending,
        BrokerOrderStatus::AfterMarket => OrderState::AfterMarket,
        BrokerOrderStatus::Pending | BrokerOrderStatus::Open | BrokerOrderStatus::Unknown(_) => {
            OrderState::Working
        }
    }
}

#[cfg(test)]
mod tests {
    use sangam_core::{BookInstrument, Quantity, Side};

    use super::*;

    fn row(status: BrokerOrderStatus, filled: u64) -> BrokerOrder {
        BrokerOrder {
            id: "1".parse().expect("an id"),
            exchange_order_id: None,
            instrument: BookInstrument {
                id: None,
                exchange: None,
                broker_symbol: "X".into(),
            },
            side: Side::Buy,
            kind: None,
            product: None,
            validity: None,
            quantity: Quantity::new(10).expect("small"),
            filled: Quantity::new(filled).expect("small"),
            price: None,
            trigger_price: None,
            average_price: None,
            disclosed: Quantity::ZERO,
            status,
            status_word: String::new(),
            message: None,
            tag: None,
            placed_at: None,
            updated_at: None,
            after_market: false,
        }
    }

    #[test]
    fn words_and_fills() {
        let check = |status, filled, state| assert_eq!(state_of(&row(status, filled), Quantity::ZERO), state);
        check(BrokerOrderStatus::Open, 0, OrderState::Working);
        check(BrokerOrderStatus::Open, 4, OrderState::PartiallyFilled);
        check(BrokerOrderStatus::Pending, 0, OrderState::Working);
        check(BrokerOrderStatus::Unknown("90".into()), 0, OrderState::Working);
        check(BrokerOrderStatus::Rejected, 0, OrderState::Rejected);
        check(BrokerOrderStatus::Rejected, 4, OrderState::Cancelled);
        check(BrokerOrderStatus::Cancelled, 4, OrderState::Cancelled);
        check(BrokerOrderStatus::Complete, 10, OrderState::Filled);
        check(BrokerOrderStatus::TriggerPending, 0, OrderState::TriggerPending);
        let four = Quantity::new(4).expect("small");
        let after_a_fill = |status| state_of(&row(status, 0), four);
        assert_eq!(after_a_fill(BrokerOrderStatus::Rejected), OrderState::Cancelled);
        assert_eq!(after_a_fill(BrokerOrderStatus::Open), OrderState::PartiallyFilled);
    }
}
