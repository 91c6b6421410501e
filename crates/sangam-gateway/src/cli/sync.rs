//! `sangam instruments sync`: reads masters from files and addresses, with a bar for people, and keeps them. What cannot
//! be read is told and leaves what was kept as it is.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use sangam::core::BrokerName;
use sangam::instruments::{Diff, Master, Source, Store, Table};
use sangam::kit::{Fetch, FetchSettings};
use serde_json::{Value, json};

use super::args::{Common, Sync};
use super::client::Client;
use super::instruments::trading_date;
use super::orders::cell;
use super::table;
use crate::config_file;

/// A master that was read, with the name it is kept under.
pub(crate) struct Taken {
    pub(crate) broker: BrokerName,
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) master: Master,
}

/// Runs the command.
pub(crate) async fn run(common: &Common, args: &Sync) -> Result<()> {
    if args.sources.is_empty()
        && args.date.is_none()
        && let Some(report) = ask_gateway(common).await?
    {
        return told(common, &report);
    }
    let date = trading_date(args.date.as_deref())?;
    let sources = if args.sources.is_empty() {
        configured(common)?
    } else {
        args.sources.clone()
    };
    let (taken, refused) = take(&sources, common.json).await?;
    let folder = config_file::data_dir(common)?.join("instruments");
    if taken.is_empty() {
        bail!(
            "no master could be read, what was kept stays: {}",
            refused.join("; ")
        );
    }
    let store = Store::open(folder)?;
    let before = store
        .load_latest()?
        .map_or_else(|| Table::empty(date), |loaded| loaded.table);
    for master in &taken {
        store.save(date, master.broker, &master.name, &master.bytes)?;
    }
    let after = store.load(date)?.table;
    let diff = Diff::between(&before, &after);
    if common.json {
        let files: Vec<_> = taken.iter().map(file_json).collect();
        table::line(&serde_json::to_string_pretty(&json!({
            "date": date.to_string(), "instruments": after.len(), "files": files, "refused": refused,
            "changes": diff.to_string(),
        }))?)?;
    } else {
        show(&taken, &refused)?;
        table::line(&format!("\n{} instruments of {date}\n{diff}", after.len()))?;
    }
    if refused.is_empty() {
        Ok(())
    } else {
        bail!("{} of {} sources were refused", refused.len(), sources.len())
    }
}

fn show(taken: &[Taken], refused: &[String]) -> Result<()> {
    let rows: Vec<_> = taken
        .iter()
        .map(|t| {
            let report = t.master.report();
            vec![
                t.broker.to_string(),
                t.name.clone(),
                report.read.to_string(),
                report.malformed.to_string(),
            ]
        })
        .collect();
    table::print(&["broker", "file", "rows", "skipped"], &rows)?;
    for one in taken {
        let report = one.master.report();
        for fault in &report.faults {
            table::line(&format!("skipped: {fault}"))?;
        }
        let untold = usize::try_from(report.malformed)
            .unwrap_or(usize::MAX)
            .saturating_sub(report.faults.len());
        if untold > 0 {
            table::line(&format!("skipped: {untold} more rows of {}", one.name))?;
        }
    }
    for what in refused {
        table::line(&format!("refused: {what}"))?;
    }
    Ok(())
}

fn file_json(taken: &Taken) -> Value {
    let report = taken.master.report();
    let faults: Vec<_> = report.faults.iter().map(ToString::to_string).collect();
    json!({"broker": taken.broker, "file": taken.name, "rows": report.read, "skipped": report.malformed, "faults": faults})
}

/// What a running gateway says to being asked; `None` when there is none.
async fn ask_gateway(common: &Common) -> Result<Option<Value>> {
    let Ok(client) = Client::new(common) else {
        return Ok(None);
    };
    match client.post("instruments/sync", json!({})).await {
        Ok(answer) => Ok(Some(answer["data"].clone())),
        Err(error) if common.url.is_none() && error.is::<super::client::NoGateway>() => Ok(None),
        Err(error) => Err(error),
    }
}

