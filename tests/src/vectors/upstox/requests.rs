//! Request vectors: the call the official client was given, made through the adapter.

use sangam_broker::WireRequest;
use sangam_broker_upstox::translate::{CommandStyle, place_body};
use sangam_broker_upstox::{ApiVersion, Credentials, MarketBand, QuoteSource};
use sangam_core::ports::{Books as _, Login as _, MarketData as _, OrderEntry as _};
use sangam_core::{
    AlgoName, BrokerOrderId, CancelOrder, CandleInterval, CandleQuery, Exchange, IST, InstrumentId,
    ModifyOrder, Operation, OrderKind, OrderRequest, PlaceOrder, Price, Pricing, Product, Quantity, Tag,
};
use serde_json::Value;

use super::setup::{Setup, exchange_of};
use crate::vectors::Verdict;
use crate::vectors::compare::{self, Allow, Body, Differences, both_unset, is_unset};

const ALLOWED: &[Allow] = &[
    Allow {
        at: "query.response_type",
        when: |expected, found| expected.is_none() && found == Some(&Value::from("code")),
        reason: "the documentation requires it, the official client leaves it out",
        section: "upstox.md 4.1",
    },
    Allow {
        at: "body.slice",
        when: both_unset,
        reason: "slicing is off by default; it is said, because one order must stay one order",
        section: "upstox.md 6.1, regulation.md 1",
    },
    Allow {
        at: "body",
        when: both_unset,
        reason: "an absent body stands for the two characters {}",
        section: "upstox.md 13",
    },
];

/// Only for MARKET and SL-M in version 3, where the call names no band.
const BAND_ALWAYS: Allow = Allow {
    at: "body.market_protection",
    when: |expected, found| is_unset(expected) && found == Some(&Value::from(-1)),
    reason: "market orders always carry the broker's protection; plain ones are refused",
    section: "regulation.md 3, upstox.md 6.1",
};

const PLACED_ELSEWHERE: &str = "a product that Sangam does not place";

type Run = Result<Verdict, String>;

pub(super) fn run(operation: &str, vector: &Value) -> Verdict {
    let call = &vector["call"];
    let run = match operation {
        "place_order_v2" => place(vector, call, ApiVersion::V2),
        "place_order_v3" => place(vector, call, ApiVersion::V3),
        "modify_order_v2" => modify(vector, call, ApiVersion::V2),
        "modify_order_v3" => modify(vector, call, ApiVersion::V3),
        "cancel_order_v2" => cancel(vector, call, ApiVersion::V2),
        "cancel_order_v3" => cancel(vector, call, ApiVersion::V3),
        "full_quote_v2" => quotes(vector, call, QuoteSource::Full(ApiVersion::V2)),
        "full_quote_v3" => quotes(vector, call, QuoteSource::Full(ApiVersion::V3)),
        "ltp_v3" => quotes(vector, call, QuoteSource::LastPrice),
        "ohlc_v3" => quotes(vector, call, QuoteSource::DayPrices),
        "historical_candle_v3" => candles(vector, call),
        "intraday_candle_v3" | "historical_candle_intraday_v3" => candles_of_today(vector, call),
        "token_exchange" => token(vector, call),
        "authorize_dialog" => dialog(vector, call),
        _ => read(operation, vector, call),
    };
    run.unwrap_or_else(Verdict::Failed)
}

/// A text among the keyword arguments, or else among the positional ones.
fn argument<'a>(call: &'a Value, name: &str, at: usize) -> Result<&'a str, String> {
    call["kwargs"][name]
        .as_str()
        .or_else(|| call["args"][at].as_str())
        .ok_or_else(|| format!("the call names no {name}"))
}

fn algo(call: &Value) -> Result<Option<AlgoName>, String> {
    let name = call["kwargs"]["algo_name"].as_str();
    name.map(|name| name.parse().map_err(|error| format!("{error}")))
        .transpose()
}

fn order_id(call: &Value, at: usize) -> Result<BrokerOrderId, String> {
    parsed(argument(call, "order_id", at)?)
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, String>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| error.to_string())
}

fn price(value: &Value) -> Result<Option<Price>, String> {
    match compare::decimal(value) {
        None if value.is_null() => Ok(None),
        None => Err(format!("{value} is no price")),
        Some(number) => Price::new(number).map(Some).map_err(|error| error.to_string()),
    }
}

