//! The port to a broker's account. Grouped by who calls: the order desk, the readers of books, the readers of prices, and
//! whoever logs in.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::book::{BrokerOrder, Fill, Funds, Holding, Position};
use crate::broker::{BrokerName, Capabilities};
use crate::error::Result;
use crate::ids::{AccountId, BrokerOrderId, Tag};
use crate::instrument::InstrumentId;
use crate::market::{Candle, CandleQuery, Depth, Quote};
use crate::order::{CancelOrder, ModifyOrder, PlaceOrder};
use crate::session::{MarketSession, SessionCheck};

/// A placement the broker acknowledged. Not yet the exchange's acceptance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The broker's number.
    pub broker_order_id: BrokerOrderId,
    /// What the broker said with it.
    pub message: Option<String>,
}

/// A change or cancellation the broker took. The books show whether it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The broker's number.
    pub broker_order_id: BrokerOrderId,
    /// What the broker said with it.
    pub message: Option<String>,
}

/// One instrument of a quotes call: its quote, or why there is none.
pub type QuoteResult = (InstrumentId, Result<Quote>);

/// Order commands.
///
/// An implementation owes: each call sends at most one request, once, never repeated and never redirected; the error's
/// outcome is `NotSent` only when no byte left, `Rejected` only on the broker's own listed refusal, else `Unknown`; a
/// dropped future leaves the outcome unknown.
#[async_trait]
pub trait OrderEntry: Send + Sync {
    /// Places an order.
    async fn place(&self, order: &PlaceOrder) -> Result<Placed>;

    /// Changes an order that stands.
    async fn modify(&self, change: &ModifyOrder) -> Result<Accepted>;

    /// Cancels an order.
    async fn cancel(&self, cancel: &CancelOrder) -> Result<Accepted>;
}

/// The account's books.
///
/// An implementation owes: a failure is never an empty list; only the broker's own word for "nothing there" is.
#[async_trait]
pub trait Books: Send + Sync {
    /// Today's orders, whoever placed them.
    async fn order_book(&self) -> Result<Vec<BrokerOrder>>;

    /// One order by the broker's number.
    async fn order(&self, id: &BrokerOrderId) -> Result<BrokerOrder>;

    /// Today's orders with a tag.
    async fn orders_by_tag(&self, tag: &Tag) -> Result<Vec<BrokerOrder>>;

    /// What happened to one order, oldest first, as far as the broker tells.
    async fn order_history(&self, id: &BrokerOrderId) -> Result<Vec<BrokerOrder>>;

    /// Today's trades.
    async fn trades(&self) -> Result<Vec<Fill>>;

    /// Positions, those closed today included.
    async fn positions(&self) -> Result<Vec<Position>>;

    /// Holdings.
    async fn holdings(&self) -> Result<Vec<Holding>>;

    /// Funds.
    async fn funds(&self) -> Result<Funds>;
}

/// Prices.
#[async_trait]
pub trait MarketData: Send + Sync {
    /// Quotes in the order asked for, each with its own result. The whole call fails only when no instrument could have
    /// been quoted (no session, no connection).
    async fn quotes(&self, instruments: &[InstrumentId]) -> Result<Vec<QuoteResult>>;

    /// Market depth.
    async fn depth(&self, instrument: &InstrumentId) -> Result<Depth>;

    /// Candles, oldest first.
    async fn candles(&self, query: &CandleQuery) -> Result<Vec<Candle>>;
}

/// Where a person logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginLink {
    /// The address to open in a browser.
    pub url: String,
    /// What to do there and what to bring back.
    pub instructions: String,
}

/// The log-in exchange and the session.
#[async_trait]
pub trait Login: Send + Sync {
    /// The address a person opens. `state` comes back with the code where the broker supports it.
    fn login_link(&self, state: &str) -> LoginLink;

    /// Turns the code of the redirect into a session and keeps it for the calls that follow.
    async fn exchange_code(&self, code: &str) -> Result<MarketSession>;

    /// Uses a session made earlier.
    fn resume(&self, session: MarketSession);

    /// The session in use.
    fn session(&self) -> Option<MarketSession>;

    /// The cheapest honest call that proves the session alive.
    async fn check_session(&self) -> Result<SessionCheck>;

    /// Ends the session at the broker and forgets it here, whatever the broker answers.
    async fn log_out(&self) -> Result<()>;
}

/// One account at one broker.
pub trait Broker: OrderEntry + Books + MarketData + Login + Debug {
    /// The account, by its name in the configuration.
    fn account(&self) -> &AccountId;

    /// The broker.
    fn name(&self) -> BrokerName;

    /// What the account may send and read.
    fn capabilities(&self) -> &Capabilities;
}
