//! Order commands: what leaves, through which transport, and what is refused before anything leaves.

use crate::common::{account, config, logged_out, session};
use sangam_broker::ScriptedTransport;
use sangam_broker_upstox::{ApiVersion, Config, Upstox};
use sangam_core::ports::{Broker as _, Login as _, OrderEntry as _};
use sangam_core::{
    AlgoName, BrokerOrderId, CancelOrder, ErrorKind, MarketProtection, ModifyOrder, OrderKind, OrderRequest,
    Outcome, PlaceOrder, Pricing, Product, Quantity, Side, Tag, Validity,
};

const PLACED: &str = r#"{"status":"success","data":{"order_ids":["24010"]},"metadata":{"latency":3}}"#;
const DONE: &str = r#"{"status":"success","data":{"order_id":"24010"}}"#;

fn order(instrument: &str) -> PlaceOrder {
    PlaceOrder {
        request: OrderRequest {
            instrument: instrument.parse().expect("an instrument"),
            side: Side::Buy,
            quantity: Quantity::new(10).expect("a quantity"),
            pricing: Pricing::Limit {
                limit: "1450.5".parse().expect("a price"),
            },
            product: Product::Delivery,
            validity: Validity::Day,
            disclosed: Quantity::ZERO,
            after_market: false,
            position_effect: None,
        },
        tag: Some(Tag::new("S123").expect("a tag")),
        algo: None,
    }
}

fn id() -> BrokerOrderId {
    BrokerOrderId::new("24010").expect("an id")
}

fn change() -> ModifyOrder {
    ModifyOrder {
        broker_order_id: id(),
        instrument: "NSE:RELIANCE".parse().expect("an instrument"),
        pricing: Pricing::Market,
        quantity: None,
        validity: None,
        disclosed: None,
        algo: None,
    }
}

fn cancel() -> CancelOrder {
    CancelOrder {
        broker_order_id: id(),
        algo: None,
    }
}

#[tokio::test]
async fn each_command_is_one_request_over_the_order_transport() {
    let orders = ScriptedTransport::answering([(200, PLACED), (200, DONE), (200, DONE)]);
    let reads = ScriptedTransport::silent();
    let mut config = config();
    config.algo = Some(AlgoName::new("house-algo").expect("a name"));
    let upstox = account(config, &orders, &reads);
    let mut own = order("NSE:RELIANCE");
    own.algo = Some(AlgoName::new("own-algo").expect("a name"));
    assert_eq!(upstox.place(&own).await.expect("placed").broker_order_id, id());
    assert_eq!(
        upstox.modify(&change()).await.expect("taken").broker_order_id,
        id()
    );
    assert_eq!(
        upstox.cancel(&cancel()).await.expect("taken").broker_order_id,
        id()
    );
    let sent: Vec<_> = orders
        .sent()
        .iter()
        .map(|request| {
            let algo = request.headers["x-algo-name"].to_str().expect("text").to_owned();
            (format!("{} {}", request.method, request.full_url()), algo)
        })
        .collect();
    assert_eq!(
        sent,
        [
            (
                "POST https://hft.test/v3/order/place".to_owned(),
                "own-algo".to_owned()
            ),
            (
                "PUT https://hft.test/v3/order/modify".to_owned(),
                "house-algo".to_owned()
            ),
            (
                "DELETE https://hft.test/v3/order/cancel?order_id=24010".to_owned(),
                "house-algo".to_owned()
            ),
        ]
    );
    for request in orders.sent() {
        let authorization = &request.headers["authorization"];
        assert_eq!(authorization, "Bearer the-token");
        assert!(authorization.is_sensitive());
        assert_eq!(request.headers["content-type"], "application/json");
        assert!(
            request.headers["user-agent"]
                .to_str()
                .expect("text")
                .starts_with("sangam/")
        );
        assert!(!format!("{request:?}").contains("the-token"));
    }
    assert!(reads.sent().is_empty());
}

