//! Requests: each call of the official clients, made of the adapter.

use futures::executor::block_on;
use http::Method;
use sangam_broker::WireRequest;
use sangam_broker_fyers::Fyers;
use sangam_core::ports::{Books as _, Login as _, MarketData as _, OrderEntry as _};
use sangam_core::{
    CancelOrder, CandleInterval, CandleQuery, InstrumentId, ModifyOrder, Operation, OrderRequest, PlaceOrder,
    Price, Pricing, Product, Quantity,
};
use serde_json::{Value, json};

use super::super::Verdict;
use super::super::compare::{Allow, Body, both_unset, decimal, header, is_unset, request};
use super::super::recording::{NamedSymbols, RecordingTransport};
use super::{Setup, account, text, words};

/// Where the adapter differs from the clients for a reason.
const ALLOWED: &[Allow] = &[
    Allow {
        at: "body.stopLoss",
        when: both_unset,
        reason: "left out when unused, as newer clients ask; the samples send 0",
        section: "9.1",
    },
    Allow {
        at: "body.takeProfit",
        when: both_unset,
        reason: "left out when unused, as newer clients ask; the samples send 0",
        section: "9.1",
    },
    Allow {
        at: "body.isSliceOrder",
        when: both_unset,
        reason: "false is the default",
        section: "9.1",
    },
    Allow {
        at: "body.orderTag",
        when: both_unset,
        reason: "an order without a tag has no tag field",
        section: "9.1",
    },
    Allow {
        at: "body.limitPrice",
        when: left_out,
        reason: "a change never sends 0 for a price it does not mean",
        section: "9.2",
    },
    Allow {
        at: "body.stopPrice",
        when: left_out,
        reason: "a change never sends 0 for a price it does not mean",
        section: "9.2",
    },
    Allow {
        at: "body.side",
        when: |_, found| found.is_none(),
        reason: "samples of a change repeat the side, the table does not ask for it",
        section: "9.2",
    },
    Allow {
        at: "query.ohlcv_flag",
        when: |expected, found| {
            is_unset(expected) || expected == Some(&json!("0")) && found == Some(&json!("1"))
        },
        reason: "depth is always asked for with its prices and circuits",
        section: "11",
    },
    Allow {
        at: "query.order_tag",
        when: |expected, found| match (expected.and_then(Value::as_str), found.and_then(Value::as_str)) {
            (Some(bare), Some(sent)) => !bare.contains(':') && sent == format!("1:{bare}"),
            _ => false,
        },
        reason: "the filter works with the broker's prefix; without it nothing is known",
        section: "9.6",
    },
    Allow {
        at: "query.date_format",
        when: |expected, found| expected == Some(&json!("0")) && found == Some(&json!("1")),
        reason: "candles are asked for by whole Indian dates",
        section: "11",
    },
    Allow {
        at: "query.range_from",
        when: same_date,
        reason: "candles are asked for by whole Indian dates",
        section: "11",
    },
    Allow {
        at: "query.range_to",
        when: same_date,
        reason: "candles are asked for by whole Indian dates",
        section: "11",
    },
    Allow {
        at: "query.resolution",
        when: |expected, found| expected == Some(&json!("D")) && found == Some(&json!("1D")),
        reason: "D and 1D are the same",
        section: "11",
    },
    Allow {
        at: "query.oi_flag",
        when: |expected, _| is_unset(expected) || expected == Some(&json!("0")),
        reason: "open interest is asked for wherever there is some",
        section: "11",
    },
];

/// Nought recorded and nothing sent.
fn left_out(expected: Option<&Value>, found: Option<&Value>) -> bool {
    is_unset(expected) && found.is_none()
}

/// Epoch seconds recorded and their date in India sent.
fn same_date(expected: Option<&Value>, found: Option<&Value>) -> bool {
    expected.and_then(words::date).is_some() && expected.and_then(words::date) == found.and_then(words::date)
}

