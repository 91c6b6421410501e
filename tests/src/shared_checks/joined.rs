//! Masters of three brokers joined. The samples are some days apart, so what changed in between shows as conflicts;
//! whole days are only as good as the brokers' own files.

use std::path::Path;

use anyhow::{Context, Result};
use sangam_core::{BrokerName, Exchange};
use sangam_instruments::{Diff, Entry};

use super::{Tally, bytes, raw_rows, table};

const OCTOBER: [&str; 5] = [
    "noren/2025-10-06/NFO_symbols.trim.txt.gz",
    "noren/2025-09-20/NSE_symbols.txt.gz",
    "fyers/2025-10-10/NSE_CM.csv.gz",
    "fyers/2025-10-10/BSE_CM.trim.csv.gz",
    "upstox/2025-10-05/NSE.trim.json.gz",
];

/// Joins October 2025 and the commodities of January 2026.
///
/// # Errors
/// When a file is missing or is refused as no master.
#[expect(clippy::print_stdout, reason = "a report for the person who ran it")]
pub fn joined(folder: &Path, tally: &mut Tally) -> Result<()> {
    let (table, build) = table(folder, &OCTOBER)?;
    println!("october 2025: {build}");
    println!("  {} bytes a contract", table.memory_bytes() / table.len().max(1));
    for row in raw_rows(folder, "mapping.csv")?
        .iter()
        .skip(1)
        .filter(|row| &row[2] == "NSE")
    {
        let listed = |entry: Entry<'_>| {
            let at = |broker: BrokerName| entry.listing(broker).map(|listing| listing.order_symbol);
            at(BrokerName::Flattrade).as_deref() == Some(&row[7])
                && at(BrokerName::Fyers).as_deref() == Some(&row[10])
                && at(BrokerName::Upstox).as_deref() == Some(&row[13])
        };
        let entry = table.find(Exchange::Nse, &row[1]);
        tally.check(
            entry.is_some_and(listed),
            format!("NSE:{} at all three brokers", &row[1]),
        );
    }
    option_chain(folder, &table, tally)?;
    unknown_and_known(&table, tally);
    commodities(folder, tally)?;
    let (earlier, _) = super::table(folder, &["fyers/2025-09-05/BSE_FO.csv.gz"])?;
    let (later, _) = super::table(folder, &["fyers/2025-10-10/BSE_FO.csv.gz"])?;
    let diff = Diff::between(&earlier, &later);
    println!("{diff}");
    let whole = diff.unchanged + diff.changed.len();
    tally.check(
        whole + diff.added.len() == later.len() && whole + diff.removed.len() == earlier.len(),
        "a month of Fyers BSE_FO: every contract is added, removed, changed or the same",
    );
    Ok(())
}

/// The contracts of a captured option chain: Fyers' names by rule are the ones it really uses.
fn option_chain(folder: &Path, table: &sangam_instruments::Table, tally: &mut Tally) -> Result<()> {
    let chain = bytes(folder, "fyers/nse_fo_rows/optionchain_NIFTY_2025-10-14.json")?;
    let chain: serde_json::Value = serde_json::from_slice(&chain)?;
    let chain = chain["data"]["optionsChain"]
        .as_array()
        .context("the capture has an options chain")?;
    let (mut passed, mut failures) = (0, Vec::new());
    for item in chain.iter().filter(|item| item["option_type"] != "") {
        let symbol = item["symbol"].as_str().unwrap_or_default();
        let form = table
            .find(Exchange::Nfo, symbol.trim_start_matches("NSE:"))
            .and_then(|entry| entry.broker_form(BrokerName::Fyers));
        let token = form.as_ref().map(|form| form.listing.token.to_string());
        let fytoken = item["fyToken"].as_str().unwrap_or_default();
        let held = form.is_some_and(|form| form.derived && form.listing.order_symbol.as_ref() == symbol)
            && token.is_some_and(|token| fytoken.ends_with(&token));
        if held {
            passed += 1;
        } else {
            failures.push(symbol.to_owned());
        }
    }
    tally.many("option chain of 2025-10-14 by Fyers' rule", passed, &failures);
    Ok(())
}

fn unknown_and_known(table: &sangam_instruments::Table, tally: &mut Tally) {
    tally.check(
        table.resolve(Exchange::Nfo, "NIFTY25OCT25840CE").is_err(),
        "a strike that is not listed is unknown",
    );
    let entry = table
        .resolve(Exchange::Nfo, "NIFTY28OCT2525850CE")
        .map(Entry::symbol);
    tally.check(
        entry == Ok("NIFTY25OCT25850CE"),
        "OpenAlgo's spelling of NIFTY 25850 CE of 28 October",
    );
}

/// Fyers says 1 for every lot and the others the units; orders are in lots at all three.
fn commodities(folder: &Path, tally: &mut Tally) -> Result<()> {
    let paths = [
        "noren/2026-01-19/MCX_symbols.trim.txt.gz",
        "upstox/2026-01-02/complete.trim.json.gz",
    ];
    let (table, build) = table(folder, &paths)?;
    let both = table.iter().filter(|entry| {
        entry.exchange() == Exchange::Mcx
            && entry.listing(BrokerName::Upstox).is_some()
            && entry.listing(BrokerName::Flattrade).is_some()
    });
    let (mut lots, mut multiplied) = (0, 0);
    for entry in both {
        lots += u32::from(entry.instrument().lot.units() == 1);
        multiplied += u32::from(entry.multiplier().is_some());
    }
    tally.check(
        lots == multiplied && lots > 20_000,
        format!("commodities of January 2026: {build}; {lots} in lots of 1 at both"),
    );
    let crude = table
        .find(Exchange::Mcx, "CRUDEOIL26FEBFUT")
        .and_then(Entry::multiplier);
    tally.check(
        crude.is_some_and(|value| value.to_string() == "100"),
        "a lot of CRUDEOIL is worth 100 times its price",
    );
    Ok(())
}
