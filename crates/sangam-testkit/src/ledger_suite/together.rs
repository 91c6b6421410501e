//! Commits as wholes: all or nothing, in order, with their audit entry, and from many hands at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::join_all;
use jiff::ToSpan as _;
use sangam_core::ports::{AttemptRecord, Change, Ledger, LedgerError, OrderFilter, OrderRecord};
use sangam_core::{AttemptState, OrderState};

use super::{attempt_moved, commit, intended, receive, received, refused, taken};
use crate::samples;

pub(super) async fn a_refused_change_takes_the_whole_commit_back(ledger: &impl Ledger) {
    receive(ledger, 1).await;
    taken(ledger, &[intended(1)]).await;
    taken(
        ledger,
        &[Change::Filled(Box::new(samples::fill_record("808", "t0")))],
    )
    .await;
    let position = |net| Change::PositionsRead {
        account: "fyers-1".parse().expect("an account"),
        positions: vec![samples::position_record("fyers-1", net)],
    };
    taken(ledger, &[position(1)]).await;
    let acked = AttemptState::Acked {
        broker_order_id: "808".parse().expect("an id"),
    };
    let mut link = samples::fill_record("808", "t0");
    link.order = Some(samples::uid(1));
    let with_key = OrderRecord {
        client_order_id: Some("key".parse().expect("a key")),
        ..samples::order_record(2)
    };
    let sound = vec![
        Change::Received(Box::new(with_key)),
        intended(2),
        attempt_moved(1, "intent", acked),
        Change::OrderMoved(Box::new(samples::order_moved(
            1,
            OrderState::Received,
            OrderState::Validated,
        ))),
        Change::Filled(Box::new(samples::fill_record("808", "t1"))),
        Change::Filled(Box::new(link)),
        position(2),
        Change::PositionsRead {
            account: "upstox-1".parse().expect("an account"),
            positions: vec![samples::position_record("upstox-1", 4)],
        },
    ];
    let before = everything(ledger).await;
    let mut spoilt = sound.clone();
    spoilt.push(received(1));
    let audit = samples::audit("spoilt", "a subject");
    refused!(
        ledger.commit(&spoilt, &audit).await,
        LedgerError::AlreadyThere { .. }
    );
    assert_eq!(everything(ledger).await, before);
    assert_eq!(ledger.audit_of("a subject").await.expect("reads"), []);

    let number = ledger
        .commit(&sound, &audit)
        .await
        .expect("sound")
        .expect("a number");
    assert_ne!(everything(ledger).await, before);
    assert_eq!(ledger.audit_of("a subject").await.expect("reads"), [audit]);
    let second = ledger
        .order(samples::uid(2))
        .await
        .expect("reads")
        .expect("is there");
    assert_eq!(
        (second.number, number.to_string().as_str()),
        (number, "2611230000002")
    );
}

/// What can be read, for comparing.
async fn everything(ledger: &impl Ledger) -> String {
    let orders = ledger.orders(&OrderFilter::default()).await.expect("reads");
    let mut attempts: Vec<AttemptRecord> = Vec::new();
    for order in &orders {
        attempts.extend(ledger.attempts(order.uid).await.expect("reads"));
    }
    let day = samples::fill_record("1", "1").trading_date;
    let fills = ledger.fills(day).await.expect("reads");
    let positions = ledger.positions().await.expect("reads");
    let key = "key".parse().expect("a key");
    let by_key = ledger
        .order_by_client_id(&samples::order_record(1).owner, &key)
        .await
        .expect("reads");
    format!("{orders:#?} {attempts:#?} {fills:#?} {positions:#?} {by_key:#?}")
}

pub(super) async fn changes_apply_in_order(ledger: &impl Ledger) {
    let step = |from, to| Change::OrderMoved(Box::new(samples::order_moved(1, from, to)));
    let unknown = AttemptState::Unknown {
        reason: "reset".to_owned(),
    };
    let day = [
        received(1),
        step(OrderState::Received, OrderState::Validated),
        step(OrderState::Validated, OrderState::Submitting),
        intended(1),
        attempt_moved(1, "intent", unknown),
        step(OrderState::Submitting, OrderState::InDoubt),
        received(2),
    ];
    let number = taken(ledger, &day).await.expect("a number");
    let first = ledger
        .order_by_number(number)
        .await
        .expect("reads")
        .expect("is there");
    assert_eq!((first.uid, first.state), (samples::uid(1), OrderState::InDoubt));
    refused!(
        commit(ledger, &[intended(3), received(3)]).await,
        LedgerError::Missing { .. }
    );
    assert_eq!(taken(ledger, &[]).await, None);
}

