//! The log-in, in the browser and then here, once a day.

use async_trait::async_trait;
use http::Method;
use sangam_broker::{WireRequest, calls};
use sangam_core::ports::{Login, LoginLink};
use sangam_core::session::{MarketSession, SessionCheck, next_daily_cut};
use sangam_core::{BrokerName, Error, ErrorKind, Operation, Result};

use super::Fyers;
use crate::error;
use crate::translate;

/// Links whose state is remembered.
const STATES_MAX: usize = 8;

#[async_trait]
impl Login for Fyers {
    fn login_link(&self, state: &str) -> LoginLink {
        let mut states = self.states.lock();
        if states.len() == STATES_MAX {
            states.pop_front();
        }
        states.push_back(state.to_owned());
        let url = self.config.urls.trading("/generate-authcode");
        let url = WireRequest::new(Operation::Login, Method::GET, url)
            .query("client_id", self.credentials.app_id())
            .query("redirect_uri", self.config.redirect_uri.as_str())
            .query("response_type", "code")
            .query("state", state)
            .full_url();
        LoginLink {
            url,
            instructions:
                "log in with the second factor; copy the whole address the browser ends at, or the value of \
                           auth_code in it"
                    .to_owned(),
        }
    }

    async fn exchange_code(&self, code: &str) -> Result<MarketSession> {
        let callback = translate::callback(code).map_err(|error| error.at(BrokerName::Fyers))?;
        self.check_state(callback.state.as_deref())?;
        let hash = self.credentials.app_id_hash();
        let url = self.config.urls.trading("/validate-authcode");
        let request = self
            .request(Operation::Login, Method::POST, url)?
            .hiding(&callback.auth_code)
            .hiding(&hash)
            .body(translate::exchange_body(&hash, &callback.auth_code)?);
        let token = self.read(request, translate::access_token).await?;
        let now = self.clock.now();
        let cut = self.config.session_cut;
        let session = MarketSession {
            token,
            user_id: self.config.user_id.clone(),
            granted_at: now,
            expires_at: next_daily_cut(now, cut.hour(), cut.minute()),
        };
        self.session.set(session.clone());
        Ok(session)
    }

    fn resume(&self, session: MarketSession) {
        self.session.set(session);
    }

    fn session(&self) -> Option<MarketSession> {
        self.session.get()
    }

    /// The profile: the cheapest authorised call, and one that changes nothing.
    async fn check_session(&self) -> Result<SessionCheck> {
        let url = self.config.urls.trading("/profile");
        let request = self.authorised(Operation::SessionCheck, Method::GET, url)?;
        let user_id = self.read(request, translate::profile).await?;
        Ok(SessionCheck { user_id })
    }

    async fn log_out(&self) -> Result<()> {
        let Some(session) = self.session.get() else {
            return Ok(());
        };
        self.session.clear();
        let url = self.config.urls.trading("/logout");
        let request = self.authorised_by(&session, Operation::Login, Method::POST, url)?;
        let response = calls::answer(&*self.reads, BrokerName::Fyers, request).await?;
        error::read(&response, Operation::Login, translate::done)
    }
}

impl Fyers {
    /// A state that came back must be one of ours, if any link was made here.
    fn check_state(&self, state: Option<&str>) -> Result<()> {
        let states = self.states.lock();
        match state {
            Some(state) if !states.is_empty() && !states.iter().any(|ours| ours == state) => {
                Err(Error::refused(
                    ErrorKind::InvalidRequest,
                    "the address belongs to another log-in link; open the last one again",
                )
                .at(BrokerName::Fyers))
            }
            _ => Ok(()),
        }
    }
}
