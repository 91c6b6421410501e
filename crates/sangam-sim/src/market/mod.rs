//! The market: a pure function of seed, settings and instant, so that every simulator shows the same price at the
//! same moment and a run can be repeated.
//!
//! A licensed real series is replayed (module `series`) with small seeded ticks on top. Options follow a simple smooth
//! model on purpose (intrinsic plus decaying time value at the base level, moved with the index but damped): calm by
//! default matters more here than put-call parity. Not here: matching, which the account does against the depth.

mod assets;
mod candles;
mod options;
mod quote;
mod series;

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::clock::{DAY_US, Instant64, MINUTE_US, SECOND_US, SESSION_CLOSE_US, SESSION_OPEN_US};
use crate::config::SimConfig;
use crate::contracts::{Contract, ContractKey, Kind};
use crate::money::Paise;
use crate::rng::{hash, hash_text};

pub use candles::{CANDLES_MAX, Candle, Interval};
pub use quote::{Depth, Level, Quote};
pub use series::Source;

use assets::Asset;
use series::ONE_PPB;

/// Prices change at most once in this time.
pub const TICK_US: i64 = SECOND_US / 4;

/// A scripted move, resolved to instants.
#[derive(Clone, Copy, Debug)]
struct Move {
    from_us: i64,
    over_us: i64,
    /// Hundredths of a percent.
    bp: i64,
}

/// Prices, depth and candles of every contract.
#[derive(Debug)]
pub struct Market {
    seed: u64,
    always_open: bool,
    prices: HashMap<String, Paise>,
    moves: HashMap<String, Vec<Move>>,
    ranges: Mutex<HashMap<ContractKey, DayRange>>,
}

/// Highest and lowest minute price of a day so far: a cache of a pure function.
#[derive(Clone, Copy, Debug)]
struct DayRange {
    day: i64,
    minute: i64,
    high: Paise,
    low: Paise,
}

impl Market {
    /// A market by seed and settings; scripted moves count from `started`.
    #[must_use]
    pub fn new(config: &SimConfig, started: Instant64) -> Self {
        let mut moves: HashMap<String, Vec<Move>> = HashMap::new();
        for scripted in &config.moves {
            moves.entry(scripted.symbol.clone()).or_default().push(Move {
                from_us: started.0 + i64::from(scripted.at_s) * SECOND_US,
                over_us: i64::from(scripted.over_s) * SECOND_US,
                bp: scripted.percent.0,
            });
        }
        Self {
            seed: config.seed,
            always_open: config.always_open,
            prices: config
                .prices
                .iter()
                .map(|p| (p.symbol.clone(), p.price))
                .collect(),
            moves,
            ranges: Mutex::default(),
        }
    }

    /// The level a symbol is laid around, before any movement.
    #[must_use]
    pub fn base(&self, symbol: &str) -> Paise {
        self.asset(symbol).base
    }

    /// Where a contract's price comes from, and whether it is scaled from another symbol's series.
    #[must_use]
    pub fn origin(&self, contract: &Contract) -> (Source, bool) {
        let asset = self.asset(contract.symbol);
        (asset.source, asset.synthetic || contract.kind != Kind::Index)
    }

    fn asset(&self, symbol: &str) -> Asset {
        let mut asset = assets::of(symbol);
        if let Some(price) = self.prices.get(symbol) {
            asset.base = *price;
        }
        asset
    }

    /// Relative deviation of a symbol from its base, in parts per billion.
    fn deviation_ppb(&self, symbol: &str, asset: &Asset, at: Instant64) -> i64 {
        let replayed = asset.source.deviation_ppb(at.0, self.phase_min(symbol)) * asset.beta / 1_000;
        let mut level = ONE_PPB + replayed;
        for scripted in self.moves.get(symbol).into_iter().flatten() {
            let since = at.0 - scripted.from_us;
            if since < 0 {
                continue;
            }
            let done_ppm = if since >= scripted.over_us {
                1_000_000
            } else {
                since * 1_000_000 / scripted.over_us
            };
            let shift = i128::from(level) * i128::from(scripted.bp) * i128::from(done_ppm) / 10_000_000_000;
            level += i64::try_from(shift).expect("a move is below 90 percent");
        }
        level - ONE_PPB
    }

    /// Indices and everything on them share a phase; a stock's own phase keeps it from mirroring the index.
    fn phase_min(&self, symbol: &str) -> i64 {
        let own = if assets::of(symbol).source == Source::Nifty50 && is_index_family(symbol) {
            0
        } else {
            hash_text(symbol)
        };
        let phase = hash(&[self.seed, own]) % 2_000;
        i64::try_from(phase).expect("below two thousand")
    }

