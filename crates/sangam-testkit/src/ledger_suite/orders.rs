//! Orders: read back, numbered, unique, moved.

use jiff::ToSpan as _;
use sangam_core::ports::{Change, Ledger, LedgerError, OrderFilter, OrderMoved, OrderRecord};
use sangam_core::{BrokerName, OrderNumber, OrderRequest, OrderState, Pricing, Product, Quantity};

use super::{commit, receive, received, refused, taken};
use crate::samples;

fn moved(order: OrderMoved) -> Change {
    Change::OrderMoved(Box::new(order))
}

/// An order with every field told.
fn full(seed: u8) -> OrderRecord {
    OrderRecord {
        client_order_id: Some("chart/alert:42".parse().expect("a key")),
        strategy: Some("breakout".to_owned()),
        state: OrderState::PartiallyFilled,
        account: Some("fyers-1".parse().expect("an account")),
        broker: Some(BrokerName::Fyers),
        broker_order_id: Some("0808058117761".parse().expect("an id")),
        filled: samples::quantity(4),
        average_price: Some(samples::price("1450.123456")),
        message: Some("standing".to_owned()),
        simulated: false,
        request: OrderRequest {
            pricing: Pricing::StopLossLimit {
                trigger: samples::price("1449.95"),
                limit: samples::price("1450.50"),
            },
            product: Product::Other("MTF".to_owned()),
            disclosed: samples::quantity(2),
            after_market: true,
            position_effect: None,
            ..samples::request()
        },
        updated_at: samples::morning() + 1_234_567_891.nanoseconds(),
        ..samples::order_record(seed)
    }
}

pub(super) async fn read_back_as_written(ledger: &impl Ledger) {
    assert_eq!(ledger.order(samples::uid(1)).await.expect("reads"), None);
    for order in [samples::order_record(1), full(2)] {
        let number = taken(ledger, &[Change::Received(Box::new(order.clone()))])
            .await
            .expect("a number");
        let expected = OrderRecord { number, ..order };
        let by_uid = ledger.order(expected.uid).await.expect("reads");
        assert_eq!(by_uid.as_ref(), Some(&expected));
        assert_eq!(ledger.order_by_number(number).await.expect("reads"), by_uid);
        if let (Some(key), Some(account), Some(id)) = (
            &expected.client_order_id,
            &expected.account,
            &expected.broker_order_id,
        ) {
            let by_key = ledger.order_by_client_id(&expected.owner, key).await;
            assert_eq!(by_key.expect("reads"), by_uid);
            let by_broker = ledger.order_by_broker_id(account, id).await;
            assert_eq!(by_broker.expect("reads"), by_uid);
        }
    }
    let nobody = "nobody".parse().expect("an owner");
    let key = "chart/alert:42".parse().expect("a key");
    assert_eq!(
        ledger.order_by_client_id(&nobody, &key).await.expect("reads"),
        None
    );
    let unused = OrderNumber::from_u64(u64::MAX);
    assert_eq!(ledger.order_by_number(unused).await.expect("reads"), None);
}

pub(super) async fn numbers_follow_the_indian_date(ledger: &impl Ledger) {
    let at_date = |seed, at: &str| {
        let created_at = at.parse().expect("an instant");
        Change::Received(Box::new(OrderRecord {
            created_at,
            ..samples::order_record(seed)
        }))
    };
    let days = [
        (1, "2026-11-23T03:45:00Z", "2611230000001"),
        (2, "2026-11-23T18:29:59.999Z", "2611230000002"), // 23:59:59.999 in India
        (3, "2026-11-23T18:30:00Z", "2611240000001"),     // midnight in India
        (4, "2026-11-23T10:00:00Z", "2611230000003"),     // a clock set back
        (5, "2026-11-24T04:00:00Z", "2611240000002"),
    ];
    for (seed, at, expected) in days {
        let number = taken(ledger, &[at_date(seed, at)]).await.expect("a number");
        assert_eq!(number.to_string(), expected);
    }
}

pub(super) async fn a_client_order_id_is_used_once_per_owner(ledger: &impl Ledger) {
    let order = |seed, owner: &str| {
        Change::Received(Box::new(OrderRecord {
            owner: owner.parse().expect("an owner"),
            client_order_id: Some("key-1".parse().expect("a key")),
            ..samples::order_record(seed)
        }))
    };
    let first = taken(ledger, &[order(1, "asha")]).await.expect("a number");
    match commit(ledger, &[order(2, "asha")]).await {
        Err(LedgerError::DuplicateClientOrderId {
            client_order_id,
            existing,
        }) => {
            assert_eq!(client_order_id.as_str(), "key-1");
            assert_eq!(existing, first);
        }
        other => panic!("a key used twice was answered {other:?}"),
    }
    assert_eq!(ledger.order(samples::uid(2)).await.expect("reads"), None);
    taken(ledger, &[order(3, "ravi")]).await;
    taken(ledger, &[received(4)]).await;
    taken(ledger, &[received(5)]).await;
}

pub(super) async fn an_order_is_received_once(ledger: &impl Ledger) {
    receive(ledger, 1).await;
    refused!(
        commit(ledger, &[received(1)]).await,
        LedgerError::AlreadyThere { .. }
    );
}

pub(super) async fn every_move_is_a_listed_one<L: Ledger>(fresh: &mut impl AsyncFnMut() -> L) {
    let ledger = fresh().await;
    let mut seed = 0;
    for from in OrderState::ALL {
        for to in OrderState::ALL {
            seed += 1;
            let order = OrderRecord {
                state: from,
                ..samples::order_record(seed)
            };
            taken(&ledger, &[Change::Received(Box::new(order))]).await;
            let answer = commit(&ledger, &[moved(samples::order_moved(seed, from, to))]).await;
            let state = ledger
                .order(samples::uid(seed))
                .await
                .expect("reads")
                .map(|o| o.state);
            if from == to || from.can_become(to) {
                assert!(answer.is_ok(), "{from} -> {to}: {answer:?}");
                assert_eq!(state, Some(to));
            } else {
                refused!(answer, LedgerError::IllegalMove { .. });
                assert_eq!(state, Some(from));
            }
        }
    }
}

