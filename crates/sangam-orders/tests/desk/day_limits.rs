//! What is counted over a day: the value of its orders and the orders for each trade. A restart forgets neither.

use std::sync::Arc;

use sangam_core::ports::{Ledger as _, OrderFilter};
use sangam_core::{OrderDraft, OrderState, PositionEffect};
use sangam_orders::checks::{CheckSettings, Checks, RatioState, Refusal, Rule, TradeRatio};
use sangam_orders::{DeskError, Modification};
use sangam_storage::MemoryLedger;
use sangam_testkit::{FaultyLedger, samples};

use crate::changes::accepted;
use crate::checks::{Market, desk_of, money, strict};
use crate::support::*;

async fn refusal(bench: &Bench, draft: OrderDraft) -> Refusal {
    match bench.submitted(draft).await {
        Err(DeskError::Refused(refusal)) => refusal,
        other => panic!("not refused by a check: {other:?}"),
    }
}

fn accepting(bench: &Bench) {
    bench.brokers[0].place.always(|_| Ok(samples::placed("1")));
}

fn day_of(most: &str) -> CheckSettings {
    CheckSettings {
        day_value_max: money(most),
        trade_ratio: None,
        ..strict()
    }
}

#[tokio::test(start_paused = true)]
async fn a_days_orders_are_worth_no_more_than_their_limit() {
    let (bench, _) = desk_of(&[broker(A)], day_of("29010"));
    bench.brokers[0].place.then(Err(refusal_of_margin()));
    let rejected = bench.submit(opening()).await;
    assert_eq!(rejected.state, OrderState::Rejected);
    bench.brokers[0]
        .place
        .then(Ok(samples::placed("1")))
        .then(Err(timeout()));
    bench.submit(opening()).await;
    let doubtful = bench.submit(opening()).await;
    assert_eq!(doubtful.state, OrderState::InDoubt);
    let refused = refusal(&bench, opening()).await;
    assert_eq!(
        refused.rule,
        Rule::DayValue,
        "one rejected gave its value back, one in doubt did not"
    );
    for figure in ["14505", "29010"] {
        assert!(refused.message.contains(figure), "{refused}");
    }
    let view = bench.desk.checks().await.expect("readable");
    assert_eq!(Some(view.day_value), money("29010"));
}

fn refusal_of_margin() -> sangam_core::Error {
    crate::support::refusal()
}

/// Checked and taken in one step: of orders that come at once only as many go as the day has room for.
#[tokio::test(start_paused = true)]
async fn orders_at_once_do_not_share_the_last_room() {
    let (bench, _) = desk_of(&[broker(A)], day_of("43515"));
    accepting(&bench);
    let submitting: Vec<_> = (0..10)
        .map(|_| {
            let desk = bench.desk.clone();
            tokio::spawn(async move { desk.submit(opening(), None).await })
        })
        .collect();
    let mut went = 0;
    for submitted in submitting {
        went += usize::from(submitted.await.expect("no panic").is_ok());
    }
    assert_eq!((went, bench.sends()), (3, vec![3]));
}

/// Nobody hears that an order was not taken while another call with its key places it.
#[tokio::test(start_paused = true)]
async fn one_key_at_once_is_never_refused_for_its_own_order() {
    let (bench, _) = desk_of(&[broker(A)], day_of("14505"));
    accepting(&bench);
    let submitting: Vec<_> = (0..20)
        .map(|_| {
            let desk = bench.desk.clone();
            tokio::spawn(async move { desk.submit(keyed("k"), None).await })
        })
        .collect();
    let mut numbers = std::collections::BTreeSet::new();
    for submitted in submitting {
        numbers.insert(match submitted.await.expect("no panic") {
            Ok(submitted) => submitted.order.number,
            Err(DeskError::InProgress { existing }) => existing,
            Err(error) => panic!("{error}"),
        });
    }
    assert_eq!((numbers.len(), bench.sends()), (1, vec![1]));
    // The room is taken once: another key is refused, the same one replayed.
    assert_eq!(refusal(&bench, keyed("other")).await.rule, Rule::DayValue);
    assert!(bench.submitted(keyed("k")).await.expect("taken").replayed);
}

