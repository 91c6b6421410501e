//! The app's key and secret. `Debug` shows neither.

use secrecy::{ExposeSecret, SecretString};

/// The key and secret of the app registered with the broker.
#[derive(Clone)]
pub struct Credentials {
    client_id: String,
    client_secret: SecretString,
}

impl Credentials {
    /// Wraps key (`client_id`) and secret (`client_secret`).
    #[must_use]
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: SecretString::from(client_secret.into()),
        }
    }

    /// The key: no secret, it stands in the log-in link.
    pub(crate) fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The secret, for the one request that carries it.
    pub(crate) fn client_secret(&self) -> &str {
        self.client_secret.expose_secret()
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
    fn nothing_shows() {
        let credentials = Credentials::new("the-key", "the-secret");
        assert_eq!(format!("{credentials:?}"), "Credentials(hidden)");
        assert_eq!(credentials.client_secret(), "the-secret");
    }
}
