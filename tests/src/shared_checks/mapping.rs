//! Each row of `mapping.csv` resolves wherever a master holds its name, to the contract, and back.

use std::path::Path;

use anyhow::Result;
use sangam_core::{BrokerName, Exchange};
use sangam_instruments::{Entry, Table};

use super::files::all;
use super::{Tally, raw_rows, table};

/// Looks every row up in every master.
///
/// # Errors
/// When a file is missing or is refused as no master.
pub fn mapping(folder: &Path, tally: &mut Tally) -> Result<()> {
    let tables: Vec<(&str, Table)> = all()
        .map(|(path, ..)| Ok((path, table(folder, &[path])?.0)))
        .collect::<Result<_>>()?;
    for row in raw_rows(folder, "mapping.csv")?.iter().skip(1) {
        let wanted = Wanted::of(row)?;
        let mut seen = 0;
        let mut problems = Vec::new();
        for (broker, name, status) in wanted.names {
            let mut found = 0;
            for (path, table) in &tables {
                let Some(entry) = table
                    .by_order_name(broker, Some(wanted.exchange), name)
                    .filter(|entry| wanted.is(*entry))
                else {
                    continue;
                };
                found += 1;
                // The attested rows are of several dates, so months are not whole there; the older Upstox CSV tells no
                // series, so shares are only named as they should be when another master is beside it.
                let tells_no_series =
                    path.ends_with("complete.trim.csv.gz") && wanted.exchange == Exchange::Nse;
                let names_it = !path.contains("attested") && !tells_no_series;
                if names_it {
                    problems.extend(
                        wanted
                            .problem(table, entry)
                            .map(|problem| format!("{path}: {problem}")),
                    );
                }
            }
            if found == 0 && status == "verified" && !wanted.is_quoted_at(broker) {
                problems.push(format!("{name} of {broker} is in no master"));
            }
            seen += found;
        }
        let detail = problems.join("; ");
        tally.check(
            problems.is_empty(),
            format!(
                "{}:{}: found {seen} times {detail}",
                wanted.exchange, wanted.canonical
            ),
        );
    }
    Ok(())
}

struct Wanted<'r> {
    canonical: &'r str,
    exchange: Exchange,
    expiry: &'r str,
    strike: &'r str,
    names: [(BrokerName, &'r str, &'r str); 3],
    note: &'r str,
}

impl<'r> Wanted<'r> {
    fn of(row: &'r csv::StringRecord) -> Result<Self> {
        Ok(Self {
            canonical: &row[1],
            exchange: row[2].parse()?,
            expiry: &row[3],
            strike: &row[4],
            names: [
                (BrokerName::Flattrade, &row[7], &row[9]),
                (BrokerName::Fyers, &row[10], &row[12]),
                (BrokerName::Upstox, &row[13], &row[15]),
            ],
            note: &row[16],
        })
    }

    /// Names verified in captured answers of the broker rather than in a master.
    fn is_quoted_at(&self, broker: BrokerName) -> bool {
        broker == BrokerName::Fyers && (self.exchange == Exchange::Nfo || self.note.contains("capture"))
    }

    /// Expiries move and names without a day stay, so a name of another date can be another contract.
    fn is(&self, entry: Entry<'_>) -> bool {
        let expiry = entry.expiry().map(|date| date.to_string()).unwrap_or_default();
        expiry == self.expiry || (self.note.starts_with("expiry revised") && entry.symbol() == self.canonical)
    }

    fn problem(&self, table: &Table, entry: Entry<'_>) -> Option<String> {
        if entry.symbol() != self.canonical {
            return Some(format!("named {}", entry.symbol()));
        }
        let strike = entry
            .strike()
            .map_or("-1".to_owned(), |strike| strike.to_string());
        if entry.expiry().is_some() && strike != self.strike {
            return Some(format!("strike {strike}"));
        }
        let back = table.find(self.exchange, self.canonical).map(Entry::contract);
        if back != Some(entry.contract()) || table.by_contract(&entry.contract()).is_none() {
            return Some("is not found back by its canonical name".to_owned());
        }
        let alias = entry.openalgo_symbol();
        match table.resolve(self.exchange, &alias) {
            Ok(again) if again.contract() == entry.contract() => None,
            other => Some(format!("alias {alias}: {other:?}")),
        }
    }
}
