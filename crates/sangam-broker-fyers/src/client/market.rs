//! Prices.

use async_trait::async_trait;
use http::Method;
use sangam_core::ports::{MarketData, QuoteResult};
use sangam_core::{Candle, CandleQuery, Depth, Error, ErrorKind, InstrumentId, Operation, Result, Segment};

use super::{Fyers, QUOTES_PER_CALL};
use crate::translate;

#[async_trait]
impl MarketData for Fyers {
    /// Quotes, at most fifty a call. A call that fails as a whole fails each of its instruments; the whole fails only
    /// when nothing came of any call.
    async fn quotes(&self, instruments: &[InstrumentId]) -> Result<Vec<QuoteResult>> {
        let mut results: Vec<Option<QuoteResult>> = Vec::with_capacity(instruments.len());
        let mut asked = Vec::with_capacity(instruments.len());
        for (i, instrument) in instruments.iter().enumerate() {
            match self.listing(instrument) {
                Ok(listing) => {
                    asked.push((i, (instrument.clone(), listing.order_symbol)));
                    results.push(None);
                }
                Err(error) => results.push(Some((instrument.clone(), Err(error)))),
            }
        }
        let mut answered = asked.is_empty();
        for call in asked.chunks(QUOTES_PER_CALL) {
            let (places, pairs): (Vec<usize>, Vec<_>) = call.iter().cloned().unzip();
            let rows = match self.quotes_of(&pairs).await {
                Ok(rows) => {
                    answered = true;
                    rows
                }
                Err(error) if stops_all(&error) && !answered => return Err(error),
                Err(error) => {
                    answered |= !stops_all(&error);
                    let each = |(id, _): &(InstrumentId, _)| (id.clone(), Err(error.repeated()));
                    pairs.iter().map(each).collect()
                }
            };
            for (place, row) in places.into_iter().zip(rows) {
                if let Some(slot) = results.get_mut(place) {
                    *slot = Some(row);
                }
            }
        }
        Ok(results.into_iter().flatten().collect())
    }

    /// The depth of one symbol: several in one call would give wrong figures.
    async fn depth(&self, instrument: &InstrumentId) -> Result<Depth> {
        let symbol = self.listing(instrument)?.order_symbol;
        let request = self
            .authorised(Operation::Depth, Method::GET, self.config.urls.data("/depth"))?
            .query("symbol", symbol.as_ref())
            .query("ohlcv_flag", "1");
        let now = || self.clock.now();
        self.read(request, |body| translate::depth(body, instrument, &symbol, now()))
            .await?
    }

    /// Candles, in as many calls as the spans of the broker need.
    async fn candles(&self, query: &CandleQuery) -> Result<Vec<Candle>> {
        let symbol = self.listing(&query.instrument)?.order_symbol;
        let resolution = translate::resolution(query.interval)?;
        let derivative = matches!(
            query.instrument.exchange.segment(),
            Segment::EquityDerivatives | Segment::Currency | Segment::Commodity
        );
        let continuous = !derivative || self.config.continuous_futures;
        let mut all: Vec<Candle> = Vec::new();
        for span in translate::chunks(query)? {
            let mut request = self
                .authorised(Operation::Candles, Method::GET, self.config.urls.data("/history"))?
                .query("symbol", symbol.as_ref())
                .query("resolution", resolution.as_str())
                .query("date_format", "1")
                .query("range_from", span.0.to_string())
                .query("range_to", span.1.to_string())
                .query("cont_flag", if continuous { "1" } else { "0" });
            if derivative {
                request = request.query("oi_flag", "1");
            }
            let candles = self
                .read(request, |body| translate::candles(body, query.interval, span))
                .await?;
            all.extend(candles);
        }
        Ok(all)
    }
}

impl Fyers {
    async fn quotes_of(&self, asked: &[(InstrumentId, Box<str>)]) -> Result<Vec<QuoteResult>> {
        let symbols: Vec<&str> = asked.iter().map(|(_, symbol)| symbol.as_ref()).collect();
        let request = self
            .authorised(Operation::Quotes, Method::GET, self.config.urls.data("/quotes"))?
            .query("symbols", symbols.join(","));
        self.read(request, |body| translate::quotes(body, asked, self.clock.now()))
            .await
    }
}

/// Whether a failure would meet every instrument alike. A refused symbol fails the call it was asked in, no other.
fn stops_all(error: &Error) -> bool {
    !matches!(
        error.kind(),
        ErrorKind::UnknownInstrument | ErrorKind::InvalidRequest | ErrorKind::NotFound
    )
}
