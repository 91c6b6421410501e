//! Where each broker publishes its symbol masters, and fetching them. A master that cannot be had or read leaves the
//! table of before in force, and the report says so.

use std::collections::BTreeMap;

use futures::future::join_all;
use sangam_broker::Fetch;
use sangam_core::BrokerName;
use sangam_core::timestamp::Date;
use sangam_instruments::{LiveTable, Store, Table};
use serde::Serialize;

use crate::config::AccountConfig;

/// The files of one broker, relative to its masters' base.
/// Sources: flattrade.md section 12, fyers.md section 12, upstox.md section 11.
fn files(broker: BrokerName) -> &'static [&'static str] {
    match broker {
        BrokerName::Flattrade => &[
            "scripmaster/NSE_Equity.csv",
            "scripmaster/BSE_Equity.csv",
            "scripmaster/Nfo_Equity_Derivatives.csv",
            "scripmaster/Nfo_Index_Derivatives.csv",
            "scripmaster/Bfo_Equity_Derivatives.csv",
            "scripmaster/Bfo_Index_Derivatives.csv",
            "scripmaster/Currency_Derivatives.csv",
            "scripmaster/Commodity.csv",
        ],
        BrokerName::Fyers => &[
            "sym_details/NSE_CM.csv",
            "sym_details/NSE_FO.csv",
            "sym_details/NSE_CD.csv",
            "sym_details/BSE_CM.csv",
            "sym_details/BSE_FO.csv",
            "sym_details/MCX_COM.csv",
        ],
        BrokerName::Upstox => &["market-quote/instruments/exchange/complete.json.gz"],
    }
}

fn official_base(broker: BrokerName) -> &'static str {
    match broker {
        BrokerName::Flattrade => "https://flattrade.s3.ap-south-1.amazonaws.com",
        BrokerName::Fyers => "https://public.fyers.in",
        BrokerName::Upstox => "https://assets.upstox.com",
    }
}

/// One file to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterUrl {
    /// Whose.
    pub broker: BrokerName,
    /// The name it is kept under.
    pub name: String,
    /// Where it is.
    pub url: String,
}

/// The masters of the configured accounts, each broker once.
#[must_use]
pub fn urls(accounts: &[AccountConfig]) -> Vec<MasterUrl> {
    let mut bases: BTreeMap<BrokerName, String> = BTreeMap::new();
    for account in accounts {
        let base = account
            .hosts
            .masters
            .clone()
            .unwrap_or_else(|| official_base(account.broker).to_owned());
        bases.entry(account.broker).or_insert(base);
    }
    let of = |(broker, base): (BrokerName, String)| {
        files(broker).iter().map(move |path| MasterUrl {
            broker,
            name: path.rsplit('/').next().unwrap_or(path).to_owned(),
            url: format!("{base}/{path}"),
        })
    };
    bases.into_iter().flat_map(of).collect()
}

/// What a fetching of masters came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncReport {
    /// The trading date of the table in force now.
    pub date: String,
    /// Instruments in it.
    pub instruments: usize,
    /// Files read, with the rows skipped in each.
    pub read: Vec<FileRead>,
    /// Files that could not be had or are no masters.
    pub refused: Vec<String>,
    /// What changed from the table before, in one line.
    pub changes: String,
}

/// One file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileRead {
    /// Whose.
    pub broker: BrokerName,
    /// Its name.
    pub file: String,
    /// Rows taken.
    pub rows: u64,
    /// Rows skipped, each told in the log.
    pub skipped: u64,
}

/// Fetches, keeps, reads and puts in force. Files of one broker that fail leave out that file; when nothing at all can
/// be read the table of before stays.
pub(crate) async fn sync(
    fetch: &Fetch,
    store: &Store,
    live: &LiveTable,
    wanted: &[MasterUrl],
    date: Date,
) -> SyncReport {
    let fetched = join_all(
        wanted
            .iter()
            .map(|master| async move { (master, fetch.download(&master.url, |_| ()).await) }),
    )
    .await;
    let mut refused = Vec::new();
    let mut read = Vec::new();
    let mut masters = Vec::new();
    for (wanted, bytes) in fetched {
        let kept = match bytes {
            Ok(bytes) => store
                .save(date, wanted.broker, &wanted.name, &bytes)
                .map_err(|error| error.to_string()),
            Err(error) => Err(format!("{}: {error}", wanted.name)),
        };
        match kept {
            Ok(master) => {
                let report = master.report();
                for fault in &report.faults {
                    tracing::warn!(broker = %wanted.broker, %fault, "row of a master skipped");
                }
                read.push(FileRead {
                    broker: wanted.broker,
                    file: wanted.name.clone(),
                    rows: report.read,
                    skipped: report.malformed,
                });
                masters.push(master);
            }
            Err(what) => {
                tracing::warn!(broker = %wanted.broker, what, "master not taken");
                refused.push(what);
            }
        }
    }
    let changes = match Table::build(date, &masters) {
        Ok((table, _)) => live.replace(table).to_string(),
        Err(error) => {
            refused.push(format!(
                "{error}; the table of {} stays in force",
                live.current().date()
            ));
            "none".to_owned()
        }
    };
    let table = live.current();
    SyncReport {
        date: table.date().to_string(),
        instruments: table.len(),
        read,
        refused,
        changes,
    }
}
