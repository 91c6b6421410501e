//! What a broker's books say: orders, trades, positions, holdings, funds. Rows keep the broker's own words beside ours,
//! so that a value we do not know is shown, never guessed.

use serde::{Deserialize, Serialize};

use crate::amount::{Money, NetQuantity, Price, Quantity};
use crate::ids::{BrokerOrderId, Tag, TradeId};
use crate::instrument::{Exchange, InstrumentId};
use crate::order::{OrderKind, Product, Side, Validity};
use crate::timestamp::Timestamp;

/// The instrument of a row: ours when the broker's name is in the symbol table, and always the broker's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookInstrument {
    /// The canonical instrument, `None` when the broker's name is not in the table.
    pub id: Option<InstrumentId>,
    /// The exchange the row names, `None` when it is one we do not know.
    pub exchange: Option<Exchange>,
    /// The broker's name for it, as sent.
    pub broker_symbol: String,
}

/// An order's state in a broker's book, in our words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", content = "word", rename_all = "snake_case")]
pub enum BrokerOrderStatus {
    /// Taken by the broker, not yet at the exchange, or a change is in progress.
    Pending,
    /// Waiting for the next session.
    AfterMarket,
    /// Waiting for its trigger.
    TriggerPending,
    /// Standing at the exchange; a partial fill shows in `filled`.
    Open,
    /// Filled whole.
    Complete,
    /// Cancelled; part may have been filled.
    Cancelled,
    /// Refused; nothing filled.
    Rejected,
    /// Lapsed; part may have been filled.
    Expired,
    /// A word that is in no document. It counts as live: never as final.
    Unknown(String),
}

impl BrokerOrderStatus {
    /// Whether the order is over. An unknown word is not.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Complete | Self::Cancelled | Self::Rejected | Self::Expired
        )
    }
}

/// One row of a broker's order book, or one event of an order's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerOrder {
    /// The broker's number.
    pub id: BrokerOrderId,
    /// The exchange's number.
    pub exchange_order_id: Option<String>,
    /// What is traded.
    pub instrument: BookInstrument,
    /// Buy or sell.
    pub side: Side,
    /// The kind, `None` for a word we do not know.
    pub kind: Option<OrderKind>,
    /// The product.
    pub product: Option<Product>,
    /// The validity, `None` for a word we do not know.
    pub validity: Option<Validity>,
    /// The whole quantity, in units (lots on MCX).
    pub quantity: Quantity,
    /// Filled so far.
    pub filled: Quantity,
    /// The limit, `None` where there is none.
    pub price: Option<Price>,
    /// The trigger, `None` where there is none.
    pub trigger_price: Option<Price>,
    /// Average price of the fills, `None` before the first.
    pub average_price: Option<Price>,
    /// Units shown to the market.
    pub disclosed: Quantity,
    /// The state.
    pub status: BrokerOrderStatus,
    /// The broker's word for the state, as sent.
    pub status_word: String,
    /// Reason of a refusal or other message, as sent.
    pub message: Option<String>,
    /// Our tag, freed of any prefix the broker adds; `None` when there is none or it is not of the shape of a tag.
    pub tag: Option<Tag>,
    /// When the broker took it.
    pub placed_at: Option<Timestamp>,
    /// When the exchange last spoke of it.
    pub updated_at: Option<Timestamp>,
    /// Placed for the next session.
    pub after_market: bool,
}

/// One trade: part of an order filled at one price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// The order, by the broker's number.
    pub order_id: BrokerOrderId,
    /// The trade, unique with broker, exchange, day and order.
    pub trade_id: TradeId,
    /// What was traded.
    pub instrument: BookInstrument,
    /// Bought or sold.
    pub side: Side,
    /// The product.
    pub product: Option<Product>,
    /// Units (lots on MCX).
    pub quantity: Quantity,
    /// The price.
    pub price: Price,
    /// When.
    pub at: Option<Timestamp>,
    /// The order's tag, where the broker repeats it on trades.
    pub tag: Option<Tag>,
}

/// One position at one broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// What.
    pub instrument: BookInstrument,
    /// The product.
    pub product: Option<Product>,
    /// Net units: positive long, negative short, nought when closed today.
    pub net: NetQuantity,
    /// Average price of the net position; `None` when flat or not told.
    pub average_price: Option<Price>,
    /// Units bought today and carried, with their average.
    pub bought: Quantity,
    /// Average buying price.
    pub buy_average: Option<Price>,
    /// Units sold today and carried.
    pub sold: Quantity,
    /// Average selling price.
    pub sell_average: Option<Price>,
    /// Last price, where told.
    pub last_price: Option<Price>,
    /// Realised profit, where told.
    pub realised: Option<Money>,
    /// Unrealised profit, where told.
    pub unrealised: Option<Money>,
}

/// One holding in the demat account at one broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// What.
    pub instrument: BookInstrument,
    /// Its ISIN, where told.
    pub isin: Option<String>,
    /// Units owned, bought-but-undelivered ones included.
    pub quantity: Quantity,
    /// Of those, units bought and not yet delivered.
    pub undelivered: Quantity,
    /// Units that can be sold now.
    pub saleable: Quantity,
    /// Average cost.
    pub average_price: Option<Price>,
    /// Last price, where told.
    pub last_price: Option<Price>,
}

/// What an account can trade with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Funds {
    /// Free for new orders.
    pub available: Money,
    /// Tied up in margins and premiums.
    pub used: Money,
    /// Value of pledged collateral, where told.
    pub collateral: Money,
    /// Realised profit today, where told.
    pub realised: Money,
    /// Unrealised profit, where told.
    pub unrealised: Money,
}
