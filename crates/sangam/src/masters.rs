//! Where each broker publishes its symbol masters, and fetching them. A master that cannot be had or read leaves the
//! table of before in force, and the report says so.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt as _};
use sangam_broker::Fetch;
use sangam_core::BrokerName;
use sangam_core::timestamp::Date;
use sangam_instruments::{LiveTable, Master, Store, Table};
use serde::Serialize;

use crate::config::AccountConfig;

/// Files fetched at the same time: enough to fill a line, few enough that their bytes fit beside one another.
const AT_ONCE: usize = 4;

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
    /// Whether a simulator serves it: those have no files for segments they do not simulate.
    pub simulated: bool,
}

/// The masters of the configured accounts, each broker once.
#[must_use]
pub fn urls(accounts: &[AccountConfig]) -> Vec<MasterUrl> {
    let mut bases: BTreeMap<BrokerName, (String, bool)> = BTreeMap::new();
    // One table serves all groups: where a broker has real accounts its masters are the broker's, never a simulator's.
    let real_first = || {
        let real = accounts.iter().filter(|account| !account.simulated);
        real.chain(accounts.iter().filter(|account| account.simulated))
    };
    for account in real_first() {
        let base = account
            .hosts
            .masters
            .clone()
            .unwrap_or_else(|| official_base(account.broker).to_owned());
        bases.entry(account.broker).or_insert((base, account.simulated));
    }
    let of = |(broker, (base, simulated)): (BrokerName, (String, bool))| {
        files(broker).iter().map(move |path| MasterUrl {
            broker,
            name: path.rsplit('/').next().unwrap_or(path).to_owned(),
            url: format!("{base}/{path}"),
            simulated,
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

/// Fetches, keeps, reads and puts in force. A file that fails leaves the one fetched earlier the same day; when nothing
/// at all can be read the table of before stays.
pub(crate) async fn sync(
    fetch: &Fetch,
    store: &Store,
    live: &LiveTable,
    wanted: &[MasterUrl],
    date: Date,
) -> SyncReport {
    let fetched: Vec<_> = stream::iter(wanted.to_vec())
        .map(|master| async move {
            let taken = take(fetch, store, &master, date).await;
            (master, taken)
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let mut refused = Vec::new();
    let mut read = Vec::new();
    let mut masters = Vec::new();
    let has_some: BTreeSet<_> = fetched
        .iter()
        .filter(|(_, taken)| taken.is_ok())
        .map(|(wanted, _)| wanted.broker)
        .collect();
    for (wanted, taken) in fetched {
        match taken {
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
            Err(what) if wanted.simulated && has_some.contains(&wanted.broker) => {
                tracing::debug!(broker = %wanted.broker, what, "not simulated");
            }
            Err(what) => {
                tracing::warn!(broker = %wanted.broker, what, "master not taken; it is fetched again in a few minutes");
                refused.push(what);
            }
        }
    }
    for broker in wanted.iter().map(|wanted| wanted.broker).collect::<BTreeSet<_>>() {
        if !read.iter().any(|file| file.broker == broker) {
            tracing::warn!(%broker, "no symbol master could be had");
        }
    }
    let fell_back = !refused.is_empty();
    let store = store.clone();
    let built = blocking(move || {
        if fell_back {
            // What was kept earlier today stands in for what failed now.
            store
                .load(date)
                .map(|loaded| loaded.table)
                .map_err(|error| error.to_string())
        } else {
            Table::build(date, &masters)
                .map(|(table, _)| table)
                .map_err(|error| error.to_string())
        }
    })
    .await;
    let changes = match built {
        Ok(table) => live.replace(table).to_string(),
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

async fn take(fetch: &Fetch, store: &Store, wanted: &MasterUrl, date: Date) -> Result<Master, String> {
    let bytes = fetch
        .download(&wanted.url, |_| ())
        .await
        .map_err(|error| format!("{}: {error}", wanted.name))?;
    let (store, broker, name) = (store.clone(), wanted.broker, wanted.name.clone());
    blocking(move || {
        store
            .save(date, broker, &name, &bytes)
            .map_err(|error| error.to_string())
    })
    .await
}

/// Runs what reads a whole file away from the threads that serve calls.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(format!("reading the masters was interrupted: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{RawAccount, RawConfig, check};

    fn account(name: &str, group: &str, simulated: bool, base: Option<&str>) -> RawAccount {
        let mut raw: RawAccount = serde_json::from_value(serde_json::json!({
            "name": name, "broker": "upstox", "group": group, "simulated": simulated, "api_key": "k", "api_secret": "s",
            "redirect_uri": "http://127.0.0.1/",
        }))
        .expect("an account");
        raw.base_url = base.map(str::to_owned);
        raw
    }

    #[test]
    fn a_real_account_never_trades_on_a_simulators_master() {
        let config = check(RawConfig {
            account: vec![
                account("sim", "paper", true, Some("http://127.0.0.1:9103")),
                account("real", "main", false, None),
            ],
            ..RawConfig::default()
        })
        .expect("two groups");
        let urls = urls(&config.accounts);
        assert_eq!(urls.len(), 1);
        assert!(urls[0].url.starts_with("https://assets.upstox.com/"), "{urls:?}");
    }
}
