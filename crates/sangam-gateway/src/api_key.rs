//! The key callers prove themselves with: made at the first start, kept in the data folder with mode 0600.

use std::io;
use std::path::{Path, PathBuf};

use sangam::entropy::random_bytes;
use sangam::private_file;
use secrecy::{ExposeSecret, SecretString};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Random characters of a key: 40 of 62 are 238 bits.
const LENGTH: usize = 40;

/// An API key. Silent in `Debug`.
#[derive(Clone)]
pub struct ApiKey(SecretString);

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKey(hidden)")
    }
}

impl ApiKey {
    /// Where the key of a data folder is kept.
    #[must_use]
    pub fn path(data_dir: &Path) -> PathBuf {
        data_dir.join("api-key")
    }

    /// Wraps a key given by the environment or a flag.
    #[must_use]
    pub fn given(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The key of a data folder, if it has one.
    ///
    /// # Errors
    /// When there is a file that cannot be read.
    pub fn load(data_dir: &Path) -> io::Result<Option<Self>> {
        match std::fs::read_to_string(Self::path(data_dir)) {
            Ok(text) if !text.trim().is_empty() => Ok(Some(Self::given(text.trim().to_owned()))),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The key of a data folder, made now when there is none.
    ///
    /// # Errors
    /// When the file can neither be read nor written.
    pub fn load_or_make(data_dir: &Path) -> io::Result<Self> {
        if let Some(key) = Self::load(data_dir)? {
            return Ok(key);
        }
        let key = Self::make();
        private_file::write(&Self::path(data_dir), key.expose().as_bytes())?;
        Ok(key)
    }

    fn make() -> Self {
        // Bytes of 248 and above are drawn again, so that every character is equally likely.
        let mut text = String::from("sangam_");
        while text.len() < "sangam_".len() + LENGTH {
            for byte in random_bytes::<64>() {
                if byte < 248 && text.len() < "sangam_".len() + LENGTH {
                    text.push(char::from(ALPHABET[usize::from(byte) % 62]));
                }
            }
        }
        Self::given(text)
    }

    /// The key, for comparing and for the one screen that shows it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_once_and_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = ApiKey::load_or_make(folder.path()).expect("made");
        let again = ApiKey::load_or_make(folder.path()).expect("kept");
        assert_eq!(first.expose(), again.expose());
        assert!(first.expose().len() >= 24);
        assert!(
            first
                .expose()
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_')
        );
        assert_ne!(ApiKey::make().expose(), first.expose());
        assert!(!format!("{first:?}").contains(first.expose()));
    }
}
