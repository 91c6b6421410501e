//! The Upstox adapter over its real transports against the simulated broker, which shares no type with it: what the
//! simulator makes of its bytes, and what it makes of the simulator's.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use sangam_broker::{OneShot, OneShotSettings, Reads, ReadsSettings};
use sangam_broker_upstox::{ApiVersion, Config, Credentials, QuoteSource, Upstox, Urls};
use sangam_core::ports::{Books as _, Login as _, MarketData as _, OrderEntry as _};
use sangam_core::{
    AccountId, BrokerName, BrokerOrder, BrokerOrderId, BrokerOrderStatus, CancelOrder, CandleInterval,
    CandleQuery, ErrorKind, Exchange, IST, InstrumentId, ManualClock, ModifyOrder, OrderRequest, Outcome,
    PlaceOrder, Price, Pricing, Product, Quantity, Side, Tag, Timestamp, Validity,
};
use sangam_sim::{RunningSim, SimConfig, SimServer};
use sangam_tests::vectors::recording::NamedSymbols;

struct Stage {
    upstox: Upstox,
    share: InstrumentId,
    index: InstrumentId,
    unknown: InstrumentId,
    now: Timestamp,
    _sim: RunningSim,
}

async fn stage(change: impl FnOnce(&mut Config)) -> Stage {
    let loopback = (Ipv4Addr::LOCALHOST, 0).into();
    let sim = SimServer::bind(
        Arc::new(sangam_sim::upstox::Upstox),
        SimConfig::default(),
        loopback,
    )
    .await
    .expect("a free port");
    let now = Timestamp::from_millisecond(sim.world().now().epoch_ms()).expect("an instant");
    let mut symbols = NamedSymbols::new(BrokerName::Upstox);
    let share = symbols.add(Exchange::Nse, "NSE_EQ|INE002A01018", "2885");
    let index = symbols.add(Exchange::NseIndex, "NSE_INDEX|Nifty 50", "26000");
    let unknown = symbols.add(Exchange::Nse, "NSE_EQ|INE000000000", "1");
    let mut config = Config::new(
        AccountId::new("u1").expect("a name"),
        "https://127.0.0.1/callback",
    );
    config.urls = Urls::one(&sim.base_url());
    change(&mut config);
    let upstox = Upstox::new(
        config,
        Credentials::new("test-client-id", "test-client-secret"),
        Arc::new(OneShot::new(OneShotSettings::default())),
        Arc::new(Reads::new(&ReadsSettings::default()).expect("a client")),
        Arc::new(symbols),
        Arc::new(ManualClock::at(now)),
    );
    upstox.exchange_code("test-code").await.expect("a session");
    Stage {
        upstox,
        share,
        index,
        unknown,
        now,
        _sim: sim,
    }
}

fn order(instrument: &InstrumentId, pricing: Pricing, tag: &str) -> PlaceOrder {
    PlaceOrder {
        request: OrderRequest {
            instrument: instrument.clone(),
            side: Side::Buy,
            quantity: Quantity::new(2).expect("a quantity"),
            pricing,
            product: Product::Delivery,
            validity: Validity::Day,
            disclosed: Quantity::ZERO,
            after_market: false,
            position_effect: None,
        },
        tag: Some(Tag::new(tag).expect("a tag")),
        algo: None,
    }
}

impl Stage {
    /// The share's price less some percent, in whole rupees.
    async fn below(&self, percent: i64) -> Price {
        let quotes = self
            .upstox
            .quotes(std::slice::from_ref(&self.share))
            .await
            .expect("quotes");
        let last = quotes[0].1.as_ref().expect("a quote").last.decimal();
        Price::new((last * rust_decimal::Decimal::new(100 - percent, 2)).floor()).expect("a price")
    }

