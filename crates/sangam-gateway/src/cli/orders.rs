//! `sangam orders`: place, modify, cancel, status, list.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::args::{Common, Modify, Orders, Place, SideArg};
use super::client::Client;
use super::table;

const HEADINGS: [&str; 12] = [
    "order", "time", "broker", "symbol", "side", "type", "product", "quantity", "filled", "price", "average",
    "status",
];

/// Runs one of the commands.
pub(crate) async fn run(common: &Common, command: Orders) -> Result<()> {
    let client = Client::new(common)?;
    match command {
        Orders::Place(args) => place(common, &client, &args).await,
        Orders::Modify(args) => modify(common, &client, &args).await,
        Orders::Cancel { order } => {
            client
                .post(
                    "cancelorder",
                    json!({"strategy": "command line", "orderid": order}),
                )
                .await?;
            show(common, &client, &order).await
        }
        Orders::Status { order } => show(common, &client, &order).await,
        Orders::List => list(common, &client).await,
    }
}

/// `EXCHANGE:SYMBOL` in two.
pub(crate) fn split(instrument: &str) -> Result<(&str, &str)> {
    instrument
        .split_once(':')
        .filter(|(exchange, symbol)| !exchange.is_empty() && !symbol.is_empty())
        .with_context(|| format!("{instrument:?} must be written EXCHANGE:SYMBOL, for example NSE:RELIANCE"))
}

async fn place(common: &Common, client: &Client, args: &Place) -> Result<()> {
    let (exchange, symbol) = split(&args.instrument)?;
    let kind = match (&args.limit, &args.trigger) {
        (None, None) => "MARKET",
        (Some(_), None) => "LIMIT",
        (None, Some(_)) => "SL-M",
        (Some(_), Some(_)) => "SL",
    };
    let mut body = json!({
        "strategy": args.strategy,
        "exchange": exchange,
        "symbol": symbol,
        "action": match args.side { SideArg::Buy => "BUY", SideArg::Sell => "SELL" },
        "quantity": args.quantity,
        "pricetype": kind,
        "product": args.product.to_ascii_uppercase(),
        "validity": args.validity.to_ascii_uppercase(),
        "price": args.limit.as_deref().unwrap_or("0"),
        "trigger_price": args.trigger.as_deref().unwrap_or("0"),
    });
    for (name, value) in [
        ("position_effect", &args.effect),
        ("client_order_id", &args.client_order_id),
        ("broker", &args.broker),
    ] {
        if let Some(value) = value {
            body[name] = json!(value);
        }
    }
    let answer = client.post("placeorder", body).await?;
    let order = answer["orderid"]
        .as_str()
        .context("the gateway answered without an order number")?;
    let now = row_of(common, client, order).await?;
    let message = now["message"].as_str();
    // A broker may take an order and refuse it a moment later: a script must not take that for done.
    if now["order_status"] == "rejected" {
        bail!(
            "order {order} was rejected: {}",
            message.unwrap_or("the broker did not say why")
        );
    }
    remark(common, message)
}

async fn modify(common: &Common, client: &Client, args: &Modify) -> Result<()> {
    let answer = client
        .post(
            "orderstatus",
            json!({"strategy": "command line", "orderid": args.order}),
        )
        .await?;
    let now = &answer["data"];
    let kind = match (now["pricetype"].as_str(), &args.limit) {
        (Some("MARKET"), Some(_)) => json!("LIMIT"),
        (Some("SL-M"), Some(_)) => json!("SL"),
        _ => now["pricetype"].clone(),
    };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let body = json!({
        "strategy": "command line",
        "orderid": args.order,
        "exchange": now["exchange"],
        "symbol": now["symbol"],
        "action": now["action"],
        "product": now["product"],
        "pricetype": kind,
        "price": args.limit.clone().unwrap_or_else(|| text(&now["price"])),
        "trigger_price": args.trigger.clone().unwrap_or_else(|| text(&now["trigger_price"])),
        "quantity": args.quantity.map_or_else(|| now["quantity"].clone(), Value::from),
        "disclosed_quantity": 0,
    });
    client.post("modifyorder", body).await?;
    show(common, client, &args.order).await
}

async fn show(common: &Common, client: &Client, order: &str) -> Result<()> {
    let now = row_of(common, client, order).await?;
    remark(common, now["message"].as_str())
}

/// What the broker said of the order, below its row; programs have it in the JSON.
fn remark(common: &Common, message: Option<&str>) -> Result<()> {
    match message.filter(|_| !common.json) {
        Some(message) => table::line(message),
        None => Ok(()),
    }
}

/// Prints the order as it is now, and answers it.
async fn row_of(common: &Common, client: &Client, order: &str) -> Result<Value> {
    let mut answer = client
        .post(
            "orderstatus",
            json!({"strategy": "command line", "orderid": order}),
        )
        .await?;
    let now = answer["data"].take();
    if common.json {
        table::line(&serde_json::to_string_pretty(&now)?)?;
    } else {
        table::print(&HEADINGS, &[row(&now)])?;
    }
    Ok(now)
}

async fn list(common: &Common, client: &Client) -> Result<()> {
    let answer = client.post("orderbook", json!({})).await?;
    let orders = &answer["data"]["orders"];
    if common.json {
        return table::line(&serde_json::to_string_pretty(orders)?);
    }
    let rows: Vec<_> = orders.as_array().into_iter().flatten().map(row).collect();
    table::print(&HEADINGS, &rows)?;
    incomplete(&answer)
}

/// Says which accounts could not be read: what is shown of them may be old.
pub(crate) fn incomplete(answer: &Value) -> Result<()> {
    for missing in answer["incomplete"].as_array().into_iter().flatten() {
        table::line(&format!(
            "not read: {}: {}",
            cell(&missing["account"]),
            cell(&missing["error"])
        ))?;
    }
    Ok(())
}

fn row(order: &Value) -> Vec<String> {
    let symbol = format!("{}:{}", cell(&order["exchange"]), cell(&order["symbol"]));
    [
        cell(&order["orderid"]),
        cell(&order["timestamp"]),
        cell(&order["broker"]),
        symbol,
        cell(&order["action"]),
        cell(&order["pricetype"]),
        cell(&order["product"]),
        cell(&order["quantity"]),
        cell(&order["filled_quantity"]),
        cell(&order["price"]),
        cell(&order["average_price"]),
        cell(&order["order_status"]),
    ]
    .to_vec()
}

/// A value as a cell: texts without quotes, nothing for null.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
