//! Successful quotes, depth and candles compared value by value with what the adapter made of them.

use futures::executor::block_on;
use jiff::civil::Time;
use rust_decimal::Decimal;
use sangam_core::ports::MarketData as _;
use sangam_core::{
    Candle, CandleInterval, CandleQuery, DepthLevel, ErrorKind, Exchange, IST, Price, Quote, Timestamp,
};
use serde_json::Value;

use super::super::compare::{Differences, decimal};
use super::responses::Reply;
use super::rows::{each, list, price_of, same, units};
use super::words;

pub(super) fn quotes(reply: &Reply<'_>, out: &mut Differences) {
    let rows = list(reply.body(), "d");
    let names: Vec<String> = rows.iter().filter_map(|row| words::word(row, "n")).collect();
    // Asked for backwards: the answer is matched by name.
    let asked: Vec<(Exchange, &str)> = names
        .iter()
        .rev()
        .map(|name| (words::exchange_of_symbol(name), name.as_str()))
        .collect();
    let (account, ids) = reply.account_of(&asked);
    let results = match block_on(account.quotes(&ids)) {
        Ok(results) => results,
        Err(error) => return out.say("quotes", error.to_string()),
    };
    if results.len() != rows.len() {
        return out.say("quotes", format!("{} instead of {}", results.len(), rows.len()));
    }
    for (row, (id, result)) in rows.iter().rev().zip(&results) {
        let at = words::word(row, "n").unwrap_or_default();
        let values = row.get("v").unwrap_or(&Value::Null);
        match (words::word(row, "s").as_deref(), result) {
            (Some("ok"), Ok(found)) => {
                same(format!("{at}.instrument"), id, &found.instrument, out);
                quote(&at, values, found, out);
                same(
                    format!("{at}.tt"),
                    &words::epoch(values, "tt"),
                    &found.exchange_time,
                    out,
                );
            }
            (Some("ok"), Err(error)) => out.say(at, error.to_string()),
            (_, Ok(_)) => out.say(at, "quoted although the broker refused it"),
            (_, Err(error)) => {
                if words::integer(values, "code") == Some(-300) {
                    same(at, &ErrorKind::UnknownInstrument, &error.kind(), out);
                }
            }
        }
    }
}

fn quote(at: &str, values: &Value, found: &Quote, out: &mut Differences) {
    let last = Some(found.last.decimal());
    out.check_number(format!("{at}.lp"), words::number(values, "lp"), last);
    for (key, price) in [
        ("bid", found.bid),
        ("ask", found.ask),
        ("open_price", found.open),
        ("high_price", found.high),
        ("low_price", found.low),
        ("prev_close_price", found.previous_close),
        ("lower_circuit", found.lower_circuit),
        ("upper_circuit", found.upper_circuit),
    ] {
        out.check_number(format!("{at}.{key}"), words::price(values, key), price_of(price));
    }
    let volume = found.volume.and_then(units);
    out.check_number(format!("{at}.volume"), words::number(values, "volume"), volume);
}

pub(super) fn depth(reply: &Reply<'_>, out: &mut Differences) {
    let symbols = reply.body().get("d").and_then(Value::as_object);
    for (name, values) in symbols.into_iter().flatten() {
        let (account, ids) = reply.account_of(&[(words::exchange_of_symbol(name), name)]);
        let found = match block_on(account.depth(&ids[0])) {
            Ok(found) => found,
            Err(error) => return out.say(name, error.to_string()),
        };
        let q = &found.quote;
        same(format!("{name}.instrument"), &ids[0], &q.instrument, out);
        for (key, price) in [
            ("ltp", Some(q.last)),
            ("o", q.open),
            ("h", q.high),
            ("l", q.low),
            ("c", q.previous_close),
            ("lower_ckt", q.lower_circuit),
            ("upper_ckt", q.upper_circuit),
        ] {
            out.check_number(
                format!("{name}.{key}"),
                words::price(values, key),
                price_of(price),
            );
        }
        for (key, quantity) in [
            ("v", q.volume),
            ("ltq", found.last_quantity),
            ("totalbuyqty", found.total_bid),
            ("totalsellqty", found.total_ask),
        ] {
            let quantity = quantity.and_then(units);
            out.check_number(format!("{name}.{key}"), words::number(values, key), quantity);
        }
        let flagged = values.get("oiflag") == Some(&Value::Bool(true));
        let open_interest = words::number(values, "oi").filter(|oi| flagged || !oi.is_zero());
        out.check_number(
            format!("{name}.oi"),
            open_interest,
            q.open_interest.and_then(units),
        );
        same(
            format!("{name}.ltt"),
            &words::epoch(values, "ltt"),
            &q.exchange_time,
            out,
        );
        levels(
            &format!("{name}.bids"),
            list(values, "bids"),
            &found.bids,
            q.bid,
            out,
        );
        levels(
            &format!("{name}.ask"),
            list(values, "ask"),
            &found.asks,
            q.ask,
            out,
        );
    }
}

