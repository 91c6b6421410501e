//! Looking up an order among a million.

use std::path::Path;

use anyhow::{Result, ensure};
use sangam_core::ports::{Change, Ledger as _, OrderRecord};
use sangam_storage::SqlLedger;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;

use super::{audit, order, p50_us, timed};

const ROWS: usize = 1_000_000;
const LOOKS: usize = 4_000;
const AT_ONCE: usize = 2_000;

/// Runs everything.
///
/// # Errors
/// When a file cannot be written.
pub async fn measure(folder: &Path) -> Result<Vec<(&'static str, f64)>> {
    let path = folder.join("million.db");
    let ledger = SqlLedger::open(&path).await?;
    for first in (0..ROWS).step_by(AT_ONCE) {
        let changes: Vec<_> = (first..first + AT_ONCE)
            .map(|place| Change::Received(Box::new(the(place))))
            .collect();
        ledger.commit(&changes, &audit(&order(first))).await?;
    }
    let mut held = SqliteConnectOptions::new().filename(&path).connect().await?;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for look in 0..LOOKS {
        // Strides over the whole table, the same for both.
        let uid = the(look * 7_919 % ROWS).uid;
        ours.push(
            timed(async {
                let found = ledger.order(uid).await?;
                ensure!(found.is_some_and(|found| found.uid == uid), "it is there");
                Ok(())
            })
            .await?,
        );
        bare.push(
            timed(async {
                let row = sqlx::query("select * from orders where uid = ?")
                    .bind(uid.uuid().as_bytes().to_vec())
                    .fetch_optional(&mut held)
                    .await?;
                ensure!(row.is_some(), "it is there");
                Ok(())
            })
            .await?,
        );
    }
    ledger.close().await;
    let (ours, bare) = (p50_us(ours), p50_us(bare));
    Ok(vec![("ours_us", ours), ("bare_us", bare), ("ratio", ours / bare)])
}

/// An order received over a year of days, as numbers are given a date at a time.
fn the(place: usize) -> OrderRecord {
    OrderRecord {
        client_order_id: None,
        ..order(place)
    }
}
