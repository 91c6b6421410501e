//! What an account at Upstox is set up with. Plain values: reading them from a file or the environment is the program's
//! work.

use std::time::Duration;

use sangam_core::{AccountId, AlgoName};

use crate::urls::Urls;

/// The settings of one account.
#[derive(Debug, Clone)]
pub struct Config {
    /// The account's name here.
    pub account: AccountId,
    /// The user the log-in must be of (`AB1234`). With `None` any user's session is taken.
    pub user_id: Option<String>,
    /// Where the broker's two hosts are.
    pub urls: Urls,
    /// The address registered with the app, to which the browser comes back with the code.
    pub redirect_uri: String,
    /// The registered algorithm's name for `X-Algo-Name`, used where an order brings none of its own.
    pub algo: Option<AlgoName>,
    /// Which version of place, modify and cancel is called. V3 by default: V2 is announced as deprecated, has no market
    /// protection, and is here for a day on which V3 alone is down.
    pub order_api: ApiVersion,
    /// The band around a market order. The broker's own by default.
    pub market_band: MarketBand,
    /// Which call quotes are read with.
    pub quotes: QuoteSource,
    /// How long one order command may take, connecting included. 10 s by default.
    pub order_timeout: Duration,
    /// How long one read may take. 10 s by default.
    pub read_timeout: Duration,
}

impl Config {
    /// The defaults for an account.
    #[must_use]
    pub fn new(account: AccountId, redirect_uri: impl Into<String>) -> Self {
        Self {
            account,
            user_id: None,
            urls: Urls::default(),
            redirect_uri: redirect_uri.into(),
            algo: None,
            order_api: ApiVersion::V3,
            market_band: MarketBand::Automatic,
            quotes: QuoteSource::Full(ApiVersion::V2),
            order_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(10),
        }
    }
}

/// A version of the broker's interface; it stands in the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ApiVersion {
    /// Version 2.
    V2,
    /// Version 3.
    #[default]
    V3,
}

impl ApiVersion {
    /// `v2` or `v3`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V3 => "v3",
        }
    }
}

/// The band `market_protection` puts around MARKET and SL-M orders. Orders without one are refused (`UDAPI1158`), so
/// there is no way to leave it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MarketBand {
    /// The broker's own band, -1 on the wire.
    #[default]
    Automatic,
    /// A band in percent, 1 to 25.
    Percent(BandPercent),
}

/// A band in percent, 1 to 25.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BandPercent(u8);

impl MarketBand {
    /// A band in percent; `None` outside 1 to 25.
    #[must_use]
    pub fn percent(percent: u8) -> Option<Self> {
        (1..=25)
            .contains(&percent)
            .then_some(Self::Percent(BandPercent(percent)))
    }

    /// The number on the wire.
    pub(crate) fn on_wire(self) -> i8 {
        match self {
            Self::Automatic => -1,
            Self::Percent(BandPercent(percent)) => {
                i8::try_from(percent).expect("a band is at most 25 percent")
            }
        }
    }
}

/// Which call quotes are read with. Depth always uses the full one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuoteSource {
    /// The full quote: best bid and ask, day's prices, circuits. V2 is the default, because its rows are documented field by
    /// field; V3 adds fields that are not read here and refuses some keys.
    Full(ApiVersion),
    /// Last price, last close and volume only: a fraction of the bytes, for long watch lists.
    LastPrice,
    /// Last price and the day's open, high and low, without bid and ask.
    DayPrices,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_is_the_brokers_or_one_to_twenty_five() {
        assert_eq!(MarketBand::Automatic.on_wire(), -1);
        assert_eq!(MarketBand::percent(25).map(MarketBand::on_wire), Some(25));
        assert_eq!(MarketBand::percent(0), None);
        assert_eq!(MarketBand::percent(26), None);
    }
}
