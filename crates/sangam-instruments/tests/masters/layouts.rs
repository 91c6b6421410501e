//! What each layout's quirks come to, and what becomes of rows and files that are wrong.

use std::io::Write as _;

use crate::support::{read, table};
use flate2::Compression;
use flate2::write::GzEncoder;
use sangam_core::timestamp::Date;
use sangam_core::{BrokerName, Exchange};
use sangam_instruments::{ConflictKind, Layout, LiveTable, Master, Source, Table};

fn refused(content: &[u8], needle: &str) {
    let error = Master::read(&Source::new("feed.csv", content))
        .expect_err("it is no master")
        .to_string();
    assert!(
        error.starts_with("feed.csv: ") && error.contains(needle),
        "{error}"
    );
}

fn compressed(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder
        .write_all(text.as_bytes())
        .expect("memory does not refuse");
    encoder.finish().expect("memory does not refuse")
}

#[test]
fn commodities_are_ordered_in_lots_and_valued_by_the_multiplier() {
    let noren = "Exchange,Token,LotSize,GNGD,Symbol,TradingSymbol,Expiry,Instrument,OptionType,StrikePrice,TickSize,\n\
        MCX,1,100,1,CRUDEOIL,CRUDEOIL19FEB26,19-FEB-2026,FUTCOM,XX,0,1,\n\
        MCX,2,100,0.1,GOLDM,GOLDM05FEB26,05-FEB-2026,FUTCOM,XX,0,1,\n\
        MCX,3,100,1,CRUDEOIL,CRUDEOIL17FEB26C6150,17-FEB-2026,OPTFUT,CE,6150,0.1,\n";
    let table = table(&[read("MCX_symbols.txt", noren)]);
    let check = |name: &str, multiplier: &str, expiry: Date| {
        let entry = table
            .find(Exchange::Mcx, name)
            .unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!(entry.instrument().lot.units(), 1);
        assert_eq!(
            entry.multiplier().map(|value| value.to_string()).as_deref(),
            Some(multiplier),
            "{name}"
        );
        assert_eq!(entry.expiry(), Some(expiry));
    };
    check("CRUDEOIL26FEBFUT", "100", Date::constant(2026, 2, 19));
    check("CRUDEOIL26FEB6150CE", "100", Date::constant(2026, 2, 17));
    check("GOLDM26FEBFUT", "10", Date::constant(2026, 2, 5));
}

#[test]
fn currency_rows_have_a_comma_less_than_their_header_and_a_calendar_of_their_own() {
    let noren = "Exchange,Token,LotSize,Precision,Multiplier,Symbol,TradingSymbol,Expiry,Instrument,OptionType,StrikePrice,TickSize,\n\
        CDS,1,1,4,1000,USDINR,USDINR,,UNDCUR,,,\n\
        CDS,1061,1,4,1000,USDINR,USDINR29OCT25F,29-OCT-2025,FUTCUR,XX,-1e-07,0.0025\n\
        CDS,1062,1,4,1000,USDINR,USDINR31OCT25F,31-OCT-2025,FUTCUR,XX,-1e-07,0.0025\n\
        CDS,1063,1,4,1000,EURUSD,EURUSD26SEP25C0.92,26-SEP-2025,OPTCUR,CE,0.92,0.0001\n";
    let master = read("CDS_symbols.txt", noren);
    assert_eq!(
        (
            master.report().read,
            master.report().ignored,
            master.report().malformed
        ),
        (3, 1, 0)
    );
    let fyers = "101225092610001,x,19,1,0.0001,,s,2025-09-04,1758880800,NSE:EURUSD25SEP.92CE,10,12,1063,EURUSD,1,0.92,CE,1,None,0,0.0\n";
    let table = table(&[master, read("NSE_CD.csv", fyers)]);
    let names: Vec<&str> = table.iter().map(|entry| entry.symbol()).collect();
    assert_eq!(names, ["EURUSD25SEP0.92CE", "USDINR25OCTFUT", "USDINR25O31FUT"]);
    let option = table
        .find(Exchange::Cds, "EURUSD25SEP0.92CE")
        .expect("it was listed");
    assert_eq!(
        option
            .listing(BrokerName::Fyers)
            .expect("Fyers lists it")
            .order_symbol
            .as_ref(),
        "NSE:EURUSD25SEP.92CE"
    );
    assert_eq!(option.instrument().tick.to_string(), "0.0001");
    let future = table
        .find(Exchange::Cds, "USDINR25OCTFUT")
        .expect("it was listed");
    assert_eq!(
        future.multiplier().map(|value| value.to_string()).as_deref(),
        Some("1000")
    );
    assert_eq!(
        future
            .broker_form(BrokerName::Fyers)
            .expect("by rule")
            .listing
            .order_symbol
            .as_ref(),
        "NSE:USDINR25OCTFUT"
    );
}

