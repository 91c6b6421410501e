//! Sessions and health: resumed at start, checked in the background, logged in by people. Simulated accounts log
//! themselves in with the test credentials their simulator documents.

use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::future::join_all;
use sangam_core::ports::{LoginLink, Selector};
use sangam_core::session::MarketSession;
use sangam_core::{AccountId, BrokerName, Error, ErrorKind};

use crate::bursts;
use crate::limits;
use crate::market;
use crate::snapshots;
use crate::system::{Account, Inner, System};

/// The code a simulator accepts, any number of times.
fn test_code(broker: BrokerName) -> &'static str {
    match broker {
        BrokerName::Flattrade => "test-request-code",
        BrokerName::Fyers => "TEST-AUTH-CODE",
        BrokerName::Upstox => "test-code",
    }
}

impl System {
    /// Where a person logs in to an account.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for an account that is not configured.
    pub fn login_link(&self, account: &AccountId) -> Result<LoginLink, Error> {
        let account = self.inner.known(account)?;
        Ok(account.broker.login_link(account.config.name.as_str()))
    }

    /// Turns the code of a log-in into a session, keeps it for the day and brings the account back to health.
    ///
    /// # Errors
    /// The broker's refusal; [`ErrorKind::Internal`] when the session cannot be kept on disk.
    pub async fn log_in(&self, account: &AccountId, code: &str) -> Result<MarketSession, Error> {
        let account = self.inner.known(account)?;
        let session = account.broker.exchange_code(code).await?;
        let session = self.inner.lasting(account, session);
        self.inner.sessions.keep(&account.config.name, &session)?;
        self.inner.check_health(account).await;
        Ok(session)
    }

    /// Ends an account's session here and at the broker.
    ///
    /// # Errors
    /// The broker's refusal; the session is forgotten here all the same.
    pub async fn log_out(&self, account: &AccountId) -> Result<(), Error> {
        let account = self.inner.known(account)?;
        let ended = account.broker.log_out().await;
        if let Err(error) = self.inner.sessions.forget(&account.config.name) {
            tracing::warn!(account = %account.config.name, %error, "session file not removed");
        }
        self.inner
            .router
            .observe_health(&account.config.name, Some("logged out".to_owned()));
        ended
    }

    /// The file an account's session is kept in.
    #[must_use]
    pub fn session_file(&self, account: &AccountId) -> PathBuf {
        self.inner.sessions.path(account)
    }

    /// Uses the sessions kept on disk; simulated accounts without a live one log in.
    pub(crate) async fn resume_sessions(&self) {
        join_all(
            self.inner
                .accounts
                .iter()
                .map(|account| self.inner.resume(account)),
        )
        .await;
    }

    /// Checks every account once.
    pub async fn check_health_once(&self) {
        join_all(
            self.inner
                .accounts
                .iter()
                .map(|account| self.inner.check_health(account)),
        )
        .await;
    }

    /// Starts the health checks and the reading of books.
    pub(crate) fn start_tasks(&self) {
        let inner = &self.inner;
        // Tasks hold the system weakly: they must not keep it alive after its last user is gone.
        let weak = Arc::downgrade(inner);
        inner
            .tasks
            .start(check_health_for_ever(weak.clone(), inner.config.health_interval));
        inner.tasks.start(market::look_for_ever(weak.clone()));
        inner.tasks.start(limits::sync_for_ever(weak.clone()));
        inner.tasks.start(bursts::watch_for_ever(weak.clone()));
        inner.tasks.start(bursts::warm_for_ever(weak.clone()));
        inner.tasks.start(snapshots::keep_for_ever(weak.clone()));
        inner.tasks.start(refresh_for_ever(weak));
        for desk in &inner.desks {
            for account in desk.accounts() {
                let (desk, account) = (desk.clone(), account.id().clone());
                inner.tasks.start(async move { desk.watch(&account).await });
            }
        }
    }
}

