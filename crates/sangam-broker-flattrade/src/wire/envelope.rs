//! What answers have in common: `stat`, `emsg`, and where order calls put the order number.

use sangam_broker::Text;
use serde::Deserialize;

/// An object answer, read for its verdict alone.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Envelope {
    pub(crate) stat: Text,
    pub(crate) emsg: Text,
    /// The order number of a placement.
    pub(crate) norenordno: Text,
    /// The order number of a modification or cancellation.
    pub(crate) result: Text,
}

/// A row of a list answer: each repeats the verdict.
pub(crate) trait Row {
    /// The row's `stat`.
    fn stat(&self) -> Option<&str>;
}

/// The answer to the exchange of a code; the verdict's key is printed both ways.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct TokenBody {
    pub(crate) stat: Text,
    pub(crate) status: Text,
    pub(crate) emsg: Text,
    pub(crate) token: Text,
    pub(crate) client: Text,
}

/// The answer to `UserDetails`, as far as a session check needs it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct UserBody {
    pub(crate) actid: Text,
}
