//! Place, modify, cancel. What must not be sent at all is refused here, before the transport is touched.

use async_trait::async_trait;
use sangam_core::ports::{Accepted, OrderEntry, Placed};
use sangam_core::{
    BrokerName, CancelOrder, Error, ErrorKind, Exchange, InstrumentId, ModifyOrder, Operation, PlaceOrder,
    Result,
};

use super::{Flattrade, read_answer, send};
use crate::translate;
use crate::urls::Route;

impl Flattrade {
    /// Refuses what the account is not set to trade.
    fn tradable(&self, id: &InstrumentId) -> Result<()> {
        if id.exchange == Exchange::Mcx && !self.config.mcx {
            return Err(Error::refused(
                ErrorKind::NotOffered,
                "MCX orders are off at flattrade: whether it counts lots there is not confirmed; set `mcx` once it is",
            )
            .at(BrokerName::Flattrade));
        }
        Ok(())
    }
}

#[async_trait]
impl OrderEntry for Flattrade {
    async fn place(&self, order: &PlaceOrder) -> Result<Placed> {
        self.tradable(&order.request.instrument)?;
        let listing = self.listing(&order.request.instrument)?;
        let request = self.signed(
            Operation::Place,
            Route::PlaceOrder,
            self.config.order_timeout,
            |sender| translate::place_body(sender, &listing, order),
        )?;
        let response = send(&self.orders, request).await?;
        read_answer(&response, translate::placed)
    }

    async fn modify(&self, change: &ModifyOrder) -> Result<Accepted> {
        self.tradable(&change.instrument)?;
        let listing = self.listing(&change.instrument)?;
        let request = self.signed(
            Operation::Modify,
            Route::ModifyOrder,
            self.config.order_timeout,
            |sender| translate::modify_body(sender, &listing, change),
        )?;
        let response = send(&self.orders, request).await?;
        read_answer(&response, |status, body| {
            translate::accepted(Operation::Modify, status, body, &change.broker_order_id)
        })
    }

    async fn cancel(&self, cancel: &CancelOrder) -> Result<Accepted> {
        let request = self.signed(
            Operation::Cancel,
            Route::CancelOrder,
            self.config.order_timeout,
            |sender| Ok(translate::cancel_body(sender, &cancel.broker_order_id)),
        )?;
        let response = send(&self.orders, request).await?;
        read_answer(&response, |status, body| {
            translate::accepted(Operation::Cancel, status, body, &cancel.broker_order_id)
        })
    }
}
