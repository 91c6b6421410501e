//! A full quote: last price, the day's figures, circuits and five levels of depth.

use super::{DayRange, Market};
use crate::clock::{Instant64, MINUTE_US, SECOND_US};
use crate::contracts::{Contract, Kind};
use crate::money::Paise;
use crate::rng::hash;

/// One level of depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Price, on the tick grid.
    pub price: Paise,
    /// Units, a multiple of the lot.
    pub quantity: i64,
    /// Number of orders.
    pub orders: i64,
}

/// Five levels a side, best first; empty for an index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Buyers, highest price first.
    pub bids: Vec<Level>,
    /// Sellers, lowest price first.
    pub asks: Vec<Level>,
}

/// Everything a broker shows about a contract at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The instant the quote is for.
    pub at: Instant64,
    /// Last traded price.
    pub last: Paise,
    /// Quantity of the last trade (0 for an index).
    pub last_quantity: i64,
    /// When it traded.
    pub last_trade_at: Instant64,
    /// First price of the day.
    pub open: Paise,
    /// Highest price of the day.
    pub high: Paise,
    /// Lowest price of the day.
    pub low: Paise,
    /// Close of the day before.
    pub previous_close: Paise,
    /// Volume-weighted price of the day.
    pub average: Paise,
    /// Units traded today (0 for an index).
    pub volume: i64,
    /// Open interest of a derivative in units, else 0.
    pub open_interest: i64,
    /// Open interest at the close before.
    pub previous_open_interest: i64,
    /// Lower circuit limit.
    pub lower_circuit: Paise,
    /// Upper circuit limit.
    pub upper_circuit: Paise,
    /// Quantity of all buyers.
    pub total_buy: i64,
    /// Quantity of all sellers.
    pub total_sell: i64,
    /// Five levels a side.
    pub depth: Depth,
    /// Highest of the last 52 weeks.
    pub year_high: Paise,
    /// Lowest of the last 52 weeks.
    pub year_low: Paise,
}

impl Quote {
    /// Change against the close of the day before.
    #[must_use]
    pub const fn change(&self) -> Paise {
        Paise(self.last.0 - self.previous_close.0)
    }

    /// Change in hundredths of a percent.
    #[must_use]
    pub const fn change_bp(&self) -> i64 {
        if self.previous_close.0 == 0 {
            0
        } else {
            self.change().0 * 10_000 / self.previous_close.0
        }
    }

    /// Best buyer.
    #[must_use]
    pub fn bid(&self) -> Option<Level> {
        self.depth.bids.first().copied()
    }

    /// Best seller.
    #[must_use]
    pub fn ask(&self) -> Option<Level> {
        self.depth.asks.first().copied()
    }
}

impl Market {
    /// The full quote at an instant.
    #[must_use]
    pub fn quote(&self, contract: &Contract, at: Instant64) -> Quote {
        let at = self.trading_instant(at);
        let last = self.last(contract, at);
        let (high, low) = self.day_range(contract, at, last);
        let open = self.last(contract, self.day_start(at));
        let previous_close = self.previous_close(contract, at);
        let (lower_circuit, upper_circuit) = self.circuits(contract, at);
        let depth = self.depth(contract, at);
        let shown = |levels: &[Level]| levels.iter().map(|level| level.quantity).sum::<i64>();
        let rest = 40 * self.lot_value(contract);
        let average = Paise((open.0 + high.0 + low.0 + last.0) / 4);
        let total = |levels: &[Level], salt| {
            if levels.is_empty() {
                0
            } else {
                shown(levels) + rest + self.spread_units(contract, at, salt)
            }
        };
        Quote {
            at,
            last,
            last_quantity: if contract.kind == Kind::Index {
                0
            } else {
                self.spread_units(contract, at, 5)
            },
            last_trade_at: Instant64(at.0 - at.0.rem_euclid(super::TICK_US)),
            open,
            high: high.max(open),
            low: low.min(open),
            previous_close,
            average,
            volume: self.volume(contract, at),
            open_interest: self.open_interest(contract, at),
            previous_open_interest: self.open_interest(contract, self.day_start(at)),
            lower_circuit,
            upper_circuit,
            total_buy: total(&depth.bids, 6),
            total_sell: total(&depth.asks, 7),
            depth,
            year_high: Paise(previous_close.0 * 13 / 10).floor_to(contract.tick),
            year_low: Paise(previous_close.0 * 7 / 10).ceil_to(contract.tick),
        }
    }