pub(super) async fn a_move_needs_its_starting_state(ledger: &impl Ledger) {
    let to_validated = moved(samples::order_moved(
        1,
        OrderState::Received,
        OrderState::Validated,
    ));
    refused!(
        commit(ledger, std::slice::from_ref(&to_validated)).await,
        LedgerError::Missing { .. }
    );
    receive(ledger, 1).await;
    taken(ledger, std::slice::from_ref(&to_validated)).await;
    refused!(
        commit(ledger, &[to_validated]).await,
        LedgerError::Conflict { .. }
    );
}

pub(super) async fn a_move_changes_what_it_knows(ledger: &impl Ledger) {
    let number = receive(ledger, 1).await;
    let untouched = samples::order_moved(1, OrderState::Received, OrderState::Received);
    taken(ledger, &[moved(untouched.clone())]).await;
    let before = OrderRecord {
        number,
        ..samples::order_record(1)
    };
    assert_eq!(
        ledger.order(before.uid).await.expect("reads"),
        Some(before.clone())
    );

    let request = OrderRequest {
        pricing: Pricing::Market,
        quantity: samples::quantity(7),
        ..samples::request()
    };
    let all = OrderMoved {
        placed_with: Some(("upstox-1".parse().expect("an account"), BrokerName::Upstox)),
        broker_order_id: Some("240108".parse().expect("an id")),
        filled: Some(samples::quantity(3)),
        average_price: Some(samples::price("1450.25")),
        request: Some(request.clone()),
        message: Some("changed".to_owned()),
        at: samples::morning() + 5.seconds(),
        ..untouched.clone()
    };
    taken(ledger, &[moved(all.clone())]).await;
    let expected = OrderRecord {
        account: all.placed_with.clone().map(|(account, _)| account),
        broker: Some(BrokerName::Upstox),
        broker_order_id: all.broker_order_id.clone(),
        filled: samples::quantity(3),
        average_price: all.average_price,
        request,
        message: all.message.clone(),
        updated_at: all.at,
        ..before
    };
    assert_eq!(
        ledger.order(expected.uid).await.expect("reads"),
        Some(expected.clone())
    );
    let later = OrderMoved {
        at: all.at,
        ..untouched
    };
    taken(ledger, &[moved(later)]).await;
    assert_eq!(ledger.order(expected.uid).await.expect("reads"), Some(expected));
}

pub(super) async fn a_cumulative_fill_only_grows(ledger: &impl Ledger) {
    receive(ledger, 1).await;
    let told = |filled: u64, average: &str| {
        moved(OrderMoved {
            filled: Some(samples::quantity(filled)),
            average_price: Some(samples::price(average)),
            ..samples::order_moved(1, OrderState::Received, OrderState::Received)
        })
    };
    let steps = [
        (told(4, "100"), 4, "100"),
        (told(8, "101"), 8, "101"),
        (told(4, "100"), 8, "101"), // a stale book
        (told(8, "101.05"), 8, "101.05"),
    ];
    for (change, filled, average) in steps {
        taken(ledger, &[change]).await;
        let order = ledger
            .order(samples::uid(1))
            .await
            .expect("reads")
            .expect("is there");
        assert_eq!(order.filled, samples::quantity(filled));
        assert_eq!(order.average_price, Some(samples::price(average)));
    }
    let average_alone = moved(OrderMoved {
        average_price: Some(samples::price("102")),
        ..samples::order_moved(1, OrderState::Received, OrderState::Received)
    });
    taken(ledger, &[average_alone]).await;
    let order = ledger
        .order(samples::uid(1))
        .await
        .expect("reads")
        .expect("is there");
    assert_eq!(order.average_price, Some(samples::price("102")));
    assert_ne!(order.filled, Quantity::ZERO);
}

pub(super) async fn lists_are_filtered_newest_first(ledger: &impl Ledger) {
    let states = [
        OrderState::Working,
        OrderState::Filled,
        OrderState::InDoubt,
        OrderState::Rejected,
    ];
    for (seed, state) in (1..).zip(states) {
        let order = OrderRecord {
            state,
            created_at: samples::morning() + i64::from(seed).hours(),
            ..samples::order_record(seed)
        };
        taken(ledger, &[Change::Received(Box::new(order))]).await;
    }
    let listed = async |filter: OrderFilter| {
        let orders = ledger.orders(&filter).await.expect("reads");
        orders.iter().map(|order| order.state).collect::<Vec<_>>()
    };
    let [working, filled, in_doubt, rejected] = states;
    assert_eq!(
        listed(OrderFilter::default()).await,
        [rejected, in_doubt, filled, working]
    );
    let open = OrderFilter {
        open_only: true,
        ..OrderFilter::default()
    };
    assert_eq!(listed(open.clone()).await, [in_doubt, working]);
    let since = OrderFilter {
        since: Some(samples::morning() + 2.hours()),
        ..OrderFilter::default()
    };
    assert_eq!(listed(since.clone()).await, [rejected, in_doubt, filled]);
    let first = |limit, filter| OrderFilter {
        limit: Some(limit),
        ..filter
    };
    assert_eq!(listed(first(2, since)).await, [rejected, in_doubt]);
    assert_eq!(listed(first(1, open)).await, [in_doubt]);
    assert_eq!(listed(first(0, OrderFilter::default())).await, []);
}
