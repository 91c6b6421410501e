//! A backup made beside a running gateway, and one put in the place of the books.

use std::path::{Path, PathBuf};

use sangam_core::Timestamp;
use sangam_core::ports::AuditEntry;
use sangam_storage::{Copied, CopyStep, SqlLedger};
use serde_json::json;

use super::{BooksError, BooksPlace, FILE};

/// Epochs of restored books are raised by so much: more than all leases that were taken since any backup.
const EPOCHS: u32 = 1_000_000;

/// Books that were put in their place from a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What they hold.
    pub copied: Copied,
    /// Where they are now.
    pub place: String,
    /// Where those are that were there before.
    pub aside: Option<PathBuf>,
}

/// Makes one file of the books, whatever they are in, and verifies it. A gateway that runs on them goes on.
///
/// # Errors
/// [`BooksError::NoBooks`] when there are none, [`BooksError::FileThere`] when the file is that of the books; else as
/// [`SqlLedger::back_up`].
pub async fn back_up(
    place: &BooksPlace,
    to: &Path,
    watch: impl Fn(CopyStep) + Send + Sync + 'static,
) -> Result<Copied, BooksError> {
    let books = place.open_existing().await?;
    if let (Some(file), Ok(to)) = (place.file(), to.canonicalize())
        && file.canonicalize().is_ok_and(|file| file == to)
    {
        books.close().await;
        return Err(BooksError::FileThere { path: to });
    }
    let copied = books.back_up(to, watch).await;
    books.close().await;
    Ok(copied?)
}

/// Puts a backup in the place of the books, after checking it. Books that are there are moved aside with `force`, and only
/// where they are a file; leases end, and whoever held one before is fenced. The entry `ledger.restored` says who did it.
///
/// # Errors
/// [`BooksError::Folder`] while a gateway runs on the data folder, [`BooksError::NotEmpty`] when there are books already,
/// [`BooksError::Ledger`] when the backup is none or damaged, or the books cannot be written.
pub async fn restore(
    place: &BooksPlace,
    backup: &Path,
    force: bool,
    by: &str,
    at: Timestamp,
    watch: impl Fn(CopyStep) + Send + Sync + 'static,
) -> Result<Restored, BooksError> {
    let held = place.hold()?;
    let copy = place.data_dir.join(format!("{FILE}.backup"));
    let restored = async {
        let source = SqlLedger::open_backup(backup, &copy).await?;
        let put = match place.file() {
            Some(file) => into_file(&source, &file, force, at, watch).await,
            None => into_server(&source, place, force, watch).await,
        };
        source.close().await;
        let (copied, aside) = put?;
        let books = place.open_as_they_are().await?;
        let note = AuditEntry {
            at,
            actor: by.to_owned(),
            event: "ledger.restored".to_owned(),
            subject: "ledger".to_owned(),
            detail: json!({
                "backup": backup,
                "sequence": copied.head.sequence,
                "hash": copied.head.hash.to_string(),
                "moved_aside": aside,
            })
            .to_string(),
        };
        let noted = books.raise_epochs(EPOCHS, note).await;
        books.close().await;
        noted?;
        Ok(Restored {
            copied,
            place: books.place(),
            aside,
        })
    }
    .await;
    if let Err(error) = sangam_storage::remove_file(&copy) {
        tracing::warn!(%error, "a copy of the backup is left over");
    }
    held.release();
    restored
}

async fn into_file(
    source: &SqlLedger,
    file: &Path,
    force: bool,
    at: Timestamp,
    watch: impl Fn(CopyStep) + Send + Sync + 'static,
) -> Result<(Copied, Option<PathBuf>), BooksError> {
    let aside = if is_full(file).await {
        if !force {
            return Err(BooksError::NotEmpty {
                place: file.display().to_string(),
                way_out: "move them away, or let --force move them aside",
            });
        }
        Some(file.with_file_name(format!("{FILE}.before-{}", at.strftime("%Y%m%dT%H%M%SZ"))))
    } else {
        None
    };
    let fresh = file.with_file_name(format!("{FILE}.restored"));
    let copied = source.back_up(&fresh, watch).await?;
    sangam_storage::put_in_place(&fresh, file, aside.as_deref())?;
    Ok((copied, aside))
}

/// Whether something would be lost with a file: what does not open counts, too.
async fn is_full(file: &Path) -> bool {
    if !file.exists() {
        return false;
    }
    let Ok(books) = SqlLedger::open(file).await else {
        return true;
    };
    let status = books.status().await;
    books.close().await;
    !status.is_ok_and(|status| status.is_empty())
}

async fn into_server(
    source: &SqlLedger,
    place: &BooksPlace,
    force: bool,
    watch: impl Fn(CopyStep) + Send + Sync + 'static,
) -> Result<(Copied, Option<PathBuf>), BooksError> {
    let target = place.open_as_they_are().await?;
    if !target.status().await?.is_empty() {
        return Err(BooksError::NotEmpty {
            place: target.place(),
            way_out: if force {
                "--force moves files aside, not databases; create an empty database and name it in ledger.url"
            } else {
                "create an empty database and name it in ledger.url"
            },
        });
    }
    Ok((source.copy_to(target, watch).await?, None))
}
