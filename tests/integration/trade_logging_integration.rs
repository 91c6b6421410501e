//! The seed's `trade_logging_integration`: a trade is stored as it happened and read back by its order, also after a
//! restart.

use sangam_core::ports::{Change, FillRecord};
use sangam_core::{BookInstrument, BrokerName, IST, InstrumentId, OrderState, Product, Side};
use sangam_testkit::{PostgresServer, samples};

use crate::ledgers::Books;
use crate::support::{Stack, market_buy};

/// Two lots of an option at 52.25: every figure is kept as it was, and the contract by our name for it.
#[tokio::test]
async fn trade_logging_integration_on_every_kind_of_books() {
    for books in Books::of_each_kind().await {
        let mut order = samples::order_record(1);
        let id: InstrumentId = "NFO:NIFTY25SEP25840CE".parse().expect("a name");
        order.request.instrument = id.clone();
        order.request.product = Product::CarryForward;
        order.request.quantity = samples::quantity(150);
        let mut trade = FillRecord {
            order: Some(order.uid),
            ..samples::fill_record("26112300000001", "t1")
        };
        trade.fill.instrument = BookInstrument {
            exchange: Some(id.exchange),
            broker_symbol: "NIFTY30SEP25C25840".to_owned(),
            id: Some(id),
        };
        trade.fill.product = Some(Product::CarryForward);
        trade.fill.quantity = samples::quantity(150);
        trade.fill.price = samples::price("52.25");
        let order_uid = order.uid;
        books.write(&[Change::Received(Box::new(order))]).await;
        books.write(&[Change::Filled(Box::new(trade.clone()))]).await;

        let books = books.opened_again().await;
        let stored = books.ledger().fills_of(order_uid).await.expect("readable");
        assert_eq!(stored, [trade.clone()]);
        assert_eq!(stored[0].fill.price.to_string(), "52.25");
        let today = books.ledger().fills(trade.trading_date).await.expect("readable");
        assert_eq!(today, stored);
        // The same trade again, dearer: it was counted.
        let mut dearer = trade;
        dearer.fill.price = samples::price("52.3");
        books.write(&[Change::Filled(Box::new(dearer))]).await;
        assert_eq!(
            books.ledger().fills_of(order_uid).await.expect("readable"),
            stored
        );
        let kept = books.kept().await;
        assert_eq!((kept.len(), kept[0].net.units()), (1, 150));
        // 150 x 52.25.
        assert_eq!(kept[0].cost.to_string(), "7837.5");
    }
}

#[tokio::test]
async fn trade_logging_integration() {
    trade_logging(None).await;
}

#[tokio::test]
async fn trade_logging_integration_in_postgres() {
    let database = PostgresServer::shared().database();
    trade_logging(Some(database.url())).await;
}

async fn trade_logging(database: Option<&str>) {
    let stack = Stack::with_sims(&[BrokerName::Upstox], |raw| {
        raw.ledger.url = database.map(Into::into);
    })
    .await;
    let order = stack.submit(market_buy()).await;
    let order = stack.wait(&order, &[OrderState::Filled]).await;
    let account = "sim-upstox".parse().expect("a name");
    stack.system.desks()[0]
        .reconcile(&account)
        .await
        .expect("books read");

    let stored = stack.system.ledger().fills_of(order.uid).await.expect("readable");
    assert_eq!(stored.len(), 1, "{stored:?}");
    let trade = &stored[0];
    assert_eq!(Some(&trade.fill.order_id), order.broker_order_id.as_ref());
    assert_eq!(trade.fill.instrument.id.as_ref(), Some(&order.request.instrument));
    assert_eq!(
        (trade.fill.side, trade.fill.quantity),
        (Side::Buy, order.request.quantity)
    );
    assert_eq!(Some(trade.fill.price), order.average_price);
    assert_eq!(trade.broker, BrokerName::Upstox);

    let stack = stack.restart().await;
    let ledger = stack.system.ledger();
    let kept = ledger
        .order_by_number(order.number)
        .await
        .expect("readable")
        .expect("kept");
    assert_eq!(kept, order);
    assert_eq!(ledger.fills_of(order.uid).await.expect("readable"), stored);
    assert_eq!(
        ledger
            .fills(IST::date(stack.system.now()))
            .await
            .expect("readable"),
        stored
    );
    let positions = ledger.positions().await.expect("readable");
    assert_eq!(positions.len(), 1, "{positions:?}");
    assert_eq!(positions[0].position.net.units(), 1);
    // Reading the same book again counts nothing twice.
    stack.system.desks()[0]
        .reconcile(&account)
        .await
        .expect("books read");
    assert_eq!(ledger.fills_of(order.uid).await.expect("readable").len(), 1);
}

#[tokio::test]
async fn an_order_that_rests_over_a_restart_is_still_ours() {
    let stack = Stack::over(&[BrokerName::Upstox]).await;
    let order = stack
        .submit(crate::support::resting_buy(stack.last().await))
        .await;
    assert_eq!(order.state, OrderState::Working);
    let stack = stack.restart().await;
    let cancelled = stack.system.desks()[0]
        .cancel(order.number)
        .await
        .expect("cancelled");
    let cancelled = stack.wait(&cancelled, &[OrderState::Cancelled]).await;
    assert_eq!(cancelled.broker_order_id, order.broker_order_id);
    assert!(stack.folder.path().join("data/ledger.sqlite").exists());
}
