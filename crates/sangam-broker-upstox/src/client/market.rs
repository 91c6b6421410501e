//! Quotes, depth, candles.

use async_trait::async_trait;
use http::Method;
use sangam_broker::{WireResponse, date_spans};
use sangam_core::ports::{MarketData, QuoteResult};
use sangam_core::timestamp::Date;
use sangam_core::{
    BrokerName, Candle, CandleInterval, CandleQuery, Depth, Error, ErrorKind, IST, InstrumentId, Operation,
    Outcome, Price, Quote, Result,
};

use super::{QUOTES_PER_CALL, Upstox, plain, refused};
use crate::config::{ApiVersion, QuoteSource};
use crate::error;
use crate::translate::{self, QuoteContext, QuoteRows};

/// Longest interval in minutes (official documentation of candles, version 3).
const MINUTES_MAX: u16 = 300;
/// Most requests one candle query may become.
const CANDLE_CALLS_MAX: usize = 40;

/// Days of candles in one call, a little under what the broker grants: a month up to 15 minutes, a quarter above,
/// a decade of days (official documentation of candles, version 3).
fn days_per_call(interval: CandleInterval) -> i32 {
    match interval {
        CandleInterval::Minutes(0..=15) => 28,
        CandleInterval::Minutes(_) => 84,
        CandleInterval::Day => 3_650,
    }
}

impl Upstox {
    async fn quote_rows(
        &self,
        operation: Operation,
        source: QuoteSource,
        keys: &[&str],
    ) -> Result<WireResponse> {
        let mut request = self
            .get(operation, self.config.urls.quotes(source))?
            .query("instrument_key", keys.join(","));
        if source == QuoteSource::DayPrices {
            request = request.query("interval", "1d");
        }
        self.read(request).await
    }

    fn tick(&self, instrument: &InstrumentId) -> Option<Price> {
        self.symbols.instrument(instrument).map(|known| known.tick)
    }

    /// Reads a row of an answer, the row being that of this key.
    fn row_as<T>(
        &self,
        operation: Operation,
        rows: &QuoteRows<'_>,
        (instrument, key): (&InstrumentId, &str),
        read: impl FnOnce(&QuoteContext<'_>, &crate::wire::QuoteRow) -> Result<T, translate::ParseError>,
    ) -> Result<T> {
        let context = QuoteContext {
            instrument,
            tick: self.tick(instrument),
            received_at: self.clock.now(),
        };
        let row = rows.row(key).ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                Outcome::Rejected,
                format!("upstox has no quote of {instrument}"),
            )
            .at(BrokerName::Upstox)
        })?;
        row.and_then(|row| read(&context, &row))
            .map_err(|error| error.into_error(operation))
    }

    async fn candle_call(&self, url: String) -> Result<Vec<Candle>> {
        // The broker's own client sends no token here, so ours travels no further than it must.
        let request = plain(Operation::Candles, Method::GET, url)?.timeout(self.config.read_timeout);
        self.parsed(request, translate::candles).await
    }
}

