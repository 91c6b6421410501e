//! Masters as each broker publishes them, read back column by column.

use std::collections::HashSet;
use std::io::Read as _;

use jiff::civil::date;
use serde_json::Value;

use super::*;
use crate::money::Paise;

fn today() -> Universe {
    Universe::of(date(2026, 11, 23), |symbol| match symbol {
        "NIFTY" => Paise::rupees(26_000),
        "BANKNIFTY" => Paise::rupees(58_000),
        _ => Paise::rupees(85_000),
    })
}

/// Rows of a CSV text as a reader sees them.
fn rows(text: &str, headers: bool) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(headers)
        .from_reader(text.as_bytes());
    reader
        .records()
        .map(|row| {
            row.expect("every row has as many fields")
                .iter()
                .map(str::to_owned)
                .collect()
        })
        .collect()
}

#[test]
fn flattrade_files_have_nine_columns_and_every_contract_once() {
    let universe = today();
    let mut seen = HashSet::new();
    for name in [
        "NSE_Equity",
        "BSE_Equity",
        "Nfo_Index_Derivatives",
        "Bfo_Index_Derivatives.csv",
        "Nfo_Equity_Derivatives",
    ] {
        let text = flattrade_csv(&universe, name).expect(name);
        assert!(text.starts_with(
            "Exchange,Token,Lotsize,Symbol,Tradingsymbol,Instrument,Expiry,Strike,Optiontype\n"
        ));
        for row in rows(&text, true) {
            assert_eq!(row.len(), 9, "{name}");
            let contract = universe
                .by_flattrade(&row[0], &row[4])
                .expect("found by its name");
            assert_eq!(universe.by_flattrade_token(&row[0], &row[1]), Some(contract));
            assert!(seen.insert((row[0].clone(), row[1].clone())), "{row:?}");
        }
    }
    assert_eq!(seen.len(), universe.contracts().len());
    assert_eq!(flattrade_csv(&universe, "Nothing"), None);
}

#[test]
fn flattrade_rows_look_like_the_published_ones() {
    let universe = today();
    let find = |file: &str, needle: &str| {
        let text = flattrade_csv(&universe, file).expect(file);
        text.lines()
            .find(|line| line.contains(needle))
            .map(str::to_owned)
            .expect(needle)
    };
    assert_eq!(
        find("NSE_Equity", "RELIANCE"),
        "NSE,2885,1,RELIANCE,RELIANCE-EQ,EQ,,0,"
    );
    assert_eq!(
        find("NSE_Equity", "Nifty 50"),
        "NSE,26000,1,NIFTY,Nifty 50,INDEX,,0,"
    );
    assert_eq!(find("BSE_Equity", "BSXOPT"), "BSE,1,1,BSXOPT,SENSEX,UNDIND,,0,");
    let future = find("Nfo_Index_Derivatives", ",BANKNIFTY29DEC26F,");
    assert!(
        future.starts_with("NFO,61")
            && future.ends_with(",30,BANKNIFTY,BANKNIFTY29DEC26F,FUTIDX,29-DEC-2026,-0.01,XX")
    );
    let option = find("Nfo_Index_Derivatives", "NIFTY29DEC26C26000");
    assert!(
        option.ends_with(",65,NIFTY,NIFTY29DEC26C26000,OPTIDX,29-DEC-2026,26000.00,CE"),
        "{option}"
    );
    let bse = find("Bfo_Index_Derivatives", "SENSEX26DEC85000PE");
    assert!(
        bse.ends_with(",20,SENSEX,SENSEX26DEC85000PE,OPTIDX,31-DEC-2026,85000,PE"),
        "{bse}"
    );
}

