//! The comparison has teeth: whatever is changed in a recorded request, or in the body an answer is checked against, is
//! found; and vectors with other values run as well.

use serde_json::{Value, json};

use super::{FlattradeVectors, answers};
use crate::vectors::folder::{self, What};
use crate::vectors::{BrokerVectors as _, Verdict, compare, fixtures};

fn items() -> Vec<(String, What)> {
    let sets = folder::read(&fixtures().join("flattrade")).expect("the fixtures can be read");
    let items: Vec<_> = sets
        .into_iter()
        .flat_map(|set| set.items)
        .map(|item| (item.title, item.what))
        .collect();
    assert!(items.len() > 100, "only {} vectors found", items.len());
    items
}

/// The value with something else in it, of the same shape where it has one.
fn other(value: &Value) -> Value {
    let words = [
        ("B", "S"),
        ("S", "B"),
        ("LMT", "SL-LMT"),
        ("SL-LMT", "LMT"),
        ("MKT", "LMT"),
        ("SL-MKT", "LMT"),
        ("C", "I"),
        ("I", "M"),
        ("M", "C"),
        ("DAY", "IOC"),
        ("IOC", "DAY"),
        ("NSE", "BSE"),
        ("BSE", "NSE"),
        ("NFO", "BFO"),
        ("MCX", "CDS"),
        ("Yes", "No"),
        ("No", "Yes"),
        ("OPEN", "COMPLETE"),
    ];
    match value {
        Value::String(text) => match words.iter().find(|(word, _)| word == text) {
            Some((_, word)) => json!(word),
            None => match text.parse::<f64>() {
                Ok(number) => json!((number + 1.0).to_string()),
                Err(_) => json!(format!("{text}Z")),
            },
        },
        _ => json!("changed"),
    }
}

#[test]
fn every_change_to_a_recorded_request_is_found() {
    let mut changed = 0;
    for (title, what) in items() {
        let What::Request(vector) = what else { continue };
        if FlattradeVectors.request(&vector) != Verdict::Passed {
            continue;
        }
        let decoded = &vector["request"]["body_decoded"];
        let mut places: Vec<String> = vec!["/request/path".into(), "/request/method".into()];
        let fields = decoded
            .get("jData")
            .map_or("/request/body_decoded", |_| "/request/body_decoded/jData");
        let named = vector.pointer(fields).and_then(Value::as_object).expect("fields");
        places.extend(named.keys().map(|key| format!("{fields}/{key}")));
        for place in places {
            // Who asks, and where a candle begins and ends, are facts the runner takes from the recorded body.
            if ["uid", "actid"]
                .iter()
                .any(|key| place.ends_with(&format!("/{key}")))
            {
                continue;
            }
            let mut vector = vector.clone();
            let value = vector.pointer_mut(&place).expect("a place that is there");
            *value = other(value);
            let verdict = FlattradeVectors.request(&vector);
            assert!(
                matches!(verdict, Verdict::Failed(_)),
                "{title}: a change of {place} was not found"
            );
            changed += 1;
        }
    }
    assert!(changed > 200, "only {changed} changes tried");
}

/// The fields of answers that are read.
fn read_fields(operation: &str) -> &'static [&'static str] {
    match operation {
        "place_order" => &["norenordno"],
        "modify_order" | "cancel_order" => &["result"],
        "order_book" | "single_order_history" => &[
            "norenordno",
            "exch",
            "tsym",
            "trantype",
            "prctyp",
            "prd",
            "ret",
            "status",
            "qty",
            "fillshares",
            "prc",
            "trgprc",
            "avgprc",
            "dscqty",
            "exchordid",
            "rejreason",
            "remarks",
            "amo",
            "ordenttm",
            "exch_tm",
        ],
        "trade_book" => &[
            "norenordno",
            "exch",
            "tsym",
            "trantype",
            "prd",
            "flid",
            "flqty",
            "flprc",
            "fltm",
            "remarks",
        ],
        "positions" => &[
            "exch",
            "tsym",
            "prd",
            "prarr",
            "netqty",
            "daybuyqty",
            "daysellqty",
            "cfbuyqty",
            "cfsellqty",
            "lp",
            "rpnl",
            "urmtom",
        ],
        "holdings" => &[
            "holdqty",
            "dpqty",
            "benqty",
            "unplgdqty",
            "brkcolqty",
            "btstqty",
            "upldprc",
        ],
        "limits" => &["cash", "payin", "brkcollamt", "marginused", "urmtom"],
        "quotes" => &[
            "lp", "o", "h", "l", "c", "v", "lc", "uc", "ltq", "bp1", "bq1", "bo1", "sp5", "sq5", "so5", "So5",
        ],
        "time_price_series" => &["time", "into", "inth", "intl", "intc", "intv", "oi"],
        "token_exchange" => &["token"],
        "user_details" => &["actid"],
        _ => &[],
    }
}

