//! Quotes, depth and candles.

use std::collections::BTreeMap;

use super::field::{Field, List, fields, list_reply};

fields! {
    /// One symbol of a quotes reply: a quote, or why there is none.
    QuoteRow {
        symbol = "n",
        s = "s",
        values = "v",
    }
}

list_reply! {
    /// `GET /quotes`.
    QuotesReply { quotes = "d" of QuoteRow }
}

fields! {
    /// A quote.
    QuoteValues {
        last = "lp",
        bid = "bid",
        ask = "ask",
        open = "open_price",
        high = "high_price",
        low = "low_price",
        previous_close = "prev_close_price",
        volume = "volume",
        at = "tt",
    }
}

fields! {
    /// Why a symbol has no quote; the keys are those openalgo reads and are not certain.
    QuoteRefusal {
        code = "code",
        errmsg = "errmsg",
        message = "message",
    }
}

/// `GET /depth`: one symbol, as the key of an object.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct DepthReply<'a> {
    #[serde(borrow, default)]
    pub(crate) s: Field<'a>,
    #[serde(borrow, default)]
    pub(crate) d: Option<BTreeMap<String, DepthValues<'a>>>,
}

/// The depth of one symbol. `ask` is singular and `bids` plural.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct DepthValues<'a> {
    #[serde(borrow, default)]
    pub(crate) bids: List<DepthRow<'a>>,
    #[serde(borrow, default)]
    pub(crate) ask: List<DepthRow<'a>>,
    #[serde(borrow, default, rename = "totalbuyqty")]
    pub(crate) total_bid: Field<'a>,
    #[serde(borrow, default, rename = "totalsellqty")]
    pub(crate) total_ask: Field<'a>,
    #[serde(borrow, default, rename = "ltp")]
    pub(crate) last: Field<'a>,
    #[serde(borrow, default, rename = "ltq")]
    pub(crate) last_quantity: Field<'a>,
    #[serde(borrow, default, rename = "ltt")]
    pub(crate) at: Field<'a>,
    #[serde(borrow, default, rename = "o")]
    pub(crate) open: Field<'a>,
    #[serde(borrow, default, rename = "h")]
    pub(crate) high: Field<'a>,
    #[serde(borrow, default, rename = "l")]
    pub(crate) low: Field<'a>,
    /// The close of the day before.
    #[serde(borrow, default, rename = "c")]
    pub(crate) previous_close: Field<'a>,
    #[serde(borrow, default, rename = "v")]
    pub(crate) volume: Field<'a>,
    #[serde(borrow, default, rename = "lower_ckt")]
    pub(crate) lower_circuit: Field<'a>,
    #[serde(borrow, default, rename = "upper_ckt")]
    pub(crate) upper_circuit: Field<'a>,
    #[serde(borrow, default, rename = "oi")]
    pub(crate) open_interest: Field<'a>,
    /// Whether the symbol has open interest at all.
    #[serde(borrow, default, rename = "oiflag")]
    pub(crate) has_open_interest: Field<'a>,
}

fields! {
    /// A level; `volume` is the quantity and `ord` the number of orders.
    DepthRow {
        price = "price",
        quantity = "volume",
        orders = "ord",
    }
}

/// `GET /history`: rows of epoch, open, high, low, close, volume and, asked for, open interest.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct CandlesReply<'a> {
    #[serde(borrow, default)]
    pub(crate) s: Field<'a>,
    #[serde(borrow, default)]
    pub(crate) candles: List<Vec<Field<'a>>>,
}
