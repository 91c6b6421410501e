//! The data folder: made, proved writable, held by one system at a time, and never shared by simulated and real
//! accounts, whose orders, ids and masters must not be taken for one another.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use parking_lot::Mutex;
use sangam_orders::TagKey;

use crate::entropy::random_bytes;
use crate::error::StartError;
use crate::private_file;

const SIMULATED: &str = "simulated";
const REAL: &str = "real";

/// A data folder that is ours until released or dropped.
#[derive(Debug)]
pub(crate) struct DataDir {
    lock: Mutex<Option<File>>,
}

impl DataDir {
    /// Makes the folder where it is missing and takes it.
    pub(crate) fn take(path: &Path, simulated_only: bool) -> Result<Self, StartError> {
        let held = Self::hold(path)?;
        check_kind(path, simulated_only)?;
        Ok(held)
    }

    /// Takes the folder for work on it that trades nothing, made where it is missing.
    pub(crate) fn hold(path: &Path) -> Result<Self, StartError> {
        std::fs::create_dir_all(path).map_err(fault(path))?;
        let probe = path.join(".writable");
        private_file::write(&probe, b"").map_err(fault(path))?;
        std::fs::remove_file(&probe).map_err(fault(path))?;
        Ok(Self {
            lock: Mutex::new(Some(lock(path)?)),
        })
    }

    /// Lets the next system have the folder.
    pub(crate) fn release(&self) {
        self.lock.lock().take();
    }
}

fn fault(path: &Path) -> impl Fn(io::Error) -> StartError {
    let path = path.display().to_string();
    move |error| StartError::DataDir {
        path: path.clone(),
        what: error.to_string(),
    }
}

fn lock(folder: &Path) -> Result<File, StartError> {
    let path = folder.join("lock");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(fault(&path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // Whoever holds it may just be writing its number: then the text goes without.
            let _read = file.read_to_string(&mut holder);
            let holder = holder.trim();
            return Err(StartError::InUse {
                path: folder.display().to_string(),
                by: if holder.is_empty() {
                    "another gateway".to_owned()
                } else {
                    format!("another gateway (process {holder})")
                },
            });
        }
        Err(TryLockError::Error(error)) => return Err(fault(&path)(error)),
    }
    file.set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(fault(&path))?;
    Ok(file)
}

fn check_kind(folder: &Path, simulated_only: bool) -> Result<(), StartError> {
    let path = folder.join("kind");
    let ours = if simulated_only { SIMULATED } else { REAL };
    match std::fs::read_to_string(&path) {
        Ok(kept) if kept.trim() == ours => Ok(()),
        Ok(kept) if kept.trim().is_empty() => {
            private_file::write(&path, ours.as_bytes()).map_err(fault(&path))
        }
        Ok(kept) => Err(StartError::OtherKind {
            path: folder.display().to_string(),
            holds: kept.trim().to_owned(),
            ours,
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            private_file::write(&path, ours.as_bytes()).map_err(fault(&path))
        }
        Err(error) => Err(fault(&path)(error)),
    }
}

/// The installation's name, made at the first start: who holds a lease. One process at a time has the data folder, so a
/// start after a crash is known for the same holder.
pub(crate) fn installation(folder: &Path) -> Result<String, StartError> {
    let path = folder.join("installation");
    match std::fs::read_to_string(&path) {
        Ok(name) if !name.trim().is_empty() => return Ok(name.trim().to_owned()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(fault(&path)(error)),
        Ok(_) | Err(_) => {}
    }
    let host = rustix::system::uname();
    let random: [u8; 4] = random_bytes();
    let name = format!(
        "{}-{:08x}",
        host.nodename().to_string_lossy(),
        u32::from_be_bytes(random)
    );
    private_file::write(&path, name.as_bytes()).map_err(fault(&path))?;
    Ok(name)
}

/// The installation's key for tags, made at the first start. One that does not read is never replaced in silence: the
/// tags of orders still open were made with it.
pub(crate) fn tag_key(folder: &Path) -> Result<TagKey, StartError> {
    let path = folder.join("tag-key");
    match std::fs::read(&path) {
        Ok(bytes) => match <[u8; 32]>::try_from(bytes.as_slice()) {
            Ok(bytes) => Ok(TagKey::new(bytes)),
            Err(_) => Err(StartError::DataDir {
                path: path.display().to_string(),
                what: "damaged: it must have 32 bytes; restore it, or remove it when no order is open or in doubt"
                    .to_owned(),
            }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let bytes = random_bytes();
            private_file::write(&path, &bytes).map_err(fault(&path))?;
            Ok(TagKey::new(bytes))
        }
        Err(error) => Err(fault(&path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_system_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = DataDir::take(folder.path(), true).expect("free");
        let refused = DataDir::take(folder.path(), true).expect_err("taken").to_string();
        assert!(
            refused.contains(&format!("process {}", std::process::id())),
            "{refused}"
        );
        assert!(refused.contains("--data-dir"), "{refused}");
        first.release();
        DataDir::take(folder.path(), true).expect("free again");
    }

    #[test]
    fn simulated_and_real_do_not_share_a_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        drop(DataDir::take(folder.path(), true).expect("free"));
        let refused = DataDir::take(folder.path(), false)
            .expect_err("the other kind")
            .to_string();
        assert!(refused.contains("holds simulated trading"), "{refused}");
        drop(DataDir::take(folder.path(), true).expect("the same kind"));
    }

    #[test]
    fn a_damaged_tag_key_is_not_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        tag_key(folder.path()).expect("made");
        let path = folder.path().join("tag-key");
        let made = std::fs::read(&path).expect("there");
        tag_key(folder.path()).expect("kept");
        assert_eq!(std::fs::read(&path).expect("there"), made);
        std::fs::write(&path, b"short").expect("written");
        assert!(tag_key(folder.path()).is_err());
        assert_eq!(std::fs::read(&path).expect("there"), b"short");
    }
}
