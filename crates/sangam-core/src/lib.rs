#![doc = include_str!("../README.md")]

pub mod amount;
pub mod book;
pub mod broker;
pub mod calendar;
pub mod calls;
pub mod clock;
pub mod error;
pub mod ids;
pub mod in_hand;
pub mod instrument;
pub mod lifecycle;
pub mod market;
pub mod order;
pub mod order_check;
pub mod ports;
pub mod protect;
pub mod session;
pub mod timestamp;

pub use amount::{AmountError, Money, NetQuantity, Price, Quantity, Rounding};
pub use book::{BookInstrument, BrokerOrder, BrokerOrderStatus, Fill, Funds, Holding, Position};
pub use broker::{BrokerName, Capabilities, MarketProtection, OrderKinds};
pub use calls::{CallClass, Operation, Priority};
pub use clock::{Clock, ManualClock, Monotonic};
pub use error::{Advice, Error, ErrorKind, Outcome, Result};
pub use ids::{
    AccountId, AlgoName, AttemptNo, BrokerOrderId, ClientOrderId, GroupId, OrderNumber, OrderUid, OwnerId,
    Tag, TradeId,
};
pub use instrument::{
    Contract, ContractKind, Exchange, Instrument, InstrumentId, Listing, OptionRight, Segment, Strike, Symbol,
};
pub use lifecycle::{AttemptState, NotPlaced, OrderState};
pub use market::{Candle, CandleInterval, CandleQuery, Depth, DepthLevel, Quote};
pub use order::{
    CancelOrder, ModifyOrder, OrderDraft, OrderKind, OrderRequest, PlaceOrder, PositionEffect, Pricing,
    Product, Side, Validity,
};
pub use order_check::{FieldError, FieldErrors};
pub use timestamp::{IST, Timestamp};
