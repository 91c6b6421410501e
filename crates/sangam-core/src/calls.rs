//! What kinds of calls there are: for budgets ([`CallClass`]), for routing rules ([`Operation`]), for queues
//! ([`Priority`]).

use serde::{Deserialize, Serialize};

/// The budget a call is charged to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallClass {
    /// Place, modify, cancel.
    Orders,
    /// Quotes and depth.
    MarketData,
    /// Books, positions, holdings, funds, profile.
    AccountReads,
    /// Candles.
    History,
    /// Log-in and log-out.
    Login,
}

/// What is asked of a broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Place an order.
    Place,
    /// Modify an order.
    Modify,
    /// Cancel an order.
    Cancel,
    /// Read the order book, one order, or one order's history.
    Orders,
    /// Read the day's trades.
    Trades,
    /// Read positions.
    Positions,
    /// Read holdings.
    Holdings,
    /// Read funds.
    Funds,
    /// Read quotes.
    Quotes,
    /// Read market depth.
    Depth,
    /// Read candles.
    Candles,
    /// Ask whether the session is alive.
    SessionCheck,
    /// Log in or out.
    Login,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 13] = [
        Self::Place,
        Self::Modify,
        Self::Cancel,
        Self::Orders,
        Self::Trades,
        Self::Positions,
        Self::Holdings,
        Self::Funds,
        Self::Quotes,
        Self::Depth,
        Self::Candles,
        Self::SessionCheck,
        Self::Login,
    ];

    /// The budget it is charged to.
    #[must_use]
    pub fn class(self) -> CallClass {
        match self {
            Self::Place | Self::Modify | Self::Cancel => CallClass::Orders,
            Self::Quotes | Self::Depth => CallClass::MarketData,
            Self::Candles => CallClass::History,
            Self::Login => CallClass::Login,
            Self::Orders
            | Self::Trades
            | Self::Positions
            | Self::Holdings
            | Self::Funds
            | Self::SessionCheck => CallClass::AccountReads,
        }
    }

    /// Whether it can be repeated, hedged or sent elsewhere without effect: all but order commands and log-in.
    #[must_use]
    pub fn is_read(self) -> bool {
        !matches!(self, Self::Place | Self::Modify | Self::Cancel | Self::Login)
    }

    /// The name used in configuration and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Place => "place",
            Self::Modify => "modify",
            Self::Cancel => "cancel",
            Self::Orders => "orders",
            Self::Trades => "trades",
            Self::Positions => "positions",
            Self::Holdings => "holdings",
            Self::Funds => "funds",
            Self::Quotes => "quotes",
            Self::Depth => "depth",
            Self::Candles => "candles",
            Self::SessionCheck => "session_check",
            Self::Login => "login",
        }
    }
}

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who goes first when calls wait for the same budget. Earlier variants go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Exits and cancels.
    Protective,
    /// Reconciliation of an order in doubt.
    Reconcile,
    /// New orders and modifications.
    Order,
    /// Everything else.
    Read,
}