    /// The order as soon as it is in one of the states.
    async fn once(&self, id: &BrokerOrderId, wanted: &[BrokerOrderStatus]) -> BrokerOrder {
        let mut pace = tokio::time::interval(Duration::from_millis(40));
        let look = async {
            loop {
                pace.tick().await;
                let order = self.upstox.order(id).await.expect("the order");
                if wanted.contains(&order.status) {
                    return order;
                }
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(20), look).await;
        found.expect("the order comes to a wanted state")
    }
}

#[tokio::test]
async fn an_order_lives_and_ends_in_both_versions() {
    for version in [ApiVersion::V3, ApiVersion::V2] {
        let stage = stage(|config| config.order_api = version).await;
        let limit = stage.below(2).await;
        let placed = stage
            .upstox
            .place(&order(&stage.share, Pricing::Limit { limit }, "S000000000001A"))
            .await
            .expect("placed");
        let id = placed.broker_order_id;
        let open = stage.once(&id, &[BrokerOrderStatus::Open]).await;
        assert_eq!(open.price, Some(limit));
        assert_eq!(open.instrument.id.as_ref(), Some(&stage.share));
        assert_eq!(open.tag.as_ref().map(Tag::as_str), Some("S000000000001A"));
        assert_eq!((open.quantity.units(), open.filled.units()), (2, 0));
        let lower = stage.below(3).await;
        let change = ModifyOrder {
            broker_order_id: id.clone(),
            instrument: stage.share.clone(),
            pricing: Pricing::Limit { limit: lower },
            quantity: None,
            validity: None,
            disclosed: None,
            algo: None,
        };
        stage.upstox.modify(&change).await.expect("taken");
        let cancel = CancelOrder {
            broker_order_id: id.clone(),
            algo: None,
        };
        stage.upstox.cancel(&cancel).await.expect("taken");
        let ended = stage.once(&id, &[BrokerOrderStatus::Cancelled]).await;
        assert_eq!(ended.price, Some(lower));
        let tagged = stage
            .upstox
            .orders_by_tag(&Tag::new("S000000000001A").expect("a tag"))
            .await
            .expect("orders");
        assert_eq!(tagged.len(), 1);
        assert_eq!(
            (&tagged[0].id, &tagged[0].status),
            (&id, &BrokerOrderStatus::Cancelled)
        );
        let none = stage.upstox.orders_by_tag(&Tag::new("S0").expect("a tag")).await;
        assert_eq!(none.expect("an empty list"), []);
        let history = stage.upstox.order_history(&id).await.expect("a history");
        assert_eq!(
            history.last().map(|event| &event.status),
            Some(&BrokerOrderStatus::Cancelled)
        );
        assert_eq!(stage.upstox.order_book().await.expect("a book").len(), 1);
        let error = stage.upstox.cancel(&cancel).await.expect_err("it is over");
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::OrderNotOpen, Outcome::Unknown),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_market_order_fills_and_shows_in_every_book() {
    let stage = stage(|_| ()).await;
    let placed = stage
        .upstox
        .place(&order(&stage.share, Pricing::Market, "S000000000002B"))
        .await
        .expect("placed");
    let id = placed.broker_order_id;
    let filled = stage.once(&id, &[BrokerOrderStatus::Complete]).await;
    assert_eq!(filled.filled, filled.quantity);
    let trades = stage.upstox.trades_of(&id).await.expect("trades");
    assert_eq!(trades.iter().map(|trade| trade.quantity.units()).sum::<u64>(), 2);
    assert!(
        trades
            .iter()
            .all(|trade| trade.order_id == id && trade.at.is_some())
    );
    let all = stage.upstox.trades().await.expect("trades");
    assert!(trades.iter().all(|trade| all.contains(trade)));
    let positions = stage.upstox.positions().await.expect("positions");
    let position = positions
        .iter()
        .find(|position| position.instrument.id.as_ref() == Some(&stage.share))
        .expect("the position");
    assert_eq!(
        (position.net.units(), &position.product),
        (2, &Some(Product::Delivery))
    );
    assert_eq!(position.average_price, filled.average_price);
    assert!(!stage.upstox.holdings().await.expect("holdings").is_empty());
    let funds = stage.upstox.funds().await.expect("funds");
    assert!(funds.available.is_positive(), "{funds:?}");
}

#[tokio::test]
async fn prices_come_in_every_way() {
    for source in [
        QuoteSource::Full(ApiVersion::V2),
        QuoteSource::Full(ApiVersion::V3),
        QuoteSource::LastPrice,
        QuoteSource::DayPrices,
    ] {
        let stage = stage(|config| config.quotes = source).await;
        let ids = [stage.share.clone(), stage.index.clone()];
        let quotes = stage.upstox.quotes(&ids).await.expect("quotes");
        for (id, quote) in quotes {
            let quote = quote.unwrap_or_else(|error| panic!("{source:?} {id}: {error}"));
            assert!(quote.last.is_positive());
            assert!(quote.previous_close.is_some(), "{source:?} {id}");
        }
        let depth = stage.upstox.depth(&stage.share).await.expect("depth");
        assert_eq!((depth.bids.len(), depth.asks.len()), (5, 5));
        assert!(depth.quote.bid < depth.quote.ask);
    }
}

#[tokio::test]
async fn candles_run_from_before_into_today() {
    let stage = stage(|_| ()).await;
    let today = IST::date(stage.now);
    let query = CandleQuery {
        instrument: stage.index.clone(),
        interval: CandleInterval::Day,
        from: today.checked_sub(jiff::Span::new().days(20)).expect("a date"),
        to: today,
    };
    let candles = stage.upstox.candles(&query).await.expect("candles");
    assert!(candles.len() > 5, "{} candles", candles.len());
    assert!(candles.windows(2).all(|pair| pair[0].start < pair[1].start));
    assert!(candles.iter().all(|candle| candle.low <= candle.high));
}

#[tokio::test]
async fn refusals_and_log_out_are_the_brokers_own() {
    let stage = stage(|_| ()).await;
    let limit = stage.below(1).await;
    let unknown = order(&stage.unknown, Pricing::Limit { limit }, "S000000000003C");
    let error = stage.upstox.place(&unknown).await.expect_err("no such share");
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::UnknownInstrument, Outcome::Rejected),
        "{error}"
    );
    let id = BrokerOrderId::new("999999999999999").expect("an id");
    assert_eq!(
        stage.upstox.order(&id).await.expect_err("no such order").kind(),
        ErrorKind::NotFound
    );
    let session = stage.upstox.session().expect("a session");
    stage.upstox.check_session().await.expect("alive");
    stage.upstox.log_out().await.expect("logged out");
    stage.upstox.resume(session);
    let error = stage.upstox.check_session().await.expect_err("logged out");
    assert_eq!(error.kind(), ErrorKind::LoginRequired);
    let error = stage.upstox.place(&unknown).await.expect_err("logged out");
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::LoginRequired, Outcome::Rejected)
    );
}
