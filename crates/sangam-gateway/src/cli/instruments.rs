//! `sangam instruments`: reads masters from files and addresses, finds and explains instruments. It works on the data
//! folder and needs no running gateway.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use sangam::core::timestamp::Date;
use sangam::core::{BrokerName, IST};
use sangam::instruments::{BrokerForm, Entry, Master, Source, Store, Table};
use sangam::kit::{Fetch, FetchSettings};
use sangam::{Found, SystemClock};
use serde_json::{Value, json};

use super::args::{Common, From, Instruments, Sync};
use super::table;
use crate::config_file;

/// Runs one of the commands.
pub(crate) async fn run(common: &Common, command: Instruments) -> Result<()> {
    match command {
        Instruments::Sync(args) => sync(common, &args).await,
        Instruments::Search { words, limit, from } => {
            let table = table_from(common, &from).await?;
            search(common, &table, &words.join(" "), limit)
        }
        Instruments::Resolve { name, broker, from } => {
            let table = table_from(common, &from).await?;
            resolve(common, &table, &name, broker.as_deref())
        }
    }
}

/// A master that was read, with the name it is kept under.
struct Taken {
    broker: BrokerName,
    name: String,
    bytes: Vec<u8>,
    master: Master,
}

async fn sync(common: &Common, args: &Sync) -> Result<()> {
    let date = trading_date(args.date.as_deref())?;
    let store = Store::open(config_file::data_dir(common)?.join("instruments"))?;
    let before = store
        .load_latest()?
        .map_or_else(|| Table::empty(date), |loaded| loaded.table);
    let sources = if args.sources.is_empty() {
        configured(common)?
    } else {
        args.sources.clone()
    };
    let (taken, refused) = take(&sources, common.json).await?;
    if taken.is_empty() {
        bail!(
            "no master could be read, the table of {} stays: {}",
            before.date(),
            refused.join("; ")
        );
    }
    let masters: Vec<&Taken> = taken.iter().collect();
    for master in &masters {
        store.save(date, master.broker, &master.name, &master.bytes)?;
    }
    let after = store.load(date)?.table;
    let diff = sangam::instruments::Diff::between(&before, &after);
    if common.json {
        let files: Vec<_> = taken.iter().map(file_json).collect();
        table::line(&serde_json::to_string_pretty(&json!({
            "date": date.to_string(), "instruments": after.len(), "files": files, "refused": refused,
            "changes": diff.to_string(),
        }))?)?;
    } else {
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
        for fault in taken.iter().flat_map(|t| &t.master.report().faults) {
            table::line(&format!("skipped: {fault}"))?;
        }
        for what in &refused {
            table::line(&format!("refused: {what}"))?;
        }
        table::line(&format!("\n{} instruments of {date}\n{diff}", after.len()))?;
    }
    if refused.is_empty() {
        Ok(())
    } else {
        bail!("{} of {} sources were refused", refused.len(), sources.len())
    }
}

fn file_json(taken: &Taken) -> Value {
    let report = taken.master.report();
    let faults: Vec<_> = report.faults.iter().map(ToString::to_string).collect();
    json!({"broker": taken.broker, "file": taken.name, "rows": report.read, "skipped": report.malformed, "faults": faults})
}