fn told(common: &Common, report: &Value) -> Result<()> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    if common.json {
        table::line(&serde_json::to_string_pretty(report)?)?;
    } else {
        let row = |file: &Value| {
            ["broker", "file", "rows", "skipped"]
                .map(|field| cell(&file[field]))
                .to_vec()
        };
        let rows: Vec<_> = list(&report["read"]).iter().map(row).collect();
        table::print(&["broker", "file", "rows", "skipped"], &rows)?;
        for what in list(&report["refused"]) {
            table::line(&format!("refused: {}", cell(&what)))?;
        }
        table::line(&format!(
            "\n{} instruments of {}, in force at the gateway\n{}",
            cell(&report["instruments"]),
            cell(&report["date"]),
            cell(&report["changes"])
        ))?;
    }
    let refused = list(&report["refused"]).len();
    if refused > 0 {
        bail!("{refused} files were refused; what was fetched earlier today stays in force for them");
    }
    Ok(())
}

/// The addresses of the configured brokers' masters.
fn configured(common: &Common) -> Result<Vec<String>> {
    let raw = config_file::load(common)?;
    if raw.account.is_empty() {
        bail!(
            "no account is configured, so there is no broker to ask; name files or addresses, or start `sangam serve`, \
             which fetches those of its simulated brokers"
        );
    }
    let config = sangam::config::check(raw)?;
    let urls = sangam::masters::urls(&config.accounts);
    Ok(urls
        .into_iter()
        .map(|master| format!("{}={}", master.broker, master.url))
        .collect())
}

/// Reads each source, with a bar for people; answers the masters and what was refused.
pub(crate) async fn take(sources: &[String], quiet: bool) -> Result<(Vec<Taken>, Vec<String>)> {
    let fetch = Fetch::new(FetchSettings::default())?;
    let style = ProgressStyle::with_template("{msg:40!} {bar:30} {bytes}/{total_bytes} {elapsed}")?;
    let mut taken: Vec<Taken> = Vec::new();
    let mut refused = Vec::new();
    let mut names = BTreeSet::new();
    for source in sources {
        let (wanted, place) = match source.split_once('=') {
            Some((broker, place)) if broker.parse::<BrokerName>().is_ok() => {
                (broker.parse::<BrokerName>().ok(), place)
            }
            _ => (None, source.as_str()),
        };
        let bar = if quiet {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(0).with_style(style.clone())
        };
        bar.set_message(place.to_owned());
        bar.enable_steady_tick(Duration::from_millis(100));
        match read_one(&fetch, wanted, place, &bar).await {
            Ok(one) if !names.insert((one.broker, one.name.clone())) => refused.push(format!(
                "{place}: another source is also kept as {}; read one of them, or rename it",
                one.name
            )),
            Ok(one) => taken.push(one),
            Err(error) => refused.push(format!("{error:#}")),
        }
        bar.finish_and_clear();
    }
    Ok((taken, refused))
}

async fn read_one(
    fetch: &Fetch,
    wanted: Option<BrokerName>,
    place: &str,
    bar: &ProgressBar,
) -> Result<Taken> {
    let bytes = if place.starts_with("http://") || place.starts_with("https://") {
        let progress = |progress: sangam::kit::Progress| {
            bar.set_length(progress.total.unwrap_or(progress.received));
            bar.set_position(progress.received);
        };
        fetch.download(place, progress).await?.to_vec()
    } else {
        let bytes =
            std::fs::read(place).with_context(|| format!("read {place}; check the name of the file"))?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        bar.set_length(length);
        bar.set_position(length);
        bytes
    };
    let master = Master::read(&Source::new(place, &bytes))?;
    let broker = master.broker();
    if let Some(wanted) = wanted.filter(|wanted| *wanted != broker) {
        bail!("{place}: this is a master of {broker}, not of {wanted}");
    }
    Ok(Taken {
        broker,
        name: kept_name(place),
        bytes,
        master,
    })
}

/// The last part of a path or address, without query, in letters a kept file may have.
fn kept_name(place: &str) -> String {
    let path = place.split(['?', '#']).next().unwrap_or(place);
    let last = Path::new(path).file_name().and_then(|name| name.to_str());
    let name: String = last
        .unwrap_or_default()
        .trim_start_matches('.')
        .chars()
        .take(100)
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') {
                c
            } else {
                '_'
            }
        })
        .collect();
    if name.is_empty() {
        "master".to_owned()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_can_be_kept() {
        let check = |place, kept| assert_eq!(kept_name(place), kept);
        check("/tmp/NSE_CM.csv", "NSE_CM.csv");
        check(
            "https://example.com/a/complete.json.gz?token=1#x",
            "complete.json.gz",
        );
        check("NSE CM (1).csv", "NSE_CM__1_.csv");
        check(".hidden.csv", "hidden.csv");
        check("https://example.com/", "example.com");
        check("..", "master");
    }
}
