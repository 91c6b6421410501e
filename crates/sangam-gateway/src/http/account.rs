//! What is asked with the key alone: ping, funds, orderbook, tradebook, positionbook, holdings. Each gathers over all
//! accounts; an account that could not be read is named under `incomplete`, never left out in silence.

use axum::extract::State;
use axum::response::Response;
use rust_decimal::Decimal;
use sangam::core::{BrokerName, Error, IST, Money, Price};
use sangam::{Gathered, Row};
use serde::Serialize;

use super::body::RawBody;
use super::fields::Fields;
use super::num::Num;
use super::order_row::{OrderRow, order_row};
use super::orders::answer;
use super::reply::{self, Refusal};
use super::state::Gateway;
use super::words;

/// Reads a body that has nothing but the key.
pub(crate) fn key_only(gateway: &Gateway, body: &[u8]) -> Result<(), Refusal> {
    let body = reply::object(body)?;
    let mut fields = Fields::new(&body);
    let key = fields.text("apikey");
    gateway.admit_then(
        key.as_deref(),
        fields.finish().map_err(|faults| Refusal::faults_object(&faults)),
    )
}

#[derive(Serialize)]
struct Incomplete {
    account: String,
    error: String,
}

#[derive(Serialize)]
struct Answer<T> {
    data: T,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    incomplete: Vec<Incomplete>,
}

/// The rows with a note of what is missing; an error when nothing could be read at all.
fn gathered<T, U>(
    gateway: &Gateway,
    gathered: Gathered<T>,
    shape: impl FnOnce(Vec<Row<T>>) -> U,
) -> Result<Response, Refusal>
where
    U: Serialize,
{
    if gathered.read == 0
        && let Some((account, error)) = gathered.failed.first()
    {
        return Err(reply::broker_refusal(error).with("account", account.as_str()));
    }
    let incomplete = gathered
        .failed
        .iter()
        .map(|(account, error): &(_, Error)| Incomplete {
            account: account.to_string(),
            error: error.to_string(),
        })
        .collect();
    Ok(gateway.success(Answer {
        data: shape(gathered.rows),
        incomplete,
    }))
}

/// Whether the gateway is there and the key is right.
pub(crate) async fn ping(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    #[derive(Serialize)]
    struct Pong {
        message: &'static str,
        broker: String,
        simulated: bool,
    }
    answer(key_only(&gateway, &body).map(|()| {
        let brokers = gateway.system().brokers();
        let names: Vec<_> = brokers.iter().map(|b| b.broker.as_str()).collect();
        gateway.data(Pong {
            message: "pong",
            broker: names.join(","),
            simulated: brokers.iter().any(|b| b.simulated),
        })
    }))
}

/// Funds over all accounts.
pub(crate) async fn funds(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(funds_inner(&gateway, &body).await)
}

#[derive(Serialize)]
struct FundsOf {
    account: String,
    broker: BrokerName,
    availablecash: String,
    utiliseddebits: String,
}

#[derive(Serialize)]
struct FundsData {
    availablecash: String,
    collateral: String,
    m2mrealized: String,
    m2munrealized: String,
    utiliseddebits: String,
    accounts: Vec<FundsOf>,
}

async fn funds_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    key_only(gateway, body)?;
    let two = |amount: Decimal| format!("{:.2}", amount.round_dp(2));
    gathered(gateway, gateway.system().funds().await, |rows| {
        let sum = |part: fn(&sangam::core::Funds) -> Money| {
            let counted = rows.iter().filter(|row| gateway.counts(&row.account));
            two(counted.map(|row| part(&row.value).decimal()).sum::<Decimal>())
        };
        FundsData {
            availablecash: sum(|f| f.available),
            collateral: sum(|f| f.collateral),
            m2mrealized: sum(|f| f.realised),
            m2munrealized: sum(|f| f.unrealised),
            utiliseddebits: sum(|f| f.used),
            accounts: rows
                .iter()
                .map(|row| FundsOf {
                    account: row.account.to_string(),
                    broker: row.broker,
                    availablecash: two(row.value.available.decimal()),
                    utiliseddebits: two(row.value.used.decimal()),
                })
                .collect(),
        }
    })
}