fn quantity(value: &Value) -> Result<Quantity, String> {
    let units = value.as_u64().ok_or_else(|| format!("{value} is no quantity"))?;
    Quantity::new(units).map_err(|error| error.to_string())
}

fn pricing(kind: &str, limit: Option<Price>, trigger: Option<Price>) -> Result<Pricing, String> {
    let limit = || limit.ok_or("a limit is missing");
    let trigger = || trigger.ok_or("a trigger is missing");
    Ok(match parsed::<OrderKind>(kind)? {
        OrderKind::Market => Pricing::Market,
        OrderKind::Limit => Pricing::Limit { limit: limit()? },
        OrderKind::StopLossLimit => Pricing::StopLossLimit {
            trigger: trigger()?,
            limit: limit()?,
        },
        OrderKind::StopLossMarket => Pricing::StopLossMarket { trigger: trigger()? },
    })
}

/// The band a call names; a call that names none gets the adapter's own.
fn band(order: &Value) -> Result<MarketBand, String> {
    match order["market_protection"].as_i64() {
        None | Some(-1 | 0) => Ok(MarketBand::Automatic),
        Some(percent) => u8::try_from(percent)
            .ok()
            .and_then(MarketBand::percent)
            .ok_or_else(|| format!("market_protection {percent} is out of range")),
    }
}

/// Compares with the recorded request, headers that carry meaning included.
fn finish(vector: &Value, sent: Result<WireRequest, String>, body: Body, allowed: &[Allow]) -> Run {
    let sent = sent?;
    let mut recorded = vector["request"].clone();
    if vector["operation"]
        .as_str()
        .is_some_and(|operation| operation.ends_with("quote_v2"))
        && let Some(query) = recorded["query"].as_object_mut()
        && let Some(key) = query.remove("symbol")
    {
        // Two names of one parameter (upstox.md section 8, parameter name trap).
        query.insert("instrument_key".to_owned(), key);
    }
    let mut differences: Differences = compare::request(&recorded, &sent, body);
    for name in ["authorization", "x-algo-name"] {
        compare::header(&recorded, &sent, name, &mut differences);
    }
    if sent.body.is_some() {
        compare::header(&recorded, &sent, "content-type", &mut differences);
    }
    differences.forgive(ALLOWED);
    differences.forgive(allowed);
    Ok(differences.into())
}

fn place(vector: &Value, call: &Value, version: ApiVersion) -> Run {
    let canonical = &vector["canonical"];
    if canonical.is_null() {
        return Ok(Verdict::NotOffered(PLACED_ELSEWHERE));
    }
    let wire = &call["args"][0];
    if wire["slice"] == Value::Bool(true) {
        return Ok(Verdict::NotOffered(
            "slicing at the broker is off: one order must stay one order",
        ));
    }
    let text = |key: &str| canonical[key].as_str().ok_or(format!("canonical has no {key}"));
    let exchange: Exchange = parsed(text("exchange")?)?;
    let key = text("broker_symbol")?;
    let mut setup = Setup::for_request(vector);
    let order = PlaceOrder {
        request: OrderRequest {
            instrument: setup.symbols.add(exchange, key, ""),
            side: parsed(text("side")?)?,
            quantity: quantity(&canonical["quantity"])?,
            pricing: pricing(
                text("order_type")?,
                price(&canonical["price"])?,
                price(&canonical["trigger_price"])?,
            )?,
            product: Product::from(text("product")?.to_owned()),
            validity: parsed(text("validity")?)?,
            disclosed: quantity(&canonical["disclosed_quantity"])?,
            after_market: canonical["after_market"] == Value::Bool(true),
            position_effect: None,
        },
        tag: canonical["tag"].as_str().map(parsed::<Tag>).transpose()?,
        algo: algo(call)?,
    };
    setup.config.order_api = version;
    setup.config.market_band = band(wire)?;
    let allowed = band_allowed(version, order.request.pricing, wire);
    if exchange == Exchange::Mcx {
        // Refused by the adapter before it is sent; its translation is still that of the recording.
        let style = CommandStyle {
            version,
            band: setup.config.market_band,
        };
        let body = place_body(&order, key, style).map_err(|error| error.to_string())?;
        let found = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
        let mut differences = Differences::default();
        differences.check("body", &vector["request"]["body_decoded"], &found);
        differences.forgive(ALLOWED);
        differences.forgive(allowed);
        return Ok(differences.into());
    }
    let sent = setup.sent(|account| async move { account.place(&order).await });
    finish(vector, sent, Body::Json, allowed)
}

