//! `sangam checks`: what left today, and how that stands to the limits of the day.

use anyhow::Result;
use serde_json::{Value, json};

use super::args::Common;
use super::client::Client;
use super::orders::cell;
use super::table;

const HEADINGS: [&str; 9] = [
    "account", "orders", "modifies", "cancels", "trades", "ratio", "warning", "limit", "state",
];

/// The pre-trade checks of every group.
pub(crate) async fn run(common: &Common) -> Result<()> {
    let answer = Client::new(common)?.post("checks", json!({})).await?;
    let groups = &answer["data"];
    if common.json {
        return table::line(&serde_json::to_string_pretty(groups)?);
    }
    let accounts = || list(groups).iter().flat_map(|group| list(&group["accounts"]));
    let rows: Vec<_> = accounts().map(row).collect();
    table::print(&HEADINGS, &rows)?;
    for group in list(groups) {
        table::line(&about(group))?;
    }
    for account in accounts().filter(|account| account["session"].is_string()) {
        table::line(&cell(&account["session"]))?;
    }
    Ok(())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn row(account: &Value) -> Vec<String> {
    [
        "account",
        "orders",
        "modifies",
        "cancels",
        "trades",
        "ratio",
        "ratio_warning",
        "ratio_max",
        "state",
    ]
    .iter()
    .map(|field| cell(&account[*field]))
    .collect()
}

/// The group's money and its market's time.
fn about(group: &Value) -> String {
    let most = match &group["day_value_max"] {
        Value::Null => "no limit".to_owned(),
        most => format!("of {}", cell(most)),
    };
    let time = match group["market_time"].as_str() {
        Some(time) => format!("market time {time}"),
        None => "in session at any hour".to_owned(),
    };
    let simulated = if group["simulated"] == true {
        " SIMULATED"
    } else {
        ""
    };
    let unknown = if group["unknown_year"] == true {
        "; the holidays of this year are not known, see [checks] holidays"
    } else {
        ""
    };
    format!(
        "{}{simulated}: orders of today are worth {} rupees, {most}; {time}{unknown}",
        cell(&group["group"]),
        cell(&group["day_value"])
    )
}
