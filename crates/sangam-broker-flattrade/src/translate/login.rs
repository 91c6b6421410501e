//! The log-in exchange, the session check and the log-out.

use bytes::Bytes;
use sangam_broker::{Pasted, collapsed, shown};
use sangam_core::session::{AccessToken, SessionCheck};
use sangam_core::{BrokerName, Error, ErrorKind, Operation, Outcome};

use super::answer::{self, object};
use crate::credential::Credentials;
use crate::error;
use crate::wire::{TokenBody, UserBody};

/// What the broker granted.
pub(crate) struct Granted {
    pub(crate) token: AccessToken,
    pub(crate) client: Option<String>,
}

/// The one-time code in what a person pasted: the whole redirect address, its query, or the code alone. The broker's
/// documents call the parameter `request_code`, its own handler `code`.
pub(crate) fn code_of(pasted: &str) -> Result<String, Error> {
    let pasted = Pasted::read(pasted);
    ["request_code", "code"]
        .into_iter()
        .find_map(|name| pasted.value(name))
        .or_else(|| pasted.bare())
        .map(str::to_owned)
        .ok_or_else(|| {
            Error::refused(
                ErrorKind::InvalidRequest,
                "no log-in code found; paste the whole address the browser ended at, or the code alone",
            )
            .at(BrokerName::Flattrade)
        })
}

/// The body of the exchange: plain JSON, the secret as a digest.
pub(crate) fn exchange_body(credentials: &Credentials, code: &str) -> Bytes {
    let body = serde_json::json!({
        "api_key": credentials.api_key(),
        "request_code": code,
        "api_secret": credentials.digest(code),
    });
    Bytes::from(body.to_string())
}

/// Reads the answer to the exchange. A token decides; the verdict's key is spelled both ways and the reason may be blank.
pub(crate) fn granted(status: u16, body: &[u8]) -> Result<Granted, Error> {
    let Some(said) = object::<TokenBody>(body) else {
        return Err(error::failure(Operation::Login, status, body));
    };
    if let Some(token) = said.token.get().filter(|_| (200..300).contains(&status)) {
        return Ok(Granted {
            token: AccessToken::new(token),
            client: said.client.get().map(str::to_owned),
        });
    }
    if said.stat.get().or(said.status.get()).is_none() && said.emsg.get().is_none() {
        return Err(error::failure(Operation::Login, status, body));
    }
    Err(not_granted(status, &said))
}

fn not_granted(status: u16, said: &TokenBody) -> Error {
    let reason = collapsed(said.emsg.get().unwrap_or_default());
    let kind = error::FRAGMENTS
        .iter()
        .find(|fragment| reason.to_ascii_lowercase().contains(fragment.part))
        .map(|fragment| fragment.kind)
        .filter(|kind| {
            matches!(
                kind,
                ErrorKind::StaticAddress | ErrorKind::RateLimited | ErrorKind::Unavailable
            )
        })
        .unwrap_or(ErrorKind::LoginRequired);
    let because = match (kind, reason.is_empty()) {
        (ErrorKind::StaticAddress, _) => {
            "the call did not leave from the address registered for the key; check for IPv6 egress".to_owned()
        }
        (_, true) => {
            "the broker granted no session and gave no reason; usual causes are a used or stale code, an \
                      unregistered address, or the secret of another key"
                .to_owned()
        }
        (_, false) => format!("the broker granted no session: {:?}", shown(&reason)),
    };
    let outcome = if status < 500 {
        Outcome::Rejected
    } else {
        Outcome::Unknown
    };
    let error = Error::new(kind, outcome, because).at(BrokerName::Flattrade);
    if kind == ErrorKind::StaticAddress {
        error.with_code(reason)
    } else {
        error
    }
}

/// Reads the answer to `UserDetails`.
pub(crate) fn user(status: u16, body: &[u8]) -> Result<SessionCheck, Error> {
    let user: UserBody = answer::success("UserDetails", Operation::SessionCheck, status, body)?;
    Ok(SessionCheck {
        user_id: user.actid.into_option(),
    })
}

/// Reads the answer to `Logout`. A session the broker already holds for dead is ended as well.
pub(crate) fn logged_out(status: u16, body: &[u8]) -> Result<(), Error> {
    match answer::success::<UserBody>("Logout", Operation::Login, status, body) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::LoginRequired && error.outcome() == Outcome::Rejected => {
            Ok(())
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_however_it_is_pasted() {
        let check = |pasted: &str, code: Option<&str>| {
            assert_eq!(code_of(pasted).ok().as_deref(), code, "{pasted:?}");
        };
        check(" testcode0001.aaaabbbb\n", Some("testcode0001.aaaabbbb"));
        check(
            "https://127.0.0.1/cb?request_code=abc.def&client=FT000000",
            Some("abc.def"),
        );
        check("http://localhost:7000/?code=abc&client=FT000000#top", Some("abc"));
        check("code=a%2Bb&client=FT000000", Some("a+b"));
        check("https://127.0.0.1/cb?client=FT000000", None);
        check("", None);
        check("two words", None);
    }
}
