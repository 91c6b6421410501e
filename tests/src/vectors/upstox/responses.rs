//! Answers: a success must be read to its values, a failure to its kind and outcome.

use std::future::Future;
use std::sync::Arc;

use sangam_broker_upstox::{ApiVersion, QuoteSource, Upstox};
use sangam_core::ports::{Books as _, Login as _, MarketData as _, OrderEntry as _};
use sangam_core::{
    BrokerOrderId, CancelOrder, CandleInterval, CandleQuery, Error, Exchange, InstrumentId, ModifyOrder,
    OrderRequest, PlaceOrder, Pricing, Product, Quantity, Result, Side, Tag, Validity,
};
use serde_json::Value;

use super::failures::{self, Effect};
use super::setup::{Setup, answering};
use super::{market, rows};
use crate::vectors::Verdict;
use crate::vectors::compare::{Differences, http_status};

const NO_STATUS: &str = "it is no HTTP answer";

/// Answers of older versions that the newer call's reader takes as they are: rows of last prices, and every failure.
pub(super) fn reads_as_newer(operation: &str, item: &Value) -> bool {
    operation == "ltp_v2" || (is_failure(item) && operation != "access_token_request")
}

fn is_failure(item: &Value) -> bool {
    let status = http_status(item).unwrap_or_default();
    let body = &item["body"];
    !(200..300).contains(&status) || !(body["status"] == "success" || body.get("access_token").is_some())
}

pub(super) fn run(operation: &str, item: &Value) -> Verdict {
    let Some(status) = http_status(item) else {
        return Verdict::NotOffered(NO_STATUS);
    };
    let mut out = Differences::default();
    if is_failure(item) {
        if operation == "authorize_dialog" {
            return Verdict::NotOffered("the browser shows it, no program of ours reads it");
        }
        let Some(calls) = calls_of(operation) else {
            return unknown(operation);
        };
        for call in calls {
            let (effect, error) = fail(call, status, item);
            failures::check(call, item, effect, error.as_ref(), &mut out);
        }
    } else if !succeed(operation, status, item, &mut out) {
        return unknown(operation);
    }
    out.into()
}

fn unknown(operation: &str) -> Verdict {
    Verdict::Failed(format!(
        "operation {operation} is neither run nor on the reviewed list"
    ))
}

const WRITES: &[&str] = &["place_v3", "place_v2", "modify", "cancel"];
const ALL: &[&str] = &[
    "place_v3",
    "place_v2",
    "modify",
    "cancel",
    "order_book",
    "order",
    "order_history",
    "trades",
    "trades_of",
    "positions",
    "holdings",
    "funds",
    "profile",
    "quotes",
    "last_prices",
    "depth",
    "candles",
    "token",
    "logout",
];

/// The calls whose answer an operation's failure can be.
fn calls_of(operation: &str) -> Option<&'static [&'static str]> {
    Some(match operation {
        "any" => ALL,
        "order writes" => WRITES,
        "place_order_v3" => &["place_v3"],
        "place_order_v2" => &["place_v2"],
        "modify_order_v2" | "modify_order_v3" => &["modify"],
        "cancel_order_v2" | "cancel_order_v3" => &["cancel"],
        "order_book" => &["order_book"],
        "order_details" => &["order"],
        "order_history" => &["order_history"],
        "trades" => &["trades", "trades_of"],
        "positions" => &["positions"],
        "holdings" => &["holdings"],
        "funds_and_margin_v2" | "funds_and_margin_v3" => &["funds"],
        "profile" => &["profile"],
        "full_quote_v2" | "full_quote_v3" => &["quotes", "depth"],
        "ltp_v2" | "ltp_v3" | "ohlc_v2" | "ohlc_v3" => &["last_prices"],
        "historical_candle_v3" => &["candles"],
        "token_exchange" => &["token"],
        "logout" => &["logout"],
        _ => return None,
    })
}

pub(super) fn block<T>(call: impl Future<Output = T>) -> T {
    futures::executor::block_on(call)
}

/// The account over the item's answer, knowing one share and one index under made-up names.
fn account(status: u16, item: &Value, adjust: impl FnOnce(&mut Setup)) -> (Arc<Upstox>, InstrumentId) {
    let mut setup = Setup::new();
    let share = setup.symbols.add(Exchange::Nse, "NSE_EQ|SHARE", "");
    adjust(&mut setup);
    (Arc::new(setup.over(&answering(status, item))), share)
}

