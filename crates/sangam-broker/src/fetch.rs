//! Large public files from the brokers: their instrument masters. No token goes with these requests, so redirects may
//! be followed, which the transports never do.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reqwest::redirect;
use sangam_core::{Error, ErrorKind, Outcome};

use crate::evidence::kind_of_status;
use crate::reads::{ReadFailure, build, client_builder, failure, read};
use crate::redact::ShownUrl;
use crate::target::Target;
use crate::tls::Trust;

/// Redirects followed from one address, as browsers bound them, only lower: a master is one hop away, if any.
const REDIRECTS_MAX: usize = 5;

/// How a [`Fetch`] behaves.
#[derive(Debug, Clone)]
pub struct FetchSettings {
    /// How long one download may take. 120 s by default.
    pub timeout: Duration,
    /// How long to wait between two pieces of it. 20 s by default.
    pub stall_timeout: Duration,
    /// How large it may be, in bytes, after decompression by the transport. 256 MiB by default.
    pub bytes_max: usize,
    /// Whether `http://` may leave this machine. False by default: a master read unprotected names the wrong contract
    /// as easily as the right one.
    pub plain_http_anywhere: bool,
    /// Whom to trust. The machine's authorities by default.
    pub trust: Trust,
}

impl Default for FetchSettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(120),
            stall_timeout: Duration::from_secs(20),
            bytes_max: 256 << 20,
            plain_http_anywhere: false,
            trust: Trust::platform(),
        }
    }
}

/// How far a download is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes so far.
    pub received: u64,
    /// Bytes in all, where the server said so and the bytes are not decompressed on the way.
    pub total: Option<u64>,
}

/// Downloads public files.
///
/// Redirects are followed up to five times and only from `https` to `https`; any other is an error that names where it
/// points.
#[derive(Clone)]
pub struct Fetch {
    client: reqwest::Client,
    settings: FetchSettings,
}

impl Fetch {
    /// A downloader with these settings.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when the client cannot be made.
    pub fn new(settings: FetchSettings) -> Result<Self, Error> {
        let follow = redirect::Policy::custom(|attempt| {
            let secure = attempt.previous().iter().all(|url| url.scheme() == "https");
            if secure && attempt.url().scheme() == "https" && attempt.previous().len() <= REDIRECTS_MAX {
                attempt.follow()
            } else {
                attempt.stop()
            }
        });
        let client = client_builder(&settings.trust)
            .redirect(follow)
            .read_timeout(settings.stall_timeout)
            .timeout(settings.timeout);
        Ok(Self {
            client: build(client)?,
            settings,
        })
    }

    /// Downloads one file whole, telling how far it is after each piece.
    ///
    /// # Errors
    /// The kind says what happened: [`ErrorKind::NotFound`] and the like by status, [`ErrorKind::Network`],
    /// [`ErrorKind::Timeout`], [`ErrorKind::UnexpectedAnswer`] for a redirect not followed and for a file over the
    /// bound, [`ErrorKind::InvalidRequest`] for an address that cannot be used. The text shows the address without its
    /// query.
    pub async fn download(
        &self,
        url: &str,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<Bytes, Error> {
        let shown = ShownUrl(url);
        let target =
            Target::parse(url, self.settings.plain_http_anywhere).map_err(|error| error.into_error())?;
        let failed = |error| failure(error, &target.host, self.settings.timeout).into_error();
        let mut response = self
            .client
            .get(url)
            .header(http::header::ACCEPT, "*/*")
            .send()
            .await
            .map_err(failed)?;
        let status = response.status();
        if status.is_redirection() {
            let to = response
                .headers()
                .get(http::header::LOCATION)
                .and_then(|to| to.to_str().ok())
                .unwrap_or_default();
            return Err(answered(
                ErrorKind::UnexpectedAnswer,
                format!("{shown} redirects to {}, which is not followed", ShownUrl(to)),
            )
            .with_code(format!("http {}", status.as_u16())));
        }
        if !status.is_success() {
            return Err(answered(
                kind_of_status(status.as_u16()),
                format!("{shown} cannot be downloaded"),
            )
            .with_code(format!("http {}", status.as_u16())));
        }
        let total = response.content_length();
        let tell = |received: usize| {
            progress(Progress {
                received: u64::try_from(received).unwrap_or(u64::MAX),
                total,
            });
        };
        read(&mut response, self.settings.bytes_max, tell)
            .await
            .map_err(|error| match error {
                ReadFailure::Broken(error) => failed(error),
                ReadFailure::TooLarge => answered(
                    ErrorKind::UnexpectedAnswer,
                    format!("{shown} is larger than {} bytes", self.settings.bytes_max),
                ),
            })
    }
}

impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetch")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// An answer came and is of no use. Nothing can have taken effect by a download.
fn answered(kind: ErrorKind, message: String) -> Error {
    Error::new(kind, Outcome::Rejected, message)
}
