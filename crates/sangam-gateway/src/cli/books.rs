//! The configured books, for commands that work on them with a gateway running or not.

use anyhow::Result;
use sangam::books::SqlLedger;

use super::args::Common;
use super::copying;

/// Opens the books that are there; makes none.
pub(crate) async fn open(common: &Common) -> Result<SqlLedger> {
    Ok(copying::place(common)?.open_existing().await?)
}