#[test]
fn the_older_upstox_csv_meets_the_json_and_other_masters() {
    let csv = "\"instrument_key\",\"exchange_token\",\"tradingsymbol\",\"name\",\"last_price\",\"expiry\",\"strike\",\"tick_size\",\"lot_size\",\"instrument_type\",\"option_type\",\"exchange\"\n\
        \"NSE_EQ|INE224E01036\",\"27\",\"GATECHDVR\",\"GACM, DVR\",\"1\",\"\",\"\",\"0.01\",\"1\",\"EQUITY\",\"\",\"NSE_EQ\"\n\
        \"NSE_EQ|INE919I04010\",\"9\",\"RADIOCITY\",\"PREFERENCE\",\"1\",\"\",\"\",\"0.01\",\"1\",\"EQUITY\",\"\",\"NSE_EQ\"\n\
        \"NSE_EQ|INE919I01024\",\"8\",\"RADIOCITY\",\"MUSIC BROADCAST\",\"1\",\"\",\"\",\"0.01\",\"1\",\"EQUITY\",\"\",\"NSE_EQ\"\n\
        \"BSE_FO|859975\",\"859975\",\"SENSEX25DEC76000CE\",\"SENSEX\",\"0\",\"2025-12-24\",\"76000.0\",\"0.05\",\"20\",\"OPTIDX\",\"CE\",\"BSE_FO\"\n\
        \"MCX_FO|3\",\"3\",\"CRUDEOIL26FEB6150CE\",\"CRUDEOIL\",\"0\",\"2026-02-17\",\"6150.0\",\"10.0\",\"100\",\"OPTFUT\",\"CE\",\"MCX_FO\"\n\
        \"NSE_INDEX|Nifty 50\",\"26000\",\"NIFTY\",\"Nifty 50\",\"0\",\"\",\"\",\"\",\"\",\"INDEX\",\"INDEX\",\"NSE_INDEX\"\n";
    let master = read("complete.csv", csv);
    assert_eq!(master.layout(), Layout::UpstoxCsv);
    let (alone, report) =
        Table::build(Date::constant(2025, 8, 17), &[master]).expect("there are instruments");
    assert_eq!(report.count(ConflictKind::SeriesUnknown), 3);
    let radio = alone
        .find(Exchange::Nse, "RADIOCITY")
        .expect("the share has the bare name");
    assert_eq!(radio.isin(), Some("INE919I01024"), "and not the preference share");
    assert!(
        alone.find(Exchange::Nse, "GATECHDVR").is_some(),
        "no master told its series"
    );
    let tick = |exchange, name: &str| {
        alone
            .find(exchange, name)
            .map(|entry| entry.instrument().tick.to_string())
    };
    assert_eq!(
        tick(Exchange::Bfo, "SENSEX25DEC76000CE").as_deref(),
        Some("0.05"),
        "rupees"
    );
    assert_eq!(
        tick(Exchange::Mcx, "CRUDEOIL26FEB6150CE").as_deref(),
        Some("0.1"),
        "paise"
    );

    let noren = "Exchange,Token,LotSize,Symbol,TradingSymbol,Instrument,TickSize,\nNSE,27,1,GATECHDVR,GATECHDVR-BE,BE,0.01,\n";
    let both = table(&[read("complete.csv", csv), read("NSE_symbols.txt", noren)]);
    let share = both
        .find(Exchange::Nse, "GATECHDVR-BE")
        .expect("Noren tells the series");
    assert_eq!(
        share.quote_key(BrokerName::Upstox).as_deref(),
        Some("NSE_EQ|INE224E01036")
    );
    assert_eq!(
        share
            .broker_form(BrokerName::Fyers)
            .expect("by rule")
            .listing
            .order_symbol
            .as_ref(),
        "NSE:GATECHDVR-BE"
    );
}