fn levels(at: &str, rows: &[Value], found: &[DepthLevel], best: Option<Price>, out: &mut Differences) {
    let rows: Vec<&Value> = rows
        .iter()
        .filter(|row| words::price(row, "price").is_some() && words::price(row, "volume").is_some())
        .collect();
    if rows.len() != found.len() {
        return out.say(at, format!("{} levels instead of {}", found.len(), rows.len()));
    }
    for (i, (row, level)) in rows.iter().zip(found).enumerate() {
        let price = Some(level.price.decimal());
        out.check_number(format!("{at}[{i}].price"), words::number(row, "price"), price);
        out.check_number(
            format!("{at}[{i}].volume"),
            words::number(row, "volume"),
            units(level.quantity),
        );
        let orders = level.orders.map(Decimal::from);
        out.check_number(format!("{at}[{i}].ord"), words::number(row, "ord"), orders);
    }
    same(
        format!("{at} best"),
        &found.first().map(|level| level.price),
        &best,
        out,
    );
}

pub(super) fn candles(reply: &Reply<'_>, out: &mut Differences) {
    let rows = list(reply.body(), "candles");
    let starts: Vec<Timestamp> = rows
        .iter()
        .filter_map(|row| Timestamp::from_second(row.get(0)?.as_i64()?).ok())
        .collect();
    if starts.len() != rows.len() {
        return out.say("candles", "a row has no time");
    }
    let whole_days = starts
        .iter()
        .all(|at| at.as_second().rem_euclid(86_400) == 0 || IST::civil(*at).time() == Time::midnight());
    let today = IST::date(super::now());
    let exchange = match rows.first().and_then(|row| row.get(6)) {
        Some(_) => Exchange::Nfo,
        None => Exchange::Nse,
    };
    let (account, ids) = reply.account_of(&[(exchange, "NSE:SBIN-EQ")]);
    let query = CandleQuery {
        instrument: ids[0].clone(),
        interval: if whole_days {
            CandleInterval::Day
        } else {
            CandleInterval::Minutes(1)
        },
        from: starts.iter().min().map_or(today, |at| IST::date(*at)),
        to: starts.iter().max().map_or(today, |at| IST::date(*at)),
    };
    each(
        rows,
        block_on(account.candles(&query)),
        out,
        |at, row, found, out| {
            candle(at, row, found, whole_days, out);
        },
    );
}

fn candle(at: &str, row: &Value, found: &Candle, whole_days: bool, out: &mut Differences) {
    let figure = |i: usize| row.get(i).and_then(decimal);
    let start = figure(0).zip(Some(found.start.as_second()));
    if let Some((told, start)) = start {
        let told = told.to_string().parse().unwrap_or_default();
        let expected = Timestamp::from_second(told).unwrap_or_default();
        if whole_days {
            same(
                format!("{at}.date"),
                &IST::date(expected),
                &IST::date(found.start),
                out,
            );
            same(
                format!("{at}.hour"),
                &Time::midnight(),
                &IST::civil(found.start).time(),
                out,
            );
        } else {
            same(format!("{at}.time"), &told, &start, out);
        }
    }
    let prices = [found.open, found.high, found.low, found.close];
    for (i, (name, price)) in ["open", "high", "low", "close"].iter().zip(prices).enumerate() {
        out.check_number(format!("{at}.{name}"), figure(i + 1), Some(price.decimal()));
    }
    out.check_number(format!("{at}.volume"), figure(5), units(found.volume));
    out.check_number(format!("{at}.oi"), figure(6), found.open_interest.and_then(units));
}