#[tokio::test(start_paused = true)]
async fn a_restart_counts_what_left_before() {
    let books = Arc::new(FaultyLedger::new(MemoryLedger::new()));
    let brokers = [broker(A)];
    let desk = |seed, settings| {
        let market = Arc::new(Market::default());
        market.set("2026-11-23T10:00:00");
        market.price("1450", samples::morning());
        Bench::checked(&brokers, books.clone(), seed, Checks::new(settings, market))
    };
    let mut settings = day_of("29010");
    settings.trade_ratio = Some(TradeRatio { warning: 2, limit: 4 });
    let first = desk(1, settings.clone());
    accepting(&first);
    let order = first.submit(opening()).await;
    brokers[0].modify.then(Ok(accepted()));
    brokers[0].order.always(|_| Err(unreachable()));
    let same = Modification {
        price: Some(samples::price("1450.4")),
        ..Modification::default()
    };
    first.desk.modify(order.number, same).await.expect("accepted");
    brokers[0].cancel.then(Ok(accepted()));
    first.desk.cancel(order.number).await.expect("accepted");
    let before = first.desk.checks().await.expect("readable");

    let again = desk(2, settings);
    let after = again.desk.checks().await.expect("readable");
    let account = &after.accounts[0];
    assert_eq!(
        (account.orders, account.modifies, account.cancels, account.trades),
        (1, 1, 1, 0)
    );
    assert_eq!(
        (account.ratio.to_string(), account.state),
        ("3".to_owned(), RatioState::Warning)
    );
    assert_eq!(after.accounts, before.accounts);
    assert_eq!(Some(after.day_value), money("14504"), "at the changed price");
    again.submit(opening()).await;
    assert_eq!(refusal(&again, opening()).await.rule, Rule::OrderToTradeRatio);
}

/// What a change made of an order is worth as much after a restart, and trades are not counted anew when the book of the
/// day is read again.
#[tokio::test(start_paused = true)]
async fn a_restart_knows_changed_orders_and_counted_trades() {
    let books = Arc::new(FaultyLedger::new(MemoryLedger::new()));
    let brokers = [broker(A)];
    let desk = |seed| {
        let market = Arc::new(Market::default());
        market.set("2026-11-23T10:00:00");
        market.price("1450", samples::morning());
        let checks = Checks::new(day_of("1000000"), market);
        Bench::checked(&brokers, books.clone(), seed, checks)
    };
    let first = desk(1);
    accepting(&first);
    brokers[0].order.always(|_| Err(unreachable()));
    let order = first.submit(opening()).await;
    brokers[0].modify.then(Ok(accepted()));
    let larger = Modification {
        quantity: Some(samples::quantity(12)),
        ..Modification::default()
    };
    first.desk.modify(order.number, larger).await.expect("accepted");
    let sent = brokers[0].place.calls().remove(0);
    let shown = row(&sent, "1", sangam_core::BrokerOrderStatus::Open, 2);
    brokers[0].order_book.always(move |()| Ok(vec![shown.clone()]));
    brokers[0]
        .trades
        .always(|()| Ok(["T1", "T2"].map(trade).to_vec()));
    let account = "fyers-1".parse().expect("a name");
    first.desk.reconcile(&account).await.expect("read");
    let before = first.desk.checks().await.expect("readable");
    assert_eq!(
        (Some(before.day_value), before.accounts[0].trades),
        (money("17406"), 2)
    );

    let again = desk(2);
    let loaded = again.desk.checks().await.expect("readable");
    let shown = row(&sent, "1", sangam_core::BrokerOrderStatus::Open, 3);
    brokers[0].order_book.always(move |()| Ok(vec![shown.clone()]));
    brokers[0]
        .trades
        .always(|()| Ok(["T1", "T2", "T3"].map(trade).to_vec()));
    again.desk.reconcile(&account).await.expect("read");
    let after = again.desk.checks().await.expect("readable");
    assert_eq!(
        (loaded.day_value, loaded.accounts[0].trades),
        (before.day_value, 2)
    );
    assert_eq!((after.day_value, after.accounts[0].trades), (before.day_value, 3));
}