/// The addresses of the configured brokers' masters.
fn configured(common: &Common) -> Result<Vec<String>> {
    let raw = config_file::load(common)?;
    if raw.account.is_empty() {
        bail!(
            "no account is configured, so there is no broker to ask; name files or addresses, or let `sangam serve` \
             fetch those of its simulated brokers"
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
async fn take(sources: &[String], quiet: bool) -> Result<(Vec<Taken>, Vec<String>)> {
    let fetch = Fetch::new(FetchSettings::default())?;
    let style = ProgressStyle::with_template("{msg:40!} {bar:30} {bytes}/{total_bytes} {elapsed}")?;
    let mut taken = Vec::new();
    let mut refused = Vec::new();
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
        std::fs::read(place).with_context(|| format!("read {place}; check the name of the file"))?
    };
    let master = Master::read(&Source::new(place, &bytes))?;
    let broker = master.broker();
    if let Some(wanted) = wanted.filter(|wanted| *wanted != broker) {
        bail!("{place}: this is a master of {broker}, not of {wanted}");
    }
    let name = Path::new(place)
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("master")
        .to_owned();
    Ok(Taken {
        broker,
        name,
        bytes,
        master,
    })
}

async fn table_from(common: &Common, from: &From) -> Result<Table> {
    if from.masters.is_empty() {
        let dir = config_file::data_dir(common)?.join("instruments");
        let store = Store::open(&dir)?;
        let loaded = match &from.date {
            Some(date) => Some(store.load(trading_date(Some(date))?)?),
            None => store.load_latest()?,
        };
        return loaded.map(|loaded| loaded.table).with_context(|| {
            format!(
                "no masters are kept in {}; run `sangam instruments sync`, or start `sangam serve`",
                dir.display()
            )
        });
    }
    let (taken, refused) = take(&from.masters, common.json).await?;
    if !refused.is_empty() {
        bail!("{}", refused.join("; "));
    }
    let masters: Vec<Master> = taken.into_iter().map(|taken| taken.master).collect();
    let date = match &from.date {
        Some(date) => trading_date(Some(date))?,
        None => masters
            .iter()
            .find_map(Master::data_date)
            .map_or_else(|| trading_date(None), Ok)?,
    };
    Ok(Table::build(date, &masters)?.0)
}

fn trading_date(text: Option<&str>) -> Result<Date> {
    match text {
        Some(text) => text
            .parse()
            .with_context(|| format!("--date: {text:?} is not a date; write it like 2026-11-23")),
        None => Ok(IST::date(sangam::core::Clock::now(&SystemClock::new()))),
    }
}

fn search(common: &Common, table_read: &Table, query: &str, limit: usize) -> Result<()> {
    let found: Vec<Found> = table_read
        .search(query, limit)
        .into_iter()
        .map(Found::from)
        .collect();
    if common.json {
        return table::line(&serde_json::to_string_pretty(&found)?);
    }
    let rows: Vec<_> = found
        .into_iter()
        .map(|f| {
            let brokers: Vec<_> = f.brokers.iter().map(|broker| broker.as_str()).collect();
            vec![
                f.instrument,
                f.openalgo_symbol,
                f.name,
                f.expiry.unwrap_or_default(),
                f.lot.to_string(),
                f.tick,
                brokers.join(" "),
            ]
        })
        .collect();
    table::print(
        &[
            "instrument",
            "openalgo",
            "name",
            "expiry",
            "lot",
            "tick",
            "brokers",
        ],
        &rows,
    )
}

fn resolve(common: &Common, table_read: &Table, name: &str, broker: Option<&str>) -> Result<()> {
    let entry = match broker {
        Some(broker) => {
            let broker: BrokerName = broker.parse()?;
            let (exchange, order_name) = match name.split_once(':') {
                Some((exchange, rest)) if broker == BrokerName::Flattrade => (exchange.parse().ok(), rest),
                _ => (None, name),
            };
            table_read
                .by_order_name(broker, exchange, order_name)
                .with_context(|| format!("{broker} has no {name} in the masters of {}", table_read.date()))?
        }
        None => table_read.resolve_any(name)?,
    };
    if common.json {
        return table::line(&serde_json::to_string_pretty(&entry_json(entry))?);
    }
    let instrument = entry.instrument();
    let facts = [
        ("instrument", instrument.id.to_string()),
        ("openalgo", entry.openalgo_symbol()),
        ("name", entry.title().to_owned()),
        ("underlying", entry.underlying().to_owned()),
        (
            "expiry",
            entry
                .expiry()
                .map(|expiry| expiry.to_string())
                .unwrap_or_default(),
        ),
        (
            "strike",
            entry
                .strike()
                .map(|strike| strike.to_string())
                .unwrap_or_default(),
        ),
        ("lot", instrument.lot.to_string()),
        ("tick", instrument.tick.to_string()),
        (
            "freeze",
            instrument
                .freeze
                .map(|freeze| freeze.to_string())
                .unwrap_or_default(),
        ),
        ("isin", entry.isin().unwrap_or_default().to_owned()),
        ("masters of", table_read.date().to_string()),
    ];
    for (what, value) in facts.into_iter().filter(|(_, value)| !value.is_empty()) {
        table::line(&format!("{what:<12} {value}"))?;
    }
    table::line("")?;
    let rows: Vec<_> = BrokerName::ALL
        .into_iter()
        .filter_map(|broker| Some((broker, entry.broker_form(broker)?)))
        .map(|(broker, form)| {
            vec![
                broker.to_string(),
                form.listing.order_symbol.to_string(),
                form.listing.token.to_string(),
                standing(&form),
            ]
        })
        .collect();
    table::print(&["broker", "order name", "token", "seen"], &rows)
}

fn standing(form: &BrokerForm) -> String {
    if form.derived {
        "derived by rule; cannot be traded"
    } else {
        "in its master"
    }
    .to_owned()
}

fn entry_json(entry: Entry<'_>) -> Value {
    let instrument = entry.instrument();
    let brokers: Vec<_> = BrokerName::ALL
        .into_iter()
        .filter_map(|broker| Some((broker, entry.broker_form(broker)?)))
        .map(|(broker, form)| {
            json!({"broker": broker, "order_symbol": form.listing.order_symbol, "token": form.listing.token, "derived": form.derived,
                "quote_key": entry.quote_key(broker)})
        })
        .collect();
    json!({
        "instrument": instrument.id.to_string(),
        "exchange": instrument.id.exchange,
        "symbol": instrument.id.symbol,
        "openalgo_symbol": entry.openalgo_symbol(),
        "name": entry.title(),
        "contract": instrument.contract,
        "lot": instrument.lot,
        "tick": instrument.tick,
        "freeze": instrument.freeze,
        "isin": entry.isin(),
        "tradable": instrument.id.exchange.is_traded() && !instrument.derived,
        "brokers": brokers,
    })
}