#[test]
fn malformed_rows_are_reported_by_line_and_the_rest_is_read() {
    let noren = "exchange,TOKEN,Lotsize,Symbol,TRADINGSYMBOL,Instrument,Expiry,Strike,Optiontype\r\n\
        NSE,2885,1,RELIANCE,RELIANCE-EQ,EQ,,0,\r\n\
        NSE,abc,1,TCS,TCS-EQ,EQ,,0,\r\n\
        NFO,5,0,NIFTY,NIFTY28OCT25F,FUTIDX,28-OCT-2025,-0.01,XX\r\n\
        NFO,6,75,NIFTY,NIFTY28OCT25C25850,OPTIDX,31-FEB-2025,25850.00,CE\r\n\
        NSE,7,1,INFY,INFY-EQ,EQ,,0,\r\n\
        BSE,8,1,12,12:,INVE,,0,\r\n\
        NSE,9,1,SBIN,SBIN-EQ,EQ,,0,\r\n\
        NSE,10,1,BAJAJ-AUTO,BAJAJ-AUTO-EQ,EQ,,0,\r\n";
    let master = read("NSE_Equity.csv", noren);
    let faults: Vec<String> = master.report().faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "NSE_Equity.csv line 3: token \"abc\" is not valid",
            "NSE_Equity.csv line 4: lot size \"0\" is not valid",
            "NSE_Equity.csv line 5: expiry \"31-FEB-2025\" is not valid",
            "NSE_Equity.csv line 7: symbol \"12:\" is not valid",
        ]
    );
    assert_eq!(master.report().read, 4);
    let table = table(&[master]);
    assert!(
        table.find(Exchange::Nse, "BAJAJ-AUTO").is_some(),
        "the series is behind the last hyphen"
    );
}

#[test]
fn json_items_of_another_shape_are_skipped_by_number() {
    let good = r#"{"segment":"NSE_EQ","instrument_key":"NSE_EQ|INE002A01018","exchange_token":2885,"trading_symbol":"RELIANCE","instrument_type":"EQ","isin":null,"lot_size":1,"tick_size":10.0}"#;
    let other = r#"{"segment":"GLOBAL_INDEX","instrument_key":"GLOBAL_INDEX|^HSI","exchange_token":"","trading_symbol":"^HSI"}"#;
    let master = read("NSE.json", &format!("[{good},\n7,\n{other},{good}]"));
    let report = master.report();
    assert_eq!((report.read, report.ignored, report.malformed), (2, 1, 1));
    assert_eq!(
        report.faults[0].to_string(),
        "NSE.json item 2: item \"7\" is not valid"
    );
    let table = table(&[master]);
    let share = table
        .find(Exchange::Nse, "RELIANCE")
        .expect("two equal rows are one");
    assert_eq!(share.instrument().tick.to_string(), "0.1", "paise");
    assert_eq!(share.isin(), Some("INE002A01018"), "from the key");
}

