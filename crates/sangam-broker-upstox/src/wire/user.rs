//! The user: token, profile, funds.

use sangam_broker::{Number, Text};
use serde::Deserialize;

/// The answer of the token exchange: not wrapped, the profile beside the token.
#[derive(Deserialize)]
pub(crate) struct Token {
    #[serde(default)]
    pub(crate) access_token: Text,
    #[serde(default)]
    pub(crate) user_id: Text,
}

/// Who the token is of.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Profile {
    pub(crate) user_id: Text,
}

/// Funds, version 3. Every leaf may be missing: the live pledge bucket was seen without its total.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Funds {
    pub(crate) available_to_trade: Option<Available>,
    pub(crate) unavailable_to_trade: Option<Unavailable>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Available {
    pub(crate) cash_available_to_trade: Option<Cash>,
    pub(crate) pledge_available_to_trade: Option<Pledge>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Cash {
    pub(crate) total: Number,
    pub(crate) margin_used: Option<MarginUsed>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Pledge {
    pub(crate) margin_from_pledge: Option<Total>,
    pub(crate) margin_used: Option<MarginUsed>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct MarginUsed {
    pub(crate) total: Number,
    pub(crate) loss: Option<Loss>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Loss {
    pub(crate) realised: Number,
    pub(crate) unrealised: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Total {
    pub(crate) total: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Unavailable {
    pub(crate) cash_unavailable_to_trade: Option<CashUnavailable>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CashUnavailable {
    pub(crate) unsettled_profit: Option<UnsettledProfit>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct UnsettledProfit {
    pub(crate) todays_profit: Number,
}
