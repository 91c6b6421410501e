//! Flattrade's CSV and the Noren text files. Columns come in several orders and sets, named in the header; data rows
//! may have one comma more (most files) or less (currency) than the header.

use std::borrow::Cow;

use sangam_core::{Exchange, OptionRight};

use crate::fault::Skip;
use crate::layouts::columns::{Fields, Header, each_row};
use crate::master::{Draft, Kind, Master};
use crate::naming;
use crate::scan;

struct Columns {
    exchange: Option<usize>,
    token: Option<usize>,
    lot: Option<usize>,
    symbol: Option<usize>,
    trading_symbol: Option<usize>,
    instrument: Option<usize>,
    expiry: Option<usize>,
    strike: Option<usize>,
    right: Option<usize>,
    tick: Option<usize>,
    gngd: Option<usize>,
    multiplier: Option<usize>,
}

impl Columns {
    fn of(header: &Header) -> Self {
        Self {
            exchange: header.find(&["exchange"]),
            token: header.find(&["token"]),
            lot: header.find(&["lotsize"]),
            symbol: header.find(&["symbol"]),
            trading_symbol: header.find(&["tradingsymbol"]),
            instrument: header.find(&["instrument"]),
            expiry: header.find(&["expiry"]),
            strike: header.find(&["strike", "strikeprice"]),
            right: header.find(&["optiontype"]),
            tick: header.find(&["ticksize"]),
            gngd: header.find(&["gngd"]),
            multiplier: header.find(&["multiplier"]),
        }
    }
}

pub(crate) fn read(content: &[u8], master: &mut Master) -> Result<(), u64> {
    each_row(content, true, Columns::of, |columns, number, fields| {
        master.take(number, draft(columns, fields));
    })
}

fn draft<'a>(columns: &Columns, fields: &Fields<'a>) -> Result<Draft<'a>, Skip> {
    let exchange_text = fields.get(columns.exchange);
    if exchange_text.is_empty() {
        return Err(Skip::missing("exchange"));
    }
    let Ok(exchange) = exchange_text.parse::<Exchange>() else {
        let plausible = exchange_text.len() <= 8 && exchange_text.bytes().all(|b| b.is_ascii_uppercase());
        return Err(if plausible {
            Skip::NotAnInstrument
        } else {
            Skip::field("exchange", exchange_text)
        });
    };
    let order = fields.get(columns.trading_symbol);
    let token_text = fields.get(columns.token);
    let instrument = fields.get(columns.instrument);
    let lot_text = fields.get(columns.lot);
    let tick_text = fields.get(columns.tick);
    let mut draft = Draft {
        exchange,
        kind: Kind::Cash,
        token: scan::token(token_text).ok_or_else(|| Skip::field("token", token_text))?,
        ticker: Cow::Borrowed(order),
        series: "",
        order,
        isin: "",
        title: "",
        expiry: 0,
        strike: 0,
        lot: scan::whole(lot_text).ok_or_else(|| Skip::field("lot size", lot_text))?,
        tick: None,
        freeze: None,
        multiplier: None,
    };
    if !tick_text.is_empty() {
        let tick = scan::fixed(tick_text, 6).and_then(|tick| u32::try_from(tick).ok());
        draft.tick = Some(tick.ok_or_else(|| Skip::field("tick size", tick_text))?);
    }
    match exchange {
        Exchange::Nse | Exchange::Bse => cash(draft, instrument),
        Exchange::NseIndex | Exchange::BseIndex => Ok(Draft {
            kind: Kind::Index,
            ..draft
        }),
        _ => derivative(draft, columns, fields, instrument),
    }
}

fn cash<'a>(draft: Draft<'a>, instrument: &'a str) -> Result<Draft<'a>, Skip> {
    if matches!(instrument, "INDEX" | "UNDIND") {
        let exchange = match draft.exchange {
            Exchange::Bse => Exchange::BseIndex,
            _ => Exchange::NseIndex,
        };
        return Ok(Draft {
            exchange,
            kind: Kind::Index,
            tick: None,
            ..draft
        });
    }
    let order = draft.order;
    if draft.exchange == Exchange::Bse {
        return Ok(Draft {
            series: instrument,
            ..draft
        });
    }
    // The suffix is what follows the last hyphen: `BAJAJ-AUTO-EQ`.
    let (ticker, series) = order
        .rsplit_once('-')
        .filter(|(ticker, series)| !ticker.is_empty() && !series.is_empty())
        .ok_or_else(|| Skip::field("trading symbol without series", order))?;
    Ok(Draft {
        ticker: Cow::Borrowed(ticker),
        series,
        ..draft
    })
}

fn derivative<'a>(
    mut draft: Draft<'a>,
    columns: &Columns,
    fields: &Fields<'a>,
    instrument: &str,
) -> Result<Draft<'a>, Skip> {
    if instrument.starts_with("UND") {
        return Err(Skip::NotAnInstrument);
    }
    let expiry_text = fields.get(columns.expiry);
    let expiry = scan::noren_date(expiry_text).ok_or_else(|| Skip::field("expiry", expiry_text))?;
    let strike_text = fields.get(columns.strike);
    let (kind, strike, right) = if instrument.starts_with("FUT") {
        // The strike of a future is -0.01, 0 or -1e-07.
        (Kind::Future, 0, None)
    } else if instrument.starts_with("OPT") {
        let strike = scan::fixed(strike_text, 4).filter(|strike| *strike > 0);
        let strike = strike.ok_or_else(|| Skip::field("strike", strike_text))?;
        match fields.get(columns.right) {
            "CE" => (Kind::Call, strike, Some(OptionRight::Call)),
            "PE" => (Kind::Put, strike, Some(OptionRight::Put)),
            other => return Err(Skip::field("option type", other)),
        }
    } else {
        return Err(Skip::field("instrument", instrument));
    };
    // The Symbol column is the underlying, except on BFO in the Noren file (`SX50OPT`), so the trading symbol tells it.
    let symbol = fields.get(columns.symbol);
    let ticker = if naming::begins_with(draft.order, symbol, expiry) {
        symbol
    } else {
        match naming::underlying(draft.order, expiry, right.map(|right| (strike, right))) {
            Some(found) => found,
            None if draft.exchange == Exchange::Bfo => {
                return Err(Skip::field("trading symbol", draft.order));
            }
            None => symbol,
        }
    };
    let multiplier = match draft.exchange {
        Exchange::Mcx | Exchange::Nco => {
            scan::fixed(fields.get(columns.gngd), 3).and_then(|gngd| gngd.checked_mul(draft.lot.into()))
        }
        Exchange::Cds | Exchange::Bcd => scan::fixed(fields.get(columns.multiplier), 3),
        _ => Some(1_000),
    };
    draft.kind = kind;
    draft.strike = strike;
    draft.expiry = expiry;
    draft.ticker = Cow::Borrowed(ticker);
    if draft.exchange == Exchange::Mcx {
        // The wire quantity is lots on MCX: the master's figure is the value of a lot, not a factor.
        draft.lot = 1;
    }
    draft.multiplier = multiplier
        .filter(|value| *value > 0)
        .and_then(|value| u32::try_from(value).ok());
    Ok(draft)
}
