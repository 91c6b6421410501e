//! Attempts: read back, unique, moved, found while in doubt.

use sangam_core::ports::{AttemptRecord, Change, Ledger, LedgerError};
use sangam_core::{AttemptNo, AttemptState, NotPlaced, OrderRequest, Pricing};

use super::{attempt_moved, commit, intended, receive, refused, taken};
use crate::samples;

/// One of each state, and of each proof.
fn states() -> Vec<AttemptState> {
    let proofs = [
        NotPlaced::NeverSent,
        NotPlaced::Refused {
            code: "-392".to_owned(),
        },
        NotPlaced::SeenRejected,
        NotPlaced::Operator {
            note: "asha: seen in the broker's app".to_owned(),
        },
    ];
    let mut states = vec![
        AttemptState::Intent,
        AttemptState::Acked {
            broker_order_id: "808058117761".parse().expect("an id"),
        },
        AttemptState::Unknown {
            reason: "timeout after 5 s".to_owned(),
        },
        AttemptState::Parked {
            reason: "the day ended".to_owned(),
        },
    ];
    states.extend(proofs.map(|proof| AttemptState::NotPlaced { proof }));
    states
}

pub(super) async fn read_back_as_written(ledger: &impl Ledger) {
    receive(ledger, 1).await;
    let mut written = Vec::new();
    for (no, state) in (1..).zip(states()) {
        let attempt = AttemptRecord {
            no: AttemptNo(no),
            tag: format!("S{no:013}").parse().expect("a tag"),
            state,
            request: OrderRequest {
                pricing: Pricing::StopLossMarket {
                    trigger: samples::price("1449.95"),
                },
                ..samples::request()
            },
            ..samples::attempt_record(1)
        };
        written.push(attempt);
    }
    for attempt in written.iter().rev() {
        taken(ledger, &[Change::Intended(Box::new(attempt.clone()))]).await;
    }
    assert_eq!(ledger.attempts(samples::uid(1)).await.expect("reads"), written);
    assert_eq!(ledger.attempts(samples::uid(2)).await.expect("reads"), []);
}

pub(super) async fn tags_and_attempts_are_used_once(ledger: &impl Ledger) {
    refused!(commit(ledger, &[intended(1)]).await, LedgerError::Missing { .. });
    receive(ledger, 1).await;
    receive(ledger, 2).await;
    taken(ledger, &[intended(1)]).await;
    let same_tag = AttemptRecord {
        tag: samples::attempt_record(1).tag,
        ..samples::attempt_record(2)
    };
    match commit(ledger, &[Change::Intended(Box::new(same_tag))]).await {
        Err(LedgerError::DuplicateTag { tag }) => assert_eq!(tag, samples::attempt_record(1).tag),
        other => panic!("a tag used twice was answered {other:?}"),
    }
    let same_attempt = AttemptRecord {
        tag: samples::attempt_record(9).tag,
        ..samples::attempt_record(1)
    };
    refused!(
        commit(ledger, &[Change::Intended(Box::new(same_attempt))]).await,
        LedgerError::AlreadyThere { .. }
    );
    taken(ledger, &[intended(2)]).await;
}

pub(super) async fn every_move_is_a_listed_one<L: Ledger>(fresh: &mut impl AsyncFnMut() -> L) {
    let ledger = fresh().await;
    refused!(
        commit(&ledger, &[attempt_moved(1, "intent", AttemptState::Intent)]).await,
        LedgerError::Missing { .. }
    );
    let mut seed = 0;
    for from in states() {
        for to in states() {
            seed += 1;
            receive(&ledger, seed).await;
            let attempt = AttemptRecord {
                state: from.clone(),
                ..samples::attempt_record(seed)
            };
            taken(&ledger, &[Change::Intended(Box::new(attempt))]).await;
            let answer = commit(&ledger, &[attempt_moved(seed, from.name(), to.clone())]).await;
            let found = ledger.attempts(samples::uid(seed)).await.expect("reads");
            let now = found.into_iter().next().expect("is there").state;
            if from.can_become(&to) {
                assert!(answer.is_ok(), "{from:?} -> {to:?}: {answer:?}");
                assert_eq!(now, to);
            } else {
                refused!(answer, LedgerError::IllegalMove { .. });
                assert_eq!(now, from);
            }
            let elsewhere = states().into_iter().find(|state| state.name() != now.name());
            let elsewhere = elsewhere.expect("there is more than one state").name();
            refused!(
                commit(&ledger, &[attempt_moved(seed, elsewhere, to)]).await,
                LedgerError::Conflict { .. }
            );
        }
    }
}

pub(super) async fn open_ones_are_those_in_doubt(ledger: &impl Ledger) {
    let mut expected = Vec::new();
    for (seed, state) in (1..).zip(states()) {
        receive(ledger, seed).await;
        let attempt = AttemptRecord {
            state,
            ..samples::attempt_record(seed)
        };
        taken(ledger, &[Change::Intended(Box::new(attempt.clone()))]).await;
        if matches!(attempt.state.name(), "intent" | "unknown" | "parked") {
            expected.push(attempt);
        }
    }
    assert_eq!(ledger.open_attempts().await.expect("reads"), expected);
}
