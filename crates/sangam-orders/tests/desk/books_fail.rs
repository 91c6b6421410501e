//! Books that fail at each commit of an order: what is sent, what is answered, and what the books have in the end.

use std::time::Duration;

use sangam_core::OrderState::{InDoubt, Rejected, Working};
use sangam_core::ports::OrderFilter;
use sangam_orders::DeskError;
use sangam_testkit::CommitFault::{self, Lost, Refused, ReplyLost};
use sangam_testkit::samples;

use crate::support::*;

const KINDS: [CommitFault; 3] = [Refused, Lost, ReplyLost];

fn then_good(before: usize, fault: CommitFault, times: usize) -> Vec<Option<CommitFault>> {
    let mut all = vec![None; before];
    all.extend(vec![Some(fault); times]);
    all
}

/// The first row: refused is answered as such; a lost reply is found out, and the order goes its way.
#[tokio::test(start_paused = true)]
async fn the_first_row() {
    for kind in KINDS {
        let brokers = [broker(A)];
        brokers[0].place.then(Ok(samples::placed("1")));
        let bench = Bench::over(&brokers);
        bench.books.suffer(then_good(0, kind, 1));
        let answer = bench.submitted(keyed("k")).await;
        if kind == Refused {
            assert!(matches!(answer, Err(DeskError::Ledger(_))), "{answer:?}");
            assert_eq!(bench.sends(), [0]);
            assert!(
                bench
                    .desk
                    .orders(&OrderFilter::default())
                    .await
                    .expect("read")
                    .is_empty()
            );
            // The key is not burned.
            assert_eq!(bench.submit(keyed("k")).await.state, Working);
        } else {
            let order = answer.expect("taken").order;
            assert_eq!(order.state, Working, "{kind:?}");
            assert_eq!(order.number, bench.written(&order).await.number);
        }
        assert_eq!(bench.sends(), [1]);
        assert_eq!(
            bench
                .desk
                .orders(&OrderFilter::default())
                .await
                .expect("read")
                .len(),
            1
        );
    }
}

/// The first row stays unknown for long: the caller hears an error, nothing is ever sent, and what is in the books ends.
#[tokio::test(start_paused = true)]
async fn the_first_row_for_long() {
    for kind in [Lost, ReplyLost] {
        let brokers = [broker(A)];
        let bench = Bench::over(&brokers);
        bench.books.suffer(then_good(0, kind, 51));
        let answer = bench.submitted(keyed("k")).await;
        // After a lost reply the row itself answers the second try.
        if kind == ReplyLost {
            brokers[0].place.then(Ok(samples::placed("1")));
        }
        assert!(matches!(answer, Err(DeskError::Ledger(_)) | Ok(_)), "{answer:?}");
        crate::wait::pass(Duration::from_secs(3)).await;
        for order in bench.desk.orders(&OrderFilter::default()).await.expect("read") {
            assert!(
                order.state.is_terminal() || order.state.is_live() || order.state == InDoubt,
                "{order:?}"
            );
        }
        if kind == Lost {
            assert_eq!(bench.sends(), [0]);
            brokers[0].place.then(Ok(samples::placed("1")));
            assert_eq!(bench.submit(keyed("k")).await.state, Working);
        }
    }
}

/// The intent: whatever became of its commit, nothing is sent and the order ends.
#[tokio::test(start_paused = true)]
async fn the_intent() {
    for kind in KINDS {
        let brokers = [broker(A), broker(B)];
        let bench = Bench::over(&brokers);
        bench.books.suffer(then_good(1, kind, 1));
        let order = bench.submit(keyed("k")).await;
        assert_eq!(order.state, Rejected, "{kind:?}");
        assert!(
            order
                .message
                .as_deref()
                .is_some_and(|m| m.contains("nothing was sent"))
        );
        assert_eq!(bench.written(&order).await, order);
        let attempts = bench.attempt_states(&order).await;
        let expected: &[&str] = if kind == ReplyLost { &["not_placed"] } else { &[] };
        assert_eq!(attempts, expected, "{kind:?}");
        let again = bench.submitted(keyed("k")).await.expect("replayed");
        assert_eq!((again.order, again.replayed), (order, true));
        assert_eq!(bench.sends(), [0, 0]);
    }
}