#[test]
fn fyers_files_have_twenty_one_columns_and_no_header() {
    let universe = today();
    let mut seen = HashSet::new();
    for name in ["NSE_CM", "NSE_FO", "BSE_CM.csv", "BSE_FO"] {
        for row in rows(&fyers_csv(&universe, name).expect(name), false) {
            assert_eq!(row.len(), 21, "{name}");
            let contract = universe.by_fyers(&row[9]).expect("found by its symbol");
            assert_eq!(universe.by_fytoken(&row[0]), Some(contract));
            assert_eq!(row[12], contract.token.to_string());
            assert_eq!(row[4].parse::<Paise>(), Ok(contract.tick));
            assert!(seen.insert(row[0].clone()), "{row:?}");
        }
    }
    assert_eq!(seen.len(), universe.contracts().len());
    assert_eq!(fyers_csv(&universe, "MCX_COM"), None);
}

#[test]
fn fyers_rows_look_like_the_published_ones() {
    let universe = today();
    let find = |file: &str, needle: &str| {
        let text = fyers_csv(&universe, file).expect(file);
        text.lines()
            .find(|line| line.contains(needle))
            .map(str::to_owned)
            .expect(needle)
    };
    assert_eq!(
        find("NSE_CM", "NSE:RELIANCE-EQ"),
        "10100000002885,RELIANCE INDUSTRIES LTD,0,1,0.1,INE002A01018,0915-1530|1815-1915:,2026-11-23,,\
         NSE:RELIANCE-EQ,10,10,2885,RELIANCE,2885,-1.0,XX,10100000002885,None,1,3.7"
    );
    let option = find("NSE_FO", "NSE:NIFTY26DEC26000CE");
    let token = universe.by_fyers("NSE:NIFTY26DEC26000CE").expect("listed").token;
    assert_eq!(
        option,
        format!(
            "1011261229{token},NIFTY 29 Dec 26 26000 CE,14,65,0.05,,0915-1540|1815-1915:,2026-11-23,1798539000,\
             NSE:NIFTY26DEC26000CE,10,11,{token},NIFTY,26000,26000.0,CE,101000000026000,None,0,0.0"
        )
    );
    assert!(find("BSE_FO", "SENSEX26DECFUT").contains("SENSEX 31 Dec 26 FUT ,11,20,0.05"));
}

#[test]
fn upstox_files_are_gzipped_arrays_with_keys_by_segment() {
    let universe = today();
    let read = |name: &str| -> Vec<Value> {
        let bytes = upstox_json_gz(&universe, name).expect(name);
        let mut text = String::new();
        flate2::read::GzDecoder::new(bytes.as_slice())
            .read_to_string(&mut text)
            .expect("gzip");
        serde_json::from_str(&text).expect("a JSON array")
    };
    let (complete, nse, bse) = (read("complete.json.gz"), read("NSE.json.gz"), read("BSE.json.gz"));
    assert_eq!(complete.len(), universe.contracts().len());
    assert_eq!(complete.len(), nse.len() + bse.len());
    for row in &complete {
        let key = row["instrument_key"].as_str().expect("text");
        let contract = universe.by_upstox(key).expect("found by its key");
        assert_eq!(row["exchange_token"], contract.token.to_string());
        assert_eq!(
            row.get("expiry").is_some(),
            contract.segment.is_derivative(),
            "{key}"
        );
        assert_eq!(row.get("isin").is_some(), contract.segment.is_cash(), "{key}");
        assert_eq!(
            row.get("lot_size").is_some(),
            !contract.segment.is_index(),
            "{key}"
        );
    }
    let option = complete
        .iter()
        .find(|row| row["trading_symbol"] == "NIFTY 26000 CE 29 DEC 26")
        .expect("listed");
    assert_eq!(option["expiry"], 1_798_568_999_000_i64, "23:59:59 IST");
    assert_eq!(option["tick_size"].to_string(), "5.0");
    assert_eq!(option["freeze_quantity"].to_string(), "1755.0");
    assert_eq!(option["strike_price"].to_string(), "26000.0");
    assert_eq!(option["weekly"], false);
    assert_eq!(upstox_json_gz(&universe, "MCX.json.gz"), None);
}
