//! The broker's two hosts and every path called on them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sangam_core::timestamp::Date;

use crate::config::{ApiVersion, QuoteSource};

/// Characters left alone in a segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Where the broker is. One address serves both hosts in a simulation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Urls {
    api: String,
    orders: String,
}

impl Default for Urls {
    /// The live hosts.
    fn default() -> Self {
        Self::new("https://api.upstox.com", "https://api-hft.upstox.com")
    }
}

impl Urls {
    /// The host of reads and log-in, and the host of place, modify and cancel; scheme and host, no path.
    #[must_use]
    pub fn new(api: &str, orders: &str) -> Self {
        let trimmed = |base: &str| base.trim_end_matches('/').to_owned();
        Self {
            api: trimmed(api),
            orders: trimmed(orders),
        }
    }

    /// One address for everything.
    #[must_use]
    pub fn one(base: &str) -> Self {
        Self::new(base, base)
    }

    /// The host of place, modify and cancel.
    #[must_use]
    pub fn orders(&self) -> &str {
        &self.orders
    }

    fn api(&self, path: &str) -> String {
        format!("{}{path}", self.api)
    }

    fn order(&self, version: ApiVersion, verb: &str) -> String {
        format!("{}/{}/order/{verb}", self.orders, version.as_str())
    }

    pub(crate) fn place(&self, version: ApiVersion) -> String {
        self.order(version, "place")
    }

    pub(crate) fn modify(&self, version: ApiVersion) -> String {
        self.order(version, "modify")
    }

    pub(crate) fn cancel(&self, version: ApiVersion) -> String {
        self.order(version, "cancel")
    }

    pub(crate) fn login_dialog(&self) -> String {
        self.api("/v2/login/authorization/dialog")
    }

    pub(crate) fn token(&self) -> String {
        self.api("/v2/login/authorization/token")
    }

    pub(crate) fn logout(&self) -> String {
        self.api("/v2/logout")
    }

    pub(crate) fn profile(&self) -> String {
        self.api("/v2/user/profile")
    }

    pub(crate) fn funds(&self) -> String {
        self.api("/v3/user/get-funds-and-margin")
    }

    pub(crate) fn order_book(&self) -> String {
        self.api("/v2/order/retrieve-all")
    }

    pub(crate) fn order_details(&self) -> String {
        self.api("/v2/order/details")
    }

    pub(crate) fn order_history(&self) -> String {
        self.api("/v2/order/history")
    }

    pub(crate) fn trades(&self) -> String {
        self.api("/v2/order/trades/get-trades-for-day")
    }

    pub(crate) fn trades_of_order(&self) -> String {
        self.api("/v2/order/trades")
    }

    pub(crate) fn positions(&self) -> String {
        self.api("/v2/portfolio/short-term-positions")
    }

    pub(crate) fn holdings(&self) -> String {
        self.api("/v2/portfolio/long-term-holdings")
    }

    pub(crate) fn quotes(&self, source: QuoteSource) -> String {
        match source {
            QuoteSource::Full(version) => self.api(&format!("/{}/market-quote/quotes", version.as_str())),
            QuoteSource::LastPrice => self.api("/v3/market-quote/ltp"),
            QuoteSource::DayPrices => self.api("/v3/market-quote/ohlc"),
        }
    }

    pub(crate) fn candles(&self, key: &str, unit: &str, count: u16, from: Date, to: Date) -> String {
        let key = utf8_percent_encode(key, SEGMENT);
        self.api(&format!("/v3/historical-candle/{key}/{unit}/{count}/{to}/{from}"))
    }

    pub(crate) fn candles_of_today(&self, key: &str, unit: &str, count: u16) -> String {
        let key = utf8_percent_encode(key, SEGMENT);
        self.api(&format!("/v3/historical-candle/intraday/{key}/{unit}/{count}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_have_their_own_host_and_keys_are_encoded_in_paths() {
        let urls = Urls::new("https://api.test/", "https://hft.test");
        assert_eq!(urls.place(ApiVersion::V3), "https://hft.test/v3/order/place");
        assert_eq!(urls.order_book(), "https://api.test/v2/order/retrieve-all");
        let date = |day| Date::constant(2025, 1, day);
        assert_eq!(
            urls.candles("NSE_INDEX|Nifty 50", "days", 1, date(1), date(10)),
            "https://api.test/v3/historical-candle/NSE_INDEX%7CNifty%2050/days/1/2025-01-10/2025-01-01"
        );
    }
}