async fn refused(upstox: &Upstox, order: &PlaceOrder, kind: ErrorKind) -> String {
    let error = upstox.place(order).await.expect_err("refused");
    assert_eq!(
        (error.kind(), error.outcome()),
        (kind, Outcome::NotSent),
        "{error}"
    );
    error.to_string()
}

#[tokio::test]
async fn what_upstox_does_not_take_never_leaves() {
    let orders = ScriptedTransport::answering([(200, PLACED)]);
    let reads = ScriptedTransport::silent();
    let upstox = account(config(), &orders, &reads);
    let text = refused(&upstox, &order("MCX:GOLD26FEBFUT"), ErrorKind::NotOffered).await;
    assert!(text.contains("UDAPI1161"), "{text}");
    refused(&upstox, &order("NSE_INDEX:NIFTY"), ErrorKind::NotOffered).await;
    refused(&upstox, &order("NSE:UNLISTED"), ErrorKind::UnknownInstrument).await;
    let mut margin = order("NSE:RELIANCE");
    margin.request.product = Product::Other("MTF".into());
    refused(&upstox, &margin, ErrorKind::NotOffered).await;
    let mut huge = order("NSE:RELIANCE");
    huge.request.quantity = Quantity::new(2_147_483_648).expect("a quantity");
    refused(&upstox, &huge, ErrorKind::InvalidRequest).await;
    let mut commodity = change();
    commodity.instrument = "MCX:GOLD26FEBFUT".parse().expect("an instrument");
    let error = upstox.modify(&commodity).await.expect_err("refused");
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::NotOffered, Outcome::NotSent)
    );
    assert!(orders.sent().is_empty());
}

#[tokio::test]
async fn without_a_live_session_nothing_leaves() {
    let orders = ScriptedTransport::answering([(200, PLACED)]);
    let upstox = logged_out(config(), &orders, &orders);
    refused(&upstox, &order("NSE:RELIANCE"), ErrorKind::LoginRequired).await;
    upstox.resume(session(crate::common::now()));
    refused(&upstox, &order("NSE:RELIANCE"), ErrorKind::LoginRequired).await;
    assert!(orders.sent().is_empty());
}

#[tokio::test]
async fn a_broken_connection_leaves_the_outcome_unknown() {
    let none = ScriptedTransport::silent();
    let upstox = account(config(), &none, &none);
    for error in [
        upstox.place(&order("NSE:RELIANCE")).await.expect_err("broken"),
        upstox.modify(&change()).await.expect_err("broken"),
        upstox.cancel(&cancel()).await.expect_err("broken"),
    ] {
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::Network, Outcome::Unknown)
        );
    }
    assert_eq!(none.sent().len(), 3, "nothing is repeated");
}

#[tokio::test]
async fn version_two_has_its_own_path_and_no_market_orders() {
    let orders = ScriptedTransport::answering([(200, DONE)]);
    let two = Config {
        order_api: ApiVersion::V2,
        ..config()
    };
    let upstox = account(two, &orders, &orders);
    assert_eq!(
        upstox
            .place(&order("NFO:NIFTY26NOVFUT"))
            .await
            .expect("placed")
            .broker_order_id,
        id()
    );
    assert_eq!(orders.sent()[0].url, "https://hft.test/v2/order/place");
    let can = upstox.capabilities();
    assert!(!can.order_kinds.contains(OrderKind::Market));
    assert_eq!(can.market_protection, MarketProtection::Refused);
    let upstox = account(config(), &orders, &orders);
    let can = upstox.capabilities();
    assert!(can.order_kinds.contains(OrderKind::Market));
    assert_eq!(can.market_protection, MarketProtection::ByBroker);
    assert!(can.carries_tag(&Tag::new("x".repeat(40)).expect("a tag")));
    assert!(format!("{upstox:?}").starts_with("Upstox"));
}