#[async_trait]
impl MarketData for Upstox {
    async fn quotes(&self, instruments: &[InstrumentId]) -> Result<Vec<QuoteResult>> {
        let source = self.config.quotes;
        let mut results: Vec<Option<Result<Quote>>> = Vec::with_capacity(instruments.len());
        let mut asked: Vec<(usize, Box<str>)> = Vec::with_capacity(instruments.len());
        for (at, instrument) in instruments.iter().enumerate() {
            match self.listing(instrument) {
                Ok(listing) => {
                    asked.push((at, listing.order_symbol));
                    results.push(None);
                }
                Err(error) => results.push(Some(Err(error))),
            }
        }
        let mut failed = None;
        let mut answered = asked.is_empty();
        for chunk in asked.chunks(QUOTES_PER_CALL) {
            let mut keys: Vec<&str> = Vec::with_capacity(chunk.len());
            for (_, key) in chunk {
                if !keys.contains(&&**key) {
                    keys.push(key);
                }
            }
            let response = self.quote_rows(Operation::Quotes, source, &keys).await;
            let rows = response.as_ref().map_err(Error::repeated).and_then(|response| {
                let data = error::data(Operation::Quotes, response)?;
                QuoteRows::read(data).map_err(|error| error.into_error(Operation::Quotes))
            });
            for (at, key) in chunk {
                results[*at] = Some(match &rows {
                    Ok(rows) => self.row_as(
                        Operation::Quotes,
                        rows,
                        (&instruments[*at], key),
                        translate::quote,
                    ),
                    Err(error) => Err(error.repeated()),
                });
            }
            match rows {
                Ok(_) => answered = true,
                // A key the broker does not know fails its call, not the calls beside it.
                Err(error) if error.kind() == ErrorKind::UnknownInstrument => answered = true,
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        if let (false, Some(error)) = (answered, failed) {
            return Err(error);
        }
        Ok(instruments
            .iter()
            .cloned()
            .zip(
                results
                    .into_iter()
                    .map(|result| result.expect("every place was listed or asked for")),
            )
            .collect())
    }

    async fn depth(&self, instrument: &InstrumentId) -> Result<Depth> {
        let key = self.listing(instrument)?.order_symbol;
        let version = match self.config.quotes {
            QuoteSource::Full(version) => version,
            QuoteSource::LastPrice | QuoteSource::DayPrices => ApiVersion::V2,
        };
        let response = self
            .quote_rows(Operation::Depth, QuoteSource::Full(version), &[&key])
            .await?;
        let data = error::data(Operation::Depth, &response)?;
        let rows = QuoteRows::read(data).map_err(|error| error.into_error(Operation::Depth))?;
        self.row_as(Operation::Depth, &rows, (instrument, &key), translate::depth)
    }

    /// The broker keeps today's candles apart from those before: a query that includes today is two calls, and a long one
    /// is several.
    async fn candles(&self, query: &CandleQuery) -> Result<Vec<Candle>> {
        if let CandleInterval::Minutes(minutes) = query.interval
            && !(1..=MINUTES_MAX).contains(&minutes)
        {
            return Err(refused(
                ErrorKind::InvalidRequest,
                format!("interval {minutes} is not offered; give 1 to {MINUTES_MAX} minutes"),
            ));
        }
        if query.from > query.to {
            return Err(refused(
                ErrorKind::InvalidRequest,
                format!(
                    "candles are asked for from {} to {}, which is earlier",
                    query.from, query.to
                ),
            ));
        }
        let key = self.listing(&query.instrument)?.order_symbol;
        let (unit, count) = translate::unit(query.interval);
        let today = IST::date(self.clock.now());
        let mut calls = Vec::new();
        for (from, to) in ranges(query, today)? {
            calls.push(self.config.urls.candles(&key, unit, count, from, to));
        }
        if (query.from..=query.to).contains(&today) {
            calls.push(self.config.urls.candles_of_today(&key, unit, count));
        }
        let mut candles = Vec::new();
        for url in calls {
            candles.extend(self.candle_call(url).await?);
        }
        candles.retain(|candle| (query.from..=query.to).contains(&IST::date(candle.start)));
        candles.sort_by_key(|candle| candle.start);
        candles.dedup_by_key(|candle| candle.start);
        Ok(candles)
    }
}

/// The dates before today, in pieces of what one call may carry.
fn ranges(query: &CandleQuery, today: Date) -> Result<Vec<(Date, Date)>> {
    let yesterday = today
        .yesterday()
        .expect("the clock is not at the first day of the calendar");
    let last = query.to.min(yesterday);
    date_spans(query.from, last, days_per_call(query.interval), CANDLE_CALLS_MAX).ok_or_else(|| {
        refused(
            ErrorKind::InvalidRequest,
            format!("so many candles would take more than {CANDLE_CALLS_MAX} calls; ask for fewer days"),
        )
    })
}
