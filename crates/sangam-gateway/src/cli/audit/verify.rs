//! `sangam audit verify`: the ledger, or an exported file by itself.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context as _, Error, Result, bail};
use sangam::audit::{Digest, Verified, verify_export};
use sangam::books::SqlLedger;
use sangam::core::timestamp::Date;
use serde_json::{Value, json};

use super::{Bar, counted};
use crate::cli::args::{AuditVerify, Common};
use crate::cli::{books, table};

pub(super) async fn run(common: &Common, args: &AuditVerify) -> Result<()> {
    let expected = expected(&args.roots)?;
    let roots = expected.len();
    let verified = match &args.file {
        Some(path) => file(common, path, expected),
        None => ledger(common, &books::open(common).await?, expected).await,
    };
    match verified {
        Ok(verified) if common.json => {
            table::line(&serde_json::to_string_pretty(&as_json(&verified, roots))?)
        }
        Ok(verified) => table::line(&words(&verified, roots)),
        Err(error) => {
            if common.json {
                let told = json!({"right": false, "what": format!("{error:#}")});
                table::line(&serde_json::to_string_pretty(&told)?)?;
            }
            Err(error)
        }
    }
}

fn expected(roots: &[(Date, Digest)]) -> Result<BTreeMap<Date, Digest>> {
    let mut expected = BTreeMap::new();
    for (day, root) in roots {
        if expected.insert(*day, *root).is_some_and(|other| other != *root) {
            bail!("--root: two roots are given for {day}; one of them is wrong");
        }
    }
    Ok(expected)
}

/// Verifies the books, with a bar for people.
pub(super) async fn ledger(
    common: &Common,
    books: &SqlLedger,
    expected: BTreeMap<Date, Digest>,
) -> Result<Verified> {
    let bar = Bar::of_entries(common, "verifying")?;
    let verified = books.verify_chain(expected, |progress| bar.hear(progress)).await;
    verified.with_context(|| books.place())
}

/// Verifies an export, with a bar for people.
pub(super) fn file(common: &Common, path: &Path, expected: BTreeMap<Date, Digest>) -> Result<Verified> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("read {shown}; check the name of the file"))?;
    let bar = Bar::of_bytes(common, "verifying")?;
    bar.0.set_length(file.metadata().map_or(0, |about| about.len()));
    let reader = BufReader::new(bar.0.wrap_read(file));
    verify_export(reader, expected).map_err(|error| Error::new(error).context(path.display().to_string()))
}

fn words(verified: &Verified, roots: usize) -> String {
    let mut text = format!(
        "the audit chain is right: {}",
        counted(verified.entries, "entry", "entries")
    );
    if verified.entries > 0 {
        text.push_str(&format!(
            ", {} to {}",
            verified.after.sequence + 1,
            verified.head.sequence
        ));
    }
    let sealed = u64::try_from(verified.sealed.len()).unwrap_or(u64::MAX);
    text.push_str(&format!("\n{} sealed", counted(sealed, "day", "days")));
    if let Some(last) = verified.sealed.last() {
        text.push_str(&format!(", the last {}", last.day));
    }
    if let Some(open) = &verified.open {
        text.push_str(&format!("; {} is open", open.day));
    }
    if verified.after.sequence > 0 {
        text.push_str(&format!(
            "\nit begins after entry {} with the hash {}",
            verified.after.sequence, verified.after.hash
        ));
    }
    if roots > 0 {
        let roots = u64::try_from(roots).unwrap_or(u64::MAX);
        text.push_str(&format!("\nheld against {}", counted(roots, "root", "roots")));
    }
    text.push_str(&format!("\nhead {}", verified.head.hash));
    text
}

fn as_json(verified: &Verified, roots: usize) -> Value {
    json!({
        "right": true,
        "entries": verified.entries,
        "after": {"entry": verified.after.sequence, "hash": verified.after.hash},
        "head": {"entry": verified.head.sequence, "hash": verified.head.hash},
        "sealed": verified.sealed,
        "open": verified.open,
        "roots_held": roots,
    })
}
