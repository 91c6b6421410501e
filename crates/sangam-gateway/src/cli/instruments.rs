//! `sangam instruments search|resolve`: finds and explains instruments. It works on the data folder, or on the files named,
//! and needs no running gateway.

use anyhow::{Context as _, Result, bail};
use sangam::core::timestamp::Date;
use sangam::core::{BrokerName, IST};
use sangam::instruments::{BrokerForm, Entry, Master, Store, Table};
use sangam::{Found, SystemClock};
use serde_json::{Value, json};

use super::args::{Common, From, Instruments};
use super::table;
use crate::config_file;

/// Runs one of the commands.
pub(crate) async fn run(common: &Common, command: Instruments) -> Result<()> {
    match command {
        Instruments::Sync(args) => super::sync::run(common, &args).await,
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

async fn table_from(common: &Common, from: &From) -> Result<Table> {
    if from.masters.is_empty() {
        let dir = config_file::data_dir(common)?.join("instruments");
        if !dir.is_dir() {
            bail!(
                "no masters are kept in {}; run `sangam instruments sync`, or start `sangam serve`",
                dir.display()
            );
        }
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
    let (taken, refused) = super::sync::take(&from.masters, common.json).await?;
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

pub(crate) fn trading_date(text: Option<&str>) -> Result<Date> {
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
