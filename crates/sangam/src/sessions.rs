//! Sessions on disk: one file an account, mode 0600, so that a restart needs no log-in.

use std::io;
use std::path::{Path, PathBuf};

use sangam_core::session::{AccessToken, MarketSession};
use sangam_core::{AccountId, Error, ErrorKind, Timestamp};
use serde::{Deserialize, Serialize};

use crate::private_file;

/// The folder of session files.
#[derive(Debug, Clone)]
pub struct SessionFiles {
    folder: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    access_token: String,
    user_id: Option<String>,
    granted_at: Timestamp,
    expires_at: Timestamp,
}

impl SessionFiles {
    /// The session files below a data folder.
    #[must_use]
    pub fn below(data_dir: &Path) -> Self {
        Self {
            folder: data_dir.join("sessions"),
        }
    }

    /// Where an account's file is.
    #[must_use]
    pub fn path(&self, account: &AccountId) -> PathBuf {
        self.folder.join(format!("{account}.json"))
    }

    /// Keeps a session.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, account: &AccountId, session: &MarketSession) -> io::Result<()> {
        let stored = Stored {
            access_token: session.token.expose().to_owned(),
            user_id: session.user_id.clone(),
            granted_at: session.granted_at,
            expires_at: session.expires_at,
        };
        let json = serde_json::to_vec_pretty(&stored).map_err(io::Error::other)?;
        private_file::write(&self.path(account), &json)
    }

    /// Keeps a session, with the failure in the words of a log-in.
    pub(crate) fn keep(&self, account: &AccountId, session: &MarketSession) -> Result<(), Error> {
        self.save(account, session).map_err(|error| {
            let path = self.path(account);
            Error::refused(
                ErrorKind::Internal,
                format!(
                    "logged in, but the session cannot be kept in {}: {error}",
                    path.display()
                ),
            )
        })
    }

    /// The session kept for an account, dead or alive. `None` when there is no file or it does not read.
    #[must_use]
    pub fn load(&self, account: &AccountId) -> Option<MarketSession> {
        let path = self.path(account);
        let bytes = std::fs::read(&path).ok()?;
        match serde_json::from_slice::<Stored>(&bytes) {
            Ok(stored) => Some(MarketSession {
                token: AccessToken::new(stored.access_token),
                user_id: stored.user_id,
                granted_at: stored.granted_at,
                expires_at: stored.expires_at,
            }),
            Err(_) => {
                tracing::warn!(path = %path.display(), "session file does not read; log in again");
                None
            }
        }
    }

    /// Forgets an account's session.
    ///
    /// # Errors
    /// When a file is there and cannot be removed.
    pub fn forget(&self, account: &AccountId) -> io::Result<()> {
        match std::fs::remove_file(self.path(account)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_comes_back_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = SessionFiles::below(folder.path());
        let account: AccountId = "flat".parse().expect("a name");
        assert!(files.load(&account).is_none());
        let session = MarketSession {
            token: AccessToken::new("test-token"),
            user_id: Some("FT000000".into()),
            granted_at: Timestamp::UNIX_EPOCH,
            expires_at: "2026-11-23T22:00:00Z".parse().expect("an instant"),
        };
        files.save(&account, &session).expect("saved");
        let back = files.load(&account).expect("there");
        assert_eq!(back.token.expose(), "test-token");
        assert_eq!(back.expires_at, session.expires_at);
        files.forget(&account).expect("forgotten");
        files.forget(&account).expect("forgetting twice is fine");
        assert!(files.load(&account).is_none());
        std::fs::write(files.path(&account), b"{half").expect("written");
        assert!(files.load(&account).is_none());
    }
}
