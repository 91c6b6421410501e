//! Commits and reads of our own books that get no reply at the worst moment. Each was found by a simulated run.

use sangam_core::OrderState::{Filled, InDoubt, Rejected};
use sangam_core::ports::Ledger as _;
use sangam_core::{BrokerOrderStatus as S, Fill};
use sangam_testkit::CommitFault::ReplyLost;
use sangam_testkit::samples;

use crate::support::*;

fn trade(order: &str) -> Fill {
    Fill {
        quantity: samples::quantity(10),
        ..samples::fill_record(order, "t1").fill
    }
}

/// The row of a filled order is written and the reply lost: the order is over in the books and not looked at again, and
/// its trades are read all the same.
#[tokio::test(start_paused = true)]
async fn the_trades_of_a_fill_that_was_written_without_a_reply_are_read() {
    for in_doubt in [false, true] {
        let brokers = [broker(A)];
        let bench = Bench::over(&brokers);
        let order = if in_doubt {
            bench.in_doubt().await.0
        } else {
            bench.working("1").await
        };
        let sent = brokers[0].place.calls().remove(0);
        brokers[0]
            .order_book
            .always(move |()| Ok(vec![row(&sent, "1", S::Complete, 10)]));
        brokers[0].trades.always(|()| Ok(vec![trade("1")]));
        bench.books.suffer(faults(&[ReplyLost]));
        let account = "fyers-1".parse().expect("a name");
        assert!(bench.desk.reconcile(&account).await.is_err(), "no reply");
        assert_eq!(bench.written(&order).await.state, Filled);
        bench.desk.reconcile(&account).await.expect("read");
        let fills = bench.books.fills_of(order.uid).await.expect("read");
        assert_eq!(fills.len(), 1, "in doubt: {in_doubt}");
    }
}

/// An outcome is written and cannot be read back: what is answered is not made up, for it is repeated word for word.
#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_read_back_is_in_doubt_until_it_can() {
    for (blind, answered) in [(3, Rejected), (1_000, InDoubt)] {
        let brokers = [broker(A)];
        let bench = Bench::over(&brokers);
        // The first row is written, the intent is written without a reply: nothing is sent.
        bench.books.suffer([None, Some(ReplyLost)]);
        bench.books.go_blind(blind);
        let order = bench.submit(keyed("k")).await;
        assert_eq!(order.state, answered);
        assert_eq!(bench.sends(), [0]);
        bench.books.go_blind(0);
        let again = bench.submit(keyed("k")).await;
        assert_eq!(again.state, Rejected);
        if answered == Rejected {
            assert_eq!(again, order, "word for word");
        }
    }
}
