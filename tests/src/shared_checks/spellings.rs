//! What brokers call contracts, against what their rules and the canonical name give: row by row over whole files.

use std::path::Path;

use anyhow::Result;
use sangam_core::{BrokerName, Exchange};
use sangam_instruments::Entry;

use super::files::all;
use super::{Tally, raw_rows, table};

/// Checks every row of the Fyers, Upstox CSV, Flattrade and Noren files.
///
/// # Errors
/// When a file is missing or is refused as no master.
pub fn spellings(folder: &Path, tally: &mut Tally) -> Result<()> {
    for (path, ..) in all() {
        if path.starts_with("fyers/") {
            fyers(folder, path, tally)?;
        } else if path.ends_with("complete.trim.csv.gz") {
            upstox_csv(folder, path, tally)?;
        } else if path.starts_with("noren/") || path.starts_with("flattrade/") {
            noren(folder, path, tally)?;
        }
    }
    Ok(())
}

struct Rows {
    passed: u64,
    failures: Vec<String>,
}

impl Rows {
    fn new() -> Self {
        Self {
            passed: 0,
            failures: Vec::new(),
        }
    }

    fn row(&mut self, held: bool, failure: impl FnOnce() -> String) {
        if held {
            self.passed += 1;
        } else {
            self.failures.push(failure());
        }
    }
}

/// Symbol = prefix + canonical in derivatives, prefix + ticker + series in cash; fytoken = exchange, segment, date, token.
fn fyers(folder: &Path, path: &str, tally: &mut Tally) -> Result<()> {
    // The attested rows were copied on several dates and are no whole master: only the long token is checked.
    let whole = !path.contains("attested");
    let (table, _) = table(folder, &[path])?;
    let (mut names, mut tokens) = (Rows::new(), Rows::new());
    for row in raw_rows(folder, path)? {
        let (symbol, fytoken) = (&row[9], &row[0]);
        let Some(entry) = table.by_order_name(BrokerName::Fyers, None, symbol) else {
            names.failures.push(format!("{symbol} is not in the table"));
            continue;
        };
        let name = symbol.split_once(':').map_or("", |(_, name)| name);
        let expected = match entry.exchange() {
            Exchange::Nse | Exchange::Bse => name.rsplit_once('-').map_or(name, |(ticker, _)| ticker),
            _ => name,
        };
        let canonical = match entry.exchange() {
            Exchange::Nse | Exchange::Bse => entry.underlying().to_owned(),
            // A currency strike below one loses its nought at Fyers.
            Exchange::Cds => entry.strike().map_or(entry.symbol().to_owned(), |strike| {
                let text = strike.to_string();
                let short = text.strip_prefix('0').unwrap_or(&text);
                let end = format!("{text}{}", &entry.symbol()[entry.symbol().len() - 2..]);
                let front = entry.symbol().strip_suffix(end.as_str()).unwrap_or_default();
                format!("{front}{short}{}", &end[text.len()..])
            }),
            Exchange::NseIndex | Exchange::BseIndex => name.to_owned(),
            _ => entry.symbol().to_owned(),
        };
        names.row(canonical == expected || !whole, || {
            format!("{symbol} is {}", entry.symbol())
        });
        let ours = entry.fytoken().unwrap_or_default();
        tokens.row(ours == fytoken, || format!("{symbol} has {fytoken}, not {ours}"));
    }
    tally.many(&format!("{path}: symbol"), names.passed, &names.failures);
    tally.many(&format!("{path}: fytoken"), tokens.passed, &tokens.failures);
    Ok(())
}

fn upstox_csv(folder: &Path, path: &str, tally: &mut Tally) -> Result<()> {
    // Which name a share has depends on its series, which only the JSON of the day tells; so the derivatives.
    let (table, _) = table(folder, &[path])?;
    let mut names = Rows::new();
    for row in raw_rows(folder, path)?.iter().skip(1) {
        let (key, trading_symbol, expiry) = (&row[0], &row[2], &row[5]);
        let entry = table.by_order_name(BrokerName::Upstox, None, key);
        if expiry.is_empty() {
            continue;
        }
        let ours = entry.map(Entry::symbol);
        names.row(ours == Some(trading_symbol), || {
            format!("{key} {trading_symbol} is {ours:?}")
        });
    }
    tally.many(&format!("{path}: tradingsymbol"), names.passed, &names.failures);
    Ok(())
}

fn noren(folder: &Path, path: &str, tally: &mut Tally) -> Result<()> {
    let (table, build) = table(folder, &[path])?;
    let mut names = Rows::new();
    for entry in table.iter() {
        let Some(listing) = entry.listing(BrokerName::Flattrade) else {
            continue;
        };
        let tsym = listing.order_symbol.as_ref();
        let expected = match entry.exchange() {
            Exchange::Bfo => entry.symbol().to_owned(),
            Exchange::Nfo | Exchange::Mcx | Exchange::Cds => dated(entry),
            Exchange::Nse => tsym.strip_suffix("-EQ").unwrap_or(tsym).to_owned(),
            _ => tsym.replace(' ', ""),
        };
        let ours = match entry.exchange() {
            Exchange::Bfo | Exchange::Nfo | Exchange::Mcx | Exchange::Cds => tsym,
            Exchange::NseIndex | Exchange::BseIndex => continue,
            _ => entry.symbol(),
        };
        names.row(ours == expected, || {
            format!("{tsym} is {} ({expected})", entry.symbol())
        });
    }
    tally.many(
        &format!("{path}: trading symbol; {build}"),
        names.passed,
        &names.failures,
    );
    Ok(())
}

/// `NIFTY28OCT25C25850`, `NIFTY28OCT25F`, `CRUDEOIL19FEB26`.
fn dated(entry: Entry<'_>) -> String {
    let date = entry.expiry().map_or(String::new(), |date| {
        date.strftime("%d%b%y").to_string().to_uppercase()
    });
    let head = format!("{}{date}", entry.underlying());
    match (entry.right(), entry.strike()) {
        (Some(right), Some(strike)) => format!("{head}{}{strike}", &right.as_str()[..1]),
        _ if entry.exchange() == Exchange::Mcx => head,
        _ => format!("{head}F"),
    }
}