/// Today's orders.
pub(crate) async fn order_book(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(order_book_inner(&gateway, &body).await)
}

#[derive(Serialize)]
struct Statistics {
    total_buy_orders: usize,
    total_sell_orders: usize,
    total_completed_orders: usize,
    total_open_orders: usize,
    total_rejected_orders: usize,
}

#[derive(Serialize)]
struct OrderBook {
    orders: Vec<OrderRow>,
    statistics: Statistics,
}

async fn order_book_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    key_only(gateway, body)?;
    let today = gateway
        .system()
        .orders_today()
        .await
        .map_err(|error| reply::desk_refusal(&error))?;
    let orders: Vec<_> = today
        .orders
        .iter()
        .map(|order| order_row(gateway, order))
        .collect();
    let count = |wanted: &dyn Fn(&OrderRow) -> bool| orders.iter().filter(|row| wanted(row)).count();
    let statistics = Statistics {
        total_buy_orders: count(&|row| row.side() == "BUY"),
        total_sell_orders: count(&|row| row.side() == "SELL"),
        total_completed_orders: count(&|row| row.status() == "complete"),
        total_open_orders: count(&|row| row.status() == "open"),
        total_rejected_orders: count(&|row| row.status() == "rejected"),
    };
    let unread = today.failed.into_iter().map(|(account, error)| Incomplete {
        account: account.to_string(),
        error,
    });
    Ok(gateway.success(Answer {
        data: OrderBook { orders, statistics },
        incomplete: unread.collect(),
    }))
}

/// Today's trades.
pub(crate) async fn trade_book(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(trade_book_inner(&gateway, &body).await)
}

#[derive(Serialize)]
struct TradeRow {
    action: &'static str,
    average_price: Num,
    exchange: String,
    orderid: String,
    product: String,
    quantity: u64,
    symbol: String,
    timestamp: String,
    trade_value: Num,
    tradeid: String,
    broker: BrokerName,
    account: String,
}

async fn trade_book_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    key_only(gateway, body)?;
    let trades = gateway.system().trades().await;
    gathered(gateway, trades, |rows| {
        rows.into_iter()
            .map(|row| {
                let (exchange, symbol) = name(gateway, &row.value.fill.instrument);
                let fill = &row.value.fill;
                TradeRow {
                    action: fill.side.as_str(),
                    average_price: Num(fill.price.decimal()),
                    exchange,
                    // A trade of an order that was not ours shows the broker's own number behind its name.
                    orderid: row.value.order.map_or_else(
                        || format!("{}:{}", row.broker, fill.order_id),
                        |number| number.to_string(),
                    ),
                    product: fill.product.as_ref().map(ToString::to_string).unwrap_or_default(),
                    quantity: fill.quantity.units(),
                    symbol,
                    timestamp: fill.at.map(words::timestamp).unwrap_or_default(),
                    trade_value: fill
                        .price
                        .times(fill.quantity)
                        .map(Num::money)
                        .unwrap_or_default(),
                    tradeid: fill.trade_id.to_string(),
                    broker: row.broker,
                    account: row.account.to_string(),
                }
            })
            .collect::<Vec<_>>()
    })
}

/// Positions over all accounts, each account's apart.
pub(crate) async fn position_book(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(position_book_inner(&gateway, &body).await)
}

#[derive(Serialize)]
struct PositionRow {
    average_price: Num,
    exchange: String,
    ltp: Num,
    pnl: Num,
    product: String,
    quantity: i64,
    symbol: String,
    broker: BrokerName,
    account: String,
}

