//! Order commands over canned answers: what leaves, through which transport, and what is refused before anything leaves.

use sangam_broker::ScriptedTransport;
use sangam_core::ports::{Books as _, Login as _, OrderEntry as _};
use sangam_core::{
    BrokerOrderId, CancelOrder, Error, ErrorKind, ModifyOrder, OrderRequest, Outcome, PlaceOrder, Pricing,
    Product, Quantity, Side, Tag, Validity,
};

use crate::support::{account, stranger};

fn order(instrument: &str) -> PlaceOrder {
    PlaceOrder {
        request: OrderRequest {
            instrument: instrument.parse().expect("a name"),
            side: Side::Buy,
            quantity: Quantity::new(10).expect("a quantity"),
            pricing: Pricing::Limit {
                limit: "1450.50".parse().expect("a price"),
            },
            product: Product::Delivery,
            validity: Validity::Day,
            disclosed: Quantity::ZERO,
            after_market: false,
            position_effect: None,
        },
        tag: Some(Tag::new("S1A2B3C4D5E6F1").expect("a tag")),
        algo: None,
    }
}

fn change() -> ModifyOrder {
    ModifyOrder {
        broker_order_id: BrokerOrderId::new("26120100000011").expect("an id"),
        instrument: "NSE:RELIANCE".parse().expect("a name"),
        pricing: Pricing::StopLossLimit {
            trigger: "1500".parse().expect("a price"),
            limit: "1505".parse().expect("a price"),
        },
        quantity: Quantity::new(12).ok(),
        validity: None,
        disclosed: None,
        algo: None,
    }
}

fn assert_refused(error: &Error, kind: ErrorKind) {
    assert_eq!(
        (error.kind(), error.outcome()),
        (kind, Outcome::NotSent),
        "{error}"
    );
}

#[tokio::test]
async fn a_placement_leaves_once_through_the_order_transport() {
    let orders = ScriptedTransport::answering([(200, r#"{"stat":"Ok","norenordno":"26120100000011"}"#)]);
    let reads = ScriptedTransport::silent();
    let placed = account(&orders, &reads)
        .place(&order("NSE:M&M"))
        .await
        .expect("placed");
    assert_eq!(placed.broker_order_id.as_str(), "26120100000011");
    let sent = orders.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].url, "http://broker.test/PiConnectAPI/PlaceOrder");
    let body = String::from_utf8(sent[0].body.clone().expect("a body").to_vec()).expect("text");
    assert_eq!(
        body,
        "jData={\"ordersource\":\"API\",\"uid\":\"FT000000\",\"actid\":\"FT000000\",\"trantype\":\"B\",\"prd\":\"C\",\
         \"exch\":\"NSE\",\"tsym\":\"M%26M-EQ\",\"qty\":\"10\",\"dscqty\":\"0\",\"prctyp\":\"LMT\",\"prc\":\"1450.5\",\
         \"ret\":\"DAY\",\"remarks\":\"S1A2B3C4D5E6F1\"}&jKey=test-token"
    );
    assert!(reads.sent().is_empty());
    assert!(!format!("{:?}", sent[0]).contains("test-token"));
}

#[tokio::test]
async fn what_cannot_be_carried_never_leaves() {
    let orders = ScriptedTransport::silent();
    let reads = ScriptedTransport::silent();
    let account = account(&orders, &reads);
    let mut long_tag = order("NSE:RELIANCE");
    long_tag.tag = Some(Tag::new("X".repeat(21)).expect("a tag"));
    let mut cover = order("NSE:RELIANCE");
    cover.request.product = Product::Other("H".into());
    let mut huge = order("NSE:RELIANCE");
    huge.request.quantity = Quantity::new(3_000_000_000).expect("a quantity");
    for (order, kind) in [
        (long_tag, ErrorKind::InvalidRequest),
        (cover, ErrorKind::NotOffered),
        (huge, ErrorKind::InvalidRequest),
        (order("NSE:UNKNOWN"), ErrorKind::UnknownInstrument),
        (order("MCX:CRUDEOIL26DECFUT"), ErrorKind::NotOffered),
        (order("NCO:GOLD26DECFUT"), ErrorKind::NotOffered),
        (order("NSE_INDEX:NIFTY"), ErrorKind::NotOffered),
    ] {
        assert_refused(&account.place(&order).await.expect_err("refused"), kind);
    }
    let mut no_quantity = change();
    no_quantity.quantity = None;
    let mut disclosed = change();
    disclosed.disclosed = Quantity::new(2).ok();
    for change in [no_quantity, disclosed] {
        let error = account.modify(&change).await.expect_err("refused");
        assert_refused(&error, ErrorKind::InvalidRequest);
    }
    assert!(orders.sent().is_empty() && reads.sent().is_empty());
}

#[tokio::test]
async fn a_modification_carries_its_trigger_and_validity() {
    let orders = ScriptedTransport::answering([(200, r#"{"stat":"Ok","result":"26120100000011"}"#); 2]);
    let reads = ScriptedTransport::silent();
    let account = account(&orders, &reads);
    account.modify(&change()).await.expect("accepted");
    let mut limit = change();
    limit.pricing = Pricing::Limit {
        limit: "1450".parse().expect("a price"),
    };
    limit.disclosed = Some(Quantity::ZERO);
    account.modify(&limit).await.expect("accepted");
    let bodies: Vec<String> = orders
        .sent()
        .iter()
        .map(|sent| String::from_utf8_lossy(sent.body.as_deref().unwrap_or_default()).into_owned())
        .collect();
    assert!(
        bodies[0].contains(r#""prctyp":"SL-LMT","prc":"1505","trgprc":"1500","ret":"DAY""#),
        "{}",
        bodies[0]
    );
    assert!(
        !bodies[1].contains("trgprc") && !bodies[1].contains("dscqty"),
        "{}",
        bodies[1]
    );
}

#[tokio::test]
async fn a_broken_connection_leaves_an_order_in_doubt() {
    let (orders, reads) = (ScriptedTransport::silent(), ScriptedTransport::silent());
    let cancel = CancelOrder {
        broker_order_id: BrokerOrderId::new("26120100000011").expect("an id"),
        algo: None,
    };
    let error = account(&orders, &reads)
        .cancel(&cancel)
        .await
        .expect_err("no answer");
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Network, Outcome::Unknown)
    );
    assert_eq!(orders.sent().len(), 1);
}

#[tokio::test]
async fn without_a_living_session_nothing_leaves() {
    let (orders, reads) = (ScriptedTransport::silent(), ScriptedTransport::silent());
    let account = stranger(&orders, &reads);
    assert_refused(
        &account.place(&order("NSE:RELIANCE")).await.expect_err("refused"),
        ErrorKind::LoginRequired,
    );
    assert_refused(
        &account.order_book().await.expect_err("refused"),
        ErrorKind::LoginRequired,
    );
    assert!(account.log_out().await.is_ok());
    assert!(orders.sent().is_empty() && reads.sent().is_empty());
}