/// The books fail from the intent on: in doubt until they take it, no new orders meanwhile, never sent.
#[tokio::test(start_paused = true)]
async fn the_intent_for_long() {
    for kind in KINDS {
        let brokers = [broker(A), broker(B)];
        let bench = Bench::over(&brokers);
        let mut all = then_good(1, kind, 1);
        all.extend(faults(&[Refused; 60]));
        bench.books.suffer(all);
        let order = bench.submit(keyed("k")).await;
        assert_eq!(order.state, InDoubt, "{kind:?}");
        let again = bench.submitted(keyed("k")).await.expect("known");
        assert_eq!((again.order.state, again.replayed), (InDoubt, true));
        assert_eq!(bench.desk.order(order.number).await.expect("read").state, InDoubt);
        let other = bench.submitted(keyed("other")).await;
        assert!(matches!(other, Err(DeskError::BooksClosed { .. })), "{other:?}");
        let ended = bench.until(&order, Rejected).await;
        assert!(ended.message.is_some_and(|m| m.contains("nothing was sent")));
        assert_eq!(bench.sends(), [0, 0]);
        brokers[0].place.then(Ok(samples::placed("1")));
        crate::wait::pass(Duration::from_millis(10)).await;
        assert_eq!(bench.submit(keyed("other")).await.state, Working);
    }
}

/// The outcome: tried again until it is there. The caller hears what happened if that is soon enough.
#[tokio::test(start_paused = true)]
async fn the_outcome() {
    for kind in KINDS {
        for (answer, state, attempt) in [
            (Ok(samples::placed("1")), Working, "acked"),
            (Err(timeout()), InDoubt, "unknown"),
            (Err(refusal()), Rejected, "not_placed"),
        ] {
            let brokers = [broker(A)];
            brokers[0].place.then(answer);
            let bench = Bench::over(&brokers);
            bench.books.suffer(then_good(2, kind, 3));
            let order = bench.submit(opening()).await;
            assert_eq!(order.state, state, "{kind:?}");
            assert_eq!(bench.written(&order).await, order);
            assert_eq!(bench.attempt_states(&order).await, [attempt]);
        }
    }
}

/// An acknowledgement that cannot be written for long: in doubt, no new orders, and working once the books take it.
#[tokio::test(start_paused = true)]
async fn the_outcome_for_long() {
    for kind in [Refused, Lost] {
        let brokers = [broker(A)];
        brokers[0].place.then(Ok(samples::placed("1")));
        let bench = Bench::over(&brokers);
        bench.books.suffer(then_good(2, kind, 60));
        let order = bench.submit(keyed("k")).await;
        assert_eq!(order.state, InDoubt);
        let again = bench.submitted(keyed("k")).await.expect("known");
        assert_eq!(again.order.state, InDoubt);
        assert!(matches!(
            bench.submitted(opening()).await,
            Err(DeskError::BooksClosed { .. })
        ));
        let shown = bench.desk.orders(&OrderFilter::default()).await.expect("read");
        assert_eq!(shown[0].state, InDoubt);
        let now = bench.until(&order, Working).await;
        assert_eq!(now.broker_order_id.map(|id| id.to_string()).as_deref(), Some("1"));
        assert_eq!(bench.sends(), [1]);
    }
}

/// A proof that cannot be written moves nothing: the order is in doubt, and ends when the books take the proof.
#[tokio::test(start_paused = true)]
async fn no_move_before_the_proof_is_written() {
    for kind in [Refused, Lost, ReplyLost] {
        let brokers = [broker(A), broker(B)];
        brokers[0].place.then(Err(unreachable()));
        brokers[1].place.then(Ok(samples::placed("2")));
        let bench = Bench::over(&brokers);
        bench.books.suffer(then_good(2, kind, 60));
        let order = bench.submit(opening()).await;
        if kind == ReplyLost {
            // The second try finds what the first one wrote; the next intent then fails in its turn.
            assert_eq!(bench.sends()[1], 0);
        } else {
            assert_eq!(order.state, InDoubt, "{kind:?}");
        }
        let ended = bench.until(&order, Rejected).await;
        assert_eq!(bench.sends(), [1, 0], "{ended:?}");
        assert_eq!(bench.attempts(&order).await[0].state.name(), "not_placed");
    }
}

