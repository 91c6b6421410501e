//! What keeps attempts from being made: stops, wishes and deadlines, judged in the commit that would make them.

use jiff::ToSpan as _;
use sangam_core::OrderState;
use sangam_core::ports::{
    AttemptRecord, Change, IntentRefusal, Ledger, LedgerError, OrderRecord, Stop, StopKind, StopSubject,
    Wishes,
};

use super::{commit, intended, receive, received, refused, taken};
use crate::samples;

fn group() -> StopSubject {
    StopSubject::Group(samples::order_record(1).group)
}

fn account() -> StopSubject {
    StopSubject::Account(samples::attempt_record(1).account)
}

fn stopped(stop: &Stop) -> Change {
    Change::Stopped(Box::new(stop.clone()))
}

pub(super) async fn are_read_back_and_lifted(ledger: &impl Ledger) {
    assert_eq!(ledger.stops().await.expect("reads"), []);
    let kill = samples::stop(group(), StopKind::Kill, "");
    let doubled = samples::stop(account(), StopKind::Doubled, "S1234567890AB1");
    let orphan = samples::stop(account(), StopKind::Orphan, "S1234567890AB1");
    taken(ledger, &[stopped(&orphan), stopped(&kill), stopped(&doubled)]).await;
    let all = ledger.stops().await.expect("reads");
    assert_eq!(all, [kill.clone(), doubled.clone(), orphan.clone()]);
    let again = Stop {
        cancels: false,
        reason: "with other words".to_owned(),
        ..kill.clone()
    };
    taken(ledger, &[stopped(&again), Change::Lifted(doubled.id)]).await;
    taken(
        ledger,
        &[Change::Lifted(
            samples::stop(group(), StopKind::Orphan, "never").id,
        )],
    )
    .await;
    let all = ledger.stops().await.expect("reads");
    assert_eq!(all, [again, orphan]);
}

pub(super) async fn keep_attempts_from_being_made(ledger: &impl Ledger) {
    receive(ledger, 1).await;
    let elsewhere = [
        samples::stop(
            StopSubject::Group("another".parse().expect("a group")),
            StopKind::Kill,
            "",
        ),
        samples::stop(
            StopSubject::Account("another".parse().expect("an account")),
            StopKind::Doubled,
            "t",
        ),
        samples::stop(account(), StopKind::Evidence, "-999"),
    ];
    for stop in &elsewhere {
        taken(ledger, &[stopped(stop)]).await;
    }
    for stop in [
        samples::stop(group(), StopKind::Kill, ""),
        samples::stop(account(), StopKind::Contradiction, "t"),
    ] {
        taken(ledger, &[stopped(&stop)]).await;
        match commit(ledger, &[intended(1)]).await {
            Err(LedgerError::IntentRefused {
                order,
                why: IntentRefusal::Stopped(by),
            }) => assert_eq!((order, *by), (samples::uid(1), stop.clone())),
            other => panic!("{other:?}"),
        }
        // In the same commit as well: what stands when the attempt would be made counts.
        taken(ledger, &[Change::Lifted(stop.id.clone())]).await;
        refused!(
            commit(ledger, &[stopped(&stop), intended(1)]).await,
            LedgerError::IntentRefused { .. }
        );
    }
    taken(ledger, &[intended(1)]).await;

    let over = samples::morning() + 10.seconds();
    let timed = OrderRecord {
        wishes: Wishes {
            deadline: Some(over),
            ..Wishes::default()
        },
        ..samples::order_record(2)
    };
    taken(ledger, &[Change::Received(Box::new(timed))]).await;
    let at = |created_at| {
        Change::Intended(Box::new(AttemptRecord {
            created_at,
            ..samples::attempt_record(2)
        }))
    };
    match commit(ledger, &[at(over + 1.nanoseconds())]).await {
        Err(LedgerError::IntentRefused {
            why: IntentRefusal::TooLate { deadline },
            ..
        }) => assert_eq!(deadline, over),
        other => panic!("{other:?}"),
    }
    taken(ledger, &[at(over)]).await;
}

