//! What may be set about the file, each with its default and its reason.

use std::time::Duration;

use crate::cost::CostMethod;

/// Settings of a [`SqlLedger`](crate::SqlLedger) in a SQLite file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteSettings {
    /// How long a commit waits for another process that holds the file before it is refused. Default 5 s.
    pub busy_timeout: Duration,
    /// Most connections that read at once; they are made when needed. Nought counts as 1. Default 4.
    pub readers_max: u32,
    /// How profit is told from cost: which units leave a position first. Default: as the books have it, first in first
    /// out for new ones. Books that have it otherwise are refused; `sangam ledger rebuild --method` changes them.
    pub cost_method: Option<CostMethod>,
    /// Most pages of 4 KiB the file may grow to; further commits are refused as on a full disk. Default none.
    pub pages_max: Option<u32>,
}

impl Default for SqliteSettings {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(5),
            readers_max: 4,
            cost_method: None,
            pages_max: None,
        }
    }
}
