//! `sangam portfolio`: a line an instrument and product over all accounts, or a line a part, with totals; what is not to be
//! trusted blindly is marked and explained below.

use std::borrow::Cow;

use anyhow::Result;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::args::{Common, PartsBy, Portfolio};
use super::client::Client;
use super::orders::{cell, incomplete};
use super::table;

/// What every line tells after its name.
const FIGURES: [&str; 10] = [
    "product",
    "quantity",
    "average",
    "last",
    "age",
    "value",
    "unrealised",
    "realised",
    "today",
    "note",
];
/// The amounts of totals, by their names in the answer.
const SUMS: [&str; 5] = ["value", "cost", "unrealised", "realised", "realised_today"];

/// Shows the portfolio.
pub(crate) async fn run(common: &Common, args: &Portfolio) -> Result<()> {
    let mut wish = json!({"refresh": args.refresh});
    if let Some(seconds) = args.stale_after {
        wish["stale_after_s"] = json!(seconds);
    }
    let answer = Client::new(common)?.post("portfolio", wish).await?;
    let data = &answer["data"];
    if common.json {
        table::line(&serde_json::to_string_pretty(data)?)?;
        return Ok(());
    }
    let (headings, rows) = lines(data, args.by);
    table::print(&headings, &rows)?;
    table::line("")?;
    let (headings, rows) = totals(data, args.by);
    table::print(&headings, &rows)?;
    let notes = notes(data);
    if !notes.is_empty() {
        table::line("")?;
    }
    for note in notes {
        table::line(&note)?;
    }
    incomplete(&answer)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A line each, or a line a part with its owner before it.
fn lines(data: &Value, by: Option<PartsBy>) -> (Vec<&'static str>, Vec<Vec<String>>) {
    let Some(by) = by else {
        let headings = ["instrument"].into_iter().chain(FIGURES).collect();
        let row = |line| [vec![name(line)], figures(line, line)].concat();
        return (headings, list(&data["lines"]).iter().map(row).collect());
    };
    let (first, second) = match by {
        PartsBy::Broker => ("broker", "account"),
        PartsBy::Account => ("account", "broker"),
    };
    let headings = [first, second, "instrument"].into_iter().chain(FIGURES).collect();
    let mut rows: Vec<_> = list(&data["lines"])
        .iter()
        .flat_map(|line| list(&line["parts"]).iter().map(move |part| (line, part)))
        .map(|(line, part)| {
            let owner = vec![cell(&part[first]), cell(&part[second]), name(line)];
            [owner, figures(line, part)].concat()
        })
        .collect();
    rows.sort_by(|one, other| one[..2].cmp(&other[..2]));
    (headings, rows)
}

/// `NSE:RELIANCE`.
fn name(line: &Value) -> String {
    match &line["exchange"] {
        Value::Null => cell(&line["symbol"]),
        exchange => format!("{}:{}", cell(exchange), cell(&line["symbol"])),
    }
}

/// The figures of a line or of one of its parts.
fn figures(line: &Value, of: &Value) -> Vec<String> {
    let price = &line["price"];
    vec![
        cell(&line["product"]),
        cell(&of["quantity"]),
        rupees(&of["average_price"]),
        cell(&price["price"]),
        price["age_ms"].as_u64().map(age).unwrap_or_default(),
        rupees(&of["value"]),
        rupees(&of["unrealised"]),
        rupees(&of["realised"]),
        rupees(&of["realised_today"]),
        note(line, of).join(", "),
    ]
}

/// What is not as it should be with a line or a part.
fn note(line: &Value, of: &Value) -> Vec<Cow<'static, str>> {
    let mut note = Vec::new();
    let open = of["quantity"] != 0;
    if open && line["price"]["stale"] == true {
        note.push("stale".into());
    }
    if open && of["value"].is_null() {
        note.push("no value".into());
    }
    if open && of["cost"].is_null() {
        note.push("no cost".into());
    }
    if of["differs"] == true {
        note.push("differs".into());
    }
    let parts = if of["parts"].is_array() {
        list(&of["parts"])
    } else {
        std::slice::from_ref(of)
    };
    if parts.iter().any(|part| part["kept"]["unseen"].as_u64() > Some(0)) {
        note.push("sold unseen".into());
    }
    note
}

/// Totals by broker or account where wanted, and over everything.
fn totals(data: &Value, by: Option<PartsBy>) -> (Vec<&'static str>, Vec<Vec<String>>) {
    let (heading, each) = match by {
        None => ("total", None),
        Some(PartsBy::Broker) => ("broker", data["by_broker"].as_object()),
        Some(PartsBy::Account) => ("account", data["by_account"].as_object()),
    };
    let row = |name: &str, totals: &Value| -> Vec<String> {
        let sums = SUMS.iter().map(|sum| rupees(&totals[*sum]));
        [name.to_owned()].into_iter().chain(sums).collect()
    };
    let mut rows: Vec<_> = each
        .into_iter()
        .flatten()
        .map(|(name, totals)| row(name, totals))
        .collect();
    rows.push(row("all", &data["totals"]));
    (
        vec![
            heading,
            "value",
            "cost",
            "unrealised",
            "realised",
            "realised today",
        ],
        rows,
    )
}

