//! Log-in: a person signs in on the broker's page and brings back a one-time code, which becomes a token for the day.

use async_trait::async_trait;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};
use sangam_broker::WireRequest;
use sangam_core::ports::{Login, LoginLink};
use sangam_core::session::{MarketSession, SessionCheck, next_daily_cut};
use sangam_core::{BrokerName, Error, ErrorKind, Operation, Outcome, Result};

use super::{Flattrade, read_answer, send};
use crate::translate;
use crate::urls::{self, Route};

/// The hour tokens die, in India. The broker clears them between 05:00 and 06:00 (Pi documents v2.0, authentication).
const CUT_HOUR: i8 = 5;

#[async_trait]
impl Login for Flattrade {
    /// The broker carries no `state`: it comes back nowhere.
    fn login_link(&self, _state: &str) -> LoginLink {
        LoginLink {
            url: urls::login(&self.config.hosts, self.credentials.api_key()),
            instructions: format!(
                "sign in as {} there; then paste the whole address the browser ends at, which holds the code. It \
                 lives a few minutes and works once",
                self.config.user_id
            ),
        }
    }

    async fn exchange_code(&self, code: &str) -> Result<MarketSession> {
        let code = translate::code_of(code)?;
        let body = translate::exchange_body(&self.credentials, &code);
        let mut request = WireRequest::new(Operation::Login, Method::POST, urls::token(&self.config.hosts))
            .timeout(self.config.read_timeout)
            .hiding(&code)
            .body(body);
        request
            .headers
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let response = send(&self.reads, request).await?;
        let granted = read_answer(&response, translate::granted)?;
        if let Some(client) = granted
            .client
            .as_deref()
            .filter(|client| !client.eq_ignore_ascii_case(&self.config.user_id))
        {
            return Err(Error::new(
                ErrorKind::Permission,
                Outcome::Rejected,
                format!(
                    "the log-in is of {client} and this account is {}; sign in as the right user or change user_id",
                    self.config.user_id
                ),
            )
            .at(BrokerName::Flattrade));
        }
        let now = self.clock.now();
        let session = MarketSession {
            token: granted.token,
            user_id: granted.client.or_else(|| Some(self.config.user_id.clone())),
            granted_at: now,
            expires_at: next_daily_cut(now, CUT_HOUR, 0),
        };
        self.slot.set(session.clone());
        Ok(session)
    }

    fn resume(&self, session: MarketSession) {
        self.slot.set(session);
    }

    fn session(&self) -> Option<MarketSession> {
        self.slot.get()
    }

    async fn check_session(&self) -> Result<SessionCheck> {
        let response = self
            .read(Operation::SessionCheck, Route::UserDetails, translate::user_body)
            .await?;
        read_answer(&response, translate::user)
    }

    /// Forgets the session first. The broker does not document this call, so its failure says only that the token may
    /// live on there until the morning's cut.
    async fn log_out(&self) -> Result<()> {
        let request = self.signed(
            Operation::Login,
            Route::Logout,
            self.config.read_timeout,
            |sender| Ok(translate::own_body(sender)),
        );
        self.slot.clear();
        let request = match request {
            Ok(request) => request,
            // No living session: nothing to end.
            Err(error) if error.kind() == ErrorKind::LoginRequired => return Ok(()),
            Err(error) => return Err(error),
        };
        let response = send(&self.reads, request).await?;
        read_answer(&response, translate::logged_out)
    }
}
