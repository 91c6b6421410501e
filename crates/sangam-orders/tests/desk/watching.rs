//! The endless reading: when it reads, when it rests, and that it ends.

use std::sync::Arc;
use std::time::Duration;

use sangam_core::OrderState::{InDoubt, Working};
use sangam_core::{BrokerOrder, BrokerOrderStatus as S, Result};
use sangam_testkit::samples;

use crate::support::*;

/// The bench's first broker's book, with the seconds at which it was read.
fn timed_book(
    bench: &Bench,
    book: impl Fn(usize) -> Result<Vec<BrokerOrder>> + Send + Sync + 'static,
) -> Arc<parking_lot::Mutex<Vec<f32>>> {
    let reads = shared(Vec::new());
    let (clock, log) = (bench.clock.clone(), reads.clone());
    bench.brokers[0].order_book.always(move |()| {
        let mut log = log.lock();
        log.push((clock.elapsed().as_secs_f32() * 10.0).round() / 10.0);
        book(log.len())
    });
    reads
}

fn watch(bench: &Bench) -> tokio::task::JoinHandle<()> {
    let desk = bench.desk.clone();
    tokio::spawn(async move { desk.watch(&"fyers-1".parse().expect("a name")).await })
}

async fn pass(seconds: u64) {
    crate::wait::pass(Duration::from_secs(seconds)).await;
}

/// A doubt is looked for at 0.5, 1, 2, 4, 8, 15, 30 s and then every minute, whether the book answers or not.
#[tokio::test(start_paused = true)]
async fn a_doubt_is_looked_for_at_the_documented_seconds() {
    for down in [false, true] {
        let bench = Bench::over(&[broker(A)]);
        let reads = timed_book(
            &bench,
            move |_| if down { Err(unreachable()) } else { Ok(Vec::new()) },
        );
        let watching = watch(&bench);
        pass(0).await;
        bench.in_doubt().await;
        pass(200).await;
        assert_eq!(
            *reads.lock(),
            [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 90.0, 150.0],
            "down {down}"
        );
        watching.abort();
        assert!(watching.await.is_err());
        pass(600).await;
        assert_eq!(reads.lock().len(), 9, "it ends when dropped");
    }
}

/// Nothing open, nothing read.
#[tokio::test(start_paused = true)]
async fn it_rests_when_there_is_nothing_to_read_for() {
    let bench = Bench::over(&[broker(A)]);
    let reads = timed_book(&bench, |_| Ok(Vec::new()));
    let watching = watch(&bench);
    pass(3_600).await;
    assert!(reads.lock().is_empty());
    assert!(!watching.is_finished());
}

/// A second doubt begins anew; it never waits behind the first one's long waits.
#[tokio::test(start_paused = true)]
async fn each_doubt_begins_anew() {
    let bench = Bench::over(&[broker(A)]);
    let reads = timed_book(&bench, |_| Ok(Vec::new()));
    let watching = watch(&bench);
    pass(0).await;
    bench.in_doubt().await;
    pass(20).await;
    bench.in_doubt().await;
    pass(9).await;
    assert_eq!(
        *reads.lock(),
        [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 20.5, 21.0, 22.0, 24.0, 28.0]
    );
    watching.abort();
}

/// The first good answer after a broker was down begins anew.
#[tokio::test(start_paused = true)]
async fn the_first_good_answer_begins_anew() {
    let bench = Bench::over(&[broker(A)]);
    let reads = timed_book(&bench, |read| {
        if read <= 7 {
            Err(unreachable())
        } else {
            Ok(Vec::new())
        }
    });
    let watching = watch(&bench);
    pass(0).await;
    bench.in_doubt().await;
    pass(95).await;
    assert_eq!(
        *reads.lock(),
        [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 90.0, 90.5, 91.0, 92.0, 94.0]
    );
    watching.abort();
}

/// Our own books fail: the watch goes on, ever more slowly, and settles the doubt when they are back.
#[tokio::test(start_paused = true)]
async fn it_survives_books_that_fail() {
    let bench = Bench::over(&[broker(A)]);
    let (order, sent) = bench.in_doubt().await;
    let shown = row(&sent, "7", S::Open, 0);
    timed_book(&bench, move |_| Ok(vec![shown.clone()]));
    bench
        .books
        .suffer(faults(&[sangam_testkit::CommitFault::Refused; 3]));
    let watching = watch(&bench);
    bench.until(&order, Working).await;
    watching.abort();
}

/// A stream of acknowledged orders costs no more than one run of reads after another.
#[tokio::test(start_paused = true)]
async fn a_stream_of_orders_is_no_stream_of_reads() {
    let bench = Bench::over(&[broker(A)]);
    bench.brokers[0].place.always(|_| Ok(samples::placed("1")));
    let reads = timed_book(&bench, |_| Ok(Vec::new()));
    let watching = watch(&bench);
    for _ in 0..200 {
        bench.submit(opening()).await;
        crate::wait::pass(Duration::from_millis(300)).await;
    }
    let reads = reads.lock().len();
    assert!((5..=14).contains(&reads), "{reads} reads in a minute");
    watching.abort();
}

/// A doubt that arises while the book is being read is looked for half a second later.
#[tokio::test(start_paused = true)]
async fn a_doubt_during_a_read() {
    let bench = Bench::over(&[broker(A)]);
    let (order, _) = bench.in_doubt().await;
    let held = bench.brokers[0].order_book.hold();
    let watching = watch(&bench);
    bench.brokers[0].order_book.called(1).await;
    let (second, sent) = bench.in_doubt().await;
    let shown = row(&sent, "7", S::Open, 0);
    let reads = timed_book(&bench, move |_| Ok(vec![shown.clone()]));
    held.answer(Ok(Vec::new()));
    pass(1).await;
    assert_eq!(reads.lock().first(), Some(&0.5));
    assert_eq!(bench.written(&second).await.state, Working);
    assert_eq!(bench.written(&order).await.state, InDoubt);
    watching.abort();
}
