//! The file by itself, before SQLite is asked: made where there is none, and refused where SQLite would take a part of one for
//! the whole.

use std::fs::{File, TryLockError};
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use sangam_core::ports::LedgerError;

use crate::sql::failure;

/// Bytes of the smallest page a SQLite file can have.
const PAGE_MIN: u64 = 512;
/// Bytes of a page of ours.
const PAGE: u64 = 4_096;
/// Between two looks at a file that another process is making.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Makes folder and file, readable by their owner alone. Answers whether there was none.
pub(crate) fn make(path: &Path) -> Result<bool, LedgerError> {
    let refuse = |error| failure::no_file(path, error);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(refuse)?;
    }
    // One that is there is only looked at: closing any handle of a file takes away the locks SQLite has on it in this process
    // (sqlite.org/howtocorrupt.html, 2.2).
    match std::fs::metadata(path) {
        Ok(there) if there.is_dir() => {
            return Err(refuse(std::io::ErrorKind::IsADirectory.into()));
        }
        Ok(_there) => return Ok(false),
        Err(_) => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_new) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(refuse(error)),
    }
}

/// Keeps everybody else from making a ledger in the folder of this one, until it is dropped.
pub(super) async fn alone_in_folder(path: &Path, patience: Duration) -> Result<File, LedgerError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let refuse = |error| failure::no_file(folder, error);
    let handle = File::open(folder).map_err(refuse)?;
    let held = async {
        loop {
            match handle.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(LOOK_EVERY).await,
                Err(TryLockError::Error(error)) => return Err(refuse(error)),
            }
        }
    };
    match tokio::time::timeout(patience, held).await {
        Ok(Ok(())) => Ok(handle),
        Ok(Err(error)) => Err(error),
        Err(elapsed) => Err(LedgerError::NotWritten {
            what: format!(
                "another process is making a ledger in {}: stop it, or wait until it is done",
                folder.display()
            ),
            source: Box::new(elapsed),
        }),
    }
}

/// A file that was there and is shorter than any page, SQLite takes for a new one, and the rest of its last page for noughts.
/// Both are refused. Another process that makes a new file at this moment is waited for.
pub(super) async fn is_whole(path: &Path, patience: Duration) -> Result<(), LedgerError> {
    let filled = async {
        while std::fs::metadata(path).is_ok_and(|file| file.len() < PAGE_MIN) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    if let Err(elapsed) = tokio::time::timeout(patience, filled).await {
        return Err(LedgerError::NotWritten {
            what: format!(
                "{} is empty or cut short: restore a backup, or remove it to begin new books",
                path.display()
            ),
            source: Box::new(elapsed),
        });
    }
    match cut_within_a_page(path) {
        Ok(0) => Ok(()),
        Ok(rest) => Err(LedgerError::NotWritten {
            what: format!("{} is damaged: restore a backup", path.display()),
            source: format!("its last page has {rest} bytes").into(),
        }),
        Err(error) => Err(failure::no_file(path, error)),
    }
}

/// Bytes beyond the last whole page. A file with a log may have them: a stop in the middle of taking in the log, which still
/// has the whole page.
fn cut_within_a_page(path: &Path) -> std::io::Result<u64> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if std::fs::metadata(log).is_ok_and(|log| log.len() > 0) {
        return Ok(0);
    }
    let length = std::fs::metadata(path)?.len();
    if length.is_multiple_of(PAGE) {
        return Ok(0);
    }
    // Opened only where it is not as ours are: nobody has such a file open.
    let mut file = File::open(path)?;
    let mut header = [0; 18];
    file.read_exact(&mut header)?;
    // No SQLite file: it is refused by that.
    if !header.starts_with(b"SQLite format 3\0") {
        return Ok(0);
    }
    // Sizes are powers of two up to 65536, which does not fit and is written as 1.
    let page = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    Ok(length.checked_rem(page).unwrap_or(0))
}
