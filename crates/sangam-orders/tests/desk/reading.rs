//! What rows of a broker's book do to orders: in doubt, standing, stale, doubled, foreign; and the trades behind them.

use sangam_core::OrderState::{self, *};
use sangam_core::ports::{Change, Ledger as _};
use sangam_core::{AttemptState, BrokerOrder, BrokerOrderStatus as S, Fill, Side};
use sangam_orders::DeskError;
use sangam_testkit::samples;

use crate::support::*;

fn account() -> sangam_core::AccountId {
    "fyers-1".parse().expect("a name")
}

fn trade(id: &str, order: &str, units: u64) -> Fill {
    Fill {
        order_id: order.parse().expect("an id"),
        trade_id: id.parse().expect("an id"),
        quantity: samples::quantity(units),
        ..samples::fill_record(order, id).fill
    }
}

/// Every row an order in doubt may show up as.
#[tokio::test(start_paused = true)]
async fn a_doubt_ends_as_the_row_says() {
    for (status, filled, state) in [
        (S::Pending, 0, Working),
        (S::Open, 0, Working),
        (S::Open, 3, PartiallyFilled),
        (S::TriggerPending, 0, TriggerPending),
        (S::AfterMarket, 0, AfterMarket),
        (S::Complete, 10, Filled),
        (S::Cancelled, 0, Cancelled),
        (S::Cancelled, 3, Cancelled),
        (S::Expired, 0, Expired),
        (S::Rejected, 0, Rejected),
        (S::Rejected, 3, Cancelled),
        (S::Unknown("put on hold".to_owned()), 0, Working),
    ] {
        let brokers = [broker(A), broker(B)];
        let bench = Bench::over(&brokers);
        let (order, sent) = bench.in_doubt().await;
        let shown = row(&sent, "7", status.clone(), filled);
        brokers[0].order_book.always(move |()| Ok(vec![shown.clone()]));
        let found = bench.desk.reconcile(&account()).await.expect("read");
        assert_eq!((found.settled, found.doubts), (1, 0), "{status:?}");
        let now = bench.written(&order).await;
        assert_eq!((now.state, now.filled.units()), (state, filled), "{status:?}");
        // One look is no proof: even a rejected row moves nothing to the other broker.
        let attempt = bench.attempts(&order).await.remove(0);
        assert!(matches!(attempt.state, AttemptState::Acked { .. }), "{attempt:?}");
        assert_eq!(bench.sends(), [1, 0]);
    }
}

/// Not there, under another tag, under no tag, alike in everything else: still in doubt, never sent again.
#[tokio::test(start_paused = true)]
async fn nothing_but_the_tag_settles_a_doubt() {
    let brokers = [broker(A), broker(B)];
    let bench = Bench::over(&brokers);
    let (order, sent) = bench.in_doubt().await;
    let plain = row(&sent, "7", S::Open, 0);
    let untagged = BrokerOrder {
        tag: None,
        ..plain.clone()
    };
    let other = BrokerOrder {
        tag: Some("SOMEONEELSES12".parse().expect("a tag")),
        ..plain
    };
    for book in [
        vec![],
        vec![untagged.clone()],
        vec![other.clone()],
        vec![untagged, other],
    ] {
        for _ in 0..6 {
            brokers[0].order_book.then(Ok(book.clone()));
            let found = bench.desk.reconcile(&account()).await.expect("read");
            assert_eq!((found.settled, found.doubts), (0, 1));
        }
    }
    brokers[0].order_book.then(Err(unreachable()));
    assert!(matches!(
        bench.desk.reconcile(&account()).await,
        Err(DeskError::Broker(_))
    ));
    assert_eq!(bench.written(&order).await.state, InDoubt);
    assert_eq!(bench.sends(), [1, 0]);
}