pub(super) fn run(operation: &str, vector: &Value) -> Result<Verdict, String> {
    let call = vector.get("call").unwrap_or(&Value::Null);
    let data = call.get("data").unwrap_or(&Value::Null);
    let recorded = vector.get("request").unwrap_or(&Value::Null);
    let mut symbols = NamedSymbols::new(sangam_core::BrokerName::Fyers);
    let act = match plan(operation, vector, call, data, &mut symbols)? {
        Ok(act) => act,
        Err(reason) => return Ok(Verdict::NotOffered(reason)),
    };
    let setup = Setup {
        client_id: text(call, "client_id").unwrap_or_default(),
        secret: text(call, "secret_key").unwrap_or_default(),
        token: text(call, "token").unwrap_or("none"),
        redirect_uri: text(call, "redirect_uri").unwrap_or_default(),
        continuous: words::integer(data, "cont_flag") == Some(1),
    };
    let (orders, reads) = (RecordingTransport::silent(), RecordingTransport::silent());
    let account = account(&setup, orders.clone(), reads.clone(), symbols);
    let refusal = act.make(&account);
    let (by_order_way, by_read_way) = (orders.take(), reads.take());
    let (mut sent, other) = if act.is_order_command() {
        (by_order_way, by_read_way)
    } else {
        (by_read_way, by_order_way)
    };
    if let Act::Link(state) = &act {
        let url = account.login_link(state).url;
        sent.push(WireRequest::new(Operation::Login, Method::GET, url));
    }
    if !other.is_empty() {
        return Err("the request left by the wrong transport".to_owned());
    }
    let [found] = &sent[..] else {
        return Err(format!("{} requests left instead of one{refusal}", sent.len()));
    };
    let mut differences = request(recorded, found, Body::Json);
    if !matches!(act, Act::Link(_)) {
        headers(recorded, found, &mut differences);
    }
    differences.forgive(ALLOWED);
    Ok(differences.into())
}

/// Authorisation as recorded. The other two are sent on every call whatever the client did (fyers.md 14).
fn headers(recorded: &Value, found: &WireRequest, out: &mut super::super::compare::Differences) {
    header(recorded, found, "Authorization", out);
    let authorised = found.headers.contains_key("authorization");
    let always =
        json!({"headers": {"Content-Type": "application/json", "version": authorised.then_some("3")}});
    header(&always, found, "Content-Type", out);
    header(&always, found, "version", out);
}

/// One call of the adapter.
enum Act {
    Link(String),
    Exchange(String),
    LogOut,
    Profile,
    Funds,
    Holdings,
    Positions,
    Trades,
    Book,
    Order(String),
    ByTag(String),
    Place(Box<PlaceOrder>),
    Modify(Box<ModifyOrder>),
    Cancel(String),
    Quotes(Vec<InstrumentId>),
    Depth(InstrumentId),
    Candles(CandleQuery),
}

impl Act {
    fn is_order_command(&self) -> bool {
        matches!(self, Self::Place(_) | Self::Modify(_) | Self::Cancel(_))
    }

