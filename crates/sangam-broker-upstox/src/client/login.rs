//! Log-in, session check, log-out.

use async_trait::async_trait;
use http::Method;
use http::header::CONTENT_TYPE;
use sangam_broker::{Pasted, WireResponse};
use sangam_core::ports::{Login, LoginLink};
use sangam_core::session::{AccessToken, MarketSession, SessionCheck, next_daily_cut};
use sangam_core::{BrokerName, Error, ErrorKind, Operation, Outcome, Result};
use url::form_urlencoded::Serializer;

use super::orders::EMPTY_JSON;
use super::{FORM, Upstox, bearer, plain, refused, with_json};
use crate::{error, wire};

/// Tokens die at 03:30 IST, whenever they were made (official documentation).
const CUT: (i8, i8) = (3, 30);

impl Upstox {
    fn token_of(&self, response: &WireResponse) -> Result<MarketSession> {
        let token = serde_json::from_slice::<wire::Token>(&response.body).ok();
        let granted = token.and_then(|token| {
            let access = token.access_token.into_option()?;
            response
                .status
                .is_success()
                .then(|| (access, token.user_id.into_option()))
        });
        let Some((access_token, user_id)) = granted else {
            error::data(Operation::Login, response)?;
            return Err(error::unexpected(
                Operation::Login,
                "upstox reported success without an access token; log in again",
            ));
        };
        self.check_user(user_id.as_deref())?;
        let now = self.clock.now();
        Ok(MarketSession {
            token: AccessToken::new(access_token),
            user_id,
            granted_at: now,
            expires_at: next_daily_cut(now, CUT.0, CUT.1),
        })
    }

    /// Orders must never run under another person's session.
    fn check_user(&self, found: Option<&str>) -> Result<()> {
        match (self.config.user_id.as_deref(), found) {
            (Some(expected), Some(found)) if !expected.eq_ignore_ascii_case(found) => Err(Error::new(
                ErrorKind::Permission,
                Outcome::Rejected,
                format!(
                    "the log-in is of user {found}, but account {} is of user {expected}; log in as {expected}",
                    self.config.account
                ),
            )
            .at(BrokerName::Upstox)),
            _ => Ok(()),
        }
    }
}

/// The code in what a person pasted: the code itself, or the whole address the browser came back to.
fn code_in(pasted: &str) -> Result<String> {
    let pasted = Pasted::read(pasted);
    let code = pasted.value("code").or_else(|| pasted.bare());
    code.map(str::to_owned).ok_or_else(|| {
        refused(
            ErrorKind::InvalidRequest,
            "there is no code in it; paste the whole address the browser came back to, or the text after code=",
        )
    })
}

#[async_trait]
impl Login for Upstox {
    fn login_link(&self, state: &str) -> LoginLink {
        let query = Serializer::new(String::new())
            .append_pair("client_id", self.credentials.client_id())
            .append_pair("redirect_uri", &self.config.redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("state", state)
            .finish();
        LoginLink {
            url: format!("{}?{query}", self.config.urls.login_dialog()),
            instructions:
                "Log in to Upstox in the browser. It comes back to your app's address with ?code=... in it: \
                           bring back that whole address, or the code. A code works once."
                    .to_owned(),
        }
    }

    async fn exchange_code(&self, code: &str) -> Result<MarketSession> {
        let code = code_in(code)?;
        let form = Serializer::new(String::new())
            .append_pair("code", &code)
            .append_pair("client_id", self.credentials.client_id())
            .append_pair("client_secret", self.credentials.client_secret())
            .append_pair("redirect_uri", &self.config.redirect_uri)
            .append_pair("grant_type", "authorization_code")
            .finish();
        let request = plain(Operation::Login, Method::POST, self.config.urls.token())?
            .timeout(self.config.read_timeout)
            .hiding(&code)
            .hiding(self.credentials.client_secret())
            .header(CONTENT_TYPE, FORM)?
            .body(form);
        let response = self.read(request).await?;
        let session = self.token_of(&response)?;
        self.session.set(session.clone());
        Ok(session)
    }

    fn resume(&self, session: MarketSession) {
        self.session.set(session);
    }

    fn session(&self) -> Option<MarketSession> {
        self.session.get()
    }

    /// Reads the profile: small, without parameters, open to any address.
    async fn check_session(&self) -> Result<SessionCheck> {
        let request = self.get(Operation::SessionCheck, self.config.urls.profile())?;
        let response = self.read(request).await?;
        let data = error::data(Operation::SessionCheck, &response)?;
        let profile: wire::Profile = data
            .and_then(|data| serde_json::from_str(data.get()).ok())
            .ok_or_else(|| {
                error::unexpected(
                    Operation::SessionCheck,
                    "upstox answered without the user's profile",
                )
            })?;
        let user_id = profile.user_id.into_option();
        self.check_user(user_id.as_deref())?;
        Ok(SessionCheck { user_id })
    }

    async fn log_out(&self) -> Result<()> {
        let session = self.session.get();
        self.session.clear();
        let Some(session) = session.filter(|session| session.expires_at > self.clock.now()) else {
            return Ok(());
        };
        let request = plain(Operation::Login, Method::DELETE, self.config.urls.logout())?
            .timeout(self.config.read_timeout);
        let request = with_json(bearer(request, session.token.expose())?, EMPTY_JSON.to_vec())?;
        let response = self.read(request).await?;
        error::data(Operation::Login, &response)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_in_whatever_was_pasted() {
        let check = |pasted: &str, code: &str| assert_eq!(code_in(pasted).expect(pasted), code);
        check("abc-1", "abc-1");
        check("  abc-1\n", "abc-1");
        check("https://example.test/callback?code=a%2Bb&state=s", "a+b");
        check("https://example.test/callback?x=1&code=abc#top", "abc");
        check("code=abc&state=1", "abc");
        for bad in [
            "",
            " ",
            "https://example.test/callback",
            "https://example.test/?error=denied",
            "a b",
        ] {
            let error = code_in(bad).expect_err(bad);
            assert_eq!(
                (error.kind(), error.outcome()),
                (ErrorKind::InvalidRequest, Outcome::NotSent)
            );
        }
    }
}