/// A change that its broker certainly did not take gives back what it added; one in doubt does not.
#[tokio::test(start_paused = true)]
async fn a_change_that_was_not_taken_gives_its_value_back() {
    let (bench, _) = desk_of(&[broker(A)], day_of("29010"));
    accepting(&bench);
    bench.brokers[0].order.always(|_| Err(unreachable()));
    let order = bench.submit(opening()).await;
    let larger = Modification {
        quantity: Some(samples::quantity(12)),
        ..Modification::default()
    };
    for (error, worth) in [(crate::support::refusal(), "14505"), (timeout(), "17406")] {
        bench.brokers[0].modify.then(Err(error));
        bench
            .desk
            .modify(order.number, larger)
            .await
            .expect_err("the broker said no, or nothing");
        let view = bench.desk.checks().await.expect("readable");
        assert_eq!(Some(view.day_value), money(worth));
    }
}

/// At the limit an exit and a cancellation still leave.
#[tokio::test(start_paused = true)]
async fn the_ratio_stops_what_opens_and_lets_exits_go() {
    let settings = CheckSettings {
        day_value_max: None,
        ..strict()
    };
    let (bench, _) = desk_of(&[broker(A)], settings);
    accepting(&bench);
    for _ in 0..5 {
        bench.submit(opening()).await;
    }
    let refused = refusal(&bench, opening()).await;
    assert_eq!(refused.rule, Rule::OrderToTradeRatio);
    assert!(
        refused.message.contains("sent 5") && refused.message.contains("limit is 5"),
        "{refused}"
    );
    let order = bench
        .books
        .orders(&OrderFilter::default())
        .await
        .expect("readable")
        .remove(0);
    let change = bench.desk.modify(order.number, Modification::default()).await;
    assert!(matches!(change, Err(DeskError::Refused(_))), "{change:?}");
    let exit = OrderDraft {
        position_effect: Some(PositionEffect::Close),
        ..opening()
    };
    let error = bench.submitted(exit).await.expect_err("there is no position");
    assert!(
        matches!(error, DeskError::Invalid(_)),
        "an exit comes as far as its position: {error}"
    );
    bench.brokers[0].cancel.then(Ok(accepted()));
    bench.brokers[0].order.always(|_| Err(unreachable()));
    bench.desk.cancel(order.number).await.expect("accepted");
}

/// Trades of ours make room, and another day begins anew.
#[tokio::test(start_paused = true)]
async fn trades_and_a_new_day_make_room() {
    let settings = CheckSettings {
        calendar: None,
        day_value_max: None,
        ..strict()
    };
    let (bench, _) = desk_of(&[broker(A)], settings);
    accepting(&bench);
    let first = bench.submit(opening()).await;
    for _ in 0..4 {
        bench.submit(opening()).await;
    }
    refusal(&bench, opening()).await;
    let sent = bench.brokers[0].place.calls().remove(0);
    let mut row = row(&sent, "1", sangam_core::BrokerOrderStatus::Open, 2);
    row.average_price = Some(samples::price("1450"));
    bench.brokers[0].order.always(move |_| Ok(row.clone()));
    bench.brokers[0]
        .trades
        .always(|()| Ok(["T1", "T2"].map(trade).to_vec()));
    bench.desk.refresh(first.number).await.expect("read");
    let view = bench.desk.checks().await.expect("readable");
    assert_eq!(
        (view.accounts[0].trades, view.accounts[0].ratio.to_string()),
        (2, "2.5".to_owned())
    );
    bench.submit(opening()).await;

    crate::wait::pass(std::time::Duration::from_secs(86_400)).await;
    let view = bench.desk.checks().await.expect("readable");
    assert_eq!((view.accounts[0].orders, view.accounts[0].trades), (0, 0));
}

fn trade(id: &str) -> sangam_core::Fill {
    sangam_core::Fill {
        quantity: samples::quantity(1),
        at: Some(samples::morning()),
        ..samples::fill_record("1", id).fill
    }
}