async fn position_book_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    key_only(gateway, body)?;
    gathered(gateway, gateway.system().positions().await, |rows| {
        rows.into_iter()
            .map(|row| {
                let (exchange, symbol) = name(gateway, &row.value.instrument);
                let position = &row.value;
                let realised = position.realised.map(Money::decimal).unwrap_or_default();
                let unrealised = position.unrealised.map(Money::decimal).unwrap_or_default();
                PositionRow {
                    average_price: Num::price(position.average_price),
                    exchange,
                    ltp: Num::price(position.last_price),
                    pnl: Num((realised + unrealised).round_dp(2)),
                    product: position
                        .product
                        .as_ref()
                        .map(ToString::to_string)
                        .unwrap_or_default(),
                    quantity: position.net.units(),
                    symbol,
                    broker: row.broker,
                    account: row.account.to_string(),
                }
            })
            .collect::<Vec<_>>()
    })
}

/// Holdings over all accounts, each account's apart.
pub(crate) async fn holdings(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(holdings_inner(&gateway, &body).await)
}

#[derive(Serialize)]
struct HoldingRow {
    average_price: Num,
    exchange: String,
    ltp: Num,
    pnl: Num,
    pnlpercent: Num,
    product: &'static str,
    quantity: u64,
    symbol: String,
    broker: BrokerName,
    account: String,
}

#[derive(Serialize)]
struct HoldingStatistics {
    totalholdingvalue: Num,
    totalinvvalue: Num,
    totalprofitandloss: Num,
    totalpnlpercentage: Num,
}

#[derive(Serialize)]
struct Holdings {
    holdings: Vec<HoldingRow>,
    statistics: HoldingStatistics,
}

async fn holdings_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    key_only(gateway, body)?;
    let mut found = gateway.system().holdings().await;
    gateway.system().price_holdings(&mut found.rows).await;
    gathered(gateway, found, |rows| {
        let mut invested = Decimal::ZERO;
        let mut value = Decimal::ZERO;
        let holdings: Vec<_> = rows
            .into_iter()
            .map(|row| {
                let (exchange, symbol) = name(gateway, &row.value.instrument);
                let units = Decimal::from(row.value.quantity.units());
                let cost = row.value.average_price.map(Price::decimal).unwrap_or_default() * units;
                let worth = row.value.last_price.map(Price::decimal).unwrap_or_default() * units;
                invested += cost;
                value += worth;
                HoldingRow {
                    average_price: Num::price(row.value.average_price),
                    exchange,
                    ltp: Num::price(row.value.last_price),
                    pnl: Num((worth - cost).round_dp(2)),
                    pnlpercent: percent(worth - cost, cost),
                    product: "CNC",
                    quantity: row.value.quantity.units(),
                    symbol,
                    broker: row.broker,
                    account: row.account.to_string(),
                }
            })
            .collect();
        Holdings {
            holdings,
            statistics: HoldingStatistics {
                totalholdingvalue: Num(value.round_dp(2)),
                totalinvvalue: Num(invested.round_dp(2)),
                totalprofitandloss: Num((value - invested).round_dp(2)),
                totalpnlpercentage: percent(value - invested, invested),
            },
        }
    })
}

fn percent(part: Decimal, whole: Decimal) -> Num {
    if whole.is_zero() {
        return Num::default();
    }
    Num((part * Decimal::ONE_HUNDRED / whole).round_dp(2))
}

/// Exchange and symbol of a row: ours where the broker's name is in the table, else the broker's own.
fn name(gateway: &Gateway, instrument: &sangam::core::BookInstrument) -> (String, String) {
    match &instrument.id {
        Some(id) => (id.exchange.to_string(), gateway.system().outside_symbol(id)),
        None => (
            instrument
                .exchange
                .map(|exchange| exchange.to_string())
                .unwrap_or_default(),
            instrument.broker_symbol.clone(),
        ),
    }
}

/// Today in India, for headings.
pub(crate) fn today(gateway: &Gateway) -> String {
    IST::date(gateway.system().now()).to_string()
}
