//! What is read whole and replaces what was read before: holdings by date, log-ins, counts of windows.

use jiff::ToSpan as _;
use sangam_core::ports::{Change, HoldingRecord, Ledger, LedgerError, SessionRecord, WindowCount};
use sangam_core::timestamp::Date;
use sangam_core::{AccountId, BrokerName};

use super::{commit, refused, taken};
use crate::samples;

fn account(name: &str) -> AccountId {
    name.parse().expect("an account")
}

fn today() -> Date {
    samples::fill_record("1", "1").trading_date
}

fn holdings_read(name: &str, date: Date, holdings: &[HoldingRecord]) -> Change {
    Change::HoldingsRead {
        account: account(name),
        date,
        holdings: holdings.to_vec(),
    }
}

fn seen(name: &str, hours: i64) -> SessionRecord {
    SessionRecord {
        account: account(name),
        broker: BrokerName::Upstox,
        began_at: samples::morning(),
        expires_at: samples::morning() + hours.hours(),
    }
}

fn count(name: &str, scope: &str, window_ms: u64, used: u64) -> WindowCount {
    WindowCount {
        account: account(name),
        scope: scope.to_owned(),
        window_ms,
        used,
        quota: 1_000,
        counted_at: samples::morning(),
    }
}

fn counted(name: &str, counts: &[WindowCount]) -> Change {
    Change::WindowsCounted {
        account: account(name),
        counts: counts.to_vec(),
    }
}

pub(super) async fn holdings_are_replaced_within_a_date(ledger: &impl Ledger) {
    let one = samples::holding_record("fyers-1", 5);
    let mut two = samples::holding_record("fyers-1", 7);
    two.holding.isin = None;
    two.holding.average_price = None;
    let other = samples::holding_record("upstox-1", 9);
    let tomorrow = today().tomorrow().expect("a date");
    taken(
        ledger,
        &[holdings_read("fyers-1", today(), &[one.clone(), two.clone()])],
    )
    .await;
    taken(
        ledger,
        &[holdings_read("upstox-1", today(), std::slice::from_ref(&other))],
    )
    .await;
    let all = [one.clone(), two.clone(), other.clone()];
    assert_eq!(ledger.holdings().await.expect("reads"), all);

    taken(
        ledger,
        &[holdings_read("fyers-1", today(), &[two.clone(), one.clone()])],
    )
    .await;
    let turned = [two.clone(), one.clone(), other.clone()];
    assert_eq!(ledger.holdings().await.expect("reads"), turned);

    // A newer date comes in front, also when there is nothing on it; an older one does not.
    taken(
        ledger,
        &[holdings_read("fyers-1", tomorrow, std::slice::from_ref(&one))],
    )
    .await;
    taken(
        ledger,
        &[holdings_read("fyers-1", today(), std::slice::from_ref(&two))],
    )
    .await;
    assert_eq!(
        ledger.holdings().await.expect("reads"),
        [one.clone(), other.clone()]
    );
    taken(ledger, &[holdings_read("fyers-1", tomorrow, &[])]).await;
    assert_eq!(
        ledger.holdings().await.expect("reads"),
        std::slice::from_ref(&other)
    );

    refused!(
        commit(
            ledger,
            &[holdings_read("fyers-1", tomorrow, &[one, other.clone()])]
        )
        .await,
        LedgerError::Conflict { .. }
    );
    assert_eq!(ledger.holdings().await.expect("reads"), [other]);
}

pub(super) async fn a_log_in_replaces_the_one_before(ledger: &impl Ledger) {
    for (name, hours) in [("upstox-1", 1), ("fyers-1", 2), ("upstox-1", 20)] {
        taken(ledger, &[Change::SessionSeen(Box::new(seen(name, hours)))]).await;
    }
    let expected = [seen("fyers-1", 2), seen("upstox-1", 20)];
    assert_eq!(ledger.sessions().await.expect("reads"), expected);
}

pub(super) async fn window_counts_are_replaced_by_account(ledger: &impl Ledger) {
    let day = 86_400_000;
    let first = [
        count("upstox-1", "orders", day, 3),
        count("upstox-1", "all", 1_000, 2),
        count("upstox-1", "all", 60_000, 7),
    ];
    taken(ledger, &[counted("upstox-1", &first)]).await;
    taken(ledger, &[counted("fyers-1", &[count("fyers-1", "all", day, 1)])]).await;
    let expected = [
        count("fyers-1", "all", day, 1),
        count("upstox-1", "all", 1_000, 2),
        count("upstox-1", "all", 60_000, 7),
        count("upstox-1", "orders", day, 3),
    ];
    assert_eq!(ledger.window_counts().await.expect("reads"), expected);

    // Twice in one commit: the later one holds.
    let fewer = [count("upstox-1", "all", 1_000, 0)];
    taken(
        ledger,
        &[counted("upstox-1", &first), counted("upstox-1", &fewer)],
    )
    .await;
    let expected = [
        count("fyers-1", "all", day, 1),
        count("upstox-1", "all", 1_000, 0),
    ];
    assert_eq!(ledger.window_counts().await.expect("reads"), expected);
    taken(ledger, &[counted("fyers-1", &[])]).await;
    assert_eq!(ledger.window_counts().await.expect("reads"), fewer);
}

pub(super) async fn windows_that_cannot_be_are_refused_by_name(ledger: &impl Ledger) {
    let once = count("upstox-1", "all", 1_000, 1);
    taken(ledger, &[counted("upstox-1", std::slice::from_ref(&once))]).await;
    let twice = counted("upstox-1", &[once.clone(), count("upstox-1", "all", 1_000, 2)]);
    refused!(commit(ledger, &[twice]).await, LedgerError::AlreadyThere { .. });
    for wrong in [
        count("upstox-1", "all", 0, 1),
        count("upstox-1", "all", u64::MAX, 1),
        count("upstox-1", "all", 1_000, u64::MAX),
        count("upstox-1", &"x".repeat(10_000), 1_000, 1),
    ] {
        refused!(
            commit(ledger, &[counted("upstox-1", &[wrong])]).await,
            LedgerError::OutOfRange { .. }
        );
    }
    let of_another = counted("upstox-1", &[count("fyers-1", "all", 1_000, 2)]);
    refused!(commit(ledger, &[of_another]).await, LedgerError::Conflict { .. });
    assert_eq!(ledger.window_counts().await.expect("reads"), [once]);
}