/// Checks every account now and then; where a burst of calls comes into sight, the check that might fall into it is made
/// before it, unless the last one is young.
async fn check_health_for_ever(system: Weak<Inner>, interval: Duration) {
    loop {
        let early = async {
            tokio::time::sleep(interval / 2).await;
            // Only what is waited for is held, not the system.
            let sighted = system.upgrade().map(|inner| Arc::clone(&inner.bursts.sighted));
            match sighted {
                Some(sighted) => sighted.notified().await,
                None => std::future::pending().await,
            }
        };
        // A simulated session is begun anew when it ends, at whatever hour that is.
        let ends = system.upgrade().and_then(|inner| inner.next_simulated_end());
        let ended = async {
            match ends {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            () = early => {}
            () = ended => {}
        }
        let Some(inner) = system.upgrade() else {
            return;
        };
        join_all(inner.accounts.iter().map(|account| inner.check_health(account))).await;
    }
}

/// How long after its end a session is certainly over on both clocks.
const A_MOMENT: Duration = Duration::from_millis(100);

/// The wait between two looks at whether masters are due.
const LOOK_AT_MASTERS: Duration = Duration::from_secs(30);

async fn refresh_for_ever(system: Weak<Inner>) {
    loop {
        tokio::time::sleep(LOOK_AT_MASTERS).await;
        let Some(inner) = system.upgrade() else {
            return;
        };
        System { inner }.refresh_instruments_if_due().await;
    }
}

impl Inner {
    pub(crate) fn known(&self, name: &AccountId) -> Result<&Account, Error> {
        self.account(name).ok_or_else(|| {
            Error::refused(
                ErrorKind::NotFound,
                format!("account {name} is not configured; see `sangam brokers`"),
            )
        })
    }

    async fn resume(&self, account: &Account) {
        self.resume_kept(account);
        if account.config.simulated && self.check(account).await.is_err() {
            self.log_in_simulated(account).await;
        }
    }

    /// Takes up the session on disk, if it lives: from an earlier run, or from a log-in beside this one.
    fn resume_kept(&self, account: &Account) {
        let now = self.clock.now();
        let kept = self.sessions.load(&account.config.name);
        if let Some(session) = kept.filter(|session| session.expires_at > now) {
            account.broker.resume(session);
        }
    }

    /// The session as it lasts: a simulated one to the hour of its simulator's clock.
    fn lasting(&self, account: &Account, session: MarketSession) -> MarketSession {
        if !account.config.simulated {
            return session;
        }
        let session = self.markets.ending_by_its_clock(&account.config.group, session);
        account.broker.resume(session.clone());
        session
    }

    async fn log_in_simulated(&self, account: &Account) {
        let name = &account.config.name;
        match account
            .broker
            .exchange_code(test_code(account.config.broker))
            .await
        {
            Ok(session) => {
                let session = self.lasting(account, session);
                if let Err(error) = self.sessions.keep(name, &session) {
                    tracing::warn!(account = %name, %error, "session not kept");
                }
            }
            Err(error) => tracing::warn!(account = %name, %error, "simulated log-in failed"),
        }
    }

    /// How long until the first simulated session has ended; `None` without one that lives.
    fn next_simulated_end(&self) -> Option<Duration> {
        let now = self.clock.now();
        let simulated = self.accounts.iter().filter(|account| account.config.simulated);
        simulated
            .filter_map(|account| account.broker.session())
            .filter_map(|session| Duration::try_from(session.expires_at.duration_since(now)).ok())
            .filter(|left| !left.is_zero())
            .min()
            .map(|left| left + A_MOMENT)
    }

    /// Whether the account's session is alive at its broker.
    async fn check(&self, account: &Account) -> Result<(), Error> {
        let now = self.clock.now();
        let alive = || {
            account
                .broker
                .session()
                .is_some_and(|session| session.expires_at > now)
        };
        if !alive() {
            self.resume_kept(account);
        }
        if !alive() {
            let hint = format!("no session; run `sangam login {}`", account.config.name);
            return Err(Error::refused(ErrorKind::LoginRequired, hint));
        }
        account.broker.check_session().await.map(|_| ())
    }

    pub(crate) async fn check_health(&self, account: &Account) {
        let mut found = self.check(account).await;
        let dead = found
            .as_ref()
            .is_err_and(|error| error.kind() == ErrorKind::LoginRequired);
        if dead && account.config.simulated {
            self.log_in_simulated(account).await;
            found = self.check(account).await;
        }
        self.router
            .observe_health(&account.config.name, found.err().map(|error| error.to_string()));
    }
}
