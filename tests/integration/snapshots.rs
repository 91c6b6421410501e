//! What the books keep beside orders: log-ins, rate windows, positions and holdings; there after a restart, written when
//! something changed, and never with a token.

use std::fs;

use sangam_core::BrokerName;

use crate::support::{Stack, market_buy};

const BROKERS: [BrokerName; 2] = [BrokerName::Upstox, BrokerName::Fyers];

#[tokio::test]
async fn log_ins_windows_and_holdings_are_in_the_books_and_no_token_is() {
    let stack = Stack::over(&BROKERS).await;
    stack.submit(market_buy()).await;
    stack.system.keep_snapshots().await.expect("written");
    let tokens: Vec<_> = BROKERS
        .iter()
        .map(|broker| {
            let account = format!("sim-{broker}").parse().expect("a name");
            let session = stack.system.broker(&account).expect("an account").session();
            session.expect("logged in").token.expose().to_owned()
        })
        .collect();
    let ledger = stack.system.ledger();
    let entries = async || {
        let mut entries = Vec::new();
        for subject in ["sim-upstox", "sim-fyers", "limits"] {
            entries.extend(ledger.audit_of(subject).await.expect("readable"));
        }
        entries
    };
    let written = entries().await;
    let count = |event: &str| written.iter().filter(|entry| entry.event == event).count();
    assert_eq!(
        (count("session.seen"), count("windows.counted")),
        (2, 1),
        "{written:?}"
    );
    assert!(count("books.read") >= 2, "{written:?}");
    stack.system.keep_snapshots().await.expect("nothing to write");
    assert_eq!(
        entries().await.len(),
        written.len(),
        "within the minute nothing is due"
    );

    let stack = stack.restart().await;
    let ledger = stack.system.ledger();
    let sessions = ledger.sessions().await.expect("readable");
    let names: Vec<_> = sessions.iter().map(|session| session.account.as_str()).collect();
    assert_eq!(names, ["sim-fyers", "sim-upstox"]);
    assert!(
        sessions
            .iter()
            .all(|session| session.expires_at > session.began_at)
    );
    let holdings = ledger.holdings().await.expect("readable");
    let of = |account: &str| {
        let held = holdings
            .iter()
            .filter(|record| record.account.as_str() == account);
        let mut held: Vec<_> = held
            .map(|record| {
                (
                    record.holding.instrument.id.as_ref().map(ToString::to_string),
                    record.holding.quantity,
                )
            })
            .map(|(id, quantity)| (id.expect("a name we know"), quantity.units()))
            .collect();
        held.sort();
        held
    };
    for account in ["sim-upstox", "sim-fyers"] {
        // What a simulated account begins with.
        assert_eq!(
            of(account),
            [("NSE:SBIN".to_owned(), 20), ("NSE:TCS".to_owned(), 5)]
        );
    }
    let counts = ledger.window_counts().await.expect("readable");
    assert!(
        counts
            .iter()
            .any(|count| count.account.as_str() == "sim-upstox" && count.used > 0),
        "{counts:?}"
    );
    assert!(
        counts
            .iter()
            .all(|count| count.used <= count.quota && count.window_ms > 0)
    );

    stack.system.stop().await;
    let mut looked = 0;
    for entry in fs::read_dir(stack.folder.path().join("data")).expect("readable") {
        let path = entry.expect("readable").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if !name.starts_with("ledger.sqlite") {
            continue;
        }
        looked += 1;
        let bytes = fs::read(&path).expect("readable");
        for token in &tokens {
            assert!(token.len() >= 8, "short enough to be there by chance");
            let found = bytes.windows(token.len()).any(|piece| piece == token.as_bytes());
            assert!(!found, "a token is in {name}");
        }
    }
    assert!(looked > 0);
}
