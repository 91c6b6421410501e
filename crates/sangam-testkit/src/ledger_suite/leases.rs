//! The lease of a group: one holder at a time, and commits under a lease that was taken anew are refused.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use sangam_core::GroupId;
use sangam_core::ports::{Change, Lease, Ledger, LedgerError, OrderFilter};

use super::{received, refused};
use crate::samples;

const HOUR: Duration = Duration::from_secs(3_600);

fn group(name: &str) -> GroupId {
    name.parse().expect("a group")
}

async fn take(
    ledger: &impl Ledger,
    name: &str,
    holder: &str,
    lasting: Duration,
) -> Result<Lease, LedgerError> {
    let audit = samples::audit("lease.taken", name);
    ledger.take_lease(&group(name), holder, lasting, &audit).await
}

async fn under(ledger: &impl Ledger, lease: &Lease, changes: &[Change]) -> Result<(), LedgerError> {
    let audit = samples::audit("suite.step", "under a lease");
    ledger.commit_under(lease, changes, &audit).await.map(drop)
}

pub(super) async fn is_held_by_one(ledger: &impl Ledger) {
    assert_eq!(ledger.leases().await.expect("reads"), []);
    let one = take(ledger, "main", "one", HOUR).await.expect("free");
    assert_eq!((one.holder.as_str(), one.epoch), ("one", 1));
    match take(ledger, "main", "two", HOUR).await {
        Err(LedgerError::LeaseHeld { group, holder, until }) => {
            assert_eq!(
                (group, holder.as_str(), until),
                (one.group.clone(), "one", one.expires_at)
            );
        }
        other => panic!("a lease held by another was answered {other:?}"),
    }
    let other_group = take(ledger, "arbitrage", "two", HOUR).await.expect("free");
    assert_eq!(other_group.epoch, 1);
    // Who holds it may take it at any time, and has the next epoch.
    let again = take(ledger, "main", "one", Duration::ZERO)
        .await
        .expect("its own");
    assert_eq!(again.epoch, 2);
    assert_eq!(
        ledger.leases().await.expect("reads"),
        [other_group.clone(), again]
    );
    // That one has ended at once.
    let two = take(ledger, "main", "two", HOUR).await.expect("ended");
    assert_eq!((two.holder.as_str(), two.epoch), ("two", 3));
    assert_eq!(ledger.leases().await.expect("reads"), [other_group, two]);
    let entries = ledger.audit_of("main").await.expect("reads");
    assert_eq!(entries.len(), 3, "one entry each time it was taken");
}

pub(super) async fn fences_who_lost_it(ledger: &impl Ledger) {
    let one = take(ledger, "main", "one", Duration::ZERO).await.expect("free");
    under(ledger, &one, &[received(1)])
        .await
        .expect("its own, ended but not taken");
    let two = take(ledger, "main", "two", HOUR).await.expect("ended");
    match under(ledger, &one, &[received(2)]).await {
        Err(LedgerError::Fenced { group, ours, newest }) => {
            assert_eq!((group, ours, newest), (two.group.clone(), 1, 2));
        }
        other => panic!("a commit under an old lease was answered {other:?}"),
    }
    refused!(ledger.renew_lease(&one, HOUR).await, LedgerError::Fenced { .. });
    let unknown = Lease {
        group: group("nobody"),
        ..two.clone()
    };
    refused!(
        under(ledger, &unknown, &[received(2)]).await,
        LedgerError::Fenced { newest: 0, .. }
    );
    assert_eq!(ledger.order(samples::uid(2)).await.expect("reads"), None);
    under(ledger, &two, &[received(2)]).await.expect("the newest");
    // What became of orders is told without a lease.
    super::taken(ledger, &[received(3)]).await;
    let entries = ledger.audit_of("under a lease").await.expect("reads");
    assert_eq!(entries.len(), 2, "no entry of what was refused");
}

pub(super) async fn is_renewed_without_a_trace(ledger: &impl Ledger) {
    let taken = take(ledger, "main", "one", Duration::from_secs(1))
        .await
        .expect("free");
    let renewed = ledger.renew_lease(&taken, HOUR).await.expect("its own");
    assert!(renewed.expires_at > taken.expires_at);
    let expected = Lease {
        expires_at: renewed.expires_at,
        ..taken
    };
    assert_eq!(renewed, expected);
    assert_eq!(ledger.leases().await.expect("reads"), [renewed]);
    refused!(
        take(ledger, "main", "two", HOUR).await,
        LedgerError::LeaseHeld { .. }
    );
    assert_eq!(ledger.audit_of("main").await.expect("reads").len(), 1);
}

/// Everybody who took it at once has an epoch of his own; commits of all but the last are refused.
pub(super) async fn taken_at_once_leaves_one(ledger: Arc<impl Ledger + 'static>) {
    let takes = (0..16).map(|place| {
        let ledger = Arc::clone(&ledger);
        async move { take(&*ledger, "main", &format!("holder-{place}"), Duration::ZERO).await }
    });
    let leases: Vec<Lease> = join_all(takes).await.into_iter().filter_map(Result::ok).collect();
    let mut epochs: Vec<_> = leases.iter().map(|lease| lease.epoch).collect();
    epochs.sort_unstable();
    assert!(epochs.iter().copied().eq(1..=leases.len() as u64), "{epochs:?}");
    let commits = (1..).zip(&leases).map(|(seed, lease)| {
        let ledger = Arc::clone(&ledger);
        async move { (under(&*ledger, lease, &[received(seed)]).await, lease.epoch) }
    });
    for (answer, epoch) in join_all(commits).await {
        if epoch == leases.len() as u64 {
            answer.expect("the newest");
        } else {
            refused!(answer, LedgerError::Fenced { .. });
        }
    }
    let orders = ledger.orders(&OrderFilter::default()).await.expect("reads");
    assert_eq!(orders.len(), 1);
}