pub(super) async fn a_wish_is_kept_until_the_order_is_over(ledger: &impl Ledger) {
    receive(ledger, 1).await;
    let cancel = |minute: i64| Change::CancelRequested {
        order: samples::uid(1),
        at: samples::morning() + minute.minutes(),
    };
    let terms = Change::TermsAwaited {
        order: samples::uid(1),
        terms: Some(Box::new(samples::request())),
        at: samples::morning(),
    };
    taken(ledger, &[terms]).await;
    taken(ledger, &[cancel(1)]).await;
    taken(ledger, &[cancel(2)]).await;
    let order = ledger
        .order(samples::uid(1))
        .await
        .expect("reads")
        .expect("an order");
    let expected = Wishes {
        deadline: None,
        cancel_requested: Some(samples::morning() + 1.minutes()),
        awaited: Some(Box::new(samples::request())),
    };
    assert_eq!(order.wishes, expected, "the first asking counts");
    match commit(ledger, &[intended(1)]).await {
        Err(LedgerError::IntentRefused {
            why: IntentRefusal::CancelRequested,
            ..
        }) => {}
        other => panic!("{other:?}"),
    }
    let shown = Change::TermsAwaited {
        order: samples::uid(1),
        terms: None,
        at: samples::morning(),
    };
    taken(ledger, &[shown]).await;
    let order = ledger
        .order(samples::uid(1))
        .await
        .expect("reads")
        .expect("an order");
    assert_eq!(order.wishes.awaited, None);

    let over = OrderRecord {
        state: OrderState::Filled,
        ..samples::order_record(2)
    };
    taken(ledger, &[Change::Received(Box::new(over))]).await;
    let late = Change::CancelRequested {
        order: samples::uid(2),
        at: samples::morning(),
    };
    taken(ledger, &[late]).await;
    let order = ledger
        .order(samples::uid(2))
        .await
        .expect("reads")
        .expect("an order");
    assert_eq!(order.wishes, Wishes::default());
    let nowhere = Change::CancelRequested {
        order: samples::uid(3),
        at: samples::morning(),
    };
    refused!(commit(ledger, &[nowhere]).await, LedgerError::Missing { .. });
}

pub(super) async fn are_taken_back_with_their_commit(ledger: &impl Ledger) {
    receive(ledger, 1).await;
    let kill = samples::stop(group(), StopKind::Kill, "");
    let cancel = Change::CancelRequested {
        order: samples::uid(1),
        at: samples::morning(),
    };
    refused!(
        commit(ledger, &[stopped(&kill), cancel, received(1)]).await,
        LedgerError::DuplicateClientOrderId { .. } | LedgerError::AlreadyThere { .. }
    );
    assert_eq!(ledger.stops().await.expect("reads"), []);
    let order = ledger
        .order(samples::uid(1))
        .await
        .expect("reads")
        .expect("an order");
    assert_eq!(order.wishes, Wishes::default());
    taken(ledger, &[stopped(&kill)]).await;
    refused!(
        commit(ledger, &[Change::Lifted(kill.id.clone()), received(1)]).await,
        LedgerError::DuplicateClientOrderId { .. } | LedgerError::AlreadyThere { .. }
    );
    assert_eq!(ledger.stops().await.expect("reads"), [kill]);
}

pub(super) async fn an_attempt_is_found_by_its_tag(ledger: &impl Ledger) {
    receive(ledger, 1).await;
    taken(ledger, &[intended(1)]).await;
    let attempt = samples::attempt_record(1);
    let found = ledger.attempt_by_tag(&attempt.tag).await.expect("reads");
    assert_eq!(found, Some(attempt));
    let nobody = "S0000000000000".parse().expect("a tag");
    assert_eq!(ledger.attempt_by_tag(&nobody).await.expect("reads"), None);
}
