//! Replies: fed to the adapter's call of the operation, then judged as a failure or compared row by row.

use futures::executor::block_on;
use http::{HeaderMap, HeaderName};
use sangam_broker_fyers::Fyers;
use sangam_core::ports::{Books as _, Login as _, MarketData as _, OrderEntry as _};
use sangam_core::{
    BrokerName, BrokerOrderId, CancelOrder, CandleInterval, CandleQuery, Error, Exchange, ModifyOrder,
    Operation, OrderRequest, PlaceOrder, Pricing, Product, Quantity, Side, Validity,
};
use serde_json::Value;

use super::super::Verdict;
use super::super::compare::{Differences, body_bytes, http_status};
use super::super::recording::{NamedSymbols, RecordingTransport};
use super::failures::{Expected, expected};
use super::{Setup, account, market, not_offered, rows, text, words};

/// The symbol of calls whose reply names none.
const SYMBOL: &str = "NSE:SBIN-EQ";

/// A reply and where it goes.
pub(super) struct Reply<'a> {
    item: &'a Value,
    status: u16,
    headers: HeaderMap,
}

pub(super) fn run(operation: &str, item: &Value) -> Verdict {
    if operation == "order_socket" {
        return Verdict::NotOffered("socket");
    }
    let Some(status) = http_status(item) else {
        return Verdict::Failed("the item has no http_status".to_owned());
    };
    let reply = Reply {
        item,
        status,
        headers: headers(item),
    };
    let mut out = Differences::default();
    match expected(item, status, &reply.headers) {
        Some(expected) => match operations(operation, &expected, reply.body()) {
            Err(reason) => return Verdict::NotOffered(reason),
            Ok(operations) => {
                for operation in operations {
                    match reply.error(operation) {
                        Some(error) => expected.check(operation, &error, &mut out),
                        None => out.say(operation.as_str(), "taken as a success"),
                    }
                }
            }
        },
        None => {
            if let Some(reason) = not_offered(operation) {
                return Verdict::NotOffered(reason);
            }
            success(operation, &reply, &mut out);
        }
    }
    out.into()
}

fn headers(item: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let recorded = item.get("headers").and_then(Value::as_object);
    for (name, value) in recorded.into_iter().flatten() {
        let value = value.as_str().and_then(|value| value.parse().ok());
        if let (Ok(name), Some(value)) = (HeaderName::try_from(name), value) {
            headers.insert(name, value);
        }
    }
    headers
}

/// The calls a failed reply is tried on. One that says ok and is of a call that is not offered has nothing to be tried
/// on.
fn operations(operation: &str, expected: &Expected, body: &Value) -> Result<Vec<Operation>, &'static str> {
    use Operation as O;
    const COMMANDS: [Operation; 3] = [O::Place, O::Modify, O::Cancel];
    Ok(match operation {
        "place_order" => vec![O::Place],
        "modify_order" => vec![O::Modify],
        "cancel_order" => vec![O::Cancel],
        "orderbook" => vec![O::Orders],
        "tradebook" => vec![O::Trades],
        "positions" => vec![O::Positions],
        "holdings" => vec![O::Holdings],
        "funds" => vec![O::Funds],
        "quotes" => vec![O::Quotes],
        "depth" => vec![O::Depth],
        "history" => vec![O::Candles],
        "profile" => vec![O::SessionCheck],
        "auth" => vec![O::Login],
        _ if expected.is_of_orders() => COMMANDS.to_vec(),
        other => match not_offered(other) {
            // The broker's error form is the same on every call.
            Some(_) if words::word(body, "s").as_deref() == Some("error") => vec![O::Funds, O::Quotes],
            Some(reason) => return Err(reason),
            None => O::ALL.to_vec(),
        },
    })
}

