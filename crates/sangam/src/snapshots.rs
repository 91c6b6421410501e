//! What the books keep beside orders: the log-ins in force, how full the rate windows were, and what the accounts hold. Each
//! is written when it has changed, at most once a minute.

use std::collections::HashMap;
use std::sync::Weak;
use std::time::Duration;

use parking_lot::Mutex;
use sangam_core::ports::{AuditEntry, Change, Ledger as _, LedgerError, SessionRecord, WindowCount};
use sangam_core::{AccountId, CallClass, Timestamp};
use serde_json::json;

use crate::system::{Inner, System};

/// The time between two looks.
const LOOK: Duration = Duration::from_secs(60);
/// Holdings change overnight and when something bought is delivered; positions by our own trades are written with those.
const BOOKS_EVERY_S: i64 = 1_800;
/// Windows are written for people who look back; what must be known after a restart is in the limiter's journal.
const WINDOWS_EVERY_S: i64 = 300;

/// What was written last.
#[derive(Debug, Default)]
pub(crate) struct Written {
    sessions: HashMap<AccountId, SessionRecord>,
    windows: HashMap<AccountId, Vec<(u64, u64)>>,
    windows_at: Option<Timestamp>,
    books_at: Option<Timestamp>,
}

/// Looks now and then while the system runs.
pub(crate) async fn keep_for_ever(system: Weak<Inner>) {
    loop {
        tokio::time::sleep(LOOK).await;
        let Some(inner) = system.upgrade() else {
            return;
        };
        let system = System { inner };
        if let Err(error) = system.keep_snapshots().await {
            tracing::warn!(%error, "log-ins, windows or books were not written into the books; the next look tries again");
        }
    }
}

impl System {
    /// Writes what has changed since it was written last: log-ins, rate windows and, every half hour, positions and
    /// holdings. Called every minute while the system runs.
    ///
    /// # Errors
    /// [`LedgerError`] when the books cannot be written.
    pub async fn keep_snapshots(&self) -> Result<(), LedgerError> {
        let now = self.now();
        self.keep_sessions(now).await?;
        self.keep_windows(now).await?;
        self.keep_books(now).await
    }

    async fn keep_sessions(&self, now: Timestamp) -> Result<(), LedgerError> {
        for account in &self.inner.accounts {
            let Some(session) = account.broker.session() else {
                continue;
            };
            let record = SessionRecord {
                account: account.config.name.clone(),
                broker: account.config.broker,
                began_at: session.granted_at,
                expires_at: session.expires_at,
            };
            if self.inner.written.lock().sessions.get(&record.account) == Some(&record) {
                continue;
            }
            let audit = AuditEntry {
                at: now,
                actor: "system".to_owned(),
                event: "session.seen".to_owned(),
                subject: record.account.to_string(),
                detail: json!({"began_at": record.began_at, "expires_at": record.expires_at}).to_string(),
            };
            let change = Change::SessionSeen(Box::new(record.clone()));
            self.inner.ledger.commit(&[change], &audit).await?;
            let mut written = self.inner.written.lock();
            written.sessions.insert(record.account.clone(), record);
        }
        Ok(())
    }

    async fn keep_windows(&self, now: Timestamp) -> Result<(), LedgerError> {
        if !is_due(self.inner.written.lock().windows_at, now, WINDOWS_EVERY_S) {
            return Ok(());
        }
        let mut by_account: HashMap<AccountId, Vec<WindowCount>> = HashMap::new();
        for window in self.limiter().usage() {
            let count = WindowCount {
                account: window.scope.account.clone(),
                scope: class_name(window.scope.class).to_owned(),
                window_ms: u64::try_from(window.window.as_millis()).unwrap_or(u64::MAX),
                used: window.used.into(),
                quota: window.limit.into(),
                counted_at: now,
            };
            by_account.entry(count.account.clone()).or_default().push(count);
        }
        let changed = |account: &AccountId, counts: &[WindowCount]| {
            let figures: Vec<_> = counts.iter().map(|count| (count.used, count.quota)).collect();
            let before = self
                .inner
                .written
                .lock()
                .windows
                .insert(account.clone(), figures.clone());
            before.as_ref() != Some(&figures)
        };
        let changes: Vec<_> = by_account
            .into_iter()
            .filter(|(account, counts)| changed(account, counts))
            .map(|(account, counts)| Change::WindowsCounted { account, counts })
            .collect();
        if !changes.is_empty() {
            let audit = AuditEntry {
                at: now,
                actor: "system".to_owned(),
                event: "windows.counted".to_owned(),
                subject: "limits".to_owned(),
                detail: json!({"accounts": changes.len()}).to_string(),
            };
            self.inner.ledger.commit(&changes, &audit).await?;
        }
        self.inner.written.lock().windows_at = Some(now);
        Ok(())
    }

    async fn keep_books(&self, now: Timestamp) -> Result<(), LedgerError> {
        if !is_due(self.inner.written.lock().books_at, now, BOOKS_EVERY_S) {
            return Ok(());
        }
        let failed = self.read_books().await?;
        if failed.is_empty() {
            self.inner.written.lock().books_at = Some(now);
        }
        Ok(())
    }
}

fn is_due(last: Option<Timestamp>, now: Timestamp, every_s: i64) -> bool {
    last.is_none_or(|last| now.as_second() - last.as_second() >= every_s)
}

fn class_name(class: CallClass) -> &'static str {
    match class {
        CallClass::Orders => "orders",
        CallClass::MarketData => "market_data",
        CallClass::History => "history",
        CallClass::AccountReads => "account_reads",
        CallClass::Login => "login",
    }
}

/// Empty at the start.
pub(crate) type Kept = Mutex<Written>;
