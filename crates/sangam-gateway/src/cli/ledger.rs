//! `sangam ledger`: the books looked at, and put right where they compute from themselves.

use anyhow::{Result, bail};
use sangam::books::{self, BooksStatus, Rebuilt};
use sangam::core::IST;
use serde_json::{Value, json};

use super::args::{AcceptClock, Common, Ledger, Rebuild};
use super::copying::{self, OPERATOR};
use super::table;

/// Runs one command.
pub(crate) async fn run(common: &Common, command: Ledger) -> Result<()> {
    match command {
        Ledger::Status => status(common).await,
        Ledger::Rebuild(args) if args.check => check(common).await,
        Ledger::Rebuild(args) => rebuild(common, &args).await,
        Ledger::AcceptClock(args) => accept_clock(common, &args).await,
    }
}

async fn status(common: &Common) -> Result<()> {
    let status = books::status(&copying::place(common)?).await?;
    if common.json {
        return table::line(&serde_json::to_string_pretty(&json_of(&status))?);
    }
    let last = status.last.as_ref().map_or_else(
        || "none".to_owned(),
        |last| {
            format!(
                "{} of {}: {} by {}",
                last.sequence, last.entry.at, last.entry.event, last.entry.actor
            )
        },
    );
    for (what, text) in [
        ("place", status.place.clone()),
        ("schema", format!("version {}", status.schema)),
        ("size", format!("{} KiB", status.bytes.div_ceil(1024))),
        ("cost", status.cost_method.to_string()),
        ("last entry", last),
    ] {
        table::line(&format!("{what:<12}{text}"))?;
    }
    table::line("")?;
    let rows: Vec<_> = status
        .tables
        .iter()
        .map(|(table, rows)| vec![(*table).to_owned(), rows.to_string()])
        .collect();
    table::print(&["table", "rows"], &rows)?;
    table::line("")?;
    let leases: Vec<_> = status
        .leases
        .iter()
        .map(|lease| {
            let until = if lease.expires_at > status.now {
                format!("until {}", IST::civil(lease.expires_at))
            } else {
                "ended".to_owned()
            };
            vec![
                lease.group.to_string(),
                lease.holder.clone(),
                lease.epoch.to_string(),
                until,
            ]
        })
        .collect();
    table::print(&["group", "led by", "epoch", "lease"], &leases)
}

fn json_of(status: &BooksStatus) -> Value {
    let tables: serde_json::Map<_, _> = status
        .tables
        .iter()
        .map(|(table, rows)| ((*table).to_owned(), json!(rows)))
        .collect();
    let leases: Vec<_> = status
        .leases
        .iter()
        .map(|lease| {
            json!({
                "group": lease.group, "holder": lease.holder, "epoch": lease.epoch,
                "expires_at": lease.expires_at, "running": lease.expires_at > status.now,
            })
        })
        .collect();
    let last = status.last.as_ref().map(|last| {
        json!({
            "sequence": last.sequence, "hash": last.hash.to_string(), "at": last.entry.at,
            "event": last.entry.event, "actor": last.entry.actor,
        })
    });
    json!({
        "place": status.place, "schema": status.schema, "bytes": status.bytes,
        "cost_method": status.cost_method.as_str(), "tables": tables, "last_entry": last, "leases": leases,
    })
}

async fn check(common: &Common) -> Result<()> {
    let compared = books::check_positions(&copying::place(common)?).await?;
    tell(common, &compared, None)?;
    match compared.differing.len() {
        0 => Ok(()),
        count => bail!(
            "{count} of {} positions are not what their fills say: stop the gateway and run `sangam ledger rebuild`",
            compared.positions
        ),
    }
}

async fn rebuild(common: &Common, args: &Rebuild) -> Result<()> {
    let place = copying::place(common)?;
    let (method, before) = books::rebuild(&place, args.method, OPERATOR, copying::now()).await?;
    tell(common, &before, Some(method.as_str()))
}

/// What was compared, and by which method it was written anew if it was.
fn tell(common: &Common, compared: &Rebuilt, written: Option<&str>) -> Result<()> {
    if common.json {
        let differing: Vec<_> = compared
            .differing
            .iter()
            .map(|(position, what)| json!({"position": position, "what": what}))
            .collect();
        return table::line(&serde_json::to_string_pretty(&json!({
            "positions": compared.positions, "fills": compared.fills, "differing": differing, "written": written,
        }))?);
    }
    if !compared.differing.is_empty() {
        let rows: Vec<_> = compared
            .differing
            .iter()
            .map(|(position, what)| vec![position.clone(), what.clone()])
            .collect();
        table::print(&["position", "what differed"], &rows)?;
    }
    let (positions, fills) = (compared.positions, compared.fills);
    let differing = compared.differing.len();
    table::line(&match written {
        Some(method) => format!(
            "{positions} positions written anew from {fills} fills by {method}; {differing} were kept otherwise"
        ),
        None => format!("{positions} positions computed from {fills} fills; {differing} are kept otherwise"),
    })
}

async fn accept_clock(common: &Common, args: &AcceptClock) -> Result<()> {
    let reason = args.reason.trim();
    if reason.is_empty() {
        bail!("--reason: say why; it is what the audit log will show");
    }
    let at = copying::now();
    books::accept_clock(&copying::place(common)?, reason, OPERATOR, at).await?;
    if common.json {
        return table::line(&json!({"accepted": at}).to_string());
    }
    table::line(&format!("the newest time of the books is {at} now"))
}
