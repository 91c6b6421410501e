//! Fills counted once, positions as read last.

use jiff::ToSpan as _;
use sangam_core::ports::{Change, FillRecord, Ledger, LedgerError, PositionRecord};
use sangam_core::{BrokerName, Quantity, TradeId};

use super::{commit, receive, refused, taken};
use crate::samples;

fn filled(record: &FillRecord) -> Change {
    Change::Filled(Box::new(record.clone()))
}

pub(super) async fn count_once(ledger: &impl Ledger) {
    receive(ledger, 1).await;
    let first = FillRecord {
        order: Some(samples::uid(1)),
        ..samples::fill_record("808", "t1")
    };
    let mut dearer = first.clone();
    dearer.fill.price = samples::price("1500");
    let other_day = FillRecord {
        trading_date: first.trading_date.tomorrow().expect("a date"),
        ..first.clone()
    };
    let other_account = FillRecord {
        account: "fyers-2".parse().expect("an account"),
        order: None,
        ..first.clone()
    };
    let other_broker = FillRecord {
        broker: BrokerName::Upstox,
        order: None,
        ..first.clone()
    };
    let other_trade = samples::fill_record("808", "t2");
    let other_order = samples::fill_record("809", "t1");
    let all = [
        &first,
        &other_day,
        &other_account,
        &other_broker,
        &other_trade,
        &other_order,
    ];
    for record in all {
        taken(ledger, &[filled(record)]).await;
    }
    taken(ledger, &[filled(&first), filled(&dearer)]).await;
    for record in all {
        taken(ledger, &[filled(record)]).await;
    }

    let today = ledger.fills(first.trading_date).await.expect("reads");
    let expected = [&first, &other_account, &other_broker, &other_trade, &other_order];
    assert_eq!(today.iter().collect::<Vec<_>>(), expected);
    let of_order = ledger.fills_of(samples::uid(1)).await.expect("reads");
    assert_eq!(of_order, [first, other_day]);
    let order = ledger
        .order(samples::uid(1))
        .await
        .expect("reads")
        .expect("is there");
    assert_eq!(
        order.filled,
        Quantity::ZERO,
        "trades and cumulative figures are never added"
    );
}

pub(super) async fn take_a_link_found_later(ledger: &impl Ledger) {
    let unknown = samples::fill_record("808", "t1");
    let linked = FillRecord {
        order: Some(samples::uid(1)),
        ..unknown.clone()
    };
    taken(ledger, &[filled(&unknown)]).await;
    refused!(
        commit(ledger, &[filled(&linked)]).await,
        LedgerError::Missing { .. }
    );
    receive(ledger, 1).await;
    receive(ledger, 2).await;
    taken(ledger, &[filled(&linked)]).await;
    let elsewhere = FillRecord {
        order: Some(samples::uid(2)),
        ..unknown.clone()
    };
    taken(ledger, &[filled(&elsewhere), filled(&unknown)]).await;
    assert_eq!(ledger.fills_of(samples::uid(1)).await.expect("reads"), [linked]);
    assert_eq!(ledger.fills_of(samples::uid(2)).await.expect("reads"), []);
}

pub(super) async fn are_listed_oldest_first(ledger: &impl Ledger) {
    let at = |trade: &str, seconds: Option<i64>| {
        let mut record = samples::fill_record("808", trade);
        record.fill.at = seconds.map(|seconds| samples::morning() + seconds.seconds());
        record
    };
    let as_they_came = [
        at("a", Some(5)),
        at("b", None),
        at("c", Some(1)),
        at("d", None),
        at("e", Some(5)),
    ];
    for record in &as_they_came {
        taken(ledger, &[filled(record)]).await;
    }
    let listed = ledger.fills(as_they_came[0].trading_date).await.expect("reads");
    let trades: Vec<_> = listed
        .iter()
        .map(|record| record.fill.trade_id.as_str())
        .collect();
    assert_eq!(trades, ["c", "a", "e", "b", "d"]);
    let bare = FillRecord {
        fill: sangam_core::Fill {
            trade_id: TradeId::new("z").expect("an id"),
            product: None,
            tag: Some("S1".parse().expect("a tag")),
            instrument: unknown_instrument(),
            ..as_they_came[1].fill.clone()
        },
        ..as_they_came[1].clone()
    };
    taken(ledger, &[filled(&bare)]).await;
    let listed = ledger.fills(bare.trading_date).await.expect("reads");
    assert_eq!(listed.last(), Some(&bare));
}

fn unknown_instrument() -> sangam_core::BookInstrument {
    sangam_core::BookInstrument {
        id: None,
        exchange: None,
        broker_symbol: "NSE:SOMETHING NEW".to_owned(),
    }
}

pub(super) async fn positions_are_replaced_by_account(ledger: &impl Ledger) {
    let read = |account: &str, nets: &[i64]| -> (Change, Vec<PositionRecord>) {
        let positions: Vec<_> = nets
            .iter()
            .map(|net| samples::position_record(account, *net))
            .collect();
        let change = Change::PositionsRead {
            account: account.parse().expect("an account"),
            positions: positions.clone(),
        };
        (change, positions)
    };
    let (change, second) = read("upstox-1", &[5, -3, 0]);
    taken(ledger, &[change]).await;
    let (change, first) = read("fyers-1", &[1]);
    taken(ledger, &[change]).await;
    let all = [first, second].concat();
    assert_eq!(ledger.positions().await.expect("reads"), all);

    let (change, now) = read("upstox-1", &[7]);
    taken(ledger, &[change]).await;
    let (change, _) = read("fyers-1", &[]);
    taken(ledger, &[change]).await;
    assert_eq!(ledger.positions().await.expect("reads"), now);

    let mixed = Change::PositionsRead {
        account: "fyers-1".parse().expect("an account"),
        positions: vec![samples::position_record("upstox-1", 1)],
    };
    refused!(commit(ledger, &[mixed]).await, LedgerError::Conflict { .. });
    assert_eq!(ledger.positions().await.expect("reads"), now);
}