fn band_allowed(version: ApiVersion, pricing: Pricing, order: &Value) -> &'static [Allow] {
    match (version, pricing) {
        (ApiVersion::V3, Pricing::Market | Pricing::StopLossMarket { .. })
            if is_unset(order.get("market_protection")) =>
        {
            &[BAND_ALWAYS]
        }
        _ => &[],
    }
}

fn modify(vector: &Value, call: &Value, version: ApiVersion) -> Run {
    let wire = &call["args"][0];
    let text = |key: &str| wire[key].as_str().ok_or(format!("the call names no {key}"));
    let optional = |key: &str| {
        let value = &wire[key];
        if value.is_null() {
            Ok(None)
        } else {
            quantity(value).map(Some)
        }
    };
    let mut setup = Setup::for_request(vector);
    setup.config.order_api = version;
    setup.config.market_band = band(wire)?;
    let change = ModifyOrder {
        broker_order_id: parsed(text("order_id")?)?,
        instrument: setup.symbols.add(Exchange::Nse, "NSE_EQ|ANY", ""),
        pricing: pricing(
            text("order_type")?,
            price(&wire["price"])?,
            price(&wire["trigger_price"])?,
        )?,
        quantity: optional("quantity")?,
        validity: wire["validity"].as_str().map(parsed).transpose()?,
        disclosed: optional("disclosed_quantity")?,
        algo: algo(call)?,
    };
    let allowed = band_allowed(version, change.pricing, wire);
    let sent = setup.sent(|account| async move { account.modify(&change).await });
    finish(vector, sent, Body::Json, allowed)
}

fn cancel(vector: &Value, call: &Value, version: ApiVersion) -> Run {
    let mut setup = Setup::for_request(vector);
    setup.config.order_api = version;
    let cancel = CancelOrder {
        broker_order_id: order_id(call, 0)?,
        algo: algo(call)?,
    };
    let sent = setup.sent(|account| async move { account.cancel(&cancel).await });
    finish(vector, sent, Body::Json, &[])
}

fn quotes(vector: &Value, call: &Value, source: QuoteSource) -> Run {
    if source == QuoteSource::DayPrices && vector["request"]["query"]["interval"] != "1d" {
        return Ok(Verdict::NotOffered(
            "prices of a minute are read as candles; a quote has the day's",
        ));
    }
    let keys = call["kwargs"]["instrument_key"]
        .as_str()
        .or_else(|| call["args"][0].as_str())
        .ok_or("the call names no instrument_key")?;
    let setup = || {
        let mut setup = Setup::for_request(vector);
        setup.config.quotes = source;
        let ids: Vec<InstrumentId> = keys
            .split(',')
            .map(|key| setup.symbols.add(exchange_of(key), key, ""))
            .collect();
        (setup, ids)
    };
    let (account, ids) = setup();
    let one = (ids.len() == 1).then(|| ids[0].clone());
    let sent = account.sent(|account| async move { account.quotes(&ids).await });
    let verdict = finish(vector, sent, Body::Json, &[])?;
    match (verdict, one, source) {
        // One full quote is also what depth asks for.
        (Verdict::Passed, Some(id), QuoteSource::Full(_)) => {
            let (account, _) = setup();
            let sent = account.sent(|account| async move { account.depth(&id).await });
            finish(vector, sent, Body::Json, &[])
        }
        (verdict, ..) => Ok(verdict),
    }
}

/// What candles are asked for: instrument key, unit, count.
fn interval(call: &Value) -> Result<Option<CandleInterval>, String> {
    let count: u16 = parsed(argument(call, "interval", 2)?)?;
    Ok(match (argument(call, "unit", 1)?, count) {
        ("days", 1) => Some(CandleInterval::Day),
        ("minutes", count) => Some(CandleInterval::Minutes(count)),
        _ => None,
    })
}

const OTHER_CANDLES: Verdict = Verdict::NotOffered("candles are read in minutes and single days");

