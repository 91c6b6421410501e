//! What an account at Fyers is set up with, secrets apart. Plain values; nothing here is read from files or the
//! environment.

use std::time::Duration;

use sangam_core::AccountId;
use sangam_core::timestamp::Time;

use crate::urls::Urls;

/// One account's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The account's name in the configuration.
    pub account: AccountId,
    /// Where the broker is reached.
    pub urls: Urls,
    /// The address the app was registered with; the log-in sends the browser back to it.
    pub redirect_uri: String,
    /// The client id at Fyers (`XA00000`). Where given, a tag equal to it is refused, as the broker would.
    pub user_id: Option<String>,
    /// How long an order command may take, connecting included. Default 5 s.
    pub order_timeout: Duration,
    /// How long any other call may take. Default 10 s.
    pub read_timeout: Duration,
    /// When access tokens are taken to die, in India, to the minute. Default 06:00, the earliest reported; the broker
    /// publishes none.
    pub session_cut: Time,
    /// Whether candles of a future are the continuous series (`cont_flag` 1) instead of that one contract's. Default
    /// no.
    pub continuous_futures: bool,
}

impl Config {
    /// Settings with their defaults.
    #[must_use]
    pub fn new(account: AccountId, urls: Urls, redirect_uri: impl Into<String>) -> Self {
        Self {
            account,
            urls,
            redirect_uri: redirect_uri.into(),
            user_id: None,
            order_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(10),
            session_cut: jiff::civil::time(6, 0, 0, 0),
            continuous_futures: false,
        }
    }
}
