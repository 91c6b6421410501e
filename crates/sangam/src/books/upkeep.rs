//! Looking at the books, and putting right what they compute from themselves.

use sangam_core::Timestamp;
use sangam_core::ports::AuditEntry;
use sangam_storage::{BooksStatus, CostMethod, Rebuilt};
use serde_json::json;

use super::{BooksError, BooksPlace};

/// The books at a glance. Works while a gateway runs on them.
///
/// # Errors
/// [`BooksError::NoBooks`] when there are none, [`BooksError::Ledger`] when they cannot be read.
pub async fn status(place: &BooksPlace) -> Result<BooksStatus, BooksError> {
    let books = place.open_existing().await?;
    let status = books.status().await;
    books.close().await;
    Ok(status?)
}

/// Computes all positions anew from their fills and compares them with those kept. Works while a gateway runs on the books.
///
/// # Errors
/// As [`status`].
pub async fn check_positions(place: &BooksPlace) -> Result<Rebuilt, BooksError> {
    let books = place.open_existing().await?;
    let compared = books.check_positions().await;
    books.close().await;
    Ok(compared?)
}

/// Computes all positions anew from their fills, by another method if one is given, and writes them in place of those kept.
/// Answers what those were; the entry `ledger.rebuilt` says who did it.
///
/// # Errors
/// [`BooksError::Folder`] while a gateway runs on the data folder, [`BooksError::Led`] while one elsewhere trades by the
/// books; else as [`status`].
pub async fn rebuild(
    place: &BooksPlace,
    method: Option<CostMethod>,
    by: &str,
    at: Timestamp,
) -> Result<(CostMethod, Rebuilt), BooksError> {
    place.there()?;
    let held = place.hold()?;
    let books = place.open_existing().await?;
    let rebuilt = async {
        super::migrate::refuse_led(place, &books).await?;
        let before = books.check_positions().await?;
        let wanted = method.unwrap_or(books.cost_method());
        let note = AuditEntry {
            at,
            actor: by.to_owned(),
            event: "ledger.rebuilt".to_owned(),
            subject: "ledger".to_owned(),
            detail: json!({
                "method": wanted.as_str(),
                "method_before": books.cost_method().as_str(),
                "positions": before.positions,
                "fills": before.fills,
                "differed": before.differing.len(),
            })
            .to_string(),
        };
        books.rebuild_positions(wanted, note).await?;
        Ok((wanted, before))
    }
    .await;
    books.close().await;
    held.release();
    rebuilt
}

/// Takes the present time for the newest of the books, after a clock was set wrong. The entry `ledger.clock_accepted` says who
/// did it and why.
///
/// # Errors
/// [`BooksError::NoBooks`] when there are none, [`BooksError::Ledger`] when they cannot be written.
pub async fn accept_clock(
    place: &BooksPlace,
    reason: &str,
    by: &str,
    at: Timestamp,
) -> Result<(), BooksError> {
    let books = place.open_existing().await?;
    let note = AuditEntry {
        at,
        actor: by.to_owned(),
        event: "ledger.clock_accepted".to_owned(),
        subject: "ledger".to_owned(),
        detail: json!({"reason": reason}).to_string(),
    };
    let accepted = books.accept_clock(note).await;
    books.close().await;
    Ok(accepted?)
}