/// The proof is written after a while and in time: then the order moves.
#[tokio::test(start_paused = true)]
async fn a_proof_written_late_still_moves() {
    for kind in KINDS {
        let brokers = [broker(A), broker(B)];
        brokers[0].place.then(Err(unreachable()));
        brokers[1].place.then(Ok(samples::placed("2")));
        let bench = Bench::over(&brokers);
        bench.books.suffer(then_good(2, kind, 1));
        let order = bench.submit(opening()).await;
        assert_eq!((order.state, order.broker), (Working, Some(B)), "{kind:?}");
        assert_eq!(bench.attempt_states(&order).await, ["not_placed", "acked"]);
    }
}

/// The last word of an order no account could take.
#[tokio::test(start_paused = true)]
async fn the_end_of_an_order_nobody_takes() {
    for kind in KINDS {
        let bench = Bench::over(&[broker_logged_out(A)]);
        bench.books.suffer(then_good(1, kind, 2));
        let order = bench.submit(opening()).await;
        assert_eq!(order.state, Rejected, "{kind:?}");
        assert_eq!(bench.written(&order).await.state, Rejected);
    }
}

/// A settled doubt that could not be written is settled by the next reading.
#[tokio::test(start_paused = true)]
async fn the_settling() {
    for kind in KINDS {
        let brokers = [broker(A)];
        let bench = Bench::over(&brokers);
        let (order, sent) = bench.in_doubt().await;
        brokers[0]
            .order_book
            .always(move |()| Ok(vec![row(&sent, "7", sangam_core::BrokerOrderStatus::Open, 0)]));
        bench.books.suffer(faults(&[kind]));
        let account = order.account.clone().expect("an account");
        let failed = bench.desk.reconcile(&account).await;
        assert!(matches!(failed, Err(DeskError::Ledger(_))), "{failed:?}");
        bench.desk.reconcile(&account).await.expect("read");
        let now = bench.written(&order).await;
        assert_eq!(now.state, Working, "{kind:?}");
        assert_eq!(bench.attempt_states(&order).await, ["acked"]);
    }
}

/// A taken tag is bumped; when no bump is free nothing is sent and the order ends.
#[tokio::test(start_paused = true)]
async fn a_taken_tag_is_bumped() {
    use sangam_core::ports::{Change, Ledger as _};
    use sangam_core::{AttemptNo, Tag};
    let key = sangam_orders::TagKey::new([7; 32]);
    let tag = |bump| key.tag(&"asha".parse().expect("an owner"), "k", AttemptNo::FIRST, bump);
    for (taken, state) in [(0_u8, Working), (1, Working), (4, Working), (5, Rejected)] {
        let brokers = [broker(A)];
        brokers[0].place.then(Ok(samples::placed("1")));
        let bench = Bench::over(&brokers);
        for bump in 0..taken {
            let mut other = samples::order_record(100 + bump);
            other.state = Rejected;
            let mut attempt = samples::attempt_record(100 + bump);
            attempt.tag = tag(bump);
            let changes = [
                Change::Received(Box::new(other)),
                Change::Intended(Box::new(attempt)),
            ];
            let entry = samples::audit("order.received", "other");
            bench.books.commit(&changes, &entry).await.expect("written");
        }
        let order = bench.submit(keyed("k")).await;
        assert_eq!(order.state, state, "{taken}");
        let sent: Vec<Option<Tag>> = brokers[0].place.calls().into_iter().map(|p| p.tag).collect();
        let expected: &[Option<Tag>] = &[Some(tag(taken))];
        assert_eq!(sent, if state == Working { expected } else { &[] });
    }
}
