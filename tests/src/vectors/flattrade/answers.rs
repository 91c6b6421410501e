//! Recorded answers: body and status through the adapter, and what it read against what the JSON says.

use std::sync::Arc;

use futures::executor::block_on;
use http::HeaderMap;
use sangam_broker_flattrade::Flattrade;
use sangam_core::ports::{Books as _, Login as _, MarketData as _, OrderEntry as _};
use sangam_core::{
    BrokerName, BrokerOrderId, CancelOrder, CandleInterval, Error, Exchange, InstrumentId, ModifyOrder,
    OrderRequest, PlaceOrder, Pricing, Product, Quantity, Result, Side, Timestamp, Validity,
};
use serde_json::Value;

use super::rows::Row;
use super::{Who, account, failures, plain, text};
use crate::vectors::Verdict;
use crate::vectors::compare::{self, Differences};
use crate::vectors::recording::{NamedSymbols, RecordingTransport};

/// Runs one response item.
pub(super) fn run(operation: &str, item: &Value) -> Verdict {
    let status = compare::http_status(item).unwrap_or(200);
    let bytes = compare::body_bytes(item);
    let body = match serde_json::from_slice(&bytes) {
        Ok(body) => body,
        Err(_) => Value::String(String::from_utf8_lossy(&bytes).into_owned()),
    };
    against(operation, status, bytes, &body)
}

/// Feeds an answer to the adapter and checks what it read against a body.
pub(super) fn against(operation: &str, status: u16, answer: Vec<u8>, body: &Value) -> Verdict {
    let case = Case::new(operation, status, body);
    let mut out = Differences::default();
    let transport = RecordingTransport::answering(status, HeaderMap::new(), answer);
    let mut symbols = NamedSymbols::new(BrokerName::Flattrade);
    let known = match case.names(&mut symbols) {
        Ok(known) => known,
        Err(problem) => return Verdict::Failed(problem),
    };
    let client = text(body, "client").filter(|client| !client.is_empty());
    let who = Who {
        uid: client.unwrap_or("FT000000").to_owned(),
        ..Who::default()
    };
    let adapter = account(who, transport.clone(), transport, Arc::new(symbols));
    block_on(case.check(&adapter, &known, &mut out));
    out.into()
}

struct Case<'a> {
    operation: &'a str,
    status: u16,
    body: &'a Value,
    /// The rows of a list answer, each parsed where it came as text.
    rows: Vec<Value>,
}

impl<'a> Case<'a> {
    fn new(operation: &'a str, status: u16, body: &'a Value) -> Self {
        let list = match operation {
            "search_scrip" => body.get("values").and_then(Value::as_array),
            _ => body.as_array(),
        };
        let rows = list.into_iter().flatten().map(|row| match row {
            Value::String(document) => serde_json::from_str(document).unwrap_or(Value::Null),
            row => row.clone(),
        });
        Self {
            operation,
            status,
            body,
            rows: rows.collect(),
        }
    }

    /// Enters every name of the answer in the symbol table; the instrument asked for, and one for each row.
    fn names(&self, symbols: &mut NamedSymbols) -> std::result::Result<Vec<InstrumentId>, String> {
        let mut add = |row: &Value| {
            let exchange: Exchange = match text(row, "exch") {
                Some(code) => code.parse().map_err(|error| format!("exch: {error}"))?,
                None => Exchange::Nse,
            };
            let token = plain(row.get("token")).unwrap_or_default();
            Ok(symbols.add(exchange, text(row, "tsym").unwrap_or("VECTOR-EQ"), &token))
        };
        if self.rows.is_empty() {
            return Ok(vec![add(self.body)?]);
        }
        self.rows.iter().map(add).collect()
    }

