//! `sangam quote, positions, holdings, funds, brokers`: one call, one table.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::args::{Common, Quote};
use super::client::Client;
use super::orders::{cell, incomplete, split};
use super::table;

/// Quotes.
pub(crate) async fn quote(common: &Common, args: &Quote) -> Result<()> {
    let mut symbols = Vec::new();
    for instrument in &args.instruments {
        let (exchange, symbol) = split(instrument)?;
        symbols.push(json!({"exchange": exchange, "symbol": symbol}));
    }
    let answer = Client::new(common)?
        .post("multiquotes", json!({"symbols": symbols}))
        .await?;
    let rows = &answer["results"];
    if common.json {
        table::line(&serde_json::to_string_pretty(rows)?)?;
        return all_there(rows);
    }
    let headings = [
        "symbol",
        "last",
        "bid",
        "ask",
        "open",
        "high",
        "low",
        "prev close",
        "volume",
        "broker",
        "age ms",
        "error",
    ];
    let fields = [
        "ltp",
        "bid",
        "ask",
        "open",
        "high",
        "low",
        "prev_close",
        "volume",
        "broker",
        "age_ms",
    ];
    show(rows, &headings, |row| {
        let mut cells = vec![format!("{}:{}", cell(&row["exchange"]), cell(&row["symbol"]))];
        cells.extend(fields.iter().map(|field| cell(&row["data"][*field])));
        cells.push(cell(&row["error"]));
        cells
    })?;
    all_there(rows)
}

fn all_there(rows: &Value) -> Result<()> {
    let rows = rows.as_array().map_or(&[][..], Vec::as_slice);
    let missing = rows.iter().filter(|row| row["error"].is_string()).count();
    if missing > 0 {
        bail!("{missing} of {} instruments have no quote", rows.len());
    }
    Ok(())
}

/// Positions.
pub(crate) async fn positions(common: &Common) -> Result<()> {
    let answer = Client::new(common)?.post("positionbook", json!({})).await?;
    let fields = [
        "account",
        "exchange",
        "symbol",
        "product",
        "quantity",
        "average_price",
        "ltp",
        "pnl",
    ];
    list(common, &answer, &answer["data"], &fields)
}

/// Holdings.
pub(crate) async fn holdings(common: &Common) -> Result<()> {
    let answer = Client::new(common)?.post("holdings", json!({})).await?;
    let fields = [
        "account",
        "exchange",
        "symbol",
        "quantity",
        "average_price",
        "ltp",
        "pnl",
        "pnlpercent",
    ];
    list(common, &answer, &answer["data"]["holdings"], &fields)
}

/// Funds.
pub(crate) async fn funds(common: &Common) -> Result<()> {
    let answer = Client::new(common)?.post("funds", json!({})).await?;
    if common.json {
        return table::line(&serde_json::to_string_pretty(&answer["data"])?);
    }
    let fields = ["account", "broker", "availablecash", "utiliseddebits"];
    list(common, &answer, &answer["data"]["accounts"], &fields)?;
    table::line(&format!(
        "\navailable over all accounts: {}",
        cell(&answer["data"]["availablecash"])
    ))
}

/// Accounts.
pub(crate) async fn brokers(common: &Common) -> Result<()> {
    let answer = Client::new(common)?.post("brokers", json!({})).await?;
    let fields = [
        "account",
        "broker",
        "group",
        "owner",
        "simulated",
        "healthy",
        "session",
        "session_expires",
        "base_url",
        "reason",
    ];
    list(common, &answer, &answer["data"], &fields)
}

fn list(common: &Common, answer: &Value, rows: &Value, fields: &[&str]) -> Result<()> {
    if common.json {
        return table::line(&serde_json::to_string_pretty(rows)?);
    }
    show(rows, fields, |row| {
        fields.iter().map(|field| cell(&row[*field])).collect()
    })?;
    incomplete(answer)
}

fn show(rows: &Value, headings: &[&str], shape: impl Fn(&Value) -> Vec<String>) -> Result<()> {
    let rows: Vec<_> = rows.as_array().into_iter().flatten().map(shape).collect();
    table::print(headings, &rows)
}
