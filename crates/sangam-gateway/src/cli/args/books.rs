//! What the commands on the books take.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use sangam::books::CostMethod;
use secrecy::SecretString;

/// `sangam backup`.
#[derive(Debug, Args)]
#[command(
    after_help = "A gateway that runs on the books goes on; the backup is of the moment it begins. It is one SQLite file, whatever \
                  database the books are in, readable by you alone, made under FILE.partial and renamed when every row and the \
                  whole audit chain were compared with the books. Keep a copy of DATA_DIR/tag-key with it: the tags of open \
                  orders were made with it.\n\n\
                  Examples:\n  sangam backup /backups/$(date +%F).sqlite\n  \
                  SANGAM_LEDGER_URL=postgres://sangam:...@db/books sangam backup books.sqlite --json"
)]
pub(crate) struct Backup {
    /// The file to make.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Replace the file if it is there. It is replaced when the new one is whole, not before.
    #[arg(long)]
    pub(crate) force: bool,
}

/// `sangam restore`.
#[derive(Debug, Args)]
#[command(
    after_help = "The backup is checked first, page for page and entry for entry, and is not changed. It takes the place of the books: \
                  of DATA_DIR/ledger.sqlite, or of the empty database of ledger.url. No gateway may run on the data folder. Gateways \
                  that traded by the books before are fenced for good.\n\n\
                  Examples:\n  sangam restore /backups/2026-11-27.sqlite\n  \
                  sangam --data-dir second-data restore /backups/2026-11-27.sqlite"
)]
pub(crate) struct Restore {
    /// The backup.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Move the books that are there aside, as ledger.sqlite.before-TIME. A database is never moved.
    #[arg(long)]
    pub(crate) force: bool,
}

/// `sangam migrate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Copies the books, compares the copy row for row and verifies its audit chain; only then is it kept, so the other \
                  place has all or nothing. Stop the gateway first: what it writes after the copy would be missing. The old books \
                  stay. An address on the command line can be read by other users of this machine; the variable cannot.\n\n\
                  Examples:\n  SANGAM_MIGRATE_TO=postgres://sangam:...@db.example/books sangam migrate\n  \
                  sangam migrate --to /data/second/ledger.sqlite"
)]
pub(crate) struct Migrate {
    /// postgres://user:password@host:5432/database (an empty one), or the path of a file that is not there.
    #[arg(long, value_name = "PLACE", env = "SANGAM_MIGRATE_TO", hide_env_values = true, value_parser = unseen)]
    pub(crate) to: SecretString,
}

/// Clap repeats a value it refuses, and this one may hold a password: every text passes here and is judged later.
fn unseen(text: &str) -> Result<SecretString, String> {
    Ok(SecretString::from(text))
}

/// `sangam ledger`.
#[derive(Debug, Subcommand)]
pub(crate) enum Ledger {
    /// Where the books are, how much is in them, and who trades by them.
    #[command(
        after_help = "Works while a gateway runs on the books.\n\nExample: sangam ledger status --json"
    )]
    Status,
    /// Compute all positions anew from their fills.
    Rebuild(Rebuild),
    /// Take the present time for the newest of the books, after a clock was set wrong.
    AcceptClock(AcceptClock),
}

/// `sangam ledger rebuild`.
#[derive(Debug, Args)]
#[command(
    after_help = "With --check nothing is written, a gateway may run, and the exit code is 1 when a position is kept otherwise than its \
                  fills say. Without it the positions are written anew and what differed is told; no gateway may run on the data \
                  folder then.\n\nExamples:\n  sangam ledger rebuild --check\n  sangam ledger rebuild --method average"
)]
pub(crate) struct Rebuild {
    /// How profit is told from cost from now on: fifo (units bought first are sold first) or average.
    #[arg(long, value_name = "METHOD", conflicts_with = "check")]
    pub(crate) method: Option<CostMethod>,
    /// Only compare.
    #[arg(long)]
    pub(crate) check: bool,
}

/// `sangam ledger accept-clock`.
#[derive(Debug, Args)]
#[command(
    after_help = "New orders dated well before the newest entry are refused, as rules that count by time no longer hold. Set the \
                  clock first; this is for books with an entry from the future.\n\n\
                  Example: sangam ledger accept-clock --reason 'the clock was a day ahead until 10:40'"
)]
pub(crate) struct AcceptClock {
    /// Why, for the audit log.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
}