/// A row repeated in the book is one order; two orders under one tag close the account and settle nothing.
#[tokio::test(start_paused = true)]
async fn two_rows_with_one_tag() {
    let brokers = [broker(A), broker(B)];
    let bench = Bench::over(&brokers);
    let (order, sent) = bench.in_doubt().await;
    let one = row(&sent, "7", S::Open, 0);
    let two = row(&sent, "8", S::Open, 0);
    brokers[0].order_book.then(Ok(vec![one.clone(), two.clone()]));
    brokers[0].order_book.then(Ok(vec![two, one.clone()]));
    for _ in 0..2 {
        let found = bench.desk.reconcile(&account()).await.expect("read");
        assert_eq!((found.settled, found.doubts), (0, 1));
    }
    assert_eq!(bench.written(&order).await.state, InDoubt);
    let alarms = bench.books.audit_of("fyers-1").await.expect("read");
    assert_eq!(alarms.len(), 1, "said once: {alarms:?}");
    brokers[1].place.then(Ok(samples::placed("2")));
    assert_eq!(
        bench.submit(opening()).await.broker,
        Some(B),
        "the account is closed"
    );

    let brokers = [broker(A)];
    let bench = Bench::over(&brokers);
    let (order, sent) = bench.in_doubt().await;
    let stale = row(&sent, "7", S::Open, 0);
    brokers[0]
        .order_book
        .then(Ok(vec![stale.clone(), row(&sent, "7", S::Complete, 10), stale]));
    bench.desk.reconcile(&account()).await.expect("read");
    assert_eq!(bench.written(&order).await.state, Filled);
}

/// A standing order follows its row; what is stale changes nothing.
#[tokio::test(start_paused = true)]
async fn a_standing_order_follows_its_row() {
    let brokers = [broker(A)];
    let bench = Bench::over(&brokers);
    let order = bench.working("1").await;
    let sent = brokers[0].place.calls().remove(0);
    let at = |status, filled, average: &str| BrokerOrder {
        average_price: Some(samples::price(average)),
        ..row(&sent, "1", status, filled)
    };
    let steps: [(BrokerOrder, OrderState, u64, Option<&str>); 8] = [
        (row(&sent, "1", S::Open, 0), Working, 0, None),
        (at(S::Open, 4, "1450"), PartiallyFilled, 4, Some("1450")),
        (at(S::Open, 2, "1449"), PartiallyFilled, 4, Some("1450")),
        (row(&sent, "1", S::Pending, 0), PartiallyFilled, 4, Some("1450")),
        (
            at(S::Unknown("odd".to_owned()), 6, "1450.2"),
            PartiallyFilled,
            6,
            Some("1450.2"),
        ),
        (at(S::Rejected, 0, "0"), Cancelled, 6, Some("1450.2")),
        (at(S::Open, 4, "1450"), Cancelled, 6, Some("1450.2")),
        (at(S::Complete, 10, "1450"), Cancelled, 6, Some("1450.2")),
    ];
    for (shown, state, filled, average) in steps {
        brokers[0].order.then(Ok(shown.clone()));
        let now = bench.desk.refresh(order.number).await.expect("read");
        let is = (
            now.state,
            now.filled.units(),
            now.average_price.map(|p| p.to_string()),
        );
        assert_eq!(is, (state, filled, average.map(str::to_owned)), "{shown:?}");
    }
}

/// The row of another order changes nothing, whoever confused them.
#[tokio::test(start_paused = true)]
async fn another_orders_row_changes_nothing() {
    let brokers = [broker(A)];
    let bench = Bench::over(&brokers);
    let order = bench.working("1").await;
    let sent = brokers[0].place.calls().remove(0);
    brokers[0].order.then(Ok(row(&sent, "2", S::Complete, 10)));
    assert_eq!(
        bench.desk.refresh(order.number).await.expect("read").state,
        Working
    );
}