/// What the marks mean, and what is in no figure.
fn notes(data: &Value) -> Vec<String> {
    let totals = &data["totals"];
    let mut notes = Vec::new();
    let mut count = |name: &str, what: &str| {
        if let Some(count @ 1..) = totals[name].as_u64() {
            let lines = if count == 1 { "line" } else { "lines" };
            notes.push(format!("{count} {lines} {what}"));
        }
    };
    count(
        "stale",
        "with a stale price: no newer one was to be had; the value is of then",
    );
    count(
        "without_value",
        "without a value: no price or no multiplier is known; in no total of values",
    );
    count(
        "without_cost",
        "without a cost: no average is known; in no total of costs",
    );
    count(
        "differing",
        "where the broker's book and our fills tell different quantities: see --json for both",
    );
    let closed = &data["closed"];
    if let Some(count @ 1..) = closed["positions"].as_u64() {
        notes.push(format!(
            "{count} positions are over; what they realised, {}, is in the totals",
            rupees(&closed["realised"])
        ));
    }
    for unread in list(&data["unread"]) {
        notes.push(format!(
            "{} of {} were not read yet: sangam portfolio --refresh",
            cell(&unread["book"]),
            cell(&unread["account"])
        ));
    }
    for account in list(&data["left_out"]) {
        notes.push(format!("{} is simulated and left out", cell(account)));
    }
    notes
}

/// Rounded to paise, half to even, for eyes; empty where it is not known.
fn rupees(value: &Value) -> String {
    let amount = value.as_str().and_then(|text| text.parse::<Decimal>().ok());
    amount.map_or_else(String::new, |amount| format!("{:.2}", amount.round_dp(2)))
}

/// `4 s`, `12 min`, `3 h`, `2 d`.
fn age(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data() -> Value {
        json!({
            "lines": [{
                "exchange": "NSE", "symbol": "RELIANCE", "product": "CNC", "quantity": 15, "average_price": "1400.333333",
                "cost": "21005", "value": "21750", "unrealised": "745", "realised": "12.345", "realised_today": null,
                "differs": true, "price": {"price": "1450", "age_ms": 125_000, "stale": true},
                "parts": [
                    {"account": "up", "broker": "upstox", "quantity": 5, "value": "7250", "cost": "7000",
                     "unrealised": "250", "differs": false, "kept": {"unseen": 2}},
                    {"account": "fy", "broker": "fyers", "quantity": 10, "value": "14500", "cost": null,
                     "unrealised": null, "differs": true, "kept": null},
                ],
            }, {
                "exchange": null, "symbol": "ODD", "product": null, "quantity": 0, "value": "0", "cost": "0",
                "price": null, "differs": false, "parts": [],
            }],
            "totals": {"value": "21750", "cost": "21005", "unrealised": "745", "realised": "12.345",
                "realised_today": "0", "stale": 1, "without_value": 0, "without_cost": 0, "differing": 1},
            "by_broker": {"fyers": {"value": "14500"}, "upstox": {"value": "7250"}},
            "closed": {"positions": 2, "realised": "-3"},
            "unread": [{"account": "fy", "broker": "fyers", "book": "holdings"}],
            "left_out": ["sim-1"],
        })
    }

    #[test]
    fn a_line_is_rounded_for_eyes_and_marked() {
        let data = data();
        let (headings, rows) = lines(&data, None);
        assert_eq!(headings.len(), rows[0].len());
        assert_eq!(
            rows[0],
            [
                "NSE:RELIANCE",
                "CNC",
                "15",
                "1400.33",
                "1450",
                "2 min",
                "21750.00",
                "745.00",
                "12.34",
                "",
                "stale, differs, sold unseen",
            ]
        );
        assert_eq!(rows[1][0], "ODD");
        assert_eq!(
            rows[1].last().map(String::as_str),
            Some(""),
            "what is flat needs nothing"
        );
    }

    #[test]
    fn parts_stand_by_their_owner() {
        let data = data();
        let (headings, rows) = lines(&data, Some(PartsBy::Broker));
        assert_eq!(headings[..3], ["broker", "account", "instrument"]);
        let shape: Vec<_> = rows
            .iter()
            .map(|row| (row[0].as_str(), row[4].as_str()))
            .collect();
        assert_eq!(shape, [("fyers", "10"), ("upstox", "5")]);
        assert_eq!(
            rows[0].last().map(String::as_str),
            Some("stale, no cost, differs")
        );
        assert_eq!(rows[1].last().map(String::as_str), Some("stale, sold unseen"));
        let (headings, rows) = totals(&data, Some(PartsBy::Broker));
        assert_eq!(headings[0], "broker");
        let names: Vec<_> = rows
            .iter()
            .map(|row| (row[0].as_str(), row[1].as_str()))
            .collect();
        assert_eq!(
            names,
            [("fyers", "14500.00"), ("upstox", "7250.00"), ("all", "21750.00")]
        );
    }

    #[test]
    fn what_is_missing_is_said() {
        let notes = notes(&data()).join("\n");
        for wanted in [
            "1 line with a stale price",
            "1 line where the broker's book",
            "2 positions are over; what they realised, -3.00",
            "holdings of fy were not read yet: sangam portfolio --refresh",
            "sim-1 is simulated and left out",
        ] {
            assert!(notes.contains(wanted), "{wanted} is not in {notes}");
        }
        assert!(!notes.contains("without"), "{notes}");
    }

    #[test]
    fn ages_are_short() {
        let shown = [0, 59_999, 60_000, 7_200_000, 172_800_000].map(age);
        assert_eq!(shown, ["0 s", "59 s", "1 min", "2 h", "2 d"]);
    }
}
