//! Place, modify, cancel: one request each, sent once.

use async_trait::async_trait;
use http::{HeaderName, Method};
use sangam_broker::{WireRequest, WireResponse};
use sangam_core::ports::{Accepted, OrderEntry, Placed};
use sangam_core::{
    AlgoName, CancelOrder, ErrorKind, Exchange, InstrumentId, ModifyOrder, Operation, PlaceOrder, Result, Tag,
};

use super::{Upstox, plain, refused, send, with_json};
use crate::error;
use crate::translate::{CommandStyle, modify_body, place_body};

const ALGO: HeaderName = HeaderName::from_static("x-algo-name");
/// What the broker's own client sends with a cancel and a log-out.
pub(super) const EMPTY_JSON: &[u8] = b"{}";

impl Upstox {
    fn style(&self) -> CommandStyle {
        CommandStyle {
            version: self.config.order_api,
            band: self.config.market_band,
        }
    }

    fn command(
        &self,
        operation: Operation,
        method: Method,
        url: String,
        algo: Option<&AlgoName>,
    ) -> Result<WireRequest> {
        let request = plain(operation, method, url)?.timeout(self.config.order_timeout);
        let request = match algo.or(self.config.algo.as_ref()) {
            Some(algo) => request.header(ALGO, algo.as_str())?,
            None => request,
        };
        self.authorised(request)
    }

    async fn command_sent(&self, request: WireRequest) -> Result<WireResponse> {
        send(&*self.orders, request).await
    }

    fn check_exchange(&self, instrument: &InstrumentId) -> Result<()> {
        if self.capabilities.exchanges.contains(&instrument.exchange) {
            return Ok(());
        }
        let why = match instrument.exchange {
            Exchange::Mcx => "upstox takes no MCX orders from programs for now (its UDAPI1161)",
            Exchange::NseIndex | Exchange::BseIndex => {
                "an index cannot be traded; trade its future or option"
            }
            _ => "orders on this exchange are not sent to upstox",
        };
        Err(refused(ErrorKind::NotOffered, format!("{instrument}: {why}")))
    }

    fn check_tag(&self, tag: Option<&Tag>) -> Result<()> {
        match tag {
            Some(tag) if !self.capabilities.carries_tag(tag) => Err(refused(
                ErrorKind::InvalidRequest,
                format!(
                    "tag {tag} cannot travel to upstox, which takes {} characters",
                    self.capabilities.tag_length_max
                ),
            )),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl OrderEntry for Upstox {
    async fn place(&self, order: &PlaceOrder) -> Result<Placed> {
        let instrument = &order.request.instrument;
        self.check_exchange(instrument)?;
        self.check_tag(order.tag.as_ref())?;
        let listing = self.listing(instrument)?;
        let body = place_body(order, &listing.order_symbol, self.style())?;
        let url = self.config.urls.place(self.config.order_api);
        let request = self.command(Operation::Place, Method::POST, url, order.algo.as_ref())?;
        let response = self.command_sent(with_json(request, body)?).await?;
        error::placed(&response)
    }

    /// The quantity is left out where the change does not name it: whether it means the whole or the rest is not
    /// documented.
    async fn modify(&self, change: &ModifyOrder) -> Result<Accepted> {
        self.check_exchange(&change.instrument)?;
        let body = modify_body(change, self.style())?;
        let url = self.config.urls.modify(self.config.order_api);
        let request = self.command(Operation::Modify, Method::PUT, url, change.algo.as_ref())?;
        let response = self.command_sent(with_json(request, body)?).await?;
        error::accepted(Operation::Modify, &response, &change.broker_order_id)
    }

    async fn cancel(&self, cancel: &CancelOrder) -> Result<Accepted> {
        let url = self.config.urls.cancel(self.config.order_api);
        let request = self
            .command(Operation::Cancel, Method::DELETE, url, cancel.algo.as_ref())?
            .query("order_id", cancel.broker_order_id.as_str());
        let response = self
            .command_sent(with_json(request, EMPTY_JSON.to_vec())?)
            .await?;
        error::accepted(Operation::Cancel, &response, &cancel.broker_order_id)
    }
}