fn candles(vector: &Value, call: &Value) -> Run {
    let Some(interval) = interval(call)? else {
        return Ok(OTHER_CANDLES);
    };
    let mut setup = Setup::for_request(vector);
    let key = argument(call, "instrument_key", 0)?;
    let query = CandleQuery {
        instrument: setup.symbols.add(exchange_of(key), key, ""),
        interval,
        from: parsed(argument(call, "from_date", 4)?)?,
        to: parsed(argument(call, "to_date", 3)?)?,
    };
    // Today's candles come from another call: the dates asked for must be past.
    setup.now = query
        .to
        .to_zoned(jiff::tz::TimeZone::UTC)
        .map_err(|error| error.to_string())?
        .timestamp()
        + jiff::SignedDuration::from_hours(48);
    let sent = setup.sent(|account| async move { account.candles(&query).await });
    finish(vector, sent, Body::Json, &[])
}

fn candles_of_today(vector: &Value, call: &Value) -> Run {
    let Some(interval) = interval(call)? else {
        return Ok(OTHER_CANDLES);
    };
    let mut setup = Setup::for_request(vector);
    let key = argument(call, "instrument_key", 0)?;
    let today = IST::date(setup.now);
    let query = CandleQuery {
        instrument: setup.symbols.add(exchange_of(key), key, ""),
        interval,
        from: today,
        to: today,
    };
    let sent = setup.sent(|account| async move { account.candles(&query).await });
    finish(vector, sent, Body::Json, &[])
}

fn token(vector: &Value, call: &Value) -> Run {
    let mut setup = Setup::for_request(vector);
    let text = |key: &str| {
        call["kwargs"][key]
            .as_str()
            .ok_or(format!("the call names no {key}"))
    };
    setup.credentials = Credentials::new(text("client_id")?, text("client_secret")?);
    text("redirect_uri")?.clone_into(&mut setup.config.redirect_uri);
    let code = text("code")?.to_owned();
    let sent = setup.sent(|account| async move { account.exchange_code(&code).await });
    finish(vector, sent, Body::Form, &[])
}

fn dialog(vector: &Value, call: &Value) -> Run {
    let mut setup = Setup::for_request(vector);
    setup.credentials = Credentials::new(argument(call, "client_id", 0)?, "unused");
    argument(call, "redirect_uri", 1)?.clone_into(&mut setup.config.redirect_uri);
    let state = call["kwargs"]["state"].as_str().unwrap_or_default().to_owned();
    let transport = crate::vectors::recording::RecordingTransport::silent();
    let link = setup.over(&transport).login_link(&state);
    let opened = WireRequest::new(Operation::Login, http::Method::GET, link.url);
    let state_made_up = Allow {
        at: "query.state",
        when: both_unset,
        reason: "a state of our own always goes along",
        section: "upstox.md 4.1",
    };
    finish(vector, Ok(opened), Body::Json, &[state_made_up])
}

fn read(operation: &str, vector: &Value, call: &Value) -> Run {
    let setup = Setup::for_request(vector);
    let query = &vector["request"]["query"];
    let sent = match operation {
        "order_book" => setup.sent(|account| async move { account.order_book().await }),
        "order_details" => {
            let id = order_id(call, 0)?;
            setup.sent(|account| async move { account.order(&id).await })
        }
        "order_history" => match (
            call["kwargs"]["order_id"].as_str(),
            call["kwargs"]["tag"].as_str(),
        ) {
            (Some(_), Some(_)) => {
                return Ok(Verdict::NotOffered(
                    "a history is asked for by id or by tag, not both",
                ));
            }
            (None, Some(tag)) => {
                let tag: Tag = parsed(tag)?;
                setup.sent(|account| async move { account.orders_by_tag(&tag).await })
            }
            _ => {
                let id = order_id(call, 0)?;
                setup.sent(|account| async move { account.order_history(&id).await })
            }
        },
        "trades" if query.get("order_id").is_some() => {
            let id = order_id(call, 0)?;
            setup.sent(|account| async move { account.trades_of(&id).await })
        }
        "trades" => setup.sent(|account| async move { account.trades().await }),
        "positions" => setup.sent(|account| async move { account.positions().await }),
        "holdings" => setup.sent(|account| async move { account.holdings().await }),
        "profile" => setup.sent(|account| async move { account.check_session().await }),
        "funds_and_margin_v3" => setup.sent(|account| async move { account.funds().await }),
        "logout" => setup.sent(|account| async move { account.log_out().await }),
        _ => {
            return Err(format!(
                "operation {operation} is neither run nor on the reviewed list"
            ));
        }
    };
    finish(vector, sent, Body::Json, &[])
}
