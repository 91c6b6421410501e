//! Many commits at once, of which some are refused: each answer is the right one, and the others are there.

use std::sync::Arc;

use futures::future::join_all;
use sangam_core::ports::{Change, Ledger, LedgerError, OrderFilter, OrderRecord};
use sangam_core::{AttemptNo, AttemptState, OrderState, OrderUid};

use super::{received, refused};
use crate::samples;

/// Commits of the crowd, in turn one of each kind.
const COMMITS: u32 = 200;

fn uid(place: u32) -> OrderUid {
    let mut chance = [9; 10];
    chance[..4].copy_from_slice(&place.to_be_bytes());
    OrderUid::new(1_795_405_500_000, &chance)
}

fn order(place: u32) -> Change {
    Change::Received(Box::new(OrderRecord {
        uid: uid(place),
        client_order_id: Some(format!("key-{place}").parse().expect("a key")),
        ..samples::order_record(1)
    }))
}

fn step(uid: OrderUid, from: OrderState, to: OrderState) -> Change {
    let mut moved = samples::order_moved(1, from, to);
    moved.uid = uid;
    Change::OrderMoved(Box::new(moved))
}

fn intended(place: u32, tag: &str) -> Change {
    let mut attempt = samples::attempt_record(1);
    attempt.order = uid(place);
    attempt.tag = tag.parse().expect("a tag");
    Change::Intended(Box::new(attempt))
}

fn fill(place: u32, quantity: u64, price: &str) -> Change {
    let mut record = samples::fill_record("808", &format!("t{place}"));
    record.fill.quantity = samples::quantity(quantity);
    record.fill.price = samples::price(price);
    // Half of them come late.
    record.fill.at = Some(samples::morning() + std::time::Duration::from_secs(u64::from(place * 7 % 100)));
    Change::Filled(Box::new(record))
}

/// The commit of a place, and whether it is sound.
fn commit_of(place: u32) -> (Vec<Change>, bool) {
    let known = samples::uid(1);
    let received = OrderState::Received;
    match place % 8 {
        0 => (vec![order(place), intended(place, &format!("S{place}"))], true),
        1 => (vec![order(place), fill(place, 3, "100.05")], true),
        2 => (vec![fill(place, 2, "99.95")], true),
        // Sound but for their last change.
        3 => (vec![order(place), self::received(1)], false),
        4 => (
            vec![
                order(place),
                intended(place, "S0"),
                step(known, received, received),
            ],
            false,
        ),
        5 => (
            vec![
                fill(place, 1, "1"),
                fill(place + 10_000, 1_000_000_000_000, "10000000000"),
            ],
            false,
        ),
        6 => (
            vec![order(place), step(known, OrderState::Working, OrderState::Filled)],
            false,
        ),
        _ => (
            vec![
                order(place),
                Change::AttemptMoved {
                    order: uid(place),
                    no: AttemptNo::FIRST,
                    from: "intent",
                    to: AttemptState::Intent,
                    at: samples::morning(),
                },
            ],
            false,
        ),
    }
}

pub(super) async fn each_answer_is_right(ledger: Arc<impl Ledger + 'static>) {
    let first = [received(1), order(0), intended(0, "S0")];
    let audit = samples::audit("suite.step", "crowd");
    ledger.commit(&first, &audit).await.expect("sound");
    let commits = (1..=COMMITS).map(|place| {
        let ledger = Arc::clone(&ledger);
        async move {
            let audit = samples::audit(&format!("commit.{place}"), "crowd");
            (place, ledger.commit(&commit_of(place).0, &audit).await)
        }
    });
    let answers = join_all(commits).await;
    for (place, answer) in answers {
        match place % 8 {
            0 | 1 => assert!(matches!(answer, Ok(Some(_))), "{place}: {answer:?}"),
            2 => assert!(matches!(answer, Ok(None)), "{place}: {answer:?}"),
            3 => refused!(answer, LedgerError::AlreadyThere { .. }),
            4 => refused!(answer, LedgerError::DuplicateTag { .. }),
            5 => refused!(answer, LedgerError::OutOfRange { .. }),
            6 => refused!(answer, LedgerError::Conflict { .. }),
            _ => refused!(answer, LedgerError::Missing { .. }),
        }
    }
    let sound: Vec<u32> = (1..=COMMITS).filter(|place| commit_of(*place).1).collect();
    let entries = ledger.audit_of("crowd").await.expect("reads");
    let mut told: Vec<u32> = entries
        .iter()
        .filter_map(|entry| entry.event.strip_prefix("commit.")?.parse().ok())
        .collect();
    told.sort_unstable();
    assert_eq!(
        told, sound,
        "one entry each of what was taken, none of what was refused"
    );

    for place in 1..=COMMITS {
        let there = ledger.order(uid(place)).await.expect("reads").is_some();
        assert_eq!(there, matches!(place % 8, 0 | 1), "order {place}");
    }
    let orders = ledger.orders(&OrderFilter::default()).await.expect("reads");
    let mut numbers: Vec<u64> = orders.iter().map(|order| order.number.get()).collect();
    numbers.reverse();
    let first = 2_611_230_000_001;
    assert!(
        numbers.iter().copied().eq(first..first + numbers.len() as u64),
        "{numbers:?}"
    );
    let fills = ledger.fills(samples::fill_record("1", "1").trading_date).await;
    let expected = sound.iter().filter(|place| matches!(**place % 8, 1 | 2)).count();
    assert_eq!(fills.expect("reads").len(), expected);
    assert_eq!(
        ledger.open_attempts().await.expect("reads").len(),
        1 + COMMITS as usize / 8
    );
}

/// What a refused commit would have written leaves nothing behind that a later one could meet.
pub(super) async fn a_refused_commit_is_forgotten(ledger: &impl Ledger) {
    super::receive(ledger, 1).await;
    refused!(
        super::commit(ledger, &[super::intended(1), received(2), received(1)]).await,
        LedgerError::AlreadyThere { .. }
    );
    super::taken(ledger, &[]).await;
    super::taken(ledger, &[received(2), super::intended(2)]).await;
    super::taken(ledger, &[super::intended(1)]).await;
    for seed in [1, 2] {
        let attempts = ledger.attempts(samples::uid(seed)).await.expect("reads");
        assert_eq!(attempts, [samples::attempt_record(seed)]);
    }
    let open = ledger.open_attempts().await.expect("reads");
    assert_eq!(open, [samples::attempt_record(2), samples::attempt_record(1)]);
}

/// The same within one group of commits: attempts are listed as they were taken, not as they were first tried.
pub(super) async fn attempts_are_listed_as_they_were_taken(ledger: Arc<impl Ledger + 'static>) {
    super::taken(&*ledger, &[received(1), received(2)]).await;
    let tries = [
        vec![super::intended(1), received(1)],
        vec![super::intended(2)],
        vec![super::intended(1)],
    ];
    let commits = tries.map(|changes| {
        let ledger = Arc::clone(&ledger);
        async move { super::commit(&*ledger, &changes).await }
    });
    let answers = join_all(commits).await;
    assert!(matches!(answers[..], [Err(_), Ok(_), Ok(_)]), "{answers:?}");
    let open = ledger.open_attempts().await.expect("reads");
    assert_eq!(open, [samples::attempt_record(2), samples::attempt_record(1)]);
}
