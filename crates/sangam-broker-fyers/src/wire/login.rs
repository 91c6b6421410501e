//! Bodies of the log-in calls.

use serde::Serialize;

use super::field::fields;

/// `POST /validate-authcode`. Holds a secret code: it has no `Debug`.
#[derive(Serialize)]
pub(crate) struct ExchangeBody<'a> {
    pub(crate) grant_type: &'static str,
    #[serde(rename = "appIdHash")]
    pub(crate) app_id_hash: &'a str,
    pub(crate) code: &'a str,
}

fields! {
    /// Its reply.
    ExchangeReply {
        s = "s",
        access_token = "access_token",
    }
}

/// `GET /profile`.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct ProfileReply<'a> {
    #[serde(borrow, default)]
    pub(crate) s: super::field::Field<'a>,
    #[serde(borrow, default)]
    pub(crate) data: Option<Profile<'a>>,
}

fields! {
    /// The one field of a profile that is read; the others are personal.
    Profile {
        user_id = "fy_id",
    }
}