    /// Price before ticks and rounding.
    fn smooth(&self, contract: &Contract, at: Instant64) -> Paise {
        let asset = self.asset(contract.symbol);
        let deviation = self.deviation_ppb(contract.symbol, &asset, at);
        let (base, deviation) = match contract.kind {
            Kind::Cash | Kind::Index => (asset.base, deviation),
            Kind::Future => (options::future(asset.base, minutes_left(contract, at)), deviation),
            Kind::Option { strike, right } => {
                let premium = options::premium(asset.base, strike, right, minutes_left(contract, at));
                (premium, options::damped(deviation, right))
            }
        };
        let moved = i128::from(base.0) * i128::from(ONE_PPB + deviation) / i128::from(ONE_PPB);
        Paise(i64::try_from(moved).expect("prices fit 64 bits")).max(contract.tick)
    }

    /// Last traded price at an instant, on the tick grid.
    #[must_use]
    pub fn last(&self, contract: &Contract, at: Instant64) -> Paise {
        let at = self.trading_instant(at);
        let smooth = self.smooth(contract, at);
        let tick = contract.tick.0;
        let reach = (smooth.0 / 20_000 / tick).max(1);
        let draw = self.draw(contract, at, 1) % u64::try_from(2 * reach + 1).expect("reach is positive");
        let noise = i64::try_from(draw).expect("small") - reach;
        Paise(smooth.floor_to(contract.tick).0 + noise * tick).max(contract.tick)
    }

    /// The close of the day before: what circuits and changes are measured from.
    #[must_use]
    pub fn previous_close(&self, contract: &Contract, at: Instant64) -> Paise {
        let midnight = at.0 - at.since_midnight_us();
        self.smooth(contract, Instant64(midnight - DAY_US + SESSION_CLOSE_US))
            .floor_to(contract.tick)
    }

    /// Lowest and highest price at which orders are taken today; zeros for an index.
    #[must_use]
    pub fn circuits(&self, contract: &Contract, at: Instant64) -> (Paise, Paise) {
        let close = self.previous_close(contract, at);
        let tick = contract.tick;
        match contract.kind {
            Kind::Index => (Paise::ZERO, Paise::ZERO),
            Kind::Option { .. } => (tick, Paise(close.0 * 3).floor_to(tick)),
            Kind::Cash | Kind::Future => {
                let band = self.asset(contract.symbol).band;
                let lower = Paise(close.0 * (100 - band) / 100).ceil_to(tick);
                let upper = Paise(close.0 * (100 + band) / 100).floor_to(tick);
                (lower.max(tick), upper)
            }
        }
    }

    /// Prices stand still outside the session.
    fn trading_instant(&self, at: Instant64) -> Instant64 {
        if self.always_open {
            return at;
        }
        let midnight = at.0 - at.since_midnight_us();
        if at.since_midnight_us() < SESSION_OPEN_US {
            Instant64(midnight - DAY_US + SESSION_CLOSE_US)
        } else {
            Instant64(at.0.min(midnight + SESSION_CLOSE_US))
        }
    }

    /// The first instant of the trading day that `at` lies in.
    fn day_start(&self, at: Instant64) -> Instant64 {
        let midnight = at.0 - at.since_midnight_us();
        if self.always_open {
            return Instant64(midnight);
        }
        let before_open = at.since_midnight_us() < SESSION_OPEN_US;
        Instant64(midnight + SESSION_OPEN_US - if before_open { DAY_US } else { 0 })
    }

    fn draw(&self, contract: &Contract, at: Instant64, salt: u64) -> u64 {
        let slot = at.0.div_euclid(TICK_US).cast_unsigned();
        hash(&[
            self.seed,
            salt,
            contract.segment as u64,
            u64::from(contract.token),
            slot,
        ])
    }
}

fn is_index_family(symbol: &str) -> bool {
    matches!(
        symbol,
        "NIFTY" | "BANKNIFTY" | "FINNIFTY" | "MIDCPNIFTY" | "SENSEX" | "BANKEX" | "NIFTYBEES" | "INDIAVIX"
    )
}

/// Minutes to expiry, never negative.
fn minutes_left(contract: &Contract, at: Instant64) -> i64 {
    contract
        .expiry
        .as_ref()
        .map_or(0, |expiry| ((expiry.closes().0 - at.0) / MINUTE_US).max(0))
}

#[cfg(test)]
mod tests;
