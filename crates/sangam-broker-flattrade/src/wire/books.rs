//! Rows of the books. Times have two spellings in the broker's documents; both are here.

use sangam_broker::{Flag, Number, Text};
use serde::Deserialize;

use super::envelope::Row;

/// A row of `OrderBook` or an event of `SingleOrdHist`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct OrderRow {
    pub(crate) stat: Text,
    pub(crate) norenordno: Text,
    pub(crate) exch: Text,
    pub(crate) tsym: Text,
    pub(crate) token: Text,
    pub(crate) trantype: Text,
    pub(crate) prctyp: Text,
    pub(crate) prd: Text,
    pub(crate) ret: Text,
    pub(crate) status: Text,
    pub(crate) qty: Number,
    pub(crate) fillshares: Number,
    pub(crate) prc: Number,
    pub(crate) rprc: Number,
    pub(crate) trgprc: Number,
    pub(crate) avgprc: Number,
    pub(crate) dscqty: Number,
    pub(crate) exchordid: Text,
    pub(crate) rejreason: Text,
    pub(crate) remarks: Text,
    pub(crate) amo: Flag,
    pub(crate) norentm: Text,
    pub(crate) orddttm: Text,
    pub(crate) ordenttm: Text,
    pub(crate) exch_tm: Text,
    pub(crate) extm: Text,
}

/// A row of `TradeBook`: one fill.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TradeRow {
    pub(crate) stat: Text,
    pub(crate) norenordno: Text,
    pub(crate) exch: Text,
    pub(crate) tsym: Text,
    pub(crate) token: Text,
    pub(crate) trantype: Text,
    pub(crate) prd: Text,
    pub(crate) flid: Text,
    pub(crate) flqty: Number,
    pub(crate) flprc: Number,
    pub(crate) fltm: Text,
    pub(crate) exch_tm: Text,
    pub(crate) norentm: Text,
    pub(crate) remarks: Text,
}

/// A row of `PositionBook`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PositionRow {
    pub(crate) stat: Text,
    pub(crate) exch: Text,
    pub(crate) tsym: Text,
    pub(crate) token: Text,
    pub(crate) prd: Text,
    /// Where the printed sample puts the product.
    pub(crate) prarr: Text,
    pub(crate) netqty: Number,
    pub(crate) netavgprc: Number,
    pub(crate) daybuyqty: Number,
    pub(crate) daybuyavgprc: Number,
    pub(crate) daysellqty: Number,
    pub(crate) daysellavgprc: Number,
    pub(crate) cfbuyqty: Number,
    pub(crate) cfbuyavgprc: Number,
    pub(crate) cfsellqty: Number,
    pub(crate) cfsellavgprc: Number,
    pub(crate) lp: Number,
    pub(crate) rpnl: Number,
    pub(crate) urmtom: Number,
}

/// One listing of a holding.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ListingRow {
    pub(crate) exch: Text,
    pub(crate) tsym: Text,
    pub(crate) token: Text,
}

/// A row of `Holdings`: one security with its listings.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct HoldingRow {
    pub(crate) stat: Text,
    pub(crate) exch_tsym: Option<Vec<ListingRow>>,
    pub(crate) holdqty: Number,
    pub(crate) dpqty: Number,
    pub(crate) npoadqty: Number,
    pub(crate) benqty: Number,
    pub(crate) unplgdqty: Number,
    pub(crate) brkcolqty: Number,
    pub(crate) btstqty: Number,
    pub(crate) usedqty: Number,
    pub(crate) upldprc: Number,
}

/// The answer to `Limits`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LimitsBody {
    pub(crate) cash: Number,
    pub(crate) payin: Number,
    pub(crate) marginused: Number,
    pub(crate) brkcollamt: Number,
    pub(crate) collateral: Number,
    pub(crate) rpnl: Number,
    pub(crate) urmtom: Number,
    /// How the field table spells `urmtom`.
    pub(crate) unmtom: Number,
}

macro_rules! rows {
    ($($name:ident),+) => {
        $(impl Row for $name {
            fn stat(&self) -> Option<&str> {
                self.stat.get()
            }
        })+
    };
}

rows!(OrderRow, TradeRow, PositionRow, HoldingRow);