    /// Five levels a side on the tick grid inside the circuits; empty for an index.
    #[must_use]
    pub fn depth(&self, contract: &Contract, at: Instant64) -> Depth {
        if contract.kind == Kind::Index {
            return Depth::default();
        }
        let at = self.trading_instant(at);
        let last = self.last(contract, at);
        let (lower, upper) = self.circuits(contract, at);
        let tick = contract.tick.0;
        // The last trade happened at the bid or at the ask.
        let at_ask = i64::from(self.draw(contract, at, 2) & 1 == 1);
        let best_bid = last.0 - at_ask * tick;
        let best_ask = best_bid + tick;
        let side = |best: i64, step: i64, salt: u64| -> Vec<Level> {
            (0..5)
                .map(|n| (n, Paise(best + n * step)))
                .filter(|(_, price)| (lower..=upper).contains(price))
                .map(|(n, price)| self.level(contract, at, price, salt + n.cast_unsigned()))
                .collect()
        };
        Depth {
            bids: side(best_bid, -tick, 100),
            asks: side(best_ask, tick, 200),
        }
    }

    fn level(&self, contract: &Contract, at: Instant64, price: Paise, salt: u64) -> Level {
        let second = at.0.div_euclid(SECOND_US).cast_unsigned();
        let draw = hash(&[self.seed, salt, u64::from(contract.token), second]);
        let unit = self.lot_value(contract);
        let quantity = unit * (1 + i64::try_from(draw % 4).expect("below four"));
        let orders = 1 + i64::try_from((draw >> 8) % 9).expect("below nine");
        Level {
            price,
            quantity,
            orders,
        }
    }

    /// The quantity depth is counted in: two lots of a derivative, about fifteen thousand rupees' worth of a share.
    fn lot_value(&self, contract: &Contract) -> i64 {
        match contract.kind {
            Kind::Index => 0,
            Kind::Cash => {
                let lot = contract.lot.max(1);
                let units = (Paise::rupees(15_000).0 / self.base(contract.symbol).0.max(1)).max(20);
                units.div_euclid(lot).max(1) * lot
            }
            Kind::Future | Kind::Option { .. } => 2 * contract.lot,
        }
    }

    fn spread_units(&self, contract: &Contract, at: Instant64, salt: u64) -> i64 {
        let lot = contract.lot.max(1);
        lot * (1 + i64::try_from(self.draw(contract, at, salt) % 20).expect("below twenty"))
    }

    /// Units traded since the day began: grows every minute.
    pub(super) fn volume(&self, contract: &Contract, at: Instant64) -> i64 {
        if contract.kind == Kind::Index {
            return 0;
        }
        let since = (at.0 - self.day_start(at).0).max(0);
        self.volume_of(contract, since, at.day_number())
    }

    fn volume_of(&self, contract: &Contract, since_us: i64, day: i64) -> i64 {
        let rate = 10 * self.lot_value(contract);
        let lots = |minute: i64| {
            let draw = hash(&[
                self.seed,
                9,
                u64::from(contract.token),
                day.cast_unsigned(),
                minute.cast_unsigned(),
            ]);
            let wobble = i64::try_from(draw % 512).expect("below 512") * rate / 1_024;
            minute * rate + if minute == 0 { 0 } else { wobble }
        };
        let minute = since_us / MINUTE_US;
        let (from, to) = (lots(minute), lots(minute + 1));
        let lot = contract.lot.max(1);
        (from + (to - from) * (since_us % MINUTE_US) / MINUTE_US) / lot * lot
    }

    pub(super) fn open_interest(&self, contract: &Contract, at: Instant64) -> i64 {
        if !contract.segment.is_derivative() {
            return 0;
        }
        let quarter_hour = at.0.div_euclid(15 * MINUTE_US).cast_unsigned();
        let steady = hash(&[self.seed, 10, u64::from(contract.token)]) % 9_000 + 1_000;
        let wobble = hash(&[self.seed, 11, u64::from(contract.token), quarter_hour]) % 100;
        contract.lot * i64::try_from(steady + wobble).expect("about ten thousand")
    }

    /// Highest and lowest price since the day began, by the minute, with the present price.
    fn day_range(&self, contract: &Contract, at: Instant64, last: Paise) -> (Paise, Paise) {
        let start = self.day_start(at);
        let (day, minute_now) = (start.day_number(), at.0.div_euclid(MINUTE_US));
        let mut ranges = self.ranges.lock();
        let first = self.last(contract, start);
        let fresh = DayRange {
            day,
            minute: start.0.div_euclid(MINUTE_US),
            high: first,
            low: first,
        };
        let mut range = ranges.get(&contract.key()).copied().unwrap_or(fresh);
        // An instant before the cached one (a stale read, another clock) starts over and leaves the cache alone.
        let backwards = range.day == day && range.minute > minute_now;
        if range.day != day || backwards {
            range = fresh;
        }
        while range.minute < minute_now {
            range.minute += 1;
            let price = self.last(contract, Instant64(range.minute * MINUTE_US));
            range.high = range.high.max(price);
            range.low = range.low.min(price);
        }
        if !backwards {
            range.high = range.high.max(last);
            range.low = range.low.min(last);
            ranges.insert(contract.key(), range);
        }
        (range.high.max(last), range.low.min(last))
    }
}
