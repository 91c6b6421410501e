//! The key and secret of an application registered with the broker. The secret never travels: only a digest of it does.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// Key and secret. `Debug` shows neither.
#[derive(Clone)]
pub struct Credentials {
    api_key: SecretString,
    api_secret: SecretString,
}

impl Credentials {
    /// Wraps a key and its secret.
    #[must_use]
    pub fn new(api_key: impl Into<String>, api_secret: impl Into<String>) -> Self {
        Self {
            api_key: SecretString::from(api_key.into()),
            api_secret: SecretString::from(api_secret.into()),
        }
    }

    /// The key, which the log-in address carries in the open.
    pub(crate) fn api_key(&self) -> &str {
        self.api_key.expose_secret()
    }

    /// Lower-case hex SHA-256 of key, code and secret joined with nothing between.
    pub(crate) fn digest(&self, code: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(self.api_key.expose_secret());
        hash.update(code);
        hash.update(self.api_secret.expose_secret());
        format!("{:x}", hash.finalize())
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_as_the_official_client_computes_it() {
        let credentials = Credentials::new("test-key", "test-secret");
        assert_eq!(
            credentials.digest("testcode0001.aaaabbbb"),
            "35e6d19d0bd180c0fb7ceca1b756024e87182a05b9e667b2558423e95466eaad"
        );
        assert!(!format!("{credentials:?}").contains("test-"));
    }
}
