//! `sangam migrate`.

use anyhow::{Context as _, Result};
use sangam::books::{self, BooksPlace, Destination, FILE};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::args::{Common, Migrate};
use super::copying::{self, OPERATOR};
use super::table;

/// Copies the books to another place and says how to go on from there.
pub(crate) async fn run(common: &Common, args: &Migrate) -> Result<()> {
    let to: Destination = args.to.expose_secret().parse().context("--to")?;
    let place = copying::place(common)?;
    let bar = copying::bar(common)?;
    let migrated = books::migrate(&place, &to, OPERATOR, copying::now(), copying::show(&bar)).await;
    bar.finish_and_clear();
    let migrated = migrated?;
    if common.json {
        let mut told = copying::json_of(&migrated.copied);
        told.insert("from".to_owned(), json!(migrated.from));
        told.insert("to".to_owned(), json!(migrated.to));
        return table::line(&serde_json::to_string_pretty(&told)?);
    }
    table::line(&format!("{}: {}", migrated.to, copying::words(&migrated.copied)))?;
    table::line(&next(&to, &place, &migrated.from))
}

/// What to do now.
fn next(to: &Destination, place: &BooksPlace, from: &str) -> String {
    let how = match to {
        Destination::Postgres(_) => {
            let address = to.to_string().replacen('@', ":PASSWORD@", 1);
            format!(
                "To trade by them, give the gateway their address, with the password in its place: set\n  \
                 SANGAM_LEDGER_URL='{address}'\nor write into sangam.toml\n  [ledger]\n  url = \"{address}\""
            )
        }
        Destination::File(path) => {
            let file = place.data_dir().join(FILE);
            let moved = if *path == file {
                String::new()
            } else {
                format!(" move it to {} (or to another data folder), and", file.display())
            };
            format!(
                "To trade by them,{moved} take SANGAM_LEDGER_URL out of the environment and url out of [ledger] in sangam.toml."
            )
        }
    };
    format!("{how}\nThe books at {from} stay as they are; do not trade by both.")
}
