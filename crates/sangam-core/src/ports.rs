//! The ports: where the crates meet. Each is object-safe, has few methods, and says what an implementation owes.

mod broker;
mod cache;
mod ledger;
mod limiter;
mod selector;
mod stop;
mod symbols;

pub use broker::{Accepted, Books, Broker, Login, LoginLink, MarketData, OrderEntry, Placed, QuoteResult};
pub use cache::{Cache, CacheEntry, CacheKind};
pub use ledger::{
    AttemptRecord, AuditEntry, Change, FillRecord, HoldingRecord, Lease, Ledger, LedgerError, OrderFilter,
    OrderMoved, OrderRecord, PositionRecord, SessionRecord, WindowCount,
};
pub use limiter::{
    BrokerRateRefusal, Forecast, Limiter, Permit, PermitRequest, RateRefusal, Scope, WindowUse, acquire_first,
};
pub use selector::{CallReport, Candidate, PassedOver, Ranking, RouteQuery, Selector};
pub use stop::{IntentRefusal, Stop, StopId, StopKind, StopSubject, Wishes};
pub use symbols::SymbolMap;
