//! Index futures and options generated for a date: expiries, a band of strikes, stable tokens.

use jiff::civil::{Date, Weekday};

use super::expiries::{Expiry, expiries};
use super::names::derivative_names;
use super::{Contract, Kind, Right, Segment, Underlying};
use crate::money::Paise;

struct Family {
    symbol: &'static str,
    name: &'static str,
    segment: Segment,
    index: (Segment, u32),
    fytoken: &'static str,
    upstox_key: &'static str,
    weekday: Weekday,
    /// BANKNIFTY lost its weekly contracts in November 2024.
    weeklies: usize,
    step: Paise,
    lot: i64,
    freeze: (i64, i64),
    /// Ticks of futures and options in paise.
    ticks: (i64, i64),
    /// First token of futures and of options: each week gets a slot, so tokens stay the same from day to day.
    bases: (u32, u32),
}

/// Lots, freeze quantities and ticks as in the masters of August 2026.
const FAMILIES: [Family; 3] = [
    Family {
        symbol: "NIFTY",
        name: "NIFTY",
        segment: Segment::NseFo,
        index: (Segment::NseIndex, 26_000),
        fytoken: "101000000026000",
        upstox_key: "NSE_INDEX|Nifty 50",
        weekday: Weekday::Tuesday,
        weeklies: 4,
        step: Paise::rupees(50),
        lot: 65,
        freeze: (1_755, 1_755),
        ticks: (10, 5),
        bases: (60_000, 100_000),
    },
    Family {
        symbol: "BANKNIFTY",
        name: "BANKNIFTY",
        segment: Segment::NseFo,
        index: (Segment::NseIndex, 26_009),
        fytoken: "101000000026009",
        upstox_key: "NSE_INDEX|Nifty Bank",
        weekday: Weekday::Tuesday,
        weeklies: 0,
        step: Paise::rupees(100),
        lot: 30,
        freeze: (600, 600),
        ticks: (20, 5),
        bases: (61_000, 140_000),
    },
    Family {
        symbol: "SENSEX",
        name: "SENSEX",
        segment: Segment::BseFo,
        index: (Segment::BseIndex, 1),
        fytoken: "12100000001",
        upstox_key: "BSE_INDEX|SENSEX",
        weekday: Weekday::Thursday,
        weeklies: 4,
        step: Paise::rupees(100),
        lot: 20,
        freeze: (500, 1_000),
        ticks: (5, 5),
        bases: (840_000, 850_000),
    },
];

/// Strikes on each side of the money.
const BAND: i64 = 20;
/// Monthly expiries listed per underlying.
const MONTHLIES: usize = 3;
/// Token slots: weeks, and strikes per week.
const WEEK_SLOTS: i64 = 64;
const STRIKE_SLOTS: i64 = 256;

pub(super) fn contracts(date: Date, spot: impl Fn(&str) -> Paise) -> Vec<Contract> {
    let mut contracts = Vec::new();
    for family in &FAMILIES {
        let listed = expiries(date, family.weekday, family.weeklies, MONTHLIES);
        for expiry in listed.iter().filter(|expiry| !expiry.weekly) {
            contracts.push(family.contract(*expiry, Kind::Future));
        }
        let money = nearest(spot(family.symbol), family.step);
        for expiry in &listed {
            for offset in -BAND..=BAND {
                let strike = Paise(money.0 + offset * family.step.0);
                for right in [Right::Call, Right::Put] {
                    contracts.push(family.contract(*expiry, Kind::Option { strike, right }));
                }
            }
        }
    }
    contracts
}

fn nearest(price: Paise, step: Paise) -> Paise {
    Paise(price.0 + step.0 / 2).floor_to(step)
}

impl Family {
    fn contract(&self, expiry: Expiry, kind: Kind) -> Contract {
        let token = self.token(&expiry, kind);
        let option = matches!(kind, Kind::Option { .. });
        Contract {
            segment: self.segment,
            token,
            kind,
            symbol: self.symbol,
            name: self.name,
            isin: None,
            series: "",
            underlying: Some(Underlying {
                symbol: self.symbol,
                segment: self.index.0,
                token: self.index.1,
                fytoken: self.fytoken.to_owned(),
                upstox_key: self.upstox_key.to_owned(),
            }),
            names: derivative_names(self.segment, token, self.symbol, &expiry, kind),
            expiry: Some(expiry),
            lot: self.lot,
            tick: Paise(if option { self.ticks.1 } else { self.ticks.0 }),
            freeze: if option { self.freeze.1 } else { self.freeze.0 },
        }
    }

    /// A number that depends on the contract alone: week of the nominal expiry, strike, right.
    fn token(&self, expiry: &Expiry, kind: Kind) -> u32 {
        let epoch = jiff::civil::date(2026, 1, 5);
        let days = i64::from(
            epoch
                .until(expiry.nominal)
                .expect("both dates are within the calendar")
                .get_days(),
        );
        let week = days.div_euclid(7).rem_euclid(WEEK_SLOTS);
        let (base, slot) = match kind {
            Kind::Option { strike, right } => {
                let strike_slot = (strike.0 / self.step.0).rem_euclid(STRIKE_SLOTS);
                let side = i64::from(right == Right::Put);
                (self.bases.1, (week * STRIKE_SLOTS + strike_slot) * 2 + side)
            }
            _ => (self.bases.0, week),
        };
        base + u32::try_from(slot).expect("slots are small and positive")
    }
}
