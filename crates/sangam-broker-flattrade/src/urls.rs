//! Where each call goes. Hosts are settings; paths are the broker's.

use crate::config::Hosts;

/// The calls of the trading host, by the broker's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    PlaceOrder,
    ModifyOrder,
    CancelOrder,
    OrderBook,
    SingleOrdHist,
    TradeBook,
    PositionBook,
    Holdings,
    Limits,
    UserDetails,
    SearchScrip,
    GetQuotes,
    TpSeries,
    EodChartData,
    Logout,
}

impl Route {
    /// The broker's word for it, which is the last part of its path.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PlaceOrder => "PlaceOrder",
            Self::ModifyOrder => "ModifyOrder",
            Self::CancelOrder => "CancelOrder",
            Self::OrderBook => "OrderBook",
            Self::SingleOrdHist => "SingleOrdHist",
            Self::TradeBook => "TradeBook",
            Self::PositionBook => "PositionBook",
            Self::Holdings => "Holdings",
            Self::Limits => "Limits",
            Self::UserDetails => "UserDetails",
            Self::SearchScrip => "SearchScrip",
            Self::GetQuotes => "GetQuotes",
            Self::TpSeries => "TPSeries",
            Self::EodChartData => "EODChartData",
            Self::Logout => "Logout",
        }
    }
}

/// The address of a trading call.
pub(crate) fn trading(hosts: &Hosts, route: Route) -> String {
    format!("{}/PiConnectAPI/{}", base(&hosts.trading), route.name())
}

/// The address that turns a code into a token.
pub(crate) fn token(hosts: &Hosts) -> String {
    format!("{}/trade/apitoken", base(&hosts.token))
}

/// The page a person opens to log in.
pub(crate) fn login(hosts: &Hosts, api_key: &str) -> String {
    let key: String = url::form_urlencoded::byte_serialize(api_key.as_bytes()).collect();
    format!("{}/?app_key={key}", base(&hosts.login))
}

fn base(host: &str) -> &str {
    host.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_at_the_end_of_a_host_is_not_doubled() {
        let hosts = Hosts::single("http://127.0.0.1:9101/");
        assert_eq!(
            trading(&hosts, Route::TpSeries),
            "http://127.0.0.1:9101/PiConnectAPI/TPSeries"
        );
        assert_eq!(token(&hosts), "http://127.0.0.1:9101/trade/apitoken");
        assert_eq!(
            login(&Hosts::default(), "test-key"),
            "https://auth.flattrade.in/?app_key=test-key"
        );
    }
}
