//! What the tests of failures share.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use sangam_core::ports::{Change, LedgerError, OrderRecord};
use sangam_storage::SqlLedger;
use sangam_storage::chain::Verifier;
use sangam_testkit::samples;
use sqlx::{ConnectOptions as _, SqliteConnection};

/// The error names the place and the way out, and nothing was written.
pub(crate) fn check(error: &LedgerError, path: &Path, way_out: &str) {
    assert!(matches!(error, LedgerError::NotWritten { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(&path.display().to_string()), "{text}");
    assert!(text.contains(way_out), "{text}");
}

/// A bare connection to a file, which waits for nobody.
pub(crate) async fn raw(path: &Path) -> SqliteConnection {
    sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .busy_timeout(Duration::ZERO)
        .connect()
        .await
        .expect("a bare connection")
}

/// An order that takes a page.
pub(crate) fn big_order(seed: u8) -> Change {
    Change::Received(Box::new(OrderRecord {
        message: Some("x".repeat(3000)),
        ..samples::order_record(seed)
    }))
}

/// Verifies the whole chain and the positions. Answers how many entries there are, or what is wrong.
pub(crate) async fn verified(ledger: &SqlLedger) -> Result<u64, String> {
    let told = |error: LedgerError| error.to_string();
    let sealed = ledger.sealed_days().await.map_err(told)?;
    let mut verifier = Verifier::new(&sealed, BTreeMap::new()).map_err(|broken| broken.to_string())?;
    for entry in ledger.chained(1, u32::MAX).await.map_err(told)? {
        verifier.push(&entry).map_err(|broken| broken.to_string())?;
    }
    let head = ledger.chain_head().await.map_err(told)?;
    let verified = verifier.finish(&head).map_err(|broken| broken.to_string())?;
    let positions = ledger.check_positions().await.map_err(told)?;
    if positions.differing.is_empty() {
        Ok(verified.entries)
    } else {
        Err(format!("{:?}", positions.differing))
    }
}
