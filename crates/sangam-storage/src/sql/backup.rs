//! Books as one file: made while others go on writing, and taken again.

use std::path::{Path, PathBuf};

use sangam_core::ports::{AuditEntry, LedgerError};

use super::ask::ask;
use super::copy::{Copied, CopyStep};
use super::failure;
use super::sqlite::{SqliteSettings, carried, file};
use super::{SqlLedger, sqlite};

ask!(RAISE, "update leases set epoch = epoch + ?");

impl SqlLedger {
    /// Writes a copy of these books into one SQLite file, whatever database they are in, and verifies it: row for row
    /// against the books, and the audit chain from its first entry to its last. Commits go on meanwhile; the copy is of the
    /// moment it begins.
    ///
    /// It is made under the name with `.partial` behind, readable by its owner alone, and renamed when it is whole: a file
    /// that was there before is there until then.
    ///
    /// # Errors
    /// As [`copy_to`](Self::copy_to), and [`LedgerError::NotWritten`] when the file cannot be written. What was there under
    /// its name is as it was.
    pub async fn back_up(
        &self,
        to: &Path,
        watch: impl Fn(CopyStep) + Send + Sync + 'static,
    ) -> Result<Copied, LedgerError> {
        let partial = with_ending(to, ".partial");
        carried::remove(&partial)?;
        let copied = self.copy_to_file(&partial, watch).await;
        let copied = match copied {
            Ok(copied) => copied,
            Err(error) => {
                // What is left of it must not be taken for a backup; the error that tells why is the one that counts.
                let _removed = carried::remove(&partial);
                return Err(error);
            }
        };
        carried::rename(&partial, to)?;
        Ok(copied)
    }

    async fn copy_to_file(
        &self,
        path: &Path,
        watch: impl Fn(CopyStep) + Send + Sync + 'static,
    ) -> Result<Copied, LedgerError> {
        let settings = SqliteSettings {
            cost_method: Some(self.method),
            ..SqliteSettings::default()
        };
        let target = Self::open_with(path, &settings).await?;
        let copied = self.copy_to(target, watch).await?;
        carried::alone(path).await?;
        Ok(copied)
    }

    /// Opens a copy of a backup, made as `copy`: the backup itself is neither changed nor locked. It is checked before, page for
    /// page, and its audit chain, entry for entry. One of an older version is brought up.
    ///
    /// # Errors
    /// [`LedgerError::NotWritten`] when the file is not there, is no ledger, was cut off or is damaged, or no copy can be made;
    /// [`LedgerError::Damaged`] when its audit chain is broken; [`LedgerError::NewerSchema`] for one of a newer version.
    pub async fn open_backup(backup: &Path, copy: &Path) -> Result<Self, LedgerError> {
        carried::look(backup)?;
        carried::remove(copy)?;
        file::make(copy)?;
        std::fs::copy(backup, copy).map_err(|error| failure::no_file(copy, error))?;
        sqlite::open::private(copy)?;
        let found = async {
            carried::sound(copy).await?;
            let books = Self::open(copy).await?;
            books.check_chain().await.map(|_| books)
        }
        .await;
        if found.is_err() {
            // As above: why it is no backup is what counts.
            let _removed = carried::remove(copy);
        }
        found
    }

    /// Raises every lease's epoch, so that whoever held one before these books were put here is fenced for good; the entry
    /// says what was done.
    ///
    /// # Errors
    /// As [`commit`](sangam_core::ports::Ledger::commit).
    pub async fn raise_epochs(&self, by: u32, audit: AuditEntry) -> Result<(), LedgerError> {
        self.alone(move |session, working| {
            Box::pin(async move {
                session.run(&RAISE, vec![i64::from(by).into()]).await?;
                working.append(&audit);
                Ok(())
            })
        })
        .await
    }
}

/// Removes a ledger's file and what SQLite keeps beside it, as far as they are there. Nobody may have it open.
///
/// # Errors
/// [`LedgerError::NotWritten`] naming the file.
pub fn remove_file(path: &Path) -> Result<(), LedgerError> {
    carried::remove(path)
}

/// Puts a ledger's file, closed and by itself, in the place of another, which is kept under the name `aside` if one is given,
/// with what SQLite keeps beside it. Nobody may have either open. A crash leaves the one or the other in its place.
///
/// # Errors
/// [`LedgerError::NotWritten`] naming the file.
pub fn put_in_place(new: &Path, place: &Path, aside: Option<&Path>) -> Result<(), LedgerError> {
    let [main, beside @ ..] = carried::all_of(place);
    let Some(aside) = aside else {
        for log in &beside {
            gone(std::fs::remove_file(log), log)?;
        }
        return carried::rename(new, place);
    };
    let [main_aside, beside_aside @ ..] = carried::all_of(aside);
    // A second name first, so that there is never a moment without books.
    std::fs::hard_link(&main, &main_aside).map_err(|error| failure::no_file(&main_aside, error))?;
    // A log of the one file must not be taken for that of the other.
    for (from, to) in beside.iter().zip(&beside_aside) {
        gone(std::fs::rename(from, to), to)?;
    }
    carried::rename(new, place)
}

/// What is not there need not be moved.
fn gone(done: std::io::Result<()>, path: &Path) -> Result<(), LedgerError> {
    match done {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failure::no_file(path, error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
