//! Whom to trust, and with which cryptography. Every connection of this crate names its provider (ring) and its roots
//! itself, so nothing depends on what the process has installed.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sangam_core::{Error, ErrorKind};

/// Makes ring the process's default cryptography, unless there is one already. Call it as often as you like.
///
/// The transports here do not need it: they name their provider. Other libraries in a program do (a database over TLS,
/// a WebSocket), so binaries call it first thing in `main`.
pub fn install_crypto_provider() {
    // The only error is that another one is installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Which certificate authorities a transport believes.
#[derive(Clone)]
pub struct Trust(Arc<dyn ServerCertVerifier>);

impl Trust {
    /// The machine's own. They are read at the first handshake and then shared by the whole process: a machine without
    /// any can still talk to simulators over plain HTTP.
    #[must_use]
    pub fn platform() -> Self {
        Self(Arc::new(Platform))
    }

    /// These roots (DER) and no others: a private authority, or a test.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when there is none, or one is no certificate.
    pub fn only(roots: impl IntoIterator<Item = Vec<u8>>) -> Result<Self, Error> {
        let refuse =
            |why: String| Error::refused(ErrorKind::InvalidRequest, format!("trusted certificates: {why}"));
        let mut store = RootCertStore::empty();
        for root in roots {
            store
                .add(CertificateDer::from(root))
                .map_err(|error| refuse(error.to_string()))?;
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider())
            .build()
            .map_err(|error| refuse(error.to_string()))?;
        Ok(Self(verifier))
    }

    /// A client's settings: TLS 1.2 and 1.3, these protocols, no early data.
    pub(crate) fn client_config(&self, protocols: &[&str]) -> ClientConfig {
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("ring supports the default versions of TLS")
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&self.0))
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        // The default, said aloud: early data can be replayed by whoever saw it, and an order must not be.
        config.enable_early_data = false;
        config
    }
}

impl Default for Trust {
    fn default() -> Self {
        Self::platform()
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trust")
    }
}

fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(rustls::crypto::ring::default_provider())))
}

/// The machine's roots, read when first asked for. "Dangerous" in rustls's words only because it is not its default:
/// every question is passed on to the platform's verifier.
#[derive(Debug)]
struct Platform;

impl Platform {
    fn verifier() -> Result<&'static rustls_platform_verifier::Verifier, rustls::Error> {
        static VERIFIER: OnceLock<rustls_platform_verifier::Verifier> = OnceLock::new();
        if let Some(verifier) = VERIFIER.get() {
            return Ok(verifier);
        }
        // A failure is not kept: the operator may install certificates while we run.
        let verifier = rustls_platform_verifier::Verifier::new(provider())?;
        Ok(VERIFIER.get_or_init(|| verifier))
    }
}

impl ServerCertVerifier for Platform {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Self::verifier()?.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Self::verifier()?.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Self::verifier()?.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_early_data_and_the_protocols_asked_for() {
        let config = Trust::platform().client_config(&["http/1.1"]);
        assert!(!config.enable_early_data);
        assert_eq!(config.alpn_protocols, [b"http/1.1".to_vec()]);
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let error = Trust::only([b"no certificate".to_vec()]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(Trust::only([]).is_err());
    }

    #[test]
    fn installing_twice_is_fine() {
        install_crypto_provider();
        install_crypto_provider();
        assert!(CryptoProvider::get_default().is_some());
    }
}
