//! `sangam audit prune`: old exported days go, from a chain that is right.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use sangam::SystemClock;
use sangam::core::Clock as _;
use serde_json::json;

use super::verify;
use crate::cli::args::{AuditPrune, Common};
use crate::cli::{books, table};

pub(super) async fn run(common: &Common, args: &AuditPrune) -> Result<()> {
    let books = books::open(common).await?;
    // What was taken out can be looked at no more: damage is found before, or never.
    verify::ledger(common, &books, BTreeMap::new())
        .await
        .context("nothing is pruned")?;
    let pruned = books
        .prune(args.before, &args.by.actor(), SystemClock::new().now())
        .await?;
    let (days, entries) = (&pruned.days, &pruned.entries);
    if common.json {
        return table::line(&serde_json::to_string_pretty(&json!({
            "from": days.start(), "to": days.end(), "first": entries.start(), "last": entries.end(),
        }))?);
    }
    table::line(&format!(
        "pruned {} to {}: entries {} to {}; the chain now begins with entry {}",
        days.start(),
        days.end(),
        entries.start(),
        entries.end(),
        entries.end() + 1
    ))
}
