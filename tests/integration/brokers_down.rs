//! One broker of several hangs, is gone, or cannot tell: answers come from the others within patience, and what is
//! missing is named.

use std::sync::Arc;
use std::time::Duration;

use sangam_core::{BrokerName, OrderState};
use serde_json::{Value, json};

use crate::support::{Served, Stack, market_buy, resting_buy};

const TWO: [BrokerName; 2] = [BrokerName::Flattrade, BrokerName::Upstox];

/// Two brokers with so little patience that a hang shows soon.
async fn impatient() -> Served {
    let stack = Stack::with(&TWO, Arc::new(sangam::SystemClock::new()), |raw| {
        for account in &mut raw.account {
            account.read_timeout_ms = Some(1_000);
        }
    })
    .await;
    Served::with(stack, 10_000).await
}

fn rows<'a>(answer: &'a Value, of: &str) -> Vec<&'a Value> {
    let list = answer["data"].as_array().expect("rows");
    list.iter().filter(|row| row["broker"] == of).collect()
}

#[tokio::test]
async fn a_broker_that_hangs_delays_prices_by_its_patience_and_no_more() {
    let served = impatient().await;
    let hang = json!({"delay_ms": {"min": 30_000, "max": 30_000}});
    served.stack.fault(BrokerName::Flattrade, hang).await;
    let asked = served.call("quotes", json!({"symbol": "INFY", "exchange": "NSE"}));
    let (status, answer) = tokio::time::timeout(Duration::from_secs(5), asked)
        .await
        .expect("within its patience and a little");
    assert_eq!(
        (status, &answer["data"]["broker"]),
        (200, &json!("upstox")),
        "{answer}"
    );
    // What is read over all accounts names the one that did not answer.
    let (status, answer) = served.call("funds", json!({})).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["incomplete"][0]["account"], "sim-flattrade");
    assert_eq!(answer["data"]["availablecash"], "100000.00");
}

#[tokio::test]
async fn books_of_a_broker_that_is_gone_are_named_as_missing() {
    let mut served = Served::over(&TWO).await;
    let resting = resting_buy(served.stack.last().await);
    let order = served.stack.submit(resting).await;
    assert_eq!(
        (order.broker, order.state),
        (Some(BrokerName::Flattrade), OrderState::Working)
    );
    served.stack.shut_down(BrokerName::Flattrade).await;

    let (status, answer) = served.call("orderbook", json!({})).await;
    assert_eq!(status, 200);
    assert_eq!(answer["data"]["orders"][0]["orderid"], order.number.to_string());
    assert_eq!(answer["incomplete"][0]["account"], "sim-flattrade", "{answer}");
    for endpoint in ["positionbook", "tradebook", "holdings", "funds"] {
        let (status, answer) = served.call(endpoint, json!({})).await;
        assert_eq!(status, 200, "{endpoint}: {answer}");
        assert_eq!(
            answer["incomplete"][0]["account"], "sim-flattrade",
            "{endpoint}: {answer}"
        );
    }
    // A sum without one account is no position.
    let asked = json!({"strategy": "t", "symbol": "RELIANCE", "exchange": "NSE", "product": "MIS"});
    let (status, answer) = served.call("openposition", asked).await;
    assert_eq!(
        (status, &answer["account"]),
        (502, &json!("sim-flattrade")),
        "{answer}"
    );
    let cancel = json!({"strategy": "t", "orderid": order.number.to_string()});
    let (status, answer) = served.call("cancelorder", cancel).await;
    assert_eq!((status, &answer["status"]), (502, &json!("error")), "{answer}");

    served.stack.shut_down(BrokerName::Upstox).await;
    let (status, answer) = served.call("funds", json!({})).await;
    assert_eq!((status, &answer["status"]), (502, &json!("error")), "{answer}");
    let (status, answer) = served
        .call("quotes", json!({"symbol": "TCS", "exchange": "NSE"}))
        .await;
    assert_eq!((status, &answer["status"]), (502, &json!("error")), "{answer}");
}

#[tokio::test]
async fn positions_at_several_brokers_add_up() {
    let served = Served::over(&TWO).await;
    for broker in TWO {
        let desk = &served.stack.system.desks()[0];
        let placed = desk
            .submit(market_buy_intraday(), Some(broker))
            .await
            .expect("taken");
        served.stack.wait(&placed.order, &[OrderState::Filled]).await;
    }
    let asked = json!({"strategy": "t", "symbol": "RELIANCE", "exchange": "NSE", "product": "MIS"});
    let (status, answer) = served.call("openposition", asked).await;
    assert_eq!((status, &answer["quantity"]), (200, &json!(2)), "{answer}");
    let (_, book) = served.call("positionbook", json!({})).await;
    for broker in TWO {
        let rows = rows(&book, broker.as_str());
        assert_eq!((rows.len(), &rows[0]["quantity"]), (1, &json!(1)), "{book}");
    }
}

fn market_buy_intraday() -> sangam_core::OrderDraft {
    sangam_core::OrderDraft {
        product: sangam_core::Product::Intraday,
        ..market_buy()
    }
}

/// A length of candle the first broker does not have comes from the next.
#[tokio::test]
async fn candles_come_from_whoever_has_them() {
    let served = Served::over(&TWO).await;
    let today = sangam_core::IST::date(served.stack.system.now());
    let week_ago = today.checked_sub(jiff::Span::new().days(7)).expect("a date");
    for (interval, least) in [("2m", 100), ("D", 3)] {
        let asked = json!({"symbol": "RELIANCE", "exchange": "NSE", "interval": interval,
            "start_date": week_ago.to_string(), "end_date": today.to_string()});
        let (status, answer) = served.call("history", asked).await;
        assert_eq!(status, 200, "{interval}: {answer}");
        let candles = answer["data"].as_array().expect("a list");
        assert!(candles.len() >= least, "{interval}: {}", candles.len());
        let times: Vec<_> = candles
            .iter()
            .map(|c| c["timestamp"].as_i64().expect("seconds"))
            .collect();
        assert!(times.is_sorted_by(|one, next| one < next), "{times:?}");
        assert!(
            interval != "D" || times.iter().all(|time| time % 86_400 == 0),
            "{times:?}"
        );
    }
    let backwards = json!({"symbol": "RELIANCE", "exchange": "NSE", "interval": "D",
        "start_date": today.to_string(), "end_date": week_ago.to_string()});
    let (status, answer) = served.call("history", backwards).await;
    assert_eq!(status, 400);
    assert!(answer["message"]["end_date"].is_array(), "{answer}");
}
