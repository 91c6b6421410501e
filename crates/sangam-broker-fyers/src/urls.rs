//! Where Fyers is reached. Trading and market data lie under different paths of one host; orders have an address of
//! their own here because they may have to leave through another way. The `-t1` host is the production host.

/// The bases requests are built on, without a slash at the end.
///
/// ```
/// use sangam_broker_fyers::Urls;
/// let urls = Urls::under("http://127.0.0.1:9102/");
/// assert_eq!(urls.data, "http://127.0.0.1:9102/data");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Urls {
    /// Order commands: `…/api/v3`.
    pub orders: String,
    /// Log-in, books and account: `…/api/v3`.
    pub trading: String,
    /// Quotes, depth and candles: `…/data`.
    pub data: String,
}

impl Urls {
    /// The broker's own host (official API v3 documentation, export of 2026-07-09).
    #[must_use]
    pub fn official() -> Self {
        Self::under("https://api-t1.fyers.in")
    }

    /// All bases under one host, as the broker and simulators have them.
    #[must_use]
    pub fn under(host: &str) -> Self {
        let host = host.trim_end_matches('/');
        Self {
            orders: format!("{host}/api/v3"),
            trading: format!("{host}/api/v3"),
            data: format!("{host}/data"),
        }
    }

    /// The same with order commands under another host.
    #[must_use]
    pub fn with_orders_under(mut self, host: &str) -> Self {
        self.orders = format!("{}/api/v3", host.trim_end_matches('/'));
        self
    }

    pub(crate) fn orders(&self, path: &str) -> String {
        format!("{}{path}", self.orders)
    }

    pub(crate) fn trading(&self, path: &str) -> String {
        format!("{}{path}", self.trading)
    }

    pub(crate) fn data(&self, path: &str) -> String {
        format!("{}{path}", self.data)
    }
}
