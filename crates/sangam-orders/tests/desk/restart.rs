//! The program ends between any two commits; the next one finds what there is and settles it.

use sangam_core::OrderState::{self, Cancelled, Filled, InDoubt, PartiallyFilled, Rejected, Working};
use sangam_core::ports::{AuditEntry, Change, Ledger as _, OrderRecord};
use sangam_core::{AttemptNo, AttemptState, BrokerOrderStatus as S, NotPlaced, PlaceOrder, Tag};
use sangam_testkit::samples;

use crate::support::*;

fn entry() -> AuditEntry {
    samples::audit("order.received", "a test")
}

fn tag(no: u16) -> Tag {
    sangam_orders::TagKey::new([7; 32]).tag(&"asha".parse().expect("an owner"), "k", AttemptNo(no), 0)
}

/// The commits of an order's way, as many as were made before the end came.
fn commits(count: usize) -> Vec<Vec<Change>> {
    use OrderState as O;
    let mut order = samples::order_record(5);
    order.client_order_id = Some("k".parse().expect("a key"));
    let step = |from, to| samples::order_moved(5, from, to);
    let intent = |no: u16, name| {
        let mut attempt = samples::attempt_record(5);
        attempt.no = AttemptNo(no);
        attempt.tag = tag(no);
        attempt.account = format!("{name}-1").parse().expect("a name");
        attempt.broker = name;
        let from = if no == 1 { O::Validated } else { O::Queued };
        let mut submitting = step(from, O::Submitting);
        submitting.placed_with = Some((attempt.account.clone(), name));
        vec![
            Change::Intended(Box::new(attempt)),
            Change::OrderMoved(Box::new(submitting)),
        ]
    };
    let outcome = |no: u16, to, state| {
        vec![
            Change::AttemptMoved {
                order: samples::uid(5),
                no: AttemptNo(no),
                from: "intent",
                to,
                at: samples::morning(),
            },
            Change::OrderMoved(Box::new(step(O::Submitting, state))),
        ]
    };
    let never = AttemptState::NotPlaced {
        proof: NotPlaced::NeverSent,
    };
    let unknown = AttemptState::Unknown {
        reason: "timeout".to_owned(),
    };
    let all = vec![
        vec![
            Change::Received(Box::new(order)),
            Change::OrderMoved(Box::new(step(O::Received, O::Validated))),
        ],
        intent(1, A),
        outcome(1, never, O::Queued),
        intent(2, B),
        outcome(2, unknown, InDoubt),
    ];
    all.into_iter().take(count).collect()
}

async fn ended_after(count: usize) -> (Bench, OrderRecord) {
    let brokers = [broker(A), broker(B)];
    let bench = Bench::over(&brokers);
    for changes in commits(count) {
        bench.books.commit(&changes, &entry()).await.expect("written");
    }
    let order = bench
        .books
        .order(samples::uid(5))
        .await
        .expect("read")
        .expect("there");
    (bench, order)
}

#[tokio::test(start_paused = true)]
async fn after_each_commit() {
    for (count, state, attempts) in [
        (1, Rejected, &[][..]),
        (2, InDoubt, &["unknown"][..]),
        (3, Rejected, &["not_placed"][..]),
        (4, InDoubt, &["not_placed", "unknown"][..]),
        (5, InDoubt, &["not_placed", "unknown"][..]),
    ] {
        let (bench, order) = ended_after(count).await;
        for broker in &bench.brokers {
            broker.order_book.always(|()| Ok(Vec::new()));
        }
        bench.desk.recover().await.expect("recovers");
        let now = bench.written(&order).await;
        assert_eq!(now.state, state, "after {count}: {now:?}");
        assert_eq!(bench.attempt_states(&order).await, attempts, "after {count}");
        assert_eq!(bench.sends(), [0, 0]);
        bench.desk.recover().await.expect("again");
        assert_eq!(bench.written(&order).await, now, "twice is once");
    }
}

/// The order had reached its broker: whatever the book shows of it is found by its tag.
#[tokio::test(start_paused = true)]
async fn what_was_accepted_is_found() {
    for (status, filled, state) in [
        (S::Open, 0, Working),
        (S::Open, 4, PartiallyFilled),
        (S::Complete, 10, Filled),
        (S::Cancelled, 4, Cancelled),
        (S::Rejected, 0, Rejected),
        (S::Unknown("halted".to_owned()), 0, Working),
    ] {
        for count in [4, 5] {
            let (bench, order) = ended_after(count).await;
            let sent = PlaceOrder {
                tag: Some(tag(2)),
                ..samples::place_order("X")
            };
            let found = row(&sent, "77", status.clone(), filled);
            bench.brokers[1]
                .order_book
                .always(move |()| Ok(vec![found.clone()]));
            bench.desk.recover().await.expect("recovers");
            let now = bench.written(&order).await;
            assert_eq!(now.state, state, "{status:?}");
            assert_eq!(now.filled.units(), filled);
            assert_eq!(
                now.broker_order_id.map(|id| id.to_string()).as_deref(),
                Some("77")
            );
            assert_eq!(bench.attempt_states(&order).await, ["not_placed", "acked"]);
        }
    }
}

/// A broker that cannot be read at the start keeps nothing back, and is read later.
#[tokio::test(start_paused = true)]
async fn a_broker_that_is_down_at_the_start_is_read_later() {
    let (bench, order) = ended_after(4).await;
    bench.brokers[1].order_book.then(Err(unreachable()));
    bench.desk.recover().await.expect("recovers");
    assert_eq!(bench.written(&order).await.state, InDoubt);
    let sent = PlaceOrder {
        tag: Some(tag(2)),
        ..samples::place_order("X")
    };
    bench.brokers[1]
        .order_book
        .then(Ok(vec![row(&sent, "77", S::Open, 0)]));
    bench
        .desk
        .reconcile(&"upstox-1".parse().expect("a name"))
        .await
        .expect("read");
    assert_eq!(bench.written(&order).await.state, Working);
}

/// Books that fail during the recovery are tried again by the next reading.
#[tokio::test(start_paused = true)]
async fn a_failed_recovery_is_made_up_for() {
    let (bench, order) = ended_after(2).await;
    bench
        .books
        .suffer(faults(&[sangam_testkit::CommitFault::Refused]));
    assert!(bench.desk.recover().await.is_err());
    bench.brokers[0].order_book.always(|()| Ok(Vec::new()));
    bench
        .desk
        .reconcile(&"fyers-1".parse().expect("a name"))
        .await
        .expect("read");
    assert_eq!(bench.written(&order).await.state, InDoubt);
}

/// An account that is no longer configured leaves its order visibly in doubt, and other groups' orders are not touched.
#[tokio::test(start_paused = true)]
async fn accounts_that_are_gone_and_other_groups() {
    let (bench, order) = ended_after(4).await;
    let mut foreign = samples::order_record(9);
    foreign.group = "family".parse().expect("a group");
    bench
        .books
        .commit(&[Change::Received(Box::new(foreign.clone()))], &entry())
        .await
        .expect("written");
    let only_a = Bench::restarted(&bench.brokers[..1], bench.books.clone(), 2);
    only_a.brokers[0].order_book.always(|()| Ok(Vec::new()));
    only_a.desk.recover().await.expect("recovers");
    assert_eq!(only_a.written(&order).await.state, InDoubt);
    assert_eq!(only_a.written(&foreign).await.state, OrderState::Received);
}
