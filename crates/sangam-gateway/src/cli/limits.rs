//! `sangam limits`: how full each rate window is, and what is shut and why.

use anyhow::Result;
use serde_json::{Value, json};

use super::args::Common;
use super::client::Client;
use super::orders::cell;
use super::table;

/// Cells of a gauge.
const GAUGE: u64 = 10;

/// Rate windows.
pub(crate) async fn run(common: &Common) -> Result<()> {
    let answer = Client::new(common)?.post("limits", json!({})).await?;
    let accounts = &answer["data"];
    if common.json {
        return table::line(&serde_json::to_string_pretty(accounts)?);
    }
    let mut rows = Vec::new();
    for account in list(accounts) {
        for scope in list(&account["scopes"]) {
            for window in list(&scope["windows"]) {
                rows.push(row(account, scope, window));
            }
        }
    }
    let headings = [
        "account", "scope", "window", "used", "of", "reserve", "full", "state",
    ];
    table::print(&headings, &rows)?;
    for account in list(accounts) {
        for scope in list(&account["scopes"]) {
            if let Some(shut) = scope["shut"].as_object() {
                table::line(&format!(
                    "{} {} is shut for {:.1} s: {}",
                    cell(&account["account"]),
                    cell(&scope["scope"]),
                    shut["for_ms"].as_f64().unwrap_or(0.0) / 1_000.0,
                    cell(&shut["why"])
                ))?;
            }
        }
    }
    for account in list(accounts) {
        if let Some(pool) = account["pool"].as_object() {
            table::line(&shared(account, pool))?;
        }
        if account["forecast"].is_object() {
            table::line(&forecast(account))?;
        }
    }
    Ok(())
}

/// How it goes with the pool in Redis.
fn shared(account: &Value, pool: &serde_json::Map<String, Value>) -> String {
    let state = match pool["barred"].as_str() {
        Some(why) => format!("no permits at all: {why}"),
        None if pool["joined"] == true => "joined".to_owned(),
        None => "not reached; the share above goes on".to_owned(),
    };
    format!(
        "{}: shared with other processes, the windows above are its own share; pool in Redis {state}, {} permits from it",
        cell(&account["account"]),
        cell(&pool["granted"])
    )
}

/// What is expected, and how often that was right: a running score, so it says nothing while there is none.
fn forecast(account: &Value) -> String {
    let forecast = &account["forecast"];
    let expected = match forecast["probability"].as_f64() {
        Some(probability) => format!("{:.0} %", probability * 100.0),
        None if forecast["expects_burst"] == true => "under way".to_owned(),
        None => "not known yet".to_owned(),
    };
    let score = &forecast["score"];
    let figure = |name: &str| {
        score[name]
            .as_f64()
            .map_or_else(|| "-".to_owned(), |figure| format!("{figure:.2}"))
    };
    format!(
        "{}: more than {:.0} calls in 10 s within {} s: {expected}; so far F1 {}, Brier skill {} over {} answers",
        cell(&account["account"]),
        forecast["burst_level"].as_f64().unwrap_or(0.0),
        cell(&forecast["horizon_s"]),
        figure("f1"),
        figure("brier_skill"),
        cell(&score["questions"]),
    )
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn row(account: &Value, scope: &Value, window: &Value) -> Vec<String> {
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let (used, limit) = (number(&window["used"]), number(&window["limit"]).max(1));
    let soft = number(&account["soft_percent"]);
    let state = if !scope["shut"].is_null() {
        "shut".to_owned()
    } else if used >= limit {
        "full".to_owned()
    } else if used * 100 >= limit * soft {
        format!("above {soft} %")
    } else if number(&scope["working_percent"]) < 100 {
        format!("at {} % of its quota", cell(&scope["working_percent"]))
    } else {
        "open".to_owned()
    };
    vec![
        cell(&account["account"]),
        cell(&scope["scope"]),
        cell(&window["window"]),
        used.to_string(),
        limit.to_string(),
        cell(&window["reserve"]),
        gauge(used, limit),
        state,
    ]
}

/// `###.......`
fn gauge(used: u64, limit: u64) -> String {
    let filled = (used * GAUGE).div_ceil(limit).min(GAUGE);
    (0..GAUGE).map(|at| if at < filled { '#' } else { '.' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_shows_the_first_call_and_no_more_than_all() {
        let check = |used, shown: &str| assert_eq!(gauge(used, 100), shown);
        check(0, "..........");
        check(1, "#.........");
        check(50, "#####.....");
        check(100, "##########");
        check(250, "##########");
    }

    #[test]
    fn each_state_is_named() {
        let check = |scope: Value, used: u64, state: &str| {
            let shown = row(
                &json!({"account": "a", "soft_percent": 80}),
                &scope,
                &json!({"window": "10/1s", "used": used, "limit": 10, "reserve": 1}),
            );
            assert_eq!(shown[7], state);
        };
        let open = json!({"scope": "all", "working_percent": 100, "shut": null});
        check(open.clone(), 7, "open");
        check(open.clone(), 8, "above 80 %");
        check(open, 10, "full");
        check(
            json!({"working_percent": 80, "shut": null}),
            0,
            "at 80 % of its quota",
        );
        check(json!({"shut": {"why": "x", "for_ms": 5}}), 0, "shut");
    }
}
