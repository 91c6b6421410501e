//! Modify and cancel: to the account that holds the order, once, in every state; and books that move meanwhile.

use sangam_core::OrderState::{self, *};
use sangam_core::ports::{Accepted, Change, Ledger as _, OrderRecord};
use sangam_core::{BrokerOrderStatus as S, Capabilities, Error, ErrorKind, OrderKind, Outcome, Validity};
use sangam_orders::{DeskError, Modification};
use sangam_testkit::CommitFault;
use sangam_testkit::samples;

use crate::support::*;

pub(crate) fn accepted() -> Accepted {
    Accepted {
        broker_order_id: "1".parse().expect("an id"),
        message: None,
    }
}

fn price(text: &str) -> Modification {
    Modification {
        price: Some(samples::price(text)),
        ..Modification::default()
    }
}

async fn force(bench: &Bench, order: &OrderRecord, way: &[OrderState], filled: u64) {
    let mut from = order.state;
    for to in way {
        let mut moved = samples::order_moved(0, from, *to);
        moved.uid = order.uid;
        moved.filled = Some(samples::quantity(filled));
        let change = [Change::OrderMoved(Box::new(moved))];
        bench
            .books
            .commit(&change, &samples::audit("a", "b"))
            .await
            .expect("written");
        from = *to;
    }
}

