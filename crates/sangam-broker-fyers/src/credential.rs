//! The app's credentials. Their `Debug` is silent about the secret, and so is everything made from it.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// An app of Fyers' developer page.
#[derive(Clone)]
pub struct Credentials {
    app_id: String,
    app_secret: SecretString,
}

impl Credentials {
    /// The app's id with its suffix (`ABCD1234-100`) and its secret.
    #[must_use]
    pub fn new(app_id: impl Into<String>, app_secret: SecretString) -> Self {
        Self {
            app_id: app_id.into(),
            app_secret,
        }
    }

    /// The app's id.
    #[must_use]
    pub fn app_id(&self) -> &str {
        &self.app_id
    }

    /// Lower-case hexadecimal SHA-256 of `app_id:app_secret`, colon included: the broker's prose leaves the colon out,
    /// its example and its clients have it.
    pub(crate) fn app_id_hash(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(&self.app_id);
        hash.update(b":");
        hash.update(self.app_secret.expose_secret());
        format!("{:x}", hash.finalize())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({}, hidden)", self.app_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_with_the_colon_and_hides_the_secret() {
        let credentials = Credentials::new("TESTAPP-100", SecretString::from("TESTSECRET"));
        // The check value of the broker's Python client 3.2.0.
        assert_eq!(
            credentials.app_id_hash(),
            "b54014211531da4e260fb0e443ea04d63e6012d99bef48f5ffadd9ce23ec9b60"
        );
        assert!(!format!("{credentials:?}").contains("TESTSECRET"));
    }
}
