//! When masters are fetched: at start unless today's are kept whole, each morning once the brokers have published, and
//! every few minutes while some of them are missing.

use std::path::Path;
use std::time::Duration;

use sangam_core::timestamp::{Date, Time};
use sangam_core::{IST, Timestamp};
use sangam_instruments::{Store, Table};

use crate::masters::{self, SyncReport};
use crate::system::System;

/// When the day's masters are there at every broker (India). Sources: flattrade.md section 12, fyers.md section 12,
/// upstox.md section 11 (about 06:00).
const PUBLISHED: Time = Time::constant(8, 0, 0, 0);
/// The wait after a fetch before the next try, in seconds.
const TRY_AGAIN_S: i64 = 300;
/// How long a start waits for new masters when older ones are kept.
const PATIENCE_AT_START: Duration = Duration::from_secs(20);

/// How fresh the table in force is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Freshness {
    /// When its masters were fetched; `None` when never.
    pub(crate) fetched_at: Option<Timestamp>,
    /// Whether every file wanted was read.
    pub(crate) complete: bool,
    /// When it was last tried.
    pub(crate) tried_at: Option<Timestamp>,
}

impl Freshness {
    fn is_due(self, now: Timestamp) -> bool {
        if self
            .tried_at
            .is_some_and(|at| now.as_second() - at.as_second() < TRY_AGAIN_S)
        {
            return false;
        }
        let stale = last_published(now).is_some_and(|at| self.fetched_at.is_none_or(|fetched| fetched < at));
        stale || !self.complete
    }
}

/// When masters were last published: this morning, or before that yesterday's.
fn last_published(now: Timestamp) -> Option<Timestamp> {
    let on = |date: Date| IST::instant(date.to_datetime(PUBLISHED));
    let today = IST::date(now);
    match on(today) {
        Some(at) if at <= now => Some(at),
        _ => on(today.yesterday().ok()?),
    }
}

impl System {
    /// Fetches today's masters and puts their table in force.
    pub async fn sync_instruments(&self) -> SyncReport {
        let inner = &self.inner;
        let _only_one = inner.one_sync.lock().await;
        let now = inner.clock.now();
        inner.freshness.lock().tried_at = Some(now);
        let today = IST::date(now);
        let report = masters::sync(&inner.fetch, &inner.store, &inner.live, &inner.master_urls, today).await;
        let complete = report.refused.is_empty();
        let mut freshness = inner.freshness.lock();
        freshness.complete = complete;
        if complete {
            freshness.fetched_at = Some(now);
        }
        report
    }

    /// Fetches masters if it is time for it; `None` when it is not. Called every half minute while the system runs.
    pub async fn refresh_instruments_if_due(&self) -> Option<SyncReport> {
        let due = self.inner.freshness.lock().is_due(self.inner.clock.now());
        if !due {
            return None;
        }
        let report = self.sync_instruments().await;
        tracing::info!(
            date = report.date,
            instruments = report.instruments,
            changes = report.changes,
            "masters fetched"
        );
        Some(report)
    }

    /// The masters a system begins with. Those of simulators are always fetched: they are near, and a simulator of
    /// another version may have others.
    pub(crate) async fn masters_at_start(&self, simulated_only: bool) {
        let inner = &self.inner;
        let today = IST::date(inner.clock.now());
        if simulated_only {
            self.sync_instruments().await;
            return;
        }
        let (store, wanted) = (inner.store.clone(), inner.master_urls.clone());
        let folder = inner.config.data_dir.join("instruments");
        let kept = masters::blocking(move || Ok(kept(&store, &folder, &wanted))).await;
        let (table, complete, fetched_at) = match kept {
            Ok(Some(kept)) => kept,
            Ok(None) => {
                self.sync_instruments().await;
                return;
            }
            Err(what) => {
                tracing::warn!(what, "kept masters not read; they are fetched anew");
                self.sync_instruments().await;
                return;
            }
        };
        let date = table.date();
        inner.live.replace(table);
        if date == today && complete {
            *inner.freshness.lock() = Freshness {
                fetched_at,
                complete,
                tried_at: None,
            };
            return;
        }
        let synced = tokio::time::timeout(PATIENCE_AT_START, self.sync_instruments()).await;
        if synced.is_err() {
            tracing::warn!(%date, "today's masters are not there yet; starting with those of that date");
        }
    }
}

/// The latest table kept, whether all wanted files are in it, and when they were fetched.
fn kept(
    store: &Store,
    folder: &Path,
    wanted: &[masters::MasterUrl],
) -> Option<(Table, bool, Option<Timestamp>)> {
    let loaded = match store.load_latest() {
        Ok(loaded) => loaded?,
        Err(error) => {
            tracing::warn!(%error, "kept masters not read; they are fetched anew");
            return None;
        }
    };
    let complete = wanted.iter().all(|master| {
        let mut read = loaded.report.read.iter();
        read.any(|(broker, name, _)| *broker == master.broker && *name == master.name)
    });
    let fetched_at = fetched_at(&folder.join(loaded.table.date().to_string()), wanted);
    Some((loaded.table, complete, fetched_at))
}

/// When the oldest of the brokers' folders was last written.
fn fetched_at(folder: &Path, wanted: &[masters::MasterUrl]) -> Option<Timestamp> {
    let written = |master: &masters::MasterUrl| {
        let modified = std::fs::metadata(folder.join(master.broker.as_str()))
            .ok()?
            .modified()
            .ok()?;
        Timestamp::try_from(modified).ok()
    };
    wanted.iter().map(written).min().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn each_morning_once_and_again_while_something_is_missing() {
        // 07:59 and 08:00 in India.
        let (before, after) = (at("2026-11-23T02:29:00Z"), at("2026-11-23T02:30:00Z"));
        let yesterday = Freshness {
            fetched_at: Some(at("2026-11-22T03:00:00Z")),
            complete: true,
            tried_at: Some(at("2026-11-22T03:00:00Z")),
        };
        assert!(!yesterday.is_due(before));
        assert!(yesterday.is_due(after));
        // Fetched at night, before the brokers published.
        let at_night = Freshness {
            fetched_at: Some(at("2026-11-22T20:00:00Z")),
            ..yesterday
        };
        assert!(!at_night.is_due(before));
        assert!(at_night.is_due(after));
        // Asleep over a whole morning: due at once, at whatever hour.
        assert!(yesterday.is_due(at("2026-11-23T20:00:00Z")));
        let fetched = Freshness {
            fetched_at: Some(after),
            complete: true,
            tried_at: Some(after),
        };
        assert!(!fetched.is_due(at("2026-11-23T15:00:00Z")));
        let partly = Freshness {
            complete: false,
            ..fetched
        };
        assert!(!partly.is_due(at("2026-11-23T02:34:59Z")));
        assert!(partly.is_due(at("2026-11-23T02:35:00Z")));
    }
}