impl Reply<'_> {
    pub(super) fn body(&self) -> &Value {
        self.item.get("body").unwrap_or(&Value::Null)
    }

    /// An account that is answered so, knowing these names.
    fn account(&self, symbols: NamedSymbols) -> Fyers {
        let transport =
            RecordingTransport::answering(self.status, self.headers.clone(), body_bytes(self.item));
        account(&Setup::default(), transport.clone(), transport, symbols)
    }

    /// The error a call ends in, or `None` when it ends well.
    fn error(&self, operation: Operation) -> Option<Error> {
        let mut symbols = NamedSymbols::new(BrokerName::Fyers);
        let instrument = symbols.add(Exchange::Nse, SYMBOL, "3045");
        let id: BrokerOrderId = words::word(self.body(), "id")
            .unwrap_or_else(|| "25092600001234".to_owned())
            .parse()
            .ok()?;
        let account = self.account(symbols);
        let pricing = Pricing::Limit {
            limit: "800".parse().ok()?,
        };
        match operation {
            Operation::Place => block_on(account.place(&PlaceOrder {
                request: OrderRequest {
                    instrument,
                    side: Side::Buy,
                    quantity: Quantity::new(10).ok()?,
                    pricing,
                    product: Product::Delivery,
                    validity: Validity::Day,
                    disclosed: Quantity::ZERO,
                    after_market: false,
                    position_effect: None,
                },
                tag: None,
                algo: None,
            }))
            .err(),
            Operation::Modify => block_on(account.modify(&ModifyOrder {
                broker_order_id: id,
                instrument,
                pricing,
                quantity: None,
                validity: None,
                disclosed: None,
                algo: None,
            }))
            .err(),
            Operation::Cancel => block_on(account.cancel(&CancelOrder {
                broker_order_id: id,
                algo: None,
            }))
            .err(),
            Operation::Orders => block_on(account.order_book()).err(),
            Operation::Trades => block_on(account.trades()).err(),
            Operation::Positions => block_on(account.positions()).err(),
            Operation::Holdings => block_on(account.holdings()).err(),
            Operation::Funds => block_on(account.funds()).err(),
            Operation::Quotes => match block_on(account.quotes(&[instrument])) {
                Ok(mut results) => results.pop()?.1.err(),
                Err(error) => Some(error),
            },
            Operation::Depth => block_on(account.depth(&instrument)).err(),
            Operation::Candles => block_on(account.candles(&CandleQuery {
                instrument,
                interval: CandleInterval::Day,
                from: "2025-09-01".parse().ok()?,
                to: "2025-09-30".parse().ok()?,
            }))
            .err(),
            Operation::SessionCheck => block_on(account.check_session()).err(),
            Operation::Login => {
                // Both ends of a session read the same form; the kinds must agree.
                let exchange = block_on(account.exchange_code("TEST-AUTH-CODE")).err();
                let log_out = block_on(account.log_out()).err();
                match (&exchange, &log_out) {
                    (Some(a), Some(b)) if a.kind() == b.kind() => exchange,
                    _ => None,
                }
            }
        }
    }
}

fn success(operation: &str, reply: &Reply<'_>, out: &mut Differences) {
    let body = reply.body();
    let symbols = rows::symbols(body);
    let account = reply.account(symbols);
    match operation {
        "place_order" => placed(&account, body, out),
        "modify_order" | "cancel_order" => {
            let error = match operation {
                "modify_order" => reply.error(Operation::Modify),
                _ => reply.error(Operation::Cancel),
            };
            if let Some(error) = error {
                out.say(operation, error.to_string());
            }
        }
        "orderbook" => rows::order_book(&account, body, out),
        "tradebook" => rows::trade_book(&account, body, out),
        "positions" => rows::positions(&account, body, out),
        "holdings" => rows::holdings(&account, body, out),
        "funds" => rows::funds(&account, body, out),
        "quotes" => market::quotes(reply, out),
        "depth" => market::depth(reply, out),
        "history" => market::candles(reply, out),
        "profile" => match block_on(account.check_session()) {
            Ok(check) => out.check_text(
                "fy_id",
                body.pointer("/data/fy_id").and_then(Value::as_str),
                check.user_id.as_deref(),
            ),
            Err(error) => out.say("profile", error.to_string()),
        },
        "auth" if body.get("access_token").is_some() => {
            match block_on(account.exchange_code("TEST-AUTH-CODE")) {
                Ok(session) => out.check_text(
                    "access_token",
                    text(body, "access_token"),
                    Some(session.token.expose()),
                ),
                Err(error) => out.say("exchange", error.to_string()),
            }
        }
        "auth" => {
            if let Err(error) = block_on(account.log_out()) {
                out.say("log-out", error.to_string());
            }
        }
        other => out.say(other, "is neither offered nor on the list of those that are not"),
    }
}

/// A placement is answered with the order's number; one cut into slices with the first of them, and all in the message.
fn placed(account: &Fyers, body: &Value, out: &mut Differences) {
    let mut ids: Vec<String> = words::word(body, "id").into_iter().collect();
    for slice in body.get("data").and_then(Value::as_array).into_iter().flatten() {
        ids.extend(slice.get("body").and_then(|body| words::word(body, "id")));
    }
    let order = PlaceOrder {
        request: OrderRequest {
            instrument: rows::any_instrument(),
            side: Side::Sell,
            quantity: Quantity::ZERO,
            pricing: Pricing::Market,
            product: Product::Intraday,
            validity: Validity::Day,
            disclosed: Quantity::ZERO,
            after_market: false,
            position_effect: None,
        },
        tag: None,
        algo: None,
    };
    match block_on(account.place(&order)) {
        Ok(placed) => {
            out.check_text(
                "id",
                ids.first().map(String::as_str),
                Some(placed.broker_order_id.as_str()),
            );
            let message = placed.message.unwrap_or_default();
            for id in ids.iter().skip(1).filter(|id| !message.contains(*id)) {
                out.say("message", format!("does not name {id}"));
            }
        }
        Err(error) => out.say("place", error.to_string()),
    }
}

impl Reply<'_> {
    /// An account that is answered so and knows one symbol, with that symbol's name here.
    pub(super) fn account_of(&self, symbols: &[(Exchange, &str)]) -> (Fyers, Vec<sangam_core::InstrumentId>) {
        let mut table = NamedSymbols::new(BrokerName::Fyers);
        let ids = symbols
            .iter()
            .map(|(exchange, symbol)| table.add(*exchange, symbol, ""))
            .collect();
        (self.account(table), ids)
    }
}
