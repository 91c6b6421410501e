//! Books held against the same books in memory, and a file's own checks of itself.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use sangam_core::ports::{Ledger, OrderFilter};
use sangam_storage::{MemoryLedger, SqlLedger};
use sqlx::{ConnectOptions as _, SqliteConnection};

/// Compares everything that can be read. Answers how many orders there are.
pub(super) async fn all(ledger: &SqlLedger, memory: &MemoryLedger) -> Result<u64> {
    let every = OrderFilter::default();
    let orders = same(
        "orders",
        ledger.orders(&every).await?,
        memory.orders(&every).await?,
    )?;
    for order in &orders {
        let uid = order.uid;
        same(
            "attempts",
            ledger.attempts(uid).await?,
            memory.attempts(uid).await?,
        )?;
        same(
            "fills of an order",
            ledger.fills_of(uid).await?,
            memory.fills_of(uid).await?,
        )?;
    }
    same(
        "open attempts",
        ledger.open_attempts().await?,
        memory.open_attempts().await?,
    )?;
    let (kept, _) = memory.chain();
    let days: BTreeSet<_> = kept
        .iter()
        .flat_map(|entry| [Some(entry.day), entry.day.yesterday().ok()])
        .flatten()
        .collect();
    for day in days {
        same("fills", ledger.fills(day).await?, memory.fills(day).await?)?;
    }
    same("positions", ledger.positions().await?, memory.positions().await?)?;
    same("holdings", ledger.holdings().await?, memory.holdings().await?)?;
    same("sessions", ledger.sessions().await?, memory.sessions().await?)?;
    same(
        "window counts",
        ledger.window_counts().await?,
        memory.window_counts().await?,
    )?;
    let mut positions = memory.kept_positions();
    // They are read without their lots; those are compared by `check_positions`.
    positions.iter_mut().for_each(|kept| kept.lots.clear());
    let mut found = ledger.kept_positions().await?;
    found.sort_by(|one, other| one.key.cmp(&other.key));
    found.iter_mut().for_each(|kept| kept.lots.clear());
    same("kept positions", found, positions)?;
    let epochs = |leases: Vec<sangam_core::ports::Lease>| -> Vec<_> {
        leases
            .into_iter()
            .map(|lease| (lease.group, lease.holder, lease.epoch))
            .collect()
    };
    same(
        "leases",
        epochs(ledger.leases().await?),
        epochs(memory.leases().await?),
    )?;
    Ok(orders.len() as u64)
}

fn same<T: PartialEq + Debug>(what: &str, found: Vec<T>, expected: Vec<T>) -> Result<Vec<T>> {
    ensure!(
        found.len() == expected.len(),
        "{} {what} instead of {}",
        found.len(),
        expected.len()
    );
    for (found, expected) in found.iter().zip(expected) {
        ensure!(*found == expected, "{what}: {found:?} instead of {expected:?}");
    }
    Ok(found)
}

/// A bare connection to a file.
pub(super) async fn hand(path: &Path) -> Result<SqliteConnection> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    options.connect().await.context("open the file")
}

/// What SQLite itself says of the file.
pub(super) async fn file_is_sound(path: &Path) -> Result<()> {
    let mut hand = hand(path).await?;
    let said: Vec<String> = sqlx::query_scalar("pragma integrity_check")
        .fetch_all(&mut hand)
        .await?;
    ensure!(said == ["ok"], "integrity_check: {said:?}");
    let dangling = sqlx::query("pragma foreign_key_check")
        .fetch_all(&mut hand)
        .await?;
    ensure!(
        dangling.is_empty(),
        "{} rows without the row they speak of",
        dangling.len()
    );
    Ok(())
}
