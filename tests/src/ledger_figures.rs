//! The parts of the program `ledger-figures`.

#![expect(
    clippy::disallowed_methods,
    reason = "a program that measures reads the clock"
)]

pub mod lookups;
pub mod portfolio;
pub mod postgres;
pub mod sqlite;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use sangam_core::ports::{AuditEntry, Change, Ledger as _, OrderMoved, OrderRecord};
use sangam_core::{BrokerName, OrderState, OrderUid};
use sangam_storage::SqlLedger;
use sangam_testkit::samples;
use tokio::task::JoinSet;

/// Callers at once, and rows of a hand-made batch.
const CALLERS: usize = 64;
/// What an audit entry says.
const DETAIL: &str = r#"{"attempt":1,"account":"fyers-1","broker_order_id":"80805811776"}"#;

/// An order that stands, the `place`-th.
fn order(place: usize) -> OrderRecord {
    OrderRecord {
        uid: OrderUid::new(1_795_405_500_000 + place as u64, &[7; 10]),
        client_order_id: Some(format!("key-{place}").parse().expect("a key")),
        state: OrderState::PartiallyFilled,
        ..samples::order_record(1)
    }
}

fn audit(order: &OrderRecord) -> AuditEntry {
    AuditEntry {
        detail: DETAIL.to_owned(),
        ..samples::audit("order.moved", &order.uid.to_string())
    }
}

/// Writes as many orders as there are callers.
async fn prepare(ledger: &SqlLedger) -> Result<Vec<OrderRecord>> {
    let orders: Vec<_> = (0..CALLERS).map(order).collect();
    let changes: Vec<_> = orders
        .iter()
        .map(|order| Change::Received(Box::new(order.clone())))
        .collect();
    ledger.commit(&changes, &audit(&orders[0])).await?;
    Ok(orders)
}

/// A move of an order, with what an acknowledgement and a fill bring.
fn moved(order: &OrderRecord, step: u64) -> Change {
    Change::OrderMoved(Box::new(OrderMoved {
        uid: order.uid,
        from: OrderState::PartiallyFilled,
        to: OrderState::PartiallyFilled,
        placed_with: Some(("fyers-1".parse().expect("an account"), BrokerName::Fyers)),
        broker_order_id: Some("80805811776".parse().expect("an id")),
        filled: Some(samples::quantity(step % 10)),
        average_price: Some(samples::price("1450.45")),
        request: None,
        message: None,
        at: samples::morning(),
    }))
}

/// Moves a second of so many callers at once, each on an order of its own.
async fn grouped(ledger: &Arc<SqlLedger>, orders: &[OrderRecord], each: u64) -> Result<f64> {
    let began = Instant::now();
    let mut callers = JoinSet::new();
    for order in orders {
        let (ledger, order) = (Arc::clone(ledger), order.clone());
        callers.spawn(async move {
            for step in 0..each {
                ledger.commit(&[moved(&order, step)], &audit(&order)).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = callers.join_next().await {
        done??;
    }
    let moves = u32::try_from(orders.len() as u64 * each)?;
    Ok(f64::from(moves) / began.elapsed().as_secs_f64())
}

/// How long something takes.
async fn timed<T>(task: impl Future<Output = Result<T>>) -> Result<Duration> {
    let began = Instant::now();
    task.await?;
    Ok(began.elapsed())
}

/// The middle of some times, in microseconds.
fn p50_us(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}

/// The middle of some figures.
fn middle(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}
