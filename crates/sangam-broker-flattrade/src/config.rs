//! What an account at Flattrade needs to be told. Plain values: reading them from files is the program's work.

use std::time::Duration;

use sangam_core::AccountId;

/// How an `&` inside a symbol travels. A bare one would end the order's JSON early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AmpersandForm {
    /// `M%26M-EQ`: what the broker's documents ask for and its official client sends.
    #[default]
    Percent,
    /// `M\u0026M-EQ`: the JSON escape. Try it when the broker does not know a symbol with `&` in the official form.
    JsonEscape,
}

/// The broker's hosts, each as scheme and authority without a path (`https://piconnect.flattrade.in`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts {
    /// Orders, books and prices.
    pub trading: String,
    /// The exchange of a code for a token.
    pub token: String,
    /// The page where a person logs in.
    pub login: String,
}

impl Default for Hosts {
    /// The broker's own hosts.
    fn default() -> Self {
        Self {
            trading: "https://piconnect.flattrade.in".to_owned(),
            token: "https://authapi.flattrade.in".to_owned(),
            login: "https://auth.flattrade.in".to_owned(),
        }
    }
}

impl Hosts {
    /// One base for all three, as simulators offer it.
    #[must_use]
    pub fn single(base: &str) -> Self {
        Self {
            trading: base.to_owned(),
            token: base.to_owned(),
            login: base.to_owned(),
        }
    }
}

/// One account at Flattrade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The account's name in Sangam.
    pub account: AccountId,
    /// The user id at the broker, `FT......`; sent as `uid`.
    pub user_id: String,
    /// The account code, sent as `actid`; absent means the user id, which is what the broker's own client does.
    pub account_code: Option<String>,
    /// Where the broker is.
    pub hosts: Hosts,
    /// How an `&` in a symbol travels.
    pub ampersand: AmpersandForm,
    /// Whether MCX orders may be sent. Off by default: whether the broker counts lots or units there is not confirmed.
    pub mcx: bool,
    /// How long an order command waits for its answer; 10 s by default.
    pub order_timeout: Duration,
    /// How long everything else waits; 10 s by default.
    pub read_timeout: Duration,
}

impl Config {
    /// An account with the broker's own hosts and every default.
    #[must_use]
    pub fn new(account: AccountId, user_id: impl Into<String>) -> Self {
        Self {
            account,
            user_id: user_id.into(),
            account_code: None,
            hosts: Hosts::default(),
            ampersand: AmpersandForm::default(),
            mcx: false,
            order_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(10),
        }
    }

    /// The account code.
    pub(crate) fn actid(&self) -> &str {
        self.account_code.as_deref().unwrap_or(&self.user_id)
    }
}