pub(super) async fn audit_entries_stay_in_order(ledger: &impl Ledger) {
    let mut expected = Vec::new();
    for step in 0..20 {
        let entry = samples::audit(&format!("event.{step}"), "order 7");
        ledger.commit(&[], &entry).await.expect("sound");
        ledger
            .commit(&[], &samples::audit("event.other", "order 8"))
            .await
            .expect("sound");
        expected.push(entry);
    }
    assert_eq!(ledger.audit_of("order 7").await.expect("reads"), expected);
    assert_eq!(ledger.audit_of("order").await.expect("reads"), []);
}

pub(super) async fn awkward_texts_survive(ledger: &impl Ledger) {
    let text = "it's \"quoted\"; drop table orders; --\n\ttab \\ ₹ \u{1F600} %_?1".to_owned();
    let order = OrderRecord {
        client_order_id: Some("';--\"?1".parse().expect("a key")),
        body_digest: text.clone(),
        strategy: Some(text.clone()),
        message: Some(String::new()),
        ..samples::order_record(1)
    };
    let mut audit = samples::audit(&text, &text);
    audit.detail.clone_from(&text);
    let number = ledger
        .commit(&[Change::Received(Box::new(order.clone()))], &audit)
        .await
        .expect("sound")
        .expect("a number");
    let found = ledger.order(order.uid).await.expect("reads");
    assert_eq!(found, Some(OrderRecord { number, ..order }));
    assert_eq!(ledger.audit_of(&text).await.expect("reads"), [audit]);
}

pub(super) async fn one_key_used_at_once_makes_one_order(ledger: Arc<impl Ledger + 'static>) {
    let attempts = (1..=32).map(|seed| {
        let ledger = ledger.clone();
        async move {
            let order = OrderRecord {
                client_order_id: Some("one-key".parse().expect("a key")),
                ..samples::order_record(seed)
            };
            commit(&*ledger, &[Change::Received(Box::new(order))]).await
        }
    });
    let answers = join_all(attempts).await;
    let mut won = None;
    for number in answers.iter().flatten() {
        assert!(won.replace(*number).is_none(), "two orders under one key");
    }
    let won = won.flatten().expect("one order under the key");
    for answer in answers {
        match answer {
            Ok(_) => {}
            Err(LedgerError::DuplicateClientOrderId { existing, .. }) => assert_eq!(existing, won),
            Err(other) => panic!("a key used at once was answered {other:?}"),
        }
    }
    let orders = ledger.orders(&OrderFilter::default()).await.expect("reads");
    assert_eq!(orders.len(), 1);
}

pub(super) async fn numbers_given_at_once_are_all_different(ledger: Arc<impl Ledger + 'static>) {
    let orders = (1..=64).map(|seed| {
        let ledger = ledger.clone();
        async move { receive(&*ledger, seed).await.get() }
    });
    let numbers: BTreeSet<u64> = join_all(orders).await.into_iter().collect();
    let first = 2_611_230_000_001;
    assert!(numbers.iter().copied().eq(first..first + 64), "{numbers:?}");
}

/// Attempts of a day's orders, and entries by what happened on a day, each in one question.
pub(super) async fn what_happened_on_a_day_is_found_at_once(ledger: &impl Ledger) {
    let midday = samples::morning() + 3.hours();
    for (seed, created_at) in [(1, samples::morning()), (2, midday), (3, midday)] {
        let order = OrderRecord {
            created_at,
            ..samples::order_record(seed)
        };
        taken(ledger, &[Change::Received(Box::new(order))]).await;
    }
    for seed in [3, 2, 1] {
        taken(ledger, &[intended(seed)]).await;
    }
    let of = |seed| samples::attempt_record(seed);
    let since = |at| async move { ledger.attempts_since(at).await.expect("reads") };
    assert_eq!(since(samples::morning()).await, [of(1), of(2), of(3)]);
    assert_eq!(since(midday).await, [of(2), of(3)]);
    assert_eq!(since(midday + 1.nanoseconds()).await, []);

    let mut tomorrow = samples::audit("order.modified", "c");
    tomorrow.at += 24.hours();
    for entry in [
        samples::audit("order.modified", "b"),
        samples::audit("order.cancel_failed", "a"),
        tomorrow.clone(),
    ] {
        ledger.commit(&[], &entry).await.expect("commits");
    }
    let today = samples::fill_record("1", "t").trading_date;
    let found = async |date, events: &[&'static str]| {
        let entries = ledger.audit_of_events(date, events).await.expect("reads");
        entries.into_iter().map(|entry| entry.subject).collect::<Vec<_>>()
    };
    let both = ["order.cancel_failed", "order.modified"];
    assert_eq!(found(today, &both).await, ["b", "a"]);
    assert_eq!(found(today, &both[1..]).await, ["b"]);
    assert_eq!(found(today.tomorrow().expect("a day"), &both).await, ["c"]);
    assert_eq!(found(today, &[]).await, Vec::<String>::new());
}
