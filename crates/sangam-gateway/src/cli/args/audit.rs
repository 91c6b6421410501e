//! What `sangam audit` takes.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use sangam::audit::Digest;
use sangam::core::timestamp::Date;

/// `sangam audit`.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Check every entry, every sealed day and the end of the chain, and name the first thing that is wrong.
    Verify(AuditVerify),
    /// Write sealed days to a file that is checked without the ledger, and mark them as exported.
    Export(AuditExport),
    /// Take exported days of more than five years ago out of the ledger.
    Prune(AuditPrune),
    /// Show entries, newest first.
    Log(AuditLog),
    /// Show the sealed days with their roots, to be kept elsewhere.
    Roots,
}

/// `sangam audit verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "It works with a gateway running or not, and ends with exit code 1 when something is wrong. Whoever can write the \
                  ledger can compute all hashes anew; only a root that was kept elsewhere tells that. `sangam audit roots` shows \
                  them.\n\nExamples:\n  sangam audit verify\n  sangam audit verify --root 2026-11-23=5297...6e (64 digits)\n  \
                  sangam audit verify --file november.jsonl"
)]
pub(crate) struct AuditVerify {
    /// A root that was kept elsewhere; may be given more than once.
    #[arg(long = "root", value_name = "DAY=ROOT", value_parser = root)]
    pub(crate) roots: Vec<(Date, Digest)>,
    /// Check this export instead of the ledger.
    #[arg(long, value_name = "EXPORT")]
    pub(crate) file: Option<PathBuf>,
}

/// `sangam audit export`.
#[derive(Debug, Args)]
#[command(
    after_help = "Only days that are over are in it. If nothing happened today yet, an entry `day.opened` is written first, which \
                  seals the day before. The file is read back and checked before its days are marked; keep it, and the roots, \
                  where nobody who can write the ledger can write.\n\nExamples:\n  sangam audit export audit.jsonl\n  \
                  sangam audit export november.jsonl --from 2026-11-01 --to 2026-11-30 --by asha"
)]
pub(crate) struct AuditExport {
    /// The file to make; it must not be there yet.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The first day. Default: the oldest there is.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub(crate) from: Option<Date>,
    /// The last day. Default: the newest that is over.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub(crate) to: Option<Date>,
    #[command(flatten)]
    pub(crate) by: By,
}

/// `sangam audit prune`.
#[derive(Debug, Args)]
#[command(
    after_help = "Entries are kept five years. All days before DATE go, or none: each must be exported and more than five years old. \
                  The chain is verified first. Seals and roots stay. A running gateway waits while entries are taken out; do it \
                  when the market is closed.\n\nExample: sangam audit prune --before 2026-12-01 --by asha"
)]
pub(crate) struct AuditPrune {
    /// The first day that stays.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub(crate) before: Date,
    #[command(flatten)]
    pub(crate) by: By,
}

/// Who does it.
#[derive(Debug, Args)]
pub(crate) struct By {
    /// Who does it, for the audit log.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl By {
    /// As the audit log names who acted.
    pub(crate) fn actor(&self) -> String {
        match &self.by {
            Some(name) => format!("operator:{name}"),
            None => "operator".to_owned(),
        }
    }
}

/// `sangam audit log`.
#[derive(Debug, Args)]
#[command(
    after_help = "Entries are shown as they are in the ledger and not checked; `sangam audit verify` does that. Times are Indian. With \
                  --json nothing is shortened.\n\nExamples:\n  sangam audit log --subject 2611230000001\n  \
                  sangam audit log --from 2026-11-23 --to 2026-11-23 --limit 500 --json"
)]
pub(crate) struct AuditLog {
    /// Only what is about this: the number of an order, an account, a group, or whatever else an entry names.
    #[arg(long)]
    pub(crate) subject: Option<String>,
    /// Only this day and later ones.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub(crate) from: Option<Date>,
    /// Only this day and earlier ones.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub(crate) to: Option<Date>,
    /// At most so many.
    #[arg(long, default_value_t = 50)]
    pub(crate) limit: u32,
}

fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "write it like 2026-11-23".to_owned())
}

/// `DAY=ROOT`.
fn root(text: &str) -> Result<(Date, Digest), String> {
    let Some((name, root)) = text.split_once('=') else {
        return Err("write it DAY=ROOT, as `sangam audit roots` shows both".to_owned());
    };
    let root = root.parse().map_err(|error| format!("the root: {error}"))?;
    Ok((day(name)?, root))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_has_its_day() {
        let digits = "a5".repeat(32);
        let (day, digest) = root(&format!("2026-11-23={digits}")).expect("a root");
        assert_eq!(
            (day.to_string(), digest.to_string()),
            ("2026-11-23".to_owned(), digits)
        );
        for (text, wanted) in [
            ("2026-11-23", "DAY=ROOT"),
            ("2026-11-23=ab", "64 hexadecimal digits"),
            ("Monday=", "64 hexadecimal digits"),
            (&format!("Monday={}", "0".repeat(64)), "2026-11-23"),
        ] {
            let error = root(text).expect_err(text);
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }
}