/// Trades that could not be read or written are read again, after the order is over and after a restart.
#[tokio::test(start_paused = true)]
async fn trades_are_owed_until_written() {
    for restart in [false, true] {
        let fresh = || broker(A);
        let brokers = [fresh()];
        let bench = Bench::over(&brokers);
        let order = bench.working("1").await;
        let sent = brokers[0].place.calls().remove(0);
        brokers[0].trades.then(Err(unreachable()));
        brokers[0]
            .order_book
            .then(Ok(vec![row(&sent, "1", S::Complete, 10)]));
        let found = bench.desk.reconcile(&account()).await.expect("read");
        assert_eq!(found.fills, 0);
        assert_eq!(bench.written(&order).await.state, Filled);

        brokers[0].trades.always(|()| {
            Ok(vec![
                trade("t1", "1", 4),
                trade("t2", "1", 6),
                trade("t3", "99", 1),
            ])
        });
        if restart {
            let next = Bench::restarted(&brokers, bench.books.clone(), 2);
            next.desk.recover().await.expect("recovers");
        } else {
            bench.desk.reconcile(&account()).await.expect("read");
        }
        let fills = bench.books.fills_of(order.uid).await.expect("read");
        assert_eq!(fills.iter().map(|f| f.fill.quantity.units()).sum::<u64>(), 10);
        let asked = brokers[0].trades.calls().len();
        bench.desk.reconcile(&account()).await.expect("read");
        let again = brokers[0].trades.calls().len() - asked;
        assert_eq!(
            again,
            usize::from(restart),
            "the first desk still owes after a restart of another"
        );
        assert_eq!(
            bench.books.fills_of(order.uid).await.expect("read").len(),
            2,
            "keyed, not added"
        );
    }
}

/// A book listed newest first is committed as it happened: no fill comes late, and its lots are those of the first trade.
#[tokio::test(start_paused = true)]
async fn trades_are_written_as_they_happened() {
    let brokers = [broker(A)];
    let bench = Bench::over(&brokers);
    let order = bench.working("1").await;
    let sent = brokers[0].place.calls().remove(0);
    let at = |id: &str, second: Option<u64>| Fill {
        at: second.map(|second| samples::morning() + std::time::Duration::from_secs(second)),
        ..trade(id, "1", 2)
    };
    brokers[0].trades.always(move |()| {
        Ok(vec![
            at("t5", None),
            at("t4", Some(3)),
            at("t3", Some(2)),
            at("t2", Some(2)),
            at("t1", Some(1)),
        ])
    });
    let complete = row(&sent, "1", S::Complete, 10);
    brokers[0].order_book.then(Ok(vec![complete]));
    let found = bench.desk.reconcile(&account()).await.expect("read");
    assert_eq!(found.fills, 5);
    let fills = bench.books.fills_of(order.uid).await.expect("read");
    let trades: Vec<_> = fills.iter().map(|record| record.fill.trade_id.as_str()).collect();
    assert_eq!(trades, ["t1", "t2", "t3", "t4", "t5"], "of one second too");
    let kept = bench.books.inner().kept_positions();
    assert_eq!(kept.len(), 1);
    let opened: Vec<_> = kept[0].lots.iter().map(|lot| lot.opened.sequence).collect();
    assert_eq!(opened, [1, 2, 3, 4, 5], "as they came is as they happened");
}