#[test]
fn every_change_to_a_body_an_answer_is_checked_against_is_found() {
    let mut changed = 0;
    for (title, what) in items() {
        let What::Response { operation, item } = what else {
            continue;
        };
        let body = &item["body"];
        let (status, answer) = (
            compare::http_status(&item).unwrap_or(200),
            compare::body_bytes(&item),
        );
        let rows = body.as_array().map_or(0, Vec::len);
        let mut places = Vec::new();
        for field in read_fields(&operation) {
            places.extend((0..rows).map(|row| format!("/{row}/{field}")));
            places.push(format!("/{field}"));
        }
        for place in places {
            let mut other_body = body.clone();
            let Some(value) = other_body
                .pointer_mut(&place)
                .filter(|value| value.as_str().is_some_and(|text| !text.is_empty()))
            else {
                continue;
            };
            *value = if place.ends_with("tm") || place.ends_with("time") {
                json!("02-12-2026 11:11:11")
            } else {
                other(value)
            };
            let verdict = answers::against(&operation, status, answer.clone(), &other_body);
            assert!(
                matches!(verdict, Verdict::Failed(_)),
                "{title}: a change of {place} was not found"
            );
            changed += 1;
        }
    }
    assert!(changed > 300, "only {changed} changes tried");
}

#[test]
fn a_refusal_checked_against_another_is_found() {
    let check = |operation: &str, said: &str, expected: &str| {
        let body = |emsg: &str| json!({"stat": "Not_Ok", "emsg": emsg});
        answers::against(
            operation,
            200,
            body(said).to_string().into_bytes(),
            &body(expected),
        )
    };
    assert_eq!(
        check("place_order", "Invalid AMO", "Invalid AMO"),
        Verdict::Passed
    );
    for (said, expected) in [
        ("Invalid AMO", "Server Timeout :"),
        ("Invalid AMO", "Invalid AMO and more"),
        ("Session Expired : Invalid Session Key", "Invalid AMO"),
        ("anything at all", "Invalid AMO"),
    ] {
        assert!(
            matches!(check("place_order", said, expected), Verdict::Failed(_)),
            "{said} / {expected}"
        );
    }
}

#[test]
fn vectors_with_other_values_run_as_well() {
    let vector = |symbol_sent: &str| {
        json!({"operation": "place_order", "variant": "other",
            "call": {"buy_or_sell": "S", "product_type": "M", "exchange": "BFO", "tradingsymbol": "M&M26SEP3000PE", "quantity": 40,
                "discloseqty": 0, "price_type": "SL-LMT", "price": 12.05, "trigger_price": 12.5, "retention": "IOC", "remarks": "x.y_z-1"},
            "request": {"method": "POST", "path": "/PiConnectAPI/PlaceOrder", "query": {}, "headers": {}, "body_decoded": {"jData": {
                "ordersource": "API", "uid": "FT777777", "actid": "FT777778", "trantype": "S", "prd": "M", "exch": "BFO",
                "tsym": symbol_sent, "qty": "40", "dscqty": "0", "prctyp": "SL-LMT", "prc": "12.050", "trgprc": "12.5", "ret": "IOC",
                "remarks": "x.y_z-1"}, "jKey": "another-token"}}})
    };
    assert_eq!(
        FlattradeVectors.request(&vector("M%26M26SEP3000PE")),
        Verdict::Passed
    );
    assert!(matches!(
        FlattradeVectors.request(&vector("M&M26SEP3000PE")),
        Verdict::Failed(_)
    ));
    let mut cover = vector("M%26M26SEP3000PE");
    cover["canonical_absent"] = json!("cover orders are not placed");
    assert!(matches!(FlattradeVectors.request(&cover), Verdict::NotOffered(_)));
}
