//! The stop of a broker in the middle of a run, with orders on their way to it.

use std::time::Duration;

use anyhow::{Context as _, Result};
use sangam_core::{
    BrokerName, OrderDraft, OrderKind, OrderState, PositionEffect, Price, Product, Quantity, Rounding, Side,
    Validity,
};
use tokio::task::JoinSet;

use super::drive::Run;
use super::report::{OrderCounts, Stopped};
use super::settings::Settings;
use super::stack::{Server, Stack};

/// What orders are placed in.
pub(super) const CONTRACT: &str = "NSE:RELIANCE";
/// How long the stop waits for an order to be on its way to the broker: it may be that none goes there.
const ORDER_SEEN_WITHIN: Duration = Duration::from_millis(500);

/// A stop to come.
pub(super) struct Stop<'a> {
    stack: &'a Stack,
    draft: OrderDraft,
    orders: u32,
}

impl<'a> Stop<'a> {
    pub(super) fn new(settings: &Settings, stack: &'a Stack) -> Result<Self> {
        let last = stack
            .last
            .context("the price of the contract orders are placed in is not known")?;
        Ok(Self {
            draft: resting_buy(last)?,
            orders: settings.orders,
            stack,
        })
    }

    /// Waits for the middle of the run, sends half of the orders, stops the busiest broker with one of them on its way, and
    /// sends the rest.
    pub(super) async fn run(
        &self,
        run: &Run,
        servers: &mut Vec<Server>,
    ) -> Result<(OrderCounts, Option<Stopped>)> {
        run.half_done().await;
        let busiest = run.busiest();
        let mut placing = self.stack.sightings.placing();
        let mut orders = JoinSet::new();
        let before = self.orders / 2;
        self.send(before, &mut orders);
        if let Some(busiest) = busiest {
            let on_its_way = placing.wait_for(|brokers| brokers.contains(&busiest));
            // What is waited for comes with a lock that keeps the brokers from showing more: it must not outlive this line.
            let seen = tokio::time::timeout(ORDER_SEEN_WITHIN, on_its_way).await.is_ok();
            // None on its way in time: it stops all the same.
            tracing::debug!(seen, "an order on its way to the broker that stops");
            stop(busiest, servers).await;
        }
        let stopped = busiest.map(|broker| Stopped {
            broker,
            at: self.stack.sightings.now(),
        });
        self.send(self.orders - before, &mut orders);
        let mut counts = OrderCounts::default();
        while let Some(ended) = orders.join_next().await {
            counts.placed += 1;
            match ended.context("an order's task ended badly")? {
                // Told before anything was sent.
                None | Some(OrderState::Rejected) => counts.refused += 1,
                Some(OrderState::InDoubt | OrderState::Parked) => counts.in_doubt += 1,
                Some(
                    OrderState::Received
                    | OrderState::Validated
                    | OrderState::Queued
                    | OrderState::Submitting,
                ) => counts.lost += 1,
                Some(_) => counts.acknowledged += 1,
            }
        }
        Ok((counts, stopped))
    }

    fn send(&self, count: u32, orders: &mut JoinSet<Option<OrderState>>) {
        for _ in 0..count {
            let desk = self.stack.system.desks()[0].clone();
            let draft = self.draft.clone();
            orders.spawn(async move {
                match desk.submit(draft, None).await {
                    Ok(submitted) => Some(submitted.order.state),
                    Err(error) => {
                        tracing::debug!(%error, "an order was not taken");
                        None
                    }
                }
            });
        }
    }
}

/// The way to it first, so that nothing under way comes back.
async fn stop(broker: BrokerName, servers: &mut Vec<Server>) {
    if let Some(at) = servers.iter().position(|server| server.broker == broker) {
        let Server { path, sim, .. } = servers.remove(at);
        path.cut().await;
        sim.shutdown().await;
    }
}

/// A buy of one share so far below the market that it rests.
fn resting_buy(last: Price) -> Result<OrderDraft> {
    let below = Price::rounded(last.decimal() * rust_decimal::Decimal::new(90, 2))?;
    let tick: Price = "0.1".parse()?;
    Ok(OrderDraft {
        instrument: CONTRACT.parse()?,
        side: Side::Buy,
        quantity: Quantity::new(1)?,
        kind: OrderKind::Limit,
        price: Some(below.to_tick(tick, Rounding::Down)?),
        trigger_price: None,
        product: Product::Delivery,
        validity: Validity::Day,
        disclosed: Quantity::ZERO,
        after_market: false,
        position_effect: Some(PositionEffect::Open),
        client_order_id: None,
        strategy: Some("load".into()),
    })
}
