//! `sangam basket`: many orders from a file in one call, each with its own outcome.

use std::io::Read as _;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::args::{BasketArgs, Common};
use super::client::{Client, Refused};
use super::orders::cell;
use super::table;

const HEADINGS: [&str; 6] = ["symbol", "status", "order", "broker", "state", "message"];

/// Sends a basket and shows what became of each leg.
pub(crate) async fn run(common: &Common, args: &BasketArgs) -> Result<()> {
    let body = body(args)?;
    let answer = Client::new(common)?.post("basketorder", body).await?;
    let results = &answer["results"];
    if common.json {
        table::line(&serde_json::to_string_pretty(results)?)?;
    } else {
        let rows: Vec<_> = legs(results).iter().map(row).collect();
        table::print(&HEADINGS, &rows)?;
    }
    verdict(legs(results))
}

/// The file as a body: a list of orders, or an object with `orders` and more.
fn body(args: &BasketArgs) -> Result<Value> {
    let text = if args.file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .context("read the basket from standard input")?;
        text
    } else {
        std::fs::read_to_string(&args.file)
            .with_context(|| format!("read the basket {}; check that it is there", args.file.display()))?
    };
    let read: Value =
        serde_json::from_str(&text).context("the basket is no JSON; see `sangam basket --help`")?;
    let mut body = match read {
        Value::Array(orders) => json!({"orders": orders}),
        Value::Object(fields) => Value::Object(fields),
        _ => bail!("the basket must be a list of orders, or an object with a list `orders`"),
    };
    if body["strategy"].is_null() {
        body["strategy"] = json!(args.strategy);
    }
    if let Some(id) = &args.client_order_id {
        body["client_order_id"] = json!(id);
    }
    Ok(body)
}

fn legs(results: &Value) -> &[Value] {
    results.as_array().map_or(&[], Vec::as_slice)
}

fn row(leg: &Value) -> Vec<String> {
    ["symbol", "status", "orderid", "broker", "state", "message"]
        .iter()
        .map(|field| cell(&leg[*field]))
        .collect()
}

/// Done when every leg is; in doubt when one is, as a script must not send that one again.
fn verdict(legs: &[Value]) -> Result<()> {
    let in_doubt = legs
        .iter()
        .filter(|leg| leg["state"] == "in_doubt" || leg["state"] == "parked")
        .count();
    let failed = legs.iter().filter(|leg| leg["status"] != "success").count();
    if failed == 0 {
        return Ok(());
    }
    Err(Refused {
        message: format!(
            "{failed} of {} legs were not placed{}",
            legs.len(),
            if in_doubt > 0 {
                format!("; of {in_doubt} the outcome is not known: look with `sangam orders list` before sending them again")
            } else {
                String::new()
            }
        ),
        in_doubt: in_doubt > 0,
    }
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_leg_in_doubt_is_said_above_all() {
        let placed = json!({"status": "success", "state": "working"});
        let refused = json!({"status": "error", "message": "x"});
        let doubt = json!({"status": "error", "state": "in_doubt"});
        assert!(verdict(std::slice::from_ref(&placed)).is_ok());
        let check = |legs: &[Value], doubtful| {
            let error = verdict(legs).expect_err("not done");
            let refused = error.downcast_ref::<Refused>().expect("a refusal");
            assert_eq!(refused.in_doubt, doubtful, "{error}");
        };
        check(&[placed.clone(), refused.clone()], false);
        check(&[placed, refused, doubt], true);
    }
}