fn an_order(share: InstrumentId) -> PlaceOrder {
    PlaceOrder {
        request: OrderRequest {
            instrument: share,
            side: Side::Buy,
            quantity: Quantity::new(1).expect("one is a quantity"),
            pricing: Pricing::Market,
            product: Product::Intraday,
            validity: Validity::Day,
            disclosed: Quantity::ZERO,
            after_market: false,
            position_effect: None,
        },
        tag: None,
        algo: None,
    }
}

fn a_change(share: InstrumentId, id: BrokerOrderId) -> ModifyOrder {
    ModifyOrder {
        broker_order_id: id,
        instrument: share,
        pricing: Pricing::Market,
        quantity: None,
        validity: None,
        disclosed: None,
        algo: None,
    }
}

/// Makes a call that must fail; answers its effect and its error.
fn fail(call: &str, status: u16, item: &Value) -> (Effect, Option<Error>) {
    let (account, share) = account(status, item, |setup| {
        if call == "place_v2" {
            setup.config.order_api = ApiVersion::V2;
        }
        if call == "last_prices" {
            setup.config.quotes = QuoteSource::LastPrice;
        }
    });
    let id = BrokerOrderId::new("240100000000001").expect("digits are an id");
    let error = block(async {
        match call {
            "place_v3" | "place_v2" => account.place(&an_order(share)).await.err(),
            "modify" => account.modify(&a_change(share, id)).await.err(),
            "cancel" => {
                let cancel = CancelOrder {
                    broker_order_id: id,
                    algo: None,
                };
                account.cancel(&cancel).await.err()
            }
            "order_book" => account.order_book().await.err(),
            "order" => account.order(&id).await.err(),
            "order_history" => account.order_history(&id).await.err(),
            "trades" => account.trades().await.err(),
            "trades_of" => account.trades_of(&id).await.err(),
            "positions" => account.positions().await.err(),
            "holdings" => account.holdings().await.err(),
            "funds" => account.funds().await.err(),
            "profile" => account.check_session().await.err(),
            "quotes" | "last_prices" => one_quote(account.quotes(&[share]).await),
            "depth" => account.depth(&share).await.err(),
            "candles" => {
                let day = jiff::civil::date(2025, 1, 6);
                let query = CandleQuery {
                    instrument: share,
                    interval: CandleInterval::Day,
                    from: day,
                    to: day,
                };
                account.candles(&query).await.err()
            }
            "token" => account.exchange_code("test-code").await.err(),
            "logout" => account.log_out().await.err(),
            _ => None,
        }
    });
    let effect = match call {
        "place_v3" | "place_v2" | "modify" | "cancel" => Effect::Command,
        "token" | "logout" => Effect::Login,
        _ => Effect::Read,
    };
    (effect, error)
}

/// A failed quotes call fails whole or for its one instrument.
fn one_quote(result: Result<Vec<sangam_core::ports::QuoteResult>>) -> Option<Error> {
    match result {
        Err(error) => Some(error),
        Ok(quotes) => quotes.into_iter().find_map(|(_, quote)| quote.err()),
    }
}

fn noted<T>(what: &str, result: Result<T>, out: &mut Differences) -> Option<T> {
    result
        .map_err(|error| out.say(what, format!("a success was read as a failure: {error}")))
        .ok()
}

