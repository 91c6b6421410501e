//! Prices and search. The broker quotes one instrument a call, so many are asked one after the other: all calls share
//! one small budget, and a burst would only be refused.

use async_trait::async_trait;
use sangam_broker::WireResponse;
use sangam_core::ports::{MarketData, QuoteResult};
use sangam_core::timestamp::{Date, Time};
use sangam_core::{
    BrokerName, Candle, CandleInterval, CandleQuery, Depth, Error, ErrorKind, Exchange, IST, InstrumentId,
    Listing, Operation, Outcome, Quote, Result, Timestamp,
};

use super::{Flattrade, read_answer};
use crate::translate::{self, SearchHit};
use crate::urls::Route;

impl Flattrade {
    /// Instruments whose name holds a text, on one exchange or on all.
    ///
    /// # Errors
    /// A failure of the call; nothing found is an empty list.
    pub async fn search(&self, exchange: Option<Exchange>, text: &str) -> Result<Vec<SearchHit>> {
        let code = exchange.map(offered).transpose()?;
        let response = self
            .read(Operation::Quotes, Route::SearchScrip, |sender| {
                translate::search_body(sender, code, text)
            })
            .await?;
        read_answer(&response, |status, body| {
            translate::hits(status, body, &*self.symbols)
        })
    }

    /// Candles that begin from one instant to another, both included, oldest first.
    ///
    /// # Errors
    /// [`ErrorKind::NotOffered`] with nothing sent for a length the broker does not have; else a failure of the call.
    pub async fn candles_between(
        &self,
        instrument: &InstrumentId,
        interval: CandleInterval,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Candle>> {
        let listing = self.listing(instrument)?;
        let exchange = offered(listing.exchange)?;
        let span = (from, to);
        let candles = match interval {
            CandleInterval::Minutes(minutes) => {
                if !translate::MINUTES.contains(&minutes) {
                    return Err(Error::refused(
                        ErrorKind::NotOffered,
                        format!(
                            "the broker has no candles of {minutes} minutes; it has {:?}",
                            translate::MINUTES
                        ),
                    )
                    .at(BrokerName::Flattrade));
                }
                let response = self
                    .read(Operation::Candles, Route::TpSeries, |sender| {
                        translate::minutes_body(sender, exchange, &listing.token, minutes, span)
                    })
                    .await?;
                read_answer(&response, translate::minutes)?
            }
            CandleInterval::Day => {
                let response = self
                    .read(Operation::Candles, Route::EodChartData, |sender| {
                        translate::days_body(sender, exchange, &listing.order_symbol, span)
                    })
                    .await?;
                read_answer(&response, translate::days)?
            }
        };
        Ok(translate::within(candles, span))
    }

    async fn ask_quote(&self, operation: Operation, listing: &Listing) -> Result<WireResponse> {
        let exchange = offered(listing.exchange)?;
        self.read(operation, Route::GetQuotes, |sender| {
            translate::quote_body(sender, exchange, &listing.token)
        })
        .await
    }

    async fn one_quote(&self, instrument: &InstrumentId) -> Result<Quote> {
        let listing = self.listing(instrument)?;
        let response = self.ask_quote(Operation::Quotes, &listing).await?;
        read_answer(&response, |status, body| {
            translate::quote(status, body, instrument, &listing.token, self.clock.now())
        })
    }
}

#[async_trait]
impl MarketData for Flattrade {
    async fn quotes(&self, instruments: &[InstrumentId]) -> Result<Vec<QuoteResult>> {
        let mut results: Vec<QuoteResult> = Vec::with_capacity(instruments.len());
        let mut dead: Option<(ErrorKind, Outcome)> = None;
        for instrument in instruments {
            let result = match dead {
                // The call before this one showed that none can succeed: do not spend the budget on finding out again.
                Some((kind, outcome)) => {
                    Err(
                        Error::new(kind, outcome, "not asked: the call before it failed for all")
                            .at(BrokerName::Flattrade),
                    )
                }
                None => self.one_quote(instrument).await,
            };
            if let Err(error) = &result
                && dead.is_none()
                && fails_for_all(error.kind())
            {
                if !results.iter().any(|(_, result)| result.is_ok()) {
                    return result.map(|_| Vec::new());
                }
                dead = Some((error.kind(), Outcome::NotSent));
            }
            results.push((instrument.clone(), result));
        }
        Ok(results)
    }

    async fn depth(&self, instrument: &InstrumentId) -> Result<Depth> {
        let listing = self.listing(instrument)?;
        let response = self.ask_quote(Operation::Depth, &listing).await?;
        read_answer(&response, |status, body| {
            translate::depth(status, body, instrument, &listing.token, self.clock.now())
        })
    }

    async fn candles(&self, query: &CandleQuery) -> Result<Vec<Candle>> {
        let from = at(query.from, Time::midnight())?;
        let to = at(query.to, Time::constant(23, 59, 59, 0))?;
        self.candles_between(&query.instrument, query.interval, from, to)
            .await
    }
}

/// Whether a failure of one quote is a failure of every quote asked now.
fn fails_for_all(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::LoginRequired
            | ErrorKind::StaticAddress
            | ErrorKind::Permission
            | ErrorKind::Network
            | ErrorKind::Timeout
            | ErrorKind::Unavailable
            | ErrorKind::RateLimited
    )
}

fn at(day: Date, time: Time) -> Result<Timestamp> {
    IST::instant(day.to_datetime(time)).ok_or_else(|| {
        Error::refused(ErrorKind::InvalidRequest, format!("date {day} is out of range"))
            .at(BrokerName::Flattrade)
    })
}

fn offered(exchange: Exchange) -> Result<&'static str> {
    translate::quote_exchange(exchange).ok_or_else(|| {
        Error::refused(
            ErrorKind::NotOffered,
            format!("the broker has no prices of {exchange}; use another broker"),
        )
        .at(BrokerName::Flattrade)
    })
}
