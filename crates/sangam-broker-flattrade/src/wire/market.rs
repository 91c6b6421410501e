//! Quotes, candles and search.

use sangam_broker::{Number, Text};
use serde::Deserialize;

use super::envelope::Row;

/// The answer to `GetQuotes`: quote and five levels in one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct QuoteBody {
    pub(crate) token: Text,
    pub(crate) lp: Number,
    pub(crate) o: Number,
    pub(crate) h: Number,
    pub(crate) l: Number,
    pub(crate) c: Number,
    pub(crate) v: Number,
    pub(crate) oi: Number,
    pub(crate) lc: Number,
    pub(crate) uc: Number,
    pub(crate) ti: Number,
    pub(crate) ltq: Number,
    pub(crate) ltt: Text,
    pub(crate) ltd: Text,
    pub(crate) tbq: Number,
    pub(crate) tsq: Number,
    bp1: Number,
    bp2: Number,
    bp3: Number,
    bp4: Number,
    bp5: Number,
    bq1: Number,
    bq2: Number,
    bq3: Number,
    bq4: Number,
    bq5: Number,
    bo1: Number,
    bo2: Number,
    bo3: Number,
    bo4: Number,
    bo5: Number,
    sp1: Number,
    sp2: Number,
    sp3: Number,
    sp4: Number,
    sp5: Number,
    sq1: Number,
    sq2: Number,
    sq3: Number,
    sq4: Number,
    sq5: Number,
    so1: Number,
    so2: Number,
    so3: Number,
    so4: Number,
    so5: Number,
    /// As the printed sample spells the last key.
    #[serde(rename = "So5")]
    odd_so5: Number,
}

/// One level as sent: price, quantity, orders, and the names of its keys.
pub(crate) type Level = (Number, Number, Number, &'static str, &'static str);

impl QuoteBody {
    /// Buyers, best first.
    pub(crate) fn bids(&self) -> [Level; 5] {
        [
            (self.bp1, self.bq1, self.bo1, "bp1", "bq1"),
            (self.bp2, self.bq2, self.bo2, "bp2", "bq2"),
            (self.bp3, self.bq3, self.bo3, "bp3", "bq3"),
            (self.bp4, self.bq4, self.bo4, "bp4", "bq4"),
            (self.bp5, self.bq5, self.bo5, "bp5", "bq5"),
        ]
    }

    /// Sellers, best first.
    pub(crate) fn asks(&self) -> [Level; 5] {
        let so5 = if self.so5.get().is_some() {
            self.so5
        } else {
            self.odd_so5
        };
        [
            (self.sp1, self.sq1, self.so1, "sp1", "sq1"),
            (self.sp2, self.sq2, self.so2, "sp2", "sq2"),
            (self.sp3, self.sq3, self.so3, "sp3", "sq3"),
            (self.sp4, self.sq4, self.so4, "sp4", "sq4"),
            (self.sp5, self.sq5, so5, "sp5", "sq5"),
        ]
    }
}

/// A row of `TPSeries`: one candle of some minutes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct MinuteRow {
    pub(crate) stat: Text,
    pub(crate) time: Text,
    pub(crate) ssboe: Text,
    pub(crate) into: Number,
    pub(crate) inth: Number,
    pub(crate) intl: Number,
    pub(crate) intc: Number,
    pub(crate) intv: Number,
    pub(crate) oi: Number,
}

impl Row for MinuteRow {
    fn stat(&self) -> Option<&str> {
        self.stat.get()
    }
}

/// One day of `EODChartData`, itself a JSON document inside a string.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DayRow {
    pub(crate) time: Text,
    pub(crate) into: Number,
    pub(crate) inth: Number,
    pub(crate) intl: Number,
    pub(crate) intc: Number,
    pub(crate) intv: Number,
}

/// The answer to `SearchScrip`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SearchBody {
    pub(crate) values: Option<Vec<SearchRow>>,
}

/// One hit of a search.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SearchRow {
    pub(crate) exch: Text,
    pub(crate) token: Text,
    pub(crate) tsym: Text,
    pub(crate) ls: Number,
    pub(crate) ti: Number,
    pub(crate) instname: Text,
    pub(crate) symname: Text,
    pub(crate) dname: Text,
    pub(crate) cname: Text,
}
