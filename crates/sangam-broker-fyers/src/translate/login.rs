//! The log-in: what the browser brings back, what is exchanged for it, and who the session belongs to.

use sangam_broker::Pasted;
use sangam_core::session::AccessToken;
use sangam_core::{Error, ErrorKind, Result};

use super::fault::{Fault, expect_ok, shape};
use super::orders::json;
use crate::wire::envelope::Head;
use crate::wire::login::{ExchangeBody, ExchangeReply, ProfileReply};

/// What the browser was sent back with. The code is a secret: there is no `Debug`.
pub struct Callback {
    /// The code to exchange. In the address it is `auth_code`; its `code` is a status.
    pub auth_code: String,
    /// The state that came back, if the whole address was given.
    pub state: Option<String>,
}

/// Reads the code from the whole address of the redirect, from its query, or bare.
///
/// # Errors
/// With nothing sent: [`ErrorKind::InvalidRequest`] when there is no code in it, [`ErrorKind::LoginRequired`] when it is
/// the address of a log-in that failed.
pub fn callback(text: &str) -> Result<Callback> {
    let pasted = Pasted::read(text);
    let value = |name: &str| pasted.value(name).map(str::to_owned);
    if let Some(code) = pasted.bare() {
        return Ok(Callback {
            auth_code: code.to_owned(),
            state: None,
        });
    }
    if value("s").is_some_and(|s| s.eq_ignore_ascii_case("error")) {
        let why = value("message").unwrap_or_else(|| "no reason given".to_owned());
        return Err(Error::refused(
            ErrorKind::LoginRequired,
            format!("the log-in did not succeed: {why}"),
        ));
    }
    Ok(Callback {
        auth_code: value("auth_code").ok_or_else(no_code)?,
        state: value("state"),
    })
}

fn no_code() -> Error {
    Error::refused(
        ErrorKind::InvalidRequest,
        "there is no auth_code in it; give the whole address the browser was sent to, or the auth_code alone",
    )
}

/// The body that turns the code into a token.
///
/// # Errors
/// None that a code can bring about.
pub fn exchange_body(app_id_hash: &str, auth_code: &str) -> Result<Vec<u8>> {
    json(&ExchangeBody {
        grant_type: "authorization_code",
        app_id_hash,
        code: auth_code,
    })
}

/// The token of the exchange. A refresh token that may come with it is left: the broker withdrew its use.
///
/// # Errors
/// [`Fault`] when there is none.
pub fn access_token(body: &[u8]) -> Result<AccessToken, Fault> {
    const WHAT: &str = "log-in";
    let reply: ExchangeReply<'_> = shape(WHAT, body)?;
    expect_ok(WHAT, reply.s)?;
    reply
        .access_token
        .text()
        .map(AccessToken::new)
        .ok_or(Fault::Absent { what: "access_token" })
}

/// The user a profile belongs to.
///
/// # Errors
/// [`Fault`] when the answer is no profile.
pub fn profile(body: &[u8]) -> Result<Option<String>, Fault> {
    const WHAT: &str = "profile";
    let reply: ProfileReply<'_> = shape(WHAT, body)?;
    expect_ok(WHAT, reply.s)?;
    let profile = reply.data.ok_or(Fault::Absent { what: WHAT })?;
    Ok(profile.user_id.text())
}

/// An answer that says ok and nothing more.
///
/// # Errors
/// [`Fault`] when it does not.
pub fn done(body: &[u8]) -> Result<(), Fault> {
    const WHAT: &str = "log-out";
    let reply: Head<'_> = shape(WHAT, body)?;
    expect_ok(WHAT, reply.s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_found_in_whatever_was_copied() {
        let check = |text: &str, code: &str, state: Option<&str>| {
            let found = callback(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((found.auth_code.as_str(), found.state.as_deref()), (code, state));
        };
        check(" TEST-AUTH-CODE\n", "TEST-AUTH-CODE", None);
        check("a.b-c_d.e", "a.b-c_d.e", None);
        check(
            "http://127.0.0.1:8080/callback?s=ok&code=200&auth_code=TEST-AUTH-CODE&state=state123#top",
            "TEST-AUTH-CODE",
            Some("state123"),
        );
        check("auth_code=a%2Bb&state=x", "a+b", Some("x"));
    }

    #[test]
    fn what_holds_no_code_is_refused() {
        let kind = |text| {
            callback(text)
                .map(|_| ())
                .map_err(|error| error.kind())
                .unwrap_err()
        };
        assert_eq!(kind(""), ErrorKind::InvalidRequest);
        assert_eq!(
            kind("http://127.0.0.1:8080/callback?code=200"),
            ErrorKind::InvalidRequest
        );
        assert_eq!(kind("http://127.0.0.1:8080/callback"), ErrorKind::InvalidRequest);
        assert_eq!(
            kind("http://127.0.0.1/?s=error&code=-1&message=no&auth_code=x"),
            ErrorKind::LoginRequired
        );
    }
}