    /// Makes the call; what the adapter says to the silence it meets, for a message.
    fn make(&self, account: &Fyers) -> String {
        let said = match self {
            Self::Link(_) => None,
            Self::Exchange(code) => block_on(account.exchange_code(code)).err(),
            Self::LogOut => block_on(account.log_out()).err(),
            Self::Profile => block_on(account.check_session()).err(),
            Self::Funds => block_on(account.funds()).err(),
            Self::Holdings => block_on(account.holdings()).err(),
            Self::Positions => block_on(account.positions()).err(),
            Self::Trades => block_on(account.trades()).err(),
            Self::Book => block_on(account.order_book()).err(),
            Self::Order(id) => match id.parse() {
                Ok(id) => block_on(account.order(&id)).err(),
                Err(error) => return format!(": {error}"),
            },
            Self::ByTag(tag) => match tag.parse() {
                Ok(tag) => block_on(account.orders_by_tag(&tag)).err(),
                Err(error) => return format!(": {error}"),
            },
            Self::Place(order) => block_on(account.place(order)).err(),
            Self::Modify(change) => block_on(account.modify(change)).err(),
            Self::Cancel(id) => match id.parse() {
                Ok(broker_order_id) => block_on(account.cancel(&CancelOrder {
                    broker_order_id,
                    algo: None,
                }))
                .err(),
                Err(error) => return format!(": {error}"),
            },
            Self::Quotes(ids) => block_on(account.quotes(ids)).err(),
            Self::Depth(id) => block_on(account.depth(id)).err(),
            Self::Candles(query) => block_on(account.candles(query)).err(),
        };
        said.map_or_else(String::new, |error| format!(": {error}"))
    }
}

/// What to call, or the reason it is not offered; an error when the vector cannot be understood.
fn plan(
    operation: &str,
    vector: &Value,
    call: &Value,
    data: &Value,
    symbols: &mut NamedSymbols,
) -> Result<Result<Act, &'static str>, String> {
    let need =
        |value: &Value, key: &str| words::word(value, key).ok_or_else(|| format!("the call has no {key}"));
    let tag = words::word(call, "tag").or_else(|| words::word(data, "order_tag"));
    let bare = |tag: String| tag.strip_prefix("1:").map_or(tag.clone(), str::to_owned);
    let mut named = |symbol: &str| symbols.add(words::exchange_of_symbol(symbol), symbol, "");
    Ok(Ok(match operation {
        "auth_url" => Act::Link(words::word(call, "state").unwrap_or_default()),
        "token_exchange" => Act::Exchange(need(call, "auth_code")?),
        "logout" => Act::LogOut,
        "profile" => Act::Profile,
        "funds" => Act::Funds,
        "holdings" => Act::Holdings,
        "positions" => Act::Positions,
        "tradebook" if tag.is_some() => {
            return Ok(Err(
                "the trade book is read whole: trades are matched by their order's number",
            ));
        }
        "tradebook" => Act::Trades,
        "orderbook" => match (tag, words::word(data, "id")) {
            (Some(tag), _) => Act::ByTag(bare(tag)),
            // The older helper reads the whole book and filters by itself.
            (None, Some(id)) if text(call, "method") != Some("get_orders") => Act::Order(id),
            _ => Act::Book,
        },
        "place_order" => match vector.get("canonical").filter(|canonical| canonical.is_object()) {
            Some(canonical) => Act::Place(Box::new(place(canonical, symbols)?)),
            None => return Ok(Err("broker-side legs or slicing: not placed by Sangam")),
        },
        "modify_order" => match modify(data)? {
            Ok(change) => Act::Modify(Box::new(change)),
            Err(reason) => return Ok(Err(reason)),
        },
        "cancel_order" => Act::Cancel(need(data, "id")?),
        "quotes" => Act::Quotes(need(data, "symbols")?.split(',').map(named).collect()),
        "depth" => Act::Depth(named(&need(data, "symbol")?)),
        "history" => {
            let instrument = named(&need(data, "symbol")?);
            Act::Candles(candles(instrument, data)?)
        }
        other => {
            return Err(format!(
                "operation {other:?} is neither offered nor on the list of those that are not"
            ));
        }
    }))
}