#[test]
fn indices_without_tokens_are_known_by_their_display_names() {
    let upstox = r#"[{"segment":"NSE_INDEX","instrument_key":"NSE_INDEX|Nifty Bank","trading_symbol":"BANKNIFTY","name":"Nifty Bank","instrument_type":"INDEX"},
        {"segment":"NSE_INDEX","instrument_key":"NSE_INDEX|Nifty Auto","trading_symbol":"NIFTY AUTO","name":"Nifty Auto","instrument_type":"INDEX"}]"#;
    let noren = "Exchange,Token,LotSize,Symbol,TradingSymbol,Instrument,TickSize,\n\
        NSE,26009,1,Nifty Bank,NIFTY BANK,INDEX,0,\nNSE,26029,1,Nifty Auto,Nifty Auto,INDEX,0,\n";
    let fyers = "1,NIFTYAUTO-INDEX,10,1,0.05,,s,None,,NSE:NIFTYAUTO-INDEX,10,10,999001,NIFTY AUTO,999001,-1.0,XX,1,None,0,0.0\n";
    let table = table(&[read("u.json", upstox), read("n.txt", noren), read("f.csv", fyers)]);
    assert_eq!(table.len(), 2);
    for name in ["BANKNIFTY", "NIFTYAUTO"] {
        let index = table
            .find(Exchange::NseIndex, name)
            .unwrap_or_else(|| panic!("{name} is missing"));
        assert!(
            index.listing(BrokerName::Upstox).is_some() && index.listing(BrokerName::Flattrade).is_some(),
            "{name}"
        );
    }
    let auto = table
        .by_exchange_token(BrokerName::Fyers, Exchange::NseIndex, 999_001)
        .map(|entry| entry.symbol());
    assert_eq!(auto, Some("NIFTYAUTO"), "Fyers numbers this one by itself");
}

#[test]
fn what_is_no_master_is_refused_and_the_old_table_stays() {
    let good = "Exchange,Token,Lotsize,Symbol,Tradingsymbol,Instrument\nNSE,2885,1,RELIANCE,RELIANCE-EQ,EQ\n";
    let packed = compressed(good);
    let master = Master::read(&Source::new("NSE.csv.gz", &packed)).expect("gzip is unpacked");
    let live = LiveTable::new(table(&[master]));
    let cut = packed.get(..packed.len() - 6).unwrap_or_default();
    refused(cut, "gzip data is damaged or cut short");
    refused(b"<html>Service unavailable</html>", "web page");
    refused(b"[]", "without a single instrument");
    refused(b"[{\"segment\":\"NSE_EQ\"", "stops being readable at item 1");
    refused(b"[1,2,3]", "3 of 3 rows");
    refused(b"Exchange,Token,Tradingsymbol\n", "without a single instrument");
    refused(
        b"Exchange,Token,Lotsize,Symbol,Tradingsymbol,Instrument\nNSE,x,1,A,A-EQ,EQ\n",
        "1 of 1 rows",
    );
    let date = Date::constant(2025, 10, 8);
    let sources = [
        Source::new("NSE.csv", good.as_bytes()),
        Source::new("feed.csv", cut),
    ];
    assert!(live.refresh(date, &sources).is_err());
    assert_eq!(
        (live.current().date(), live.current().len()),
        (Date::constant(2025, 10, 7), 1)
    );
    let refresh = live.refresh(date, &sources[..1]).expect("a good master is taken");
    assert!(refresh.diff.is_empty() && live.current().date() == date);
}

#[test]
fn reports_are_bounded_and_counts_are_not() {
    let mut text = "Exchange,Token,Lotsize,Symbol,Tradingsymbol,Instrument\n".to_owned();
    for row in 0..500 {
        text += &format!("NSE,{row},1,A{row},A{row}-EQ,EQ\n");
        text += if row % 2 == 0 { "NSE,,1,B,B-EQ,EQ\n" } else { "" };
    }
    let report = read("NSE.csv", &text).report().clone();
    assert_eq!(
        (report.read, report.malformed, report.faults.len()),
        (500, 250, 100)
    );
}