/// Reads a success and compares; `false` when the operation is not known.
fn succeed(operation: &str, status: u16, item: &Value, out: &mut Differences) -> bool {
    let data = &item["body"]["data"];
    let row = |data: &Value, key: &str| data[key].as_str().unwrap_or_default().to_owned();
    match operation {
        "place_order_v3" | "place_order_v2" => {
            let (account, share) = account(status, item, |setup| {
                if operation.ends_with("v2") {
                    setup.config.order_api = ApiVersion::V2;
                }
            });
            if let Some(placed) = noted("place", block(account.place(&an_order(share))), out) {
                rows::placed(data, &placed, out);
            }
        }
        "modify_order_v2" | "modify_order_v3" | "cancel_order_v2" | "cancel_order_v3" => {
            let (account, share) = account(status, item, |_| {});
            let Ok(id) = BrokerOrderId::new(row(data, "order_id")) else {
                out.say("data.order_id", "is missing in the vector");
                return true;
            };
            let result = if operation.starts_with("modify") {
                block(account.modify(&a_change(share, id)))
            } else {
                block(account.cancel(&CancelOrder {
                    broker_order_id: id,
                    algo: None,
                }))
            };
            if let Some(accepted) = noted(operation, result, out) {
                out.check_text(
                    "order_id",
                    data["order_id"].as_str(),
                    Some(accepted.broker_order_id.as_str()),
                );
            }
        }
        "order_book" => {
            let (account, _) = account(status, item, |_| {});
            if let Some(found) = noted(operation, block(account.order_book()), out) {
                rows::orders(data, &found, out);
            }
        }
        "order_details" => {
            let (account, _) = account(status, item, |_| {});
            if let Ok(id) = BrokerOrderId::new(row(data, "order_id"))
                && let Some(found) = noted(operation, block(account.order(&id)), out)
            {
                rows::order("order", data, &found, out);
            }
        }
        "order_history" => {
            let (account, _) = account(status, item, |_| {});
            let events = rows::by_time(data);
            let id = events
                .first()
                .map(|event| row(event, "order_id"))
                .unwrap_or_default();
            let id =
                BrokerOrderId::new(id).unwrap_or_else(|_| BrokerOrderId::new("0").expect("a digit is an id"));
            if let Some(found) = noted(operation, block(account.order_history(&id)), out) {
                rows::orders(&Value::Array(events.clone()), &found, out);
            }
            let tag = events.first().map(|event| row(event, "tag")).unwrap_or_default();
            if let Ok(tag) = Tag::new(tag)
                && let Some(found) = noted("orders_by_tag", block(account.orders_by_tag(&tag)), out)
            {
                rows::last_states(&events, &found, out);
            }
        }
        "trades" => {
            let (account, _) = account(status, item, |_| {});
            if let Some(found) = noted(operation, block(account.trades()), out) {
                rows::trades(data, &found, out);
            }
        }
        "positions" => {
            let (account, _) = account(status, item, |_| {});
            if let Some(found) = noted(operation, block(account.positions()), out) {
                rows::positions(data, &found, out);
            }
        }
        "holdings" => {
            let (account, _) = account(status, item, |_| {});
            if let Some(found) = noted(operation, block(account.holdings()), out) {
                rows::holdings(data, &found, out);
            }
        }
        "funds_and_margin_v3" => {
            let (account, _) = account(status, item, |_| {});
            if let Some(found) = noted(operation, block(account.funds()), out) {
                rows::funds(data, &found, out);
            }
        }
        "profile" => {
            let (account, _) = account(status, item, |_| {});
            if let Some(found) = noted(operation, block(account.check_session()), out) {
                out.check_text("user_id", data["user_id"].as_str(), found.user_id.as_deref());
            }
        }
        "token_exchange" => {
            let (account, _) = account(status, item, |_| {});
            if let Some(session) = noted(operation, block(account.exchange_code("test-code")), out) {
                let body = &item["body"];
                out.check_text(
                    "access_token",
                    body["access_token"].as_str(),
                    Some(session.token.expose()),
                );
                out.check_text("user_id", body["user_id"].as_str(), session.user_id.as_deref());
                // 03:30 in India on the morning after the runner's Monday, 09:30.
                let expiry = super::setup::NOW + jiff::SignedDuration::from_hours(18);
                out.check_text(
                    "expires_at",
                    Some(&expiry.to_string()),
                    Some(&session.expires_at.to_string()),
                );
            }
        }
        "logout" => {
            let (account, _) = account(status, item, |_| {});
            noted(operation, block(account.log_out()), out);
            if account.session().is_some() {
                out.say("session", "is still there after the log-out");
            }
        }
        "full_quote_v2" => market::quotes(QuoteSource::Full(ApiVersion::V2), status, item, out),
        "full_quote_v3" => market::quotes(QuoteSource::Full(ApiVersion::V3), status, item, out),
        "ltp_v2" | "ltp_v3" => market::quotes(QuoteSource::LastPrice, status, item, out),
        "ohlc_v3" => market::quotes(QuoteSource::DayPrices, status, item, out),
        "historical_candle_v3" => market::candles(status, item, out),
        _ => return false,
    }
    true
}
