//! Candles derived from the same prices the quotes show.

use super::Market;
use crate::clock::{DAY_US, Instant64, MINUTE_US, SESSION_CLOSE_US, SESSION_OPEN_US, is_trading_day};
use crate::contracts::Contract;
use crate::money::Paise;

/// Length of a candle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// Some minutes, counted from 09:15 (from midnight in a market that is always open).
    Minutes(u32),
    /// A trading day.
    Day,
}

/// One candle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candle {
    /// Start of the candle (midnight IST for a day).
    pub start: Instant64,
    /// First price.
    pub open: Paise,
    /// Highest price.
    pub high: Paise,
    /// Lowest price.
    pub low: Paise,
    /// Last price; of a running candle the present one.
    pub close: Paise,
    /// Units traded.
    pub volume: i64,
    /// Open interest at the end, 0 outside derivatives.
    pub open_interest: i64,
}

/// No more candles than this are made at once.
pub const CANDLES_MAX: usize = 5_000;

impl Market {
    /// Candles that start in `from..=to` and not after `now`, oldest first, at most [`CANDLES_MAX`] (the newest).
    ///
    /// An always-open market has candles round the clock, else only 09:15 to 15:30 on trading days.
    #[must_use]
    pub fn candles(
        &self,
        contract: &Contract,
        interval: Interval,
        from: Instant64,
        to: Instant64,
        now: Instant64,
    ) -> Vec<Candle> {
        let end = to.min(now);
        let mut candles = Vec::new();
        let mut midnight = end.0 - end.since_midnight_us();
        while midnight > from.0 - DAY_US && candles.len() < CANDLES_MAX {
            self.day_backwards(
                contract,
                interval,
                Instant64(midnight),
                (from, end),
                now,
                &mut candles,
            );
            midnight -= DAY_US;
        }
        candles.reverse();
        candles
    }

    /// Pushes one day's candles, newest first.
    fn day_backwards(
        &self,
        contract: &Contract,
        interval: Interval,
        midnight: Instant64,
        (from, end): (Instant64, Instant64),
        now: Instant64,
        candles: &mut Vec<Candle>,
    ) {
        if !self.always_open && !is_trading_day(midnight.date()) {
            return;
        }
        let (open, close) = if self.always_open {
            (0, DAY_US)
        } else {
            (SESSION_OPEN_US, SESSION_CLOSE_US)
        };
        let (open, close) = (midnight.0 + open, midnight.0 + close);
        match interval {
            Interval::Day => {
                if midnight >= from && midnight <= end && open <= now.0 {
                    let candle = self.candle(contract, Instant64(open), Instant64(close), now);
                    candles.push(Candle {
                        start: midnight,
                        ..candle
                    });
                }
            }
            Interval::Minutes(minutes) => {
                let length = i64::from(minutes.max(1)) * MINUTE_US;
                let count = (close - open + length - 1) / length;
                for n in (0..count).rev() {
                    let start = Instant64(open + n * length);
                    let stop = Instant64((start.0 + length).min(close));
                    if start >= from && start <= end && candles.len() < CANDLES_MAX {
                        candles.push(self.candle(contract, start, stop, now));
                    }
                }
            }
        }
    }

    fn candle(&self, contract: &Contract, start: Instant64, stop: Instant64, now: Instant64) -> Candle {
        // The last price inside the candle, not the first of the next.
        let stop = Instant64((stop.0 - 1).min(now.0));
        let (open, close) = (self.last(contract, start), self.last(contract, stop));
        // A long candle is sampled: at most a hundred points tell its range.
        let minutes = ((stop.0 - start.0) / MINUTE_US).max(1);
        let step = (minutes / 100).max(1) * MINUTE_US;
        let (mut high, mut low) = (open.max(close), open.min(close));
        let mut at = start.0 + step / 2;
        while at < stop.0 {
            let price = self.last(contract, Instant64(at));
            high = high.max(price);
            low = low.min(price);
            at += step;
        }
        Candle {
            start,
            open,
            high,
            low,
            close,
            volume: self.volume(contract, stop) - self.volume(contract, start),
            open_interest: self.open_interest(contract, stop),
        }
    }
}
