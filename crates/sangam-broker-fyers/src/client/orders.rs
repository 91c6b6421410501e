//! Order commands, over the transport that sends once.

use async_trait::async_trait;
use http::Method;
use sangam_broker::calls;
use sangam_core::ports::{Accepted, OrderEntry, Placed};
use sangam_core::{BrokerName, CancelOrder, Error, ErrorKind, ModifyOrder, Operation, PlaceOrder, Result};

use super::Fyers;
use crate::error;
use crate::translate;

/// Place, modify and cancel, answered when the broker has taken them. Its queued variants give no order id.
const ORDERS: &str = "/orders/sync";

#[async_trait]
impl OrderEntry for Fyers {
    async fn place(&self, order: &PlaceOrder) -> Result<Placed> {
        let instrument = &order.request.instrument;
        if !instrument.exchange.is_traded() {
            return Err(Error::refused(
                ErrorKind::InvalidRequest,
                format!("{instrument} is an index: it is quoted and not traded"),
            )
            .at(BrokerName::Fyers));
        }
        let listing = self.listing(instrument)?;
        if let Some(tag) = &order.tag {
            translate::sent_tag(tag, self.config.user_id.as_deref()).map_err(here)?;
        }
        let body = translate::place_body(order, &listing.order_symbol).map_err(here)?;
        let url = self.config.urls.orders(ORDERS);
        let request = self.authorised(Operation::Place, Method::POST, url)?.body(body);
        let response = calls::answer(&*self.orders, BrokerName::Fyers, request).await?;
        error::placed(&response)
    }

    async fn modify(&self, change: &ModifyOrder) -> Result<Accepted> {
        let body = translate::modify_body(change).map_err(here)?;
        let url = self.config.urls.orders(ORDERS);
        let request = self.authorised(Operation::Modify, Method::PATCH, url)?.body(body);
        let response = calls::answer(&*self.orders, BrokerName::Fyers, request).await?;
        error::accepted(&response, Operation::Modify, &change.broker_order_id)
    }

    async fn cancel(&self, cancel: &CancelOrder) -> Result<Accepted> {
        let body = translate::cancel_body(cancel).map_err(here)?;
        let url = self.config.urls.orders(ORDERS);
        let request = self
            .authorised(Operation::Cancel, Method::DELETE, url)?
            .body(body);
        let response = calls::answer(&*self.orders, BrokerName::Fyers, request).await?;
        error::accepted(&response, Operation::Cancel, &cancel.broker_order_id)
    }
}

fn here(error: Error) -> Error {
    error.at(BrokerName::Fyers)
}
