//! One key, one order: replays in every state, another body, the same moment, another group.

use sangam_core::OrderState::{self, *};
use sangam_core::ports::{Change, Ledger as _, OrderFilter, OrderRecord};
use sangam_core::{OrderDraft, Validity};
use sangam_orders::DeskError;
use sangam_testkit::samples;

use crate::support::*;

/// Each state an order may be in answers its key as the contract says.
#[tokio::test(start_paused = true)]
async fn a_repeated_key_in_every_state() {
    let ways: [(&[OrderState], bool); 9] = [
        (&[Filled], true),
        (&[PartiallyFilled], true),
        (&[PartiallyFilled, Cancelled], true),
        (&[TriggerPending], true),
        (&[Expired], true),
        (&[Rejected], true),
        (&[Cancelled], true),
        (&[], true),
        (&[Filled], true),
    ];
    for (way, answered) in ways {
        let brokers = [broker(A)];
        brokers[0].place.then(Ok(samples::placed("1")));
        let bench = Bench::over(&brokers);
        let first = bench.submit(keyed("k")).await;
        let mut from = first.state;
        for to in way {
            let mut moved = samples::order_moved(0, from, *to);
            moved.uid = first.uid;
            let change = [Change::OrderMoved(Box::new(moved))];
            bench
                .books
                .commit(&change, &samples::audit("a", "b"))
                .await
                .expect("written");
            from = *to;
        }
        let one = bench.submitted(keyed("k")).await.expect("known");
        let two = bench.submitted(keyed("k")).await.expect("known");
        assert_eq!(one, two);
        assert_eq!((one.order.state, one.replayed), (from, answered));
        assert_eq!(bench.sends(), [1]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_being_sent_is_in_progress() {
    let brokers = [broker(A)];
    let held = brokers[0].place.hold();
    let bench = Bench::over(&brokers);
    let desk = bench.desk.clone();
    let first = tokio::spawn(async move { desk.submit(keyed("k"), None).await });
    brokers[0].place.called(1).await;
    let meanwhile = bench.submitted(keyed("k")).await;
    assert!(
        matches!(meanwhile, Err(DeskError::InProgress { .. })),
        "{meanwhile:?}"
    );
    held.answer(Err(timeout()));
    let first = first.await.expect("no panic").expect("taken").order;
    let again = bench.submitted(keyed("k")).await.expect("known");
    assert_eq!((again.order.state, again.order.uid), (InDoubt, first.uid));
    assert_eq!(bench.sends(), [1]);
}

#[tokio::test(start_paused = true)]
async fn another_body_is_refused() {
    let brokers = [broker(A)];
    brokers[0].place.then(Ok(samples::placed("1")));
    let bench = Bench::over(&brokers);
    bench.submit(keyed("k")).await;
    let others = [
        OrderDraft {
            quantity: samples::quantity(11),
            ..keyed("k")
        },
        OrderDraft {
            price: Some(samples::price("1450.40")),
            ..keyed("k")
        },
        OrderDraft {
            position_effect: None,
            ..keyed("k")
        },
        OrderDraft {
            validity: Validity::Ioc,
            ..keyed("k")
        },
        OrderDraft {
            strategy: Some("other".to_owned()),
            ..keyed("k")
        },
    ];
    for other in others {
        let answer = bench.submitted(other).await;
        assert!(matches!(answer, Err(DeskError::KeyReused { .. })), "{answer:?}");
    }
    let pinned = bench.desk.submit(keyed("k"), Some(A)).await;
    assert!(matches!(pinned, Err(DeskError::KeyReused { .. })), "{pinned:?}");
    // The same order written with other zeros is the same order.
    let same = OrderDraft {
        price: Some(samples::price("1450.5")),
        trigger_price: Some(samples::price("0")),
        ..keyed("k")
    };
    assert!(bench.submitted(same).await.expect("known").replayed);
}

#[tokio::test(start_paused = true)]
async fn one_key_at_one_moment() {
    let brokers = [broker(A)];
    brokers[0].place.then(Ok(samples::placed("1")));
    let bench = Bench::over(&brokers);
    let all = futures::future::join_all((0..20).map(|_| bench.submitted(keyed("k")))).await;
    let sent = all
        .iter()
        .filter(|a| a.as_ref().is_ok_and(|s| !s.replayed))
        .count();
    assert_eq!(sent, 1);
    for answer in all {
        match answer {
            Ok(submitted) => assert_eq!(submitted.order.state, Working),
            Err(DeskError::InProgress { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(bench.sends(), [1]);
}

/// A key is the owner's, not the group's: used in another group it is another body. That group's orders are not seen.
#[tokio::test(start_paused = true)]
async fn a_key_of_another_group() {
    let brokers = [broker(A)];
    let bench = Bench::over(&brokers);
    let foreign = OrderRecord {
        group: "family".parse().expect("a group"),
        client_order_id: Some("k".parse().expect("a key")),
        ..samples::order_record(3)
    };
    let change = [Change::Received(Box::new(foreign))];
    bench
        .books
        .commit(&change, &samples::audit("a", "b"))
        .await
        .expect("written");
    let answer = bench.submitted(keyed("k")).await;
    let Err(DeskError::KeyReused { existing }) = answer else {
        panic!("{answer:?}");
    };
    assert!(matches!(
        bench.desk.order(existing).await,
        Err(DeskError::NotFound(_))
    ));
    assert!(matches!(
        bench.desk.cancel(existing).await,
        Err(DeskError::NotFound(_))
    ));
    assert!(
        bench
            .desk
            .orders(&OrderFilter::default())
            .await
            .expect("read")
            .is_empty()
    );
    assert_eq!(bench.sends(), [0]);
}

/// The limit of a listing counts the group's own orders.
#[tokio::test(start_paused = true)]
async fn a_limit_counts_own_orders() {
    let brokers = [broker(A)];
    brokers[0].place.always(|_| Ok(samples::placed("1")));
    let bench = Bench::over(&brokers);
    let first = bench.submit(opening()).await;
    bench.submit(opening()).await;
    for seed in 50..53 {
        let foreign = OrderRecord {
            group: "family".parse().expect("a group"),
            ..samples::order_record(seed)
        };
        let change = [Change::Received(Box::new(foreign))];
        bench
            .books
            .commit(&change, &samples::audit("a", "b"))
            .await
            .expect("written");
    }
    let filter = OrderFilter {
        limit: Some(2),
        ..OrderFilter::default()
    };
    let listed = bench.desk.orders(&filter).await.expect("read");
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[1].uid, first.uid);
}
