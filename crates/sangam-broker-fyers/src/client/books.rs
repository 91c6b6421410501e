//! The account's books.

use async_trait::async_trait;
use http::Method;
use sangam_core::ports::Books;
use sangam_core::{
    BrokerName, BrokerOrder, BrokerOrderId, Error, ErrorKind, Fill, Funds, Holding, Operation, Outcome,
    Position, Result, Tag,
};

use super::Fyers;
use crate::translate;

const ORDERS: &str = "/orders";

#[async_trait]
impl Books for Fyers {
    async fn order_book(&self) -> Result<Vec<BrokerOrder>> {
        let request = self.authorised(Operation::Orders, Method::GET, self.config.urls.trading(ORDERS))?;
        self.read(request, |body| translate::order_book(body, &*self.symbols))
            .await
    }

    /// One order. The broker may answer an unknown number with a code or with an empty list; both are "not found".
    async fn order(&self, id: &BrokerOrderId) -> Result<BrokerOrder> {
        let request = self
            .authorised(Operation::Orders, Method::GET, self.config.urls.trading(ORDERS))?
            .query("id", id.as_str());
        let rows = self
            .read(request, |body| translate::order_book(body, &*self.symbols))
            .await?;
        rows.into_iter().find(|order| order.id == *id).ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                Outcome::Rejected,
                format!("order {id} is not in the book"),
            )
            .at(BrokerName::Fyers)
        })
    }

    async fn orders_by_tag(&self, tag: &Tag) -> Result<Vec<BrokerOrder>> {
        let request = self
            .authorised(Operation::Orders, Method::GET, self.config.urls.trading(ORDERS))?
            .query("order_tag", translate::filter_tag(tag));
        let rows = self
            .read(request, |body| translate::order_book(body, &*self.symbols))
            .await?;
        Ok(rows
            .into_iter()
            .filter(|order| order.tag.as_ref() == Some(tag))
            .collect())
    }

    /// Fyers keeps no history of an order: the one row there is.
    async fn order_history(&self, id: &BrokerOrderId) -> Result<Vec<BrokerOrder>> {
        Ok(vec![self.order(id).await?])
    }

    async fn trades(&self) -> Result<Vec<Fill>> {
        let url = self.config.urls.trading("/tradebook");
        let request = self.authorised(Operation::Trades, Method::GET, url)?;
        self.read(request, |body| translate::trade_book(body, &*self.symbols))
            .await
    }

    async fn positions(&self) -> Result<Vec<Position>> {
        let url = self.config.urls.trading("/positions");
        let request = self.authorised(Operation::Positions, Method::GET, url)?;
        self.read(request, |body| translate::positions(body, &*self.symbols))
            .await
    }

    async fn holdings(&self) -> Result<Vec<Holding>> {
        let url = self.config.urls.trading("/holdings");
        let request = self.authorised(Operation::Holdings, Method::GET, url)?;
        self.read(request, |body| translate::holdings(body, &*self.symbols))
            .await
    }

    async fn funds(&self) -> Result<Funds> {
        let url = self.config.urls.trading("/funds");
        let request = self.authorised(Operation::Funds, Method::GET, url)?;
        self.read(request, translate::funds).await
    }
}
