//! A broker that expects calls.

use async_trait::async_trait;
use sangam_core::ports::{
    Accepted, Books, Broker, Login, LoginLink, MarketData, OrderEntry, Placed, QuoteResult,
};
use sangam_core::session::{MarketSession, SessionCheck};
use sangam_core::{
    AccountId, BrokerName, BrokerOrder, BrokerOrderId, CancelOrder, Candle, CandleQuery, Capabilities, Depth,
    Fill, Funds, Holding, InstrumentId, ModifyOrder, PlaceOrder, Position, Result, Tag,
};

mockall::mock! {
    /// A [`Broker`] that answers what a test expects of it, and panics on any other call.
    #[derive(Debug)]
    pub Broker {}

    #[async_trait]
    impl OrderEntry for Broker {
        async fn place(&self, order: &PlaceOrder) -> Result<Placed>;
        async fn modify(&self, change: &ModifyOrder) -> Result<Accepted>;
        async fn cancel(&self, cancel: &CancelOrder) -> Result<Accepted>;
    }

    #[async_trait]
    impl Books for Broker {
        async fn order_book(&self) -> Result<Vec<BrokerOrder>>;
        async fn order(&self, id: &BrokerOrderId) -> Result<BrokerOrder>;
        async fn orders_by_tag(&self, tag: &Tag) -> Result<Vec<BrokerOrder>>;
        async fn order_history(&self, id: &BrokerOrderId) -> Result<Vec<BrokerOrder>>;
        async fn trades(&self) -> Result<Vec<Fill>>;
        async fn positions(&self) -> Result<Vec<Position>>;
        async fn holdings(&self) -> Result<Vec<Holding>>;
        async fn funds(&self) -> Result<Funds>;
    }

    #[async_trait]
    impl MarketData for Broker {
        async fn quotes(&self, instruments: &[InstrumentId]) -> Result<Vec<QuoteResult>>;
        async fn depth(&self, instrument: &InstrumentId) -> Result<Depth>;
        async fn candles(&self, query: &CandleQuery) -> Result<Vec<Candle>>;
    }

    #[async_trait]
    impl Login for Broker {
        fn login_link(&self, state: &str) -> LoginLink;
        async fn exchange_code(&self, code: &str) -> Result<MarketSession>;
        fn resume(&self, session: MarketSession);
        fn session(&self) -> Option<MarketSession>;
        async fn check_session(&self) -> Result<SessionCheck>;
        async fn log_out(&self) -> Result<()>;
    }

    impl Broker for Broker {
        fn account(&self) -> &AccountId;
        fn name(&self) -> BrokerName;
        fn capabilities(&self) -> &Capabilities;
    }
}
