//! The account's books.

use async_trait::async_trait;
use sangam_broker::{WireRequest, WireResponse};
use sangam_core::ports::Books;
use sangam_core::{
    BrokerOrder, BrokerOrderId, ErrorKind, Fill, Funds, Holding, Operation, Position, Result, Tag,
};
use serde_json::value::RawValue;

use super::Upstox;
use crate::error;
use crate::translate::{self, ParseError};

impl Upstox {
    /// Today's trades of one order.
    ///
    /// # Errors
    /// As every read: the broker's refusal by kind, or what kept an answer from coming.
    pub async fn trades_of(&self, id: &BrokerOrderId) -> Result<Vec<Fill>> {
        let request = self
            .get(Operation::Trades, self.config.urls.trades_of_order())?
            .query("order_id", id.as_str());
        self.parsed(request, |data| translate::trades(data, &*self.symbols))
            .await
    }

    /// Sends a read and reads the data of its answer.
    pub(super) async fn parsed<T>(
        &self,
        request: WireRequest,
        read: impl FnOnce(Option<&RawValue>) -> Result<T, ParseError> + Send,
    ) -> Result<T> {
        let operation = request.operation;
        let response: WireResponse = self.read(request).await?;
        let data = error::data(operation, &response)?;
        read(data).map_err(|error| error.into_error(operation))
    }
}

#[async_trait]
impl Books for Upstox {
    async fn order_book(&self) -> Result<Vec<BrokerOrder>> {
        let request = self.get(Operation::Orders, self.config.urls.order_book())?;
        self.parsed(request, |data| translate::order_rows(data, &*self.symbols))
            .await
    }

    async fn order(&self, id: &BrokerOrderId) -> Result<BrokerOrder> {
        let request = self
            .get(Operation::Orders, self.config.urls.order_details())?
            .query("order_id", id.as_str());
        let order = self
            .parsed(request, |data| translate::order(data, &*self.symbols))
            .await?;
        if order.id == *id {
            Ok(order)
        } else {
            Err(error::unexpected(
                Operation::Orders,
                format!(
                    "upstox was asked for order {id} and answered with order {}",
                    order.id
                ),
            ))
        }
    }

    /// The last state of each order with the tag, from the history the broker keeps by tag.
    async fn orders_by_tag(&self, tag: &Tag) -> Result<Vec<BrokerOrder>> {
        let request = self
            .get(Operation::Orders, self.config.urls.order_history())?
            .query("tag", tag.as_str());
        let found = self
            .parsed(request, |data| translate::history(data, &*self.symbols))
            .await;
        match found {
            Ok(events) => Ok(translate::latest_by_order(events)),
            // The broker's own word for a tag that no order has.
            Err(error) if error.kind() == ErrorKind::NotFound && error.code() == Some("UDAPI100010") => {
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    async fn order_history(&self, id: &BrokerOrderId) -> Result<Vec<BrokerOrder>> {
        let request = self
            .get(Operation::Orders, self.config.urls.order_history())?
            .query("order_id", id.as_str());
        self.parsed(request, |data| translate::history(data, &*self.symbols))
            .await
    }

    async fn trades(&self) -> Result<Vec<Fill>> {
        let request = self.get(Operation::Trades, self.config.urls.trades())?;
        self.parsed(request, |data| translate::trades(data, &*self.symbols))
            .await
    }

    async fn positions(&self) -> Result<Vec<Position>> {
        let request = self.get(Operation::Positions, self.config.urls.positions())?;
        self.parsed(request, |data| translate::positions(data, &*self.symbols))
            .await
    }

    async fn holdings(&self) -> Result<Vec<Holding>> {
        let request = self.get(Operation::Holdings, self.config.urls.holdings())?;
        self.parsed(request, |data| translate::holdings(data, &*self.symbols))
            .await
    }

    async fn funds(&self) -> Result<Funds> {
        let request = self.get(Operation::Funds, self.config.urls.funds())?;
        self.parsed(request, translate::funds).await
    }
}