/// What the ledger has is not written again: another reading of the same book leaves no entry, a new trade or another
/// quantity does, another price alone does not.
#[tokio::test(start_paused = true)]
async fn a_reading_that_tells_nothing_new_writes_nothing() {
    let brokers = [broker(A)];
    let bench = Bench::over(&brokers);
    let order = bench.working("1").await;
    let sent = brokers[0].place.calls().remove(0);
    let entries = async || {
        let entries = bench.books.audit_of("fyers-1").await.expect("read");
        entries
            .into_iter()
            .filter(|entry| entry.event == "books.read")
            .count()
    };
    let position = |net: i64, last: &str| {
        let mut position = samples::position_record("fyers-1", net).position;
        position.last_price = Some(samples::price(last));
        Ok(vec![position])
    };
    let trades = |ids: &'static [&'static str]| {
        let brokers = &brokers;
        brokers[0].trades.always(move |()| {
            let foreign = trade("f1", "99", 1);
            Ok(ids.iter().map(|id| trade(id, "1", 2)).chain([foreign]).collect())
        });
    };
    // Each step: what the order's row tells, trades, positions, and the entries there are afterwards.
    trades(&["t1"]);
    brokers[0].positions.then(position(2, "1450"));
    brokers[0].order_book.then(Ok(vec![row(&sent, "1", S::Open, 2)]));
    bench.desk.reconcile(&account()).await.expect("read");
    assert_eq!(entries().await, 1);
    let read_at = bench.books.positions().await.expect("read")[0].read_at;
    for (filled, net, last, after) in [
        // The broker's books tell the fill of the order before its trade.
        (4, 2, "1451", 1),
        (6, 4, "1451", 2),
        (8, 4, "1452", 2),
    ] {
        tokio::time::advance(std::time::Duration::from_secs(5)).await;
        brokers[0].positions.then(position(net, last));
        brokers[0]
            .order_book
            .then(Ok(vec![row(&sent, "1", S::Open, filled)]));
        bench.desk.reconcile(&account()).await.expect("read");
        assert_eq!(entries().await, after, "{filled} filled");
    }
    let kept = bench.books.positions().await.expect("read");
    assert_eq!(kept[0].position.last_price, Some(samples::price("1451")));
    assert!(
        kept[0].read_at > read_at,
        "a reading that is written has its own time"
    );
    trades(&["t1", "t2"]);
    brokers[0].positions.then(position(4, "1452"));
    brokers[0].order_book.then(Ok(vec![row(&sent, "1", S::Open, 9)]));
    let found = bench.desk.reconcile(&account()).await.expect("read");
    assert_eq!((found.fills, entries().await), (2, 3));
    assert_eq!(bench.books.fills_of(order.uid).await.expect("read").len(), 2);
}

/// Two readers at one moment write one change.
#[tokio::test(start_paused = true)]
async fn two_readers_at_once() {
    let brokers = [broker(A)];
    let bench = Bench::over(&brokers);
    let order = bench.working("1").await;
    let sent = brokers[0].place.calls().remove(0);
    let shown = row(&sent, "1", S::Open, 4);
    let again = shown.clone();
    brokers[0].order.always(move |_| Ok(shown.clone()));
    brokers[0].order_book.always(move |()| Ok(vec![again.clone()]));
    let ids = account();
    let (one, two, three) = tokio::join!(
        bench.desk.refresh(order.number),
        bench.desk.reconcile(&ids),
        bench.desk.refresh(order.number)
    );
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    let now = bench.written(&order).await;
    assert_eq!((now.state, now.filled.units()), (PartiallyFilled, 4));
    let written = bench.books.audit_of(&order.uid.to_string()).await.expect("read");
    let fills = written
        .iter()
        .filter(|e| e.event == "order.partially_filled")
        .count();
    assert_eq!(fills, 1);
}

/// Orders of another group at the same account are nobody's business here.
#[tokio::test(start_paused = true)]
async fn another_groups_orders_are_left_alone() {
    let brokers = [broker(A)];
    let bench = Bench::over(&brokers);
    let mut foreign = samples::order_record(9);
    foreign.group = "family".parse().expect("a group");
    foreign.request.side = Side::Sell;
    let intent = samples::attempt_record(9);
    let mut submitting = samples::order_moved(9, Validated, Submitting);
    submitting.placed_with = Some((account(), A));
    let changes = [
        Change::Received(Box::new(foreign.clone())),
        Change::OrderMoved(Box::new(samples::order_moved(9, Received, Validated))),
        Change::Intended(Box::new(intent)),
        Change::OrderMoved(Box::new(submitting)),
    ];
    bench
        .books
        .commit(&changes, &samples::audit("a", "b"))
        .await
        .expect("written");
    let found = bench
        .desk
        .reconcile(&account())
        .await
        .expect("nothing to read for");
    assert_eq!(found, sangam_orders::Reconciled::default());
    assert!(brokers[0].order_book.calls().is_empty());
    assert_eq!(bench.written(&foreign).await.state, Submitting);
}