/// Only an order that stands is changed; any other is refused with nothing sent.
#[tokio::test(start_paused = true)]
async fn a_change_in_every_state() {
    for (way, stands) in [
        (&[][..], true),
        (&[TriggerPending][..], true),
        (&[PartiallyFilled][..], true),
        (&[Filled][..], false),
        (&[Cancelled][..], false),
        (&[Expired][..], false),
        (&[Rejected][..], false),
    ] {
        let brokers = [broker(A), broker(B)];
        let bench = Bench::over(&brokers);
        let order = bench.working("1").await;
        force(&bench, &order, way, 0).await;
        brokers[0].order.always(|_| Err(unreachable()));
        brokers[0].modify.always(|_| Ok(accepted()));
        brokers[0].cancel.always(|_| Ok(accepted()));
        let modified = bench.desk.modify(order.number, price("1449.50")).await;
        let cancelled = bench.desk.cancel(order.number).await;
        assert_eq!(
            modified.is_ok() && cancelled.is_ok(),
            stands,
            "{way:?} {modified:?} {cancelled:?}"
        );
        if !stands {
            assert!(matches!(modified, Err(DeskError::WrongState { .. })));
            assert!(matches!(cancelled, Err(DeskError::WrongState { .. })));
        }
        let sends = (brokers[0].modify.calls().len(), brokers[0].cancel.calls().len());
        assert_eq!(sends, if stands { (1, 1) } else { (0, 0) }, "{way:?}");
        assert!(brokers[1].log().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_in_doubt_or_being_sent_is_not_changed() {
    let brokers = [broker(A)];
    let bench = Bench::over(&brokers);
    let (order, _) = bench.in_doubt().await;
    assert!(matches!(
        bench.desk.cancel(order.number).await,
        Err(DeskError::WrongState { state: InDoubt, .. })
    ));
    let held = brokers[0].place.hold();
    let desk = bench.desk.clone();
    let sending = tokio::spawn(async move { desk.submit(keyed("k"), None).await });
    brokers[0].place.called(2).await;
    let Err(DeskError::InProgress { existing }) = bench.submitted(keyed("k")).await else {
        panic!("in progress");
    };
    assert!(matches!(
        bench.desk.cancel(existing).await,
        Err(DeskError::WrongState {
            state: Submitting,
            ..
        })
    ));
    held.answer(Ok(samples::placed("1")));
    sending.await.expect("no panic").expect("taken");
    assert!(brokers[0].cancel.calls().is_empty());
}

/// The book moves the order on while the broker answers: the new terms are not lost.
#[tokio::test(start_paused = true)]
async fn a_fill_during_a_modification_loses_no_terms() {
    for way in [&[PartiallyFilled][..], &[Filled][..]] {
        let brokers = [broker(A)];
        let bench = Bench::over(&brokers);
        let order = bench.working("1").await;
        brokers[0].order.always(|_| Err(unreachable()));
        let held = brokers[0].modify.hold();
        let (desk, number) = (bench.desk.clone(), order.number);
        let modifying = tokio::spawn(async move { desk.modify(number, price("1449.50")).await });
        brokers[0].modify.called(1).await;
        force(&bench, &order, way, 4).await;
        held.answer(Ok(accepted()));
        let now = modifying.await.expect("no panic").expect("modified");
        assert_eq!(now.request.pricing.limit(), Some(samples::price("1449.50")));
        assert_eq!((now.state, now.filled.units()), (way[0], 4));
    }
}

/// An answer to a change is written whatever the books do at first; when they stay shut the caller hears of doubt.
#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_written() {
    for (times, known) in [(3, true), (60, false)] {
        let brokers = [broker(A)];
        let bench = Bench::over(&brokers);
        let order = bench.working("1").await;
        brokers[0].order.always(|_| Err(unreachable()));
        brokers[0].modify.then(Ok(accepted()));
        bench.books.suffer(vec![Some(CommitFault::Refused); times]);
        let answer = bench.desk.modify(order.number, price("1449.50")).await;
        if known {
            assert_eq!(
                answer.expect("modified").request.pricing.limit(),
                Some(samples::price("1449.50"))
            );
        } else {
            let Err(DeskError::Broker(error)) = answer else {
                panic!("{answer:?}")
            };
            assert_eq!(error.outcome(), Outcome::Unknown);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_modification_at_a_time() {
    let brokers = [broker(A)];
    let bench = Bench::over(&brokers);
    let order = bench.working("1").await;
    brokers[0].order.always(|_| Err(unreachable()));
    let held = brokers[0].modify.hold();
    let (desk, number) = (bench.desk.clone(), order.number);
    let first = tokio::spawn(async move { desk.modify(number, price("1449.50")).await });
    brokers[0].modify.called(1).await;
    let second = bench.desk.modify(order.number, price("1448.50")).await;
    assert!(matches!(second, Err(DeskError::WrongState { .. })), "{second:?}");
    held.answer(Ok(accepted()));
    first.await.expect("no panic").expect("modified");
    brokers[0].modify.then(Ok(accepted()));
    bench
        .desk
        .modify(order.number, price("1448.50"))
        .await
        .expect("free again");
    assert_eq!(brokers[0].modify.calls().len(), 2);
}

/// A refused cancel proves nothing: the order is read, and the caller hears the refusal.
#[tokio::test(start_paused = true)]
async fn a_refused_cancel_reads() {
    let brokers = [broker(A)];
    let bench = Bench::over(&brokers);
    let order = bench.working("1").await;
    let sent = brokers[0].place.calls().remove(0);
    let closed = Error::new(ErrorKind::OrderNotOpen, Outcome::Rejected, "already complete");
    brokers[0].cancel.then(Err(closed));
    brokers[0].order.then(Ok(row(&sent, "1", S::Complete, 10)));
    let answer = bench.desk.cancel(order.number).await;
    assert!(matches!(answer, Err(DeskError::Broker(_))), "{answer:?}");
    assert_eq!(bench.written(&order).await.state, Filled);
}

/// Quantities after a fill: left out where their meaning is not known, refused where one is required.
#[tokio::test(start_paused = true)]
async fn quantities_after_a_fill() {
    for (total, needs, change, expected) in [
        (false, false, None, Some(None)),
        (false, false, Some(20), None),
        (false, true, None, None),
        (true, true, None, Some(Some(10))),
        (true, false, Some(20), Some(Some(20))),
        (true, false, Some(4), None),
    ] {
        let mut can = Capabilities::least();
        can.modify_quantity_is_total = total;
        can.modify_needs_quantity = needs;
        let brokers = [broker_with(A, can)];
        let bench = Bench::over(&brokers);
        let order = bench.working("1").await;
        force(&bench, &order, &[PartiallyFilled], 4).await;
        brokers[0].order.always(|_| Err(unreachable()));
        brokers[0].modify.always(|_| Ok(accepted()));
        let change = Modification {
            quantity: change.map(samples::quantity),
            ..price("1449.50")
        };
        let answer = bench.desk.modify(order.number, change).await;
        let sent: Vec<_> = brokers[0]
            .modify
            .calls()
            .iter()
            .map(|m| m.quantity.map(|q| q.units()))
            .collect();
        assert_eq!(sent, expected.into_iter().collect::<Vec<_>>(), "{answer:?}");
        assert_eq!(answer.is_ok(), expected.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn terms_that_cannot_be_are_refused_with_nothing_sent() {
    let brokers = [broker(A)];
    let bench = Bench::over(&brokers);
    let order = bench.working("1").await;
    for change in [
        price("1449.55"),
        Modification {
            kind: Some(OrderKind::Market),
            price: None,
            ..Modification::default()
        },
        Modification {
            validity: Some(Validity::Ioc),
            ..Modification::default()
        },
        Modification {
            quantity: Some(samples::quantity(0)),
            ..Modification::default()
        },
    ] {
        let answer = bench.desk.modify(order.number, change).await;
        assert!(
            matches!(answer, Err(DeskError::Invalid(_))),
            "{change:?}: {answer:?}"
        );
    }
    assert!(brokers[0].modify.calls().is_empty());
}

/// A broker that never answers a change: unknown, not for ever.
#[tokio::test(start_paused = true)]
async fn silence_is_unknown() {
    let brokers = [broker(A)];
    let bench = Bench::over(&brokers);
    let order = bench.working("1").await;
    brokers[0].cancel.never();
    brokers[0].order.always(|_| Err(unreachable()));
    let Err(DeskError::Broker(error)) = bench.desk.cancel(order.number).await else {
        panic!("an error")
    };
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert_eq!(bench.written(&order).await.state, Working);
}