    /// Whether the body is a success by its own words.
    fn succeeds(&self) -> bool {
        let ok = |body: &Value| text(body, "stat").is_some_and(|stat| stat.eq_ignore_ascii_case("ok"));
        let fine = match self.operation {
            "token_exchange" => text(self.body, "token").is_some_and(|token| !token.is_empty()),
            "eod_chart" => {
                self.body.is_array() || self.body.as_str().is_some_and(|text| text.trim().is_empty())
            }
            "place_order" => ok(self.body) && text(self.body, "norenordno").is_some(),
            "modify_order" | "cancel_order" => ok(self.body) && text(self.body, "result").is_some(),
            _ => self.body.is_array() || ok(self.body),
        };
        let nothing = matches!(
            self.operation,
            "order_book"
                | "trade_book"
                | "positions"
                | "holdings"
                | "search_scrip"
                | "time_price_series"
                | "eod_chart"
        ) && failures::is_no_data(self.body);
        (200..300).contains(&self.status) && (fine || nothing)
    }

    fn row<'r>(&self, index: usize, json: &'r Value) -> Row<'r> {
        Row {
            at: format!("{}[{index}]", self.operation),
            json,
        }
    }

    fn whole(&self) -> Row<'a> {
        Row {
            at: self.operation.to_owned(),
            json: self.body,
        }
    }

    async fn check(&self, adapter: &Flattrade, known: &[InstrumentId], out: &mut Differences) {
        match self.operation {
            "place_order" => {
                let order = placement(&known[0]);
                let placed = adapter.place(&order).await;
                self.id("norenordno", placed.map(|placed| placed.broker_order_id), out);
            }
            "modify_order" => {
                let accepted = adapter.modify(&change(&known[0], self.asked())).await;
                self.id("result", accepted.map(|accepted| accepted.broker_order_id), out);
            }
            "cancel_order" => {
                let cancel = CancelOrder {
                    broker_order_id: self.asked(),
                    algo: None,
                };
                let accepted = adapter.cancel(&cancel).await;
                self.id("result", accepted.map(|accepted| accepted.broker_order_id), out);
            }
            "order_book" => self.list(adapter.order_book().await, false, out, |row, i, found, out| {
                row.order(&known[i], found, out);
            }),
            "single_order_history" => {
                let history = adapter.order_history(&self.asked()).await;
                self.list(history, true, out, |row, i, found, out| {
                    row.order(&known[i], found, out)
                });
            }
            "trade_book" => self.list(adapter.trades().await, false, out, |row, i, found, out| {
                row.trade(&known[i], found, out);
            }),
            "positions" => self.list(adapter.positions().await, false, out, |row, i, found, out| {
                row.position(&known[i], found, out);
            }),
            "holdings" => self.list(adapter.holdings().await, false, out, |row, _, found, out| {
                row.holding(found, out);
            }),
            "limits" => self.one(adapter.funds().await, out, |row, found, out| {
                row.funds(&found, out)
            }),
            "quotes" => {
                let quotes = adapter.quotes(&known[..1]).await;
                let quote = quotes.and_then(|mut quotes| quotes.remove(0).1);
                let depth = adapter.depth(&known[0]).await;
                if let (Ok(quote), Ok(depth)) = (&quote, &depth)
                    && *quote != depth.quote
                {
                    out.say("quotes", "quote and depth of one answer disagree");
                }
                self.one(quote, out, |_, _, _| ());
                self.one(depth, out, |row, found, out| row.depth(&found, out));
            }
            "time_price_series" => {
                self.candles(adapter, &known[0], CandleInterval::Minutes(5), out)
                    .await
            }
            "eod_chart" => self.candles(adapter, &known[0], CandleInterval::Day, out).await,
            "search_scrip" => {
                let hits = adapter.search(None, "anything").await;
                self.list(hits, false, out, |row, _, found, out| {
                    let json = row.json;
                    let at = &row.at;
                    out.check_text(format!("{at}.token"), text(json, "token"), Some(&found.token));
                    let name = &found.instrument.broker_symbol;
                    out.check_text(format!("{at}.tsym"), text(json, "tsym"), Some(name));
                    out.check_number(
                        format!("{at}.ls"),
                        json.get("ls").and_then(compare::decimal),
                        found.lot.map(|lot| lot.units().into()),
                    );
                    out.check_number(
                        format!("{at}.ti"),
                        json.get("ti").and_then(compare::decimal),
                        found.tick.map(|tick| tick.decimal()),
                    );
                });
            }
            "user_details" => self.one(adapter.check_session().await, out, |row, found, out| {
                out.check_text("actid", text(row.json, "actid"), found.user_id.as_deref());
            }),
            "token_exchange" => self.one(
                adapter.exchange_code("vector-code").await,
                out,
                |row, found, out| {
                    out.check_text("token", text(row.json, "token"), Some(found.token.expose()));
                    out.check_text("client", text(row.json, "client"), found.user_id.as_deref());
                },
            ),
            "logout" => self.one(adapter.log_out().await, out, |_, (), _| ()),
            other => out.say(
                "operation",
                format!("the runner does not know the operation {other}"),
            ),
        }
    }

    async fn candles(
        &self,
        adapter: &Flattrade,
        known: &InstrumentId,
        interval: CandleInterval,
        out: &mut Differences,
    ) {
        let candles = adapter
            .candles_between(known, interval, Timestamp::UNIX_EPOCH, Timestamp::MAX)
            .await;
        self.list(candles, true, out, |row, _, found, out| row.candle(found, out));
    }

    /// The order a modification or history asks about: the one its answer names.
    fn asked(&self) -> BrokerOrderId {
        let named =
            text(self.body, "result").or_else(|| self.rows.first().and_then(|row| text(row, "norenordno")));
        BrokerOrderId::new(named.filter(|id| !id.is_empty()).unwrap_or("26120100000011"))
            .expect("digits are an order number")
    }

    fn id(&self, key: &str, ended: Result<BrokerOrderId>, out: &mut Differences) {
        self.one(ended, out, |row, found, out| {
            out.check_text(key, text(row.json, key), Some(found.as_str()));
        });
    }

    /// Checks a call that answers one thing.
    fn one<T>(
        &self,
        ended: Result<T>,
        out: &mut Differences,
        check: impl FnOnce(Row<'_>, T, &mut Differences),
    ) {
        if let Some(found) = self.ended(ended, out) {
            check(self.whole(), found, out);
        }
    }

    /// Checks a call that answers a list; `reversed` when the broker sends the newest first and we the oldest.
    fn list<T>(
        &self,
        ended: Result<Vec<T>>,
        reversed: bool,
        out: &mut Differences,
        check: impl Fn(Row<'_>, usize, &T, &mut Differences),
    ) {
        let Some(mut found) = self.ended(ended, out) else {
            return;
        };
        if reversed {
            found.reverse();
        }
        if found.len() != self.rows.len() {
            out.note("rows", Some(self.rows.len().into()), Some(found.len().into()));
            return;
        }
        for (i, (json, found)) in self.rows.iter().zip(&found).enumerate() {
            check(self.row(i, json), i, found, out);
        }
    }

    /// A success where the body is one; else the failure is checked.
    fn ended<T>(&self, ended: Result<T>, out: &mut Differences) -> Option<T> {
        match (self.succeeds(), ended) {
            (true, Ok(found)) => Some(found),
            (true, Err(error)) => {
                out.say(
                    self.operation,
                    format!("a success was read as a failure: {error}"),
                );
                None
            }
            (false, Ok(_)) => {
                out.say(self.operation, "a failure was read as a success");
                None
            }
            (false, Err(error)) => {
                self.failed(&error, out);
                None
            }
        }
    }

    fn failed(&self, error: &Error, out: &mut Differences) {
        failures::check(self.operation, self.status, self.body, error, out);
    }
}

fn placement(instrument: &InstrumentId) -> PlaceOrder {
    PlaceOrder {
        request: OrderRequest {
            instrument: instrument.clone(),
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

fn change(instrument: &InstrumentId, id: BrokerOrderId) -> ModifyOrder {
    ModifyOrder {
        broker_order_id: id,
        instrument: instrument.clone(),
        pricing: Pricing::Market,
        quantity: Quantity::new(1).ok(),
        validity: None,
        disclosed: None,
        algo: None,
    }
}
