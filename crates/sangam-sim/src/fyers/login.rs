//! Log-in page, code exchange, log-out, the check of the token, and the profile.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use serde_json::{Value, json};

use super::errors::{self, Fault, Outcome, input, success};
use super::fields::{self, Fields};
use super::{APP_ID, APP_ID_HASH, CLIENT_ID};
use crate::base64url::base64_url;
use crate::sessions::TokenFault;
use crate::world::World;

/// The log-in page, whose user agrees at once.
pub(super) async fn page(
    State(world): State<Arc<World>>,
    Query(query): Query<HashMap<String, String>>,
    uri: Uri,
) -> Outcome {
    let asked = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    if asked("client_id") != APP_ID {
        return Err(errors::APP_UNKNOWN);
    }
    let back = asked("redirect_uri");
    if back.is_empty() {
        return Err(input("redirect_uri is required"));
    }
    if asked("response_type") != "code" {
        return Err(input("response_type must be code"));
    }
    let auth_code = world.fresh_text();
    let joint = if back.contains('?') { '&' } else { '?' };
    // The state goes back as it came, still encoded.
    let state = uri
        .query()
        .and_then(|raw| raw.split('&').find(|pair| pair.starts_with("state=")));
    let state = state.map(|pair| format!("&{pair}")).unwrap_or_default();
    let target = format!("{back}{joint}s=ok&code=200&auth_code={auth_code}{state}");
    let location = HeaderValue::from_str(&target).map_err(|_| input("redirect_uri is no address"))?;
    Ok((StatusCode::FOUND, [(LOCATION, location)]).into_response())
}

/// Exchanges a code for a token.
pub(super) async fn token(State(world): State<Arc<World>>, body: Bytes) -> Outcome {
    let value = fields::json(&body)?;
    let fields = Fields::of(&value)?;
    let grant = fields.required("grant_type", Fields::text)?;
    let hash = fields.required("appIdHash", Fields::text)?;
    let code = fields.required("code", Fields::text)?;
    if grant != "authorization_code" {
        return Err(input("grant_type must be authorization_code"));
    }
    if hash != APP_ID_HASH {
        return Err(errors::HASH_WRONG);
    }
    // Any other code will do, any number of times: whoever tests against this has no browser to fetch one with.
    if code.is_empty() {
        return Err(errors::CODE_WRONG);
    }
    let access_token = token_like(&world, "access_token");
    world.sessions().issue(access_token.clone(), world.now());
    let refresh_token = token_like(&world, "refresh_token");
    Ok(success(
        json!({ "access_token": access_token, "refresh_token": refresh_token }),
    ))
}

/// The refresh flow was withdrawn.
pub(super) async fn refresh() -> Fault {
    errors::REFRESH_WITHDRAWN
}

/// Lets a request through that bears `app_id:token` with a good token.
pub(super) async fn logged_in(
    State(world): State<Arc<World>>,
    uri: Uri,
    request: Request,
    next: Next,
) -> Response {
    let fault = match credentials(request.headers()) {
        None => Some(errors::TOKEN_WRONG),
        Some((app_id, _)) if app_id != APP_ID => Some(errors::APP_UNKNOWN),
        Some((_, token)) => {
            let verdict = world.sessions().check(token, world.now());
            verdict.err().map(|fault| dead_token(uri.path(), fault))
        }
    };
    match fault {
        Some(fault) => fault.into_response(),
        None => next.run(request).await,
    }
}

/// One colon, no space, no scheme word.
fn credentials(headers: &HeaderMap) -> Option<(&str, &str)> {
    let text = headers.get(AUTHORIZATION)?.to_str().ok()?;
    text.split_once(':').filter(|_| !text.contains(' '))
}

/// The same dead token gets other codes from other services.
fn dead_token(path: &str, fault: TokenFault) -> Fault {
    match (path, fault) {
        ("/api/v3/profile", TokenFault::Unknown) => errors::TOKEN_UNKNOWN,
        ("/api/v3/profile", _) => errors::TOKEN_EXPIRED,
        ("/api/v3/logout", _) => errors::LOG_OUT_REFUSED,
        ("/data/history", _) => errors::NOT_AUTHENTICATED,
        _ if path.starts_with("/data/") => errors::TOKEN_WRONG,
        _ => errors::NOT_AUTHENTICATED,
    }
}

/// Ends this token. The body, if there is one, means nothing.
pub(super) async fn log_out(State(world): State<Arc<World>>, headers: HeaderMap) -> Outcome {
    let (_, token) = credentials(&headers).ok_or(errors::TOKEN_WRONG)?;
    world
        .sessions()
        .log_out(token, world.now())
        .map_err(|_| errors::LOG_OUT_REFUSED)?;
    let message = "you are successfully logged out";
    Ok(Json(json!({ "s": "ok", "code": 200, "message": message })).into_response())
}

pub(super) async fn profile() -> Response {
    success(json!({
        "data": {
            "name": "TXXX XXXX",
            "image": null,
            "display_name": null,
            "email_id": "txxxxxxx@example.com",
            "PAN": "AAxxxxxx0A",
            "fy_id": CLIENT_ID,
            "pin_change_date": "02-02-2026 15:46:04",
            "mobile_number": "99xxxxxx99",
            "totp": true,
            "pwd_change_date": null,
            "pwd_to_expire": 90,
            "ddpi_enabled": false,
            "mtf_enabled": false,
        },
    }))
}

/// A token in the broker's form: a JWT with its end and a key for the data socket. Its signature means nothing.
fn token_like(world: &World, subject: &str) -> String {
    let now = world.now();
    let part = |value: &Value| base64_url(value.to_string().as_bytes());
    let header = part(&json!({ "typ": "JWT", "alg": "HS256" }));
    let claims = part(&json!({
        "sub": subject,
        "iat": now.epoch_s(),
        "exp": world.sessions().end(now).epoch_s(),
        "fy_id": CLIENT_ID,
        "hsm_key": world.fresh_text(),
    }));
    let signature = format!("{}{}", world.fresh_text(), world.fresh_text());
    format!("{header}.{claims}.{}", base64_url(signature.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_of_authorisation_is_taken() {
        for (text, expected) in [
            ("TESTAPP-100:abc", Some(("TESTAPP-100", "abc"))),
            ("abc", None),
            ("Bearer abc", None),
            ("Bearer TESTAPP-100:abc", None),
            ("TESTAPP-100: abc", None),
        ] {
            let value = HeaderValue::from_str(text).expect("a header value");
            assert_eq!(
                credentials(&HeaderMap::from_iter([(AUTHORIZATION, value)])),
                expected,
                "{text}"
            );
        }
        assert_eq!(credentials(&HeaderMap::new()), None);
    }
}
