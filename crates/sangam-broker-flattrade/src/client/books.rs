//! The account's books. The broker filters nothing by tag, and one order alone only as a history of events whose last
//! word on a change that failed is not documented; so both are looked up in the whole book.

use async_trait::async_trait;
use sangam_core::ports::Books;
use sangam_core::{BrokerOrder, BrokerOrderId, Fill, Funds, Holding, Operation, Position, Result, Tag};

use super::{Flattrade, read_answer};
use crate::urls::Route;
use crate::{FundsFilter, error, translate};

impl Flattrade {
    /// Funds narrowed to a product, a part of the market or an exchange.
    ///
    /// # Errors
    /// As [`Books::funds`].
    pub async fn funds_of(&self, filter: &FundsFilter) -> Result<Funds> {
        let response = self
            .read(Operation::Funds, Route::Limits, |sender| {
                translate::funds_body(sender, filter)
            })
            .await?;
        read_answer(&response, translate::funds)
    }
}

#[async_trait]
impl Books for Flattrade {
    async fn order_book(&self) -> Result<Vec<BrokerOrder>> {
        let response = self
            .read(Operation::Orders, Route::OrderBook, translate::own_body)
            .await?;
        read_answer(&response, |status, body| {
            translate::order_book(status, body, &*self.symbols)
        })
    }

    async fn order(&self, id: &BrokerOrderId) -> Result<BrokerOrder> {
        self.order_book()
            .await?
            .into_iter()
            .find(|order| order.id == *id)
            .ok_or_else(|| error::no_data(Operation::Orders, &format!("order {id} today")))
    }

    async fn orders_by_tag(&self, tag: &Tag) -> Result<Vec<BrokerOrder>> {
        let mut orders = self.order_book().await?;
        orders.retain(|order| order.tag.as_ref() == Some(tag));
        Ok(orders)
    }

    async fn order_history(&self, id: &BrokerOrderId) -> Result<Vec<BrokerOrder>> {
        let response = self
            .read(Operation::Orders, Route::SingleOrdHist, |sender| {
                translate::history_body(sender, id)
            })
            .await?;
        read_answer(&response, |status, body| {
            translate::order_history(status, body, id, &*self.symbols)
        })
    }

    async fn trades(&self) -> Result<Vec<Fill>> {
        let response = self
            .read(Operation::Trades, Route::TradeBook, translate::trades_body)
            .await?;
        read_answer(&response, |status, body| {
            translate::trades(status, body, &*self.symbols)
        })
    }

    async fn positions(&self) -> Result<Vec<Position>> {
        let response = self
            .read(Operation::Positions, Route::PositionBook, translate::account_body)
            .await?;
        read_answer(&response, |status, body| {
            translate::positions(status, body, &*self.symbols)
        })
    }

    async fn holdings(&self) -> Result<Vec<Holding>> {
        let response = self
            .read(Operation::Holdings, Route::Holdings, translate::holdings_body)
            .await?;
        read_answer(&response, |status, body| {
            translate::holdings(status, body, &*self.symbols)
        })
    }

    async fn funds(&self) -> Result<Funds> {
        self.funds_of(&FundsFilter::default()).await
    }
}
