//! What durable books cost, beside bare statements on the same disk and the same servers in the same run. Starts its own
//! PostgreSQL; build it with `--release`. The last line is JSON.
//!
//! - Grouped: moves of orders with their audit entries by 64 callers at once, beside hand-made batches of 64 of the same rows,
//!   turn and turn about; on SQLite also beside one transaction each through a pool.
//! - Alone: one caller, beside one bare insert that is synced.
//! - Look-up: an order by its id among a million, beside the same prepared question on a held connection.
//! - Portfolio: 500 kept positions read with 10,000 and with 1,000,000 trades in the books.

#![expect(clippy::print_stdout, reason = "its figures are for the terminal")]

use anyhow::Result;
use sangam_tests::ledger_figures::{lookups, portfolio, postgres, sqlite};
use serde_json::{Map, Value, json};

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir_in(".")?;
    let mut figures = Map::new();
    let mut note = |what: &str, found: Vec<(&'static str, f64)>| {
        for (name, figure) in found {
            println!("{what}: {name} {figure:.3}");
            figures.insert(format!("{what}_{name}"), json!(figure));
        }
    };
    note("sqlite", sqlite::measure(folder.path()).await?);
    note("postgres", postgres::measure().await?);
    note("lookup", lookups::measure(folder.path()).await?);
    note("portfolio", portfolio::measure(folder.path()).await?);
    println!("{}", json!({ "ledger": Value::Object(figures) }));
    Ok(())
}
