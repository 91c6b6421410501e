//! Upstox' JSON: one array of objects whose keys vary by segment. Each object is read on its own, so that one of
//! another shape is skipped and the rest is read. Numbers are taken as their text and never become floats.

use std::borrow::Cow;
use std::fmt;

use sangam_core::Exchange;
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::fault::Skip;
use crate::master::{Draft, Kind, Master, NO_TOKEN};
use crate::scan;

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow, default, deserialize_with = "text")]
    segment: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "text")]
    instrument_key: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "text")]
    exchange_token: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "text")]
    trading_symbol: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "text")]
    instrument_type: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "text")]
    underlying_symbol: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "text")]
    asset_symbol: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "text")]
    name: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "text")]
    isin: Cow<'a, str>,
    #[serde(borrow, default)]
    expiry: Option<&'a RawValue>,
    #[serde(borrow, default)]
    strike_price: Option<&'a RawValue>,
    #[serde(borrow, default)]
    lot_size: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tick_size: Option<&'a RawValue>,
    #[serde(borrow, default)]
    freeze_quantity: Option<&'a RawValue>,
    #[serde(borrow, default)]
    qty_multiplier: Option<&'a RawValue>,
}

pub(crate) fn read(content: &[u8], master: &mut Master) -> Result<(), u64> {
    let mut number = 0;
    let mut json = serde_json::Deserializer::from_slice(content);
    let read = json
        .deserialize_seq(Items {
            number: &mut number,
            master,
        })
        .and_then(|()| json.end());
    read.map_err(|_| number + 1)
}

struct Items<'m> {
    number: &'m mut u64,
    master: &'m mut Master,
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of instruments")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(raw) = items.next_element::<&'de RawValue>()? {
            *self.number += 1;
            match serde_json::from_str::<Item<'_>>(raw.get()) {
                Ok(item) => self.master.take(*self.number, draft(&item)),
                Err(_) => {
                    let fault = Skip::field("item", raw.get());
                    self.master.take(*self.number, Err(fault));
                }
            }
        }
        Ok(())
    }
}

fn draft<'a>(item: &'a Item<'_>) -> Result<Draft<'a>, Skip> {
    if item.segment.is_empty() {
        return Err(Skip::missing("segment"));
    }
    let exchange = exchange(&item.segment)?;
    let tick_text = number(item.tick_size);
    // Paise, so two decimals less than the millionths of a rupee kept.
    let tick = scan::fixed(tick_text, 4).and_then(|tick| u32::try_from(tick).ok());
    let multiplier = scan::fixed(number(item.qty_multiplier), 3).filter(|value| *value > 0);
    let freeze = scan::whole(number(item.freeze_quantity)).filter(|units| *units > 0);
    let mut draft = Draft {
        exchange,
        kind: Kind::Cash,
        token: NO_TOKEN,
        ticker: Cow::Borrowed(&item.trading_symbol),
        series: "",
        order: &item.instrument_key,
        isin: "",
        title: "",
        expiry: 0,
        strike: 0,
        lot: 1,
        tick: None,
        freeze,
        multiplier: multiplier.and_then(|value| u32::try_from(value).ok()),
    };
    if exchange.is_traded() || !item.exchange_token.is_empty() {
        draft.token = scan::token(&item.exchange_token)
            .ok_or_else(|| Skip::field("exchange_token", &item.exchange_token))?;
    }
    if !exchange.is_traded() {
        draft.kind = Kind::Index;
        draft.title = &item.name;
        return Ok(draft);
    }
    let lot_text = number(item.lot_size);
    draft.lot = scan::whole(lot_text).ok_or_else(|| Skip::field("lot_size", lot_text))?;
    draft.tick = Some(tick.ok_or_else(|| Skip::field("tick_size", tick_text))?);
    if matches!(exchange, Exchange::Nse | Exchange::Bse) {
        draft.series = &item.instrument_type;
        draft.title = &item.name;
        draft.isin = if item.isin.is_empty() {
            item.instrument_key.split_once('|').map_or("", |(_, isin)| isin)
        } else {
            &item.isin
        };
        return Ok(draft);
    }
    derivative(draft, item)
}

fn derivative<'a>(mut draft: Draft<'a>, item: &'a Item<'_>) -> Result<Draft<'a>, Skip> {
    draft.kind = match item.instrument_type.as_ref() {
        "CE" => Kind::Call,
        "PE" => Kind::Put,
        "FUT" => Kind::Future,
        // The underlying commodity itself, which is not traded.
        "COM" | "INDEX" | "CUR" => return Err(Skip::NotAnInstrument),
        other => return Err(Skip::field("instrument_type", other)),
    };
    let expiry_text = number(item.expiry);
    draft.expiry = scan::epoch_millis(expiry_text).ok_or_else(|| Skip::field("expiry", expiry_text))?;
    if draft.kind.is_option() {
        let strike_text = number(item.strike_price);
        let strike = scan::fixed(strike_text, 4).filter(|strike| *strike > 0);
        draft.strike = strike.ok_or_else(|| Skip::field("strike_price", strike_text))?;
    }
    let named = [&item.underlying_symbol, &item.asset_symbol];
    let ticker = named.into_iter().find(|name| !name.is_empty());
    draft.ticker = Cow::Borrowed(match ticker {
        Some(name) => name.as_ref(),
        // `NIFTY 24900 PE 14 OCT 25`
        None => item.trading_symbol.split(' ').next().unwrap_or_default(),
    });
    if draft.exchange == Exchange::Mcx {
        draft.lot = 1;
    }
    if matches!(draft.exchange, Exchange::Nfo | Exchange::Bfo) && draft.multiplier.is_none() {
        draft.multiplier = Some(1_000);
    }
    Ok(draft)
}

/// The exchange of an Upstox segment; other countries' indices are no instruments here.
pub(crate) fn exchange(segment: &str) -> Result<Exchange, Skip> {
    Ok(match segment {
        "NSE_EQ" => Exchange::Nse,
        "BSE_EQ" => Exchange::Bse,
        "NSE_FO" => Exchange::Nfo,
        "BSE_FO" => Exchange::Bfo,
        "MCX_FO" => Exchange::Mcx,
        "NCD_FO" => Exchange::Cds,
        "BCD_FO" => Exchange::Bcd,
        "NSE_COM" => Exchange::Nco,
        "NSE_INDEX" => Exchange::NseIndex,
        "BSE_INDEX" => Exchange::BseIndex,
        other if other.starts_with("GLOBAL_") || other == "MCX_INDEX" => return Err(Skip::NotAnInstrument),
        other => return Err(Skip::field("segment", other)),
    })
}

/// The text of a number that may be quoted or missing.
fn number(raw: Option<&RawValue>) -> &str {
    raw.map_or("", |raw| raw.get().trim_matches('"'))
}

/// A text that may be null, missing or written as a number.
fn text<'de, D: Deserializer<'de>>(value: D) -> Result<Cow<'de, str>, D::Error> {
    struct Text;

    impl<'de> Visitor<'de> for Text {
        type Value = Cow<'de, str>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(text))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Cow::Owned(text.to_owned()))
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
            Ok(Cow::Owned(number.to_string()))
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(""))
        }
    }

    value.deserialize_any(Text)
}