fn place(canonical: &Value, symbols: &mut NamedSymbols) -> Result<PlaceOrder, String> {
    let need = |key: &str| words::word(canonical, key).ok_or_else(|| format!("canonical has no {key}"));
    let exchange = need("exchange")?.parse().map_err(|e| format!("{e}"))?;
    let (trigger, limit) = (price(canonical, "trigger_price")?, price(canonical, "price")?);
    let pricing = match (need("order_type")?.as_str(), trigger, limit) {
        ("MARKET", ..) => Pricing::Market,
        ("LIMIT", _, Some(limit)) => Pricing::Limit { limit },
        ("SL", Some(trigger), Some(limit)) => Pricing::StopLossLimit { trigger, limit },
        ("SL-M", Some(trigger), _) => Pricing::StopLossMarket { trigger },
        (other, ..) => return Err(format!("canonical {other} lacks its prices")),
    };
    Ok(PlaceOrder {
        request: OrderRequest {
            instrument: symbols.add(exchange, &need("broker_symbol")?, ""),
            side: need("side")?.parse().map_err(|e| format!("{e}"))?,
            quantity: quantity(canonical, "quantity")?.unwrap_or_default(),
            pricing,
            product: Product::from(need("product")?),
            validity: need("validity")?.parse().map_err(|e| format!("{e}"))?,
            disclosed: quantity(canonical, "disclosed_quantity")?.unwrap_or_default(),
            after_market: canonical.get("after_market") == Some(&Value::Bool(true)),
            position_effect: None,
        },
        tag: words::word(canonical, "tag")
            .map(|tag| tag.parse())
            .transpose()
            .map_err(|e| format!("{e}"))?,
        algo: None,
    })
}

fn modify(data: &Value) -> Result<Result<ModifyOrder, &'static str>, String> {
    if ["takeProfit", "stopLoss", "legType"]
        .iter()
        .any(|leg| !is_unset(data.get(*leg)))
    {
        return Ok(Err("broker-side legs: not placed by Sangam"));
    }
    let (trigger, limit) = (price(data, "stopPrice")?, price(data, "limitPrice")?);
    let pricing = match (words::integer(data, "type"), trigger, limit) {
        (Some(1), _, Some(limit)) => Pricing::Limit { limit },
        (Some(2), ..) => Pricing::Market,
        (Some(3), Some(trigger), _) => Pricing::StopLossMarket { trigger },
        (Some(4), Some(trigger), Some(limit)) => Pricing::StopLossLimit { trigger, limit },
        _ => {
            return Ok(Err(
                "a change that leaves a price of its kind out: Sangam always names them",
            ));
        }
    };
    Ok(Ok(ModifyOrder {
        broker_order_id: words::word(data, "id")
            .ok_or("the call has no id")?
            .parse()
            .map_err(|e| format!("{e}"))?,
        instrument: "NSE:ANY".parse().map_err(|e| format!("{e}"))?,
        pricing,
        quantity: quantity(data, "qty")?,
        validity: None,
        disclosed: quantity(data, "disclosedQty")?,
        algo: None,
    }))
}

fn candles(instrument: InstrumentId, data: &Value) -> Result<CandleQuery, String> {
    let resolution = words::word(data, "resolution").ok_or("the call has no resolution")?;
    let date = |key: &str| {
        data.get(key)
            .and_then(words::date)
            .ok_or_else(|| format!("{key} is no date"))
    };
    Ok(CandleQuery {
        instrument,
        interval: match resolution.as_str() {
            "D" | "1D" => CandleInterval::Day,
            minutes => CandleInterval::Minutes(minutes.parse().map_err(|_| format!("resolution {minutes}"))?),
        },
        from: date("range_from")?,
        to: date("range_to")?,
    })
}

/// A price that is there and is not nought.
fn price(of: &Value, key: &str) -> Result<Option<Price>, String> {
    of.get(key)
        .and_then(decimal)
        .filter(|price| !price.is_zero())
        .map(Price::new)
        .transpose()
        .map_err(|error| format!("{key}: {error}"))
}

fn quantity(of: &Value, key: &str) -> Result<Option<Quantity>, String> {
    let Some(units) = words::integer(of, key) else {
        return Ok(None);
    };
    let units = u64::try_from(units).map_err(|_| format!("{key}: {units}"))?;
    Quantity::new(units)
        .map(Some)
        .map_err(|error| format!("{key}: {error}"))
}
