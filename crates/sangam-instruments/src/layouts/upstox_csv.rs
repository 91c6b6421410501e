//! Upstox' older CSV. It tells no series for shares, and its ticks are rupees except for commodities (paise).

use std::borrow::Cow;

use sangam_core::{Exchange, OptionRight};

use crate::fault::Skip;
use crate::layouts::columns::{Fields, Header, each_row};
use crate::layouts::upstox_json::exchange;
use crate::master::{Draft, Kind, Master, NO_TOKEN};
use crate::naming;
use crate::scan;

struct Columns {
    key: Option<usize>,
    token: Option<usize>,
    symbol: Option<usize>,
    name: Option<usize>,
    expiry: Option<usize>,
    strike: Option<usize>,
    tick: Option<usize>,
    lot: Option<usize>,
    instrument: Option<usize>,
    right: Option<usize>,
    segment: Option<usize>,
}

impl Columns {
    fn of(header: &Header) -> Self {
        Self {
            key: header.find(&["instrument_key"]),
            token: header.find(&["exchange_token"]),
            symbol: header.find(&["tradingsymbol", "trading_symbol"]),
            name: header.find(&["name"]),
            expiry: header.find(&["expiry"]),
            strike: header.find(&["strike", "strike_price"]),
            tick: header.find(&["tick_size"]),
            lot: header.find(&["lot_size"]),
            instrument: header.find(&["instrument_type"]),
            right: header.find(&["option_type"]),
            segment: header.find(&["exchange"]),
        }
    }
}

pub(crate) fn read(content: &[u8], master: &mut Master) -> Result<(), u64> {
    each_row(content, true, Columns::of, |columns, number, fields| {
        master.take(number, draft(columns, fields));
    })
}

fn draft<'a>(columns: &Columns, fields: &Fields<'a>) -> Result<Draft<'a>, Skip> {
    let key = fields.get(columns.key);
    let segment = fields.get(columns.segment);
    let segment = if segment.is_empty() {
        key.split_once('|').map_or("", |(segment, _)| segment)
    } else {
        segment
    };
    let exchange = exchange(segment)?;
    let symbol = fields.get(columns.symbol);
    let lot_text = fields.get(columns.lot);
    let mut draft = Draft {
        exchange,
        kind: Kind::Cash,
        token: token(fields.get(columns.token), exchange)?,
        ticker: Cow::Borrowed(symbol),
        series: "",
        order: key,
        isin: "",
        title: fields.get(columns.name),
        expiry: 0,
        strike: 0,
        lot: 1,
        tick: tick(fields.get(columns.tick), exchange)?,
        freeze: None,
        multiplier: None,
    };
    match exchange {
        Exchange::NseIndex | Exchange::BseIndex => draft.kind = Kind::Index,
        Exchange::Nse | Exchange::Bse => {
            draft.lot = scan::whole(lot_text).ok_or_else(|| Skip::field("lot size", lot_text))?;
            draft.isin = key.split_once('|').map_or("", |(_, isin)| isin);
        }
        _ => {
            let expiry_text = fields.get(columns.expiry);
            draft.expiry = scan::iso_date(expiry_text).ok_or_else(|| Skip::field("expiry", expiry_text))?;
            let lot = scan::whole(lot_text).ok_or_else(|| Skip::field("lot size", lot_text))?;
            draft.lot = if exchange == Exchange::Mcx { 1 } else { lot };
            draft.title = "";
            let instrument = fields.get(columns.instrument);
            let right = if instrument.starts_with("FUT") {
                draft.kind = Kind::Future;
                None
            } else {
                let strike_text = fields.get(columns.strike);
                let strike = scan::fixed(strike_text, 4).filter(|strike| *strike > 0);
                draft.strike = strike.ok_or_else(|| Skip::field("strike", strike_text))?;
                let right = match fields.get(columns.right) {
                    "CE" => OptionRight::Call,
                    "PE" => OptionRight::Put,
                    other => return Err(Skip::field("option type", other)),
                };
                draft.kind = match right {
                    OptionRight::Call => Kind::Call,
                    OptionRight::Put => Kind::Put,
                };
                Some((draft.strike, right))
            };
            let found = naming::underlying(symbol, draft.expiry, right);
            draft.ticker = Cow::Borrowed(found.ok_or_else(|| Skip::field("tradingsymbol", symbol))?);
        }
    }
    Ok(draft)
}

fn token(text: &str, exchange: Exchange) -> Result<u32, Skip> {
    if text.is_empty() && !exchange.is_traded() {
        return Ok(NO_TOKEN);
    }
    scan::token(text).ok_or_else(|| Skip::field("exchange_token", text))
}

fn tick(text: &str, exchange: Exchange) -> Result<Option<u32>, Skip> {
    let scale = match exchange {
        Exchange::NseIndex | Exchange::BseIndex => return Ok(None),
        // No currency row was ever seen, so its unit is not known.
        Exchange::Cds | Exchange::Bcd => return Ok(None),
        Exchange::Mcx | Exchange::Nco => 4,
        _ => 6,
    };
    let tick = scan::fixed(text, scale).and_then(|tick| u32::try_from(tick).ok());
    tick.map(Some).ok_or_else(|| Skip::field("tick_size", text))
}
