//! `sangam audit log|roots`: entries and sealed days for eyes.

use anyhow::{Context as _, Result};
use sangam::audit::{AuditFilter, ChainedEntry, SealedDay};
use sangam::books::SqlLedger;
use sangam::core::ports::Ledger as _;
use sangam::core::{IST, OrderNumber, Timestamp};
use serde_json::{Value, json};

use crate::cli::args::{AuditLog, Common};
use crate::cli::{books, table};

/// Characters of a detail that are shown in a table.
const DETAIL_MAX: usize = 100;

pub(super) async fn log(common: &Common, args: &AuditLog) -> Result<()> {
    let books = books::open(common).await?;
    let subject = match &args.subject {
        Some(subject) => Some(meant(&books, subject).await?),
        None => None,
    };
    let filter = AuditFilter {
        subject,
        from: args.from,
        to: args.to,
        limit: args.limit,
    };
    let entries = books.audit_log(&filter).await?;
    if common.json {
        let entries: Vec<_> = entries.iter().map(entry_json).collect();
        return table::line(&serde_json::to_string_pretty(&entries)?);
    }
    let rows: Vec<_> = entries.iter().map(entry_row).collect();
    table::print(&["entry", "time", "actor", "event", "subject", "detail"], &rows)
}

/// The number of an order stands for the id its entries name.
async fn meant(books: &SqlLedger, subject: &str) -> Result<String> {
    let Ok(number) = subject.parse::<u64>() else {
        return Ok(subject.to_owned());
    };
    let order = books.order_by_number(OrderNumber::from_u64(number)).await?;
    let order = order.with_context(|| format!("there is no order {number} in {}", books.place()))?;
    Ok(order.uid.to_string())
}

fn entry_json(chained: &ChainedEntry) -> Value {
    let entry = &chained.entry;
    // Details are JSON text by the rules of whoever wrote them; what is not is shown as it is.
    let detail = serde_json::from_str(&entry.detail).unwrap_or_else(|_| Value::from(entry.detail.as_str()));
    json!({
        "entry": chained.sequence, "day": chained.day, "at": entry.at, "actor": entry.actor, "event": entry.event,
        "subject": entry.subject, "detail": detail, "hash": chained.hash,
    })
}

fn entry_row(chained: &ChainedEntry) -> Vec<String> {
    let entry = &chained.entry;
    vec![
        chained.sequence.to_string(),
        time(entry.at),
        shown(&entry.actor),
        shown(&entry.event),
        shown(&entry.subject),
        short(&shown(&entry.detail)),
    ]
}

pub(super) async fn roots(common: &Common) -> Result<()> {
    let days = books::open(common).await?.sealed_days().await?;
    if common.json {
        let days: Vec<_> = days.iter().map(day_json).collect();
        return table::line(&serde_json::to_string_pretty(&days)?);
    }
    let rows: Vec<_> = days.iter().map(day_row).collect();
    table::print(&["day", "entries", "root", "exported", "pruned"], &rows)
}

fn day_json(day: &SealedDay) -> Value {
    let seal = &day.seal;
    json!({
        "day": seal.day, "first": seal.first, "entries": seal.entries, "root": seal.root, "last_hash": seal.last_hash,
        "sealed_at": day.sealed_at, "exported_at": day.exported_at, "pruned_at": day.pruned_at,
    })
}

fn day_row(day: &SealedDay) -> Vec<String> {
    let date = |at: Option<Timestamp>| at.map_or_else(String::new, |at| IST::date(at).to_string());
    vec![
        day.seal.day.to_string(),
        day.seal.entries.to_string(),
        day.seal.root.to_string(),
        date(day.exported_at),
        date(day.pruned_at),
    ]
}

/// Indian time to the millisecond.
fn time(at: Timestamp) -> String {
    IST::civil(at).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// Without what would move a terminal's cursor: some of it is other people's text.
fn shown(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

fn short(text: &str) -> String {
    if text.chars().count() <= DETAIL_MAX {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(DETAIL_MAX - 3).collect();
    short.push_str("...");
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_shown_letters_alone_and_not_too_many() {
        assert_eq!(shown("a\u{1b}[2Jb\n"), "a\u{fffd}[2Jb\u{fffd}");
        assert_eq!(short(&"₹".repeat(100)), "₹".repeat(100));
        let cut = short(&"₹".repeat(101));
        assert_eq!((cut.chars().count(), cut.ends_with("₹...")), (100, true));
    }
}
