//! An account over a recording transport, and the words of the wire document written down a second time.

use std::future::Future;
use std::sync::Arc;

use http::HeaderMap;
use sangam_broker::WireRequest;
use sangam_broker_upstox::{Config, Credentials, Upstox};
use sangam_core::ports::Login as _;
use sangam_core::session::{AccessToken, MarketSession};
use sangam_core::{AccountId, BrokerName, Exchange, ManualClock, Timestamp};
use serde_json::Value;

use crate::vectors::recording::{NamedSymbols, RecordingTransport};

/// A Monday, 09:30 in India.
pub(super) const NOW: Timestamp = Timestamp::constant(1795406400, 0);

/// What an account of a vector is made of; each part can be set by the vector.
pub(super) struct Setup {
    pub(super) config: Config,
    pub(super) credentials: Credentials,
    pub(super) symbols: NamedSymbols,
    pub(super) token: String,
    pub(super) now: Timestamp,
}

impl Setup {
    pub(super) fn new() -> Self {
        let account = AccountId::new("vectors").expect("letters are a name");
        Self {
            config: Config::new(account, "https://example.test/callback"),
            credentials: Credentials::new("test-client-id", "test-client-secret"),
            symbols: NamedSymbols::new(BrokerName::Upstox),
            token: "test-token".to_owned(),
            now: NOW,
        }
    }

    /// With the token of the vector's own headers.
    pub(super) fn for_request(vector: &Value) -> Self {
        let mut setup = Self::new();
        if let Some(token) = vector["request"]["headers"]["Authorization"]
            .as_str()
            .and_then(|header| header.strip_prefix("Bearer "))
        {
            setup.token = token.to_owned();
        }
        setup
    }

    /// The account over this transport, with a live session.
    pub(super) fn over(self, transport: &Arc<RecordingTransport>) -> Upstox {
        let account = Upstox::new(
            self.config,
            self.credentials,
            transport.clone(),
            transport.clone(),
            Arc::new(self.symbols),
            Arc::new(ManualClock::at(self.now)),
        );
        account.resume(MarketSession {
            token: AccessToken::new(self.token),
            user_id: None,
            granted_at: self.now,
            expires_at: self.now + jiff::SignedDuration::from_hours(10),
        });
        account
    }

    /// The requests a call sends when nothing answers, or why none left.
    pub(super) fn sent<T, F: Future<Output = sangam_core::Result<T>>>(
        self,
        call: impl FnOnce(Arc<Upstox>) -> F,
    ) -> Result<WireRequest, String> {
        let transport = RecordingTransport::silent();
        let account = Arc::new(self.over(&transport));
        let outcome = futures::executor::block_on(call(account));
        let mut requests = transport.take();
        match (requests.pop(), requests.len()) {
            (Some(request), 0) => Ok(request),
            (Some(_), more) => Err(format!("{} requests left instead of one", more + 1)),
            (None, _) => Err(match outcome {
                Ok(_) => "no request left".to_owned(),
                Err(error) => format!("no request left: {error}"),
            }),
        }
    }
}

/// A transport that answers with an item's status, headers and body.
pub(super) fn answering(status: u16, item: &Value) -> Arc<RecordingTransport> {
    let mut headers = HeaderMap::new();
    if let Some(kind) = item["content_type"].as_str()
        && let Ok(kind) = kind.parse()
    {
        headers.insert(http::header::CONTENT_TYPE, kind);
    }
    RecordingTransport::answering(status, headers, crate::vectors::compare::body_bytes(item))
}

/// The exchange of an instrument key (wire document, section 11). Keys of no tradable segment stand under an index exchange:
/// only their name matters.
pub(super) fn exchange_of(key: &str) -> Exchange {
    match key.split('|').next().unwrap_or_default() {
        "NSE_EQ" => Exchange::Nse,
        "BSE_EQ" => Exchange::Bse,
        "NSE_FO" => Exchange::Nfo,
        "BSE_FO" => Exchange::Bfo,
        "NCD_FO" => Exchange::Cds,
        "BCD_FO" => Exchange::Bcd,
        "MCX_FO" => Exchange::Mcx,
        "NSE_COM" => Exchange::Nco,
        "BSE_INDEX" => Exchange::BseIndex,
        _ => Exchange::NseIndex,
    }
}
