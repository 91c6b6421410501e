//! Logging in without a running system: the link, the exchange, the session file. A system started afterwards, or one that
//! is running on the same folder and next checks its accounts, finds the session there.

use std::path::PathBuf;
use std::sync::Arc;

use sangam_core::ports::{Broker, Limiter, LoginLink, SymbolMap};
use sangam_core::session::MarketSession;
use sangam_core::{AccountId, Clock, Error, ErrorKind, IST};
use sangam_instruments::{LiveTable, Table};
use sangam_ratelimit::port::AccountBudgets;

use crate::config::{AccountConfig, Config};
use crate::error::StartError;
use crate::sessions::SessionFiles;
use crate::{adapters, limits, shares};

/// One account's log-in.
#[derive(Debug)]
pub struct DirectLogin {
    name: AccountId,
    broker: Arc<dyn Broker>,
    files: SessionFiles,
}

impl DirectLogin {
    /// The log-in of a configured account.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for an account that is not configured; [`ErrorKind::Internal`] when a transport cannot be
    /// made.
    pub fn new(config: &Config, account: &str, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let Some(found) = config
            .accounts
            .iter()
            .find(|known| known.name.as_str() == account)
        else {
            let known: Vec<_> = config.accounts.iter().map(|known| known.name.as_str()).collect();
            return Err(Error::refused(
                ErrorKind::NotFound,
                format!(
                    "account {account:?} is not configured; known are {}",
                    known.join(", ")
                ),
            ));
        };
        let symbols: Arc<dyn SymbolMap> = Arc::new(LiveTable::new(Table::empty(IST::date(clock.now()))));
        let limiter = budget(config, found, &clock)
            .map_err(|error| Error::refused(ErrorKind::Internal, error.to_string()))?;
        let limiter: Arc<dyn Limiter> = limiter;
        Ok(Self {
            name: found.name.clone(),
            broker: adapters::build(found, symbols, &limiter, clock)?.0,
            files: SessionFiles::below(&config.data_dir),
        })
    }

    /// Where a person logs in.
    #[must_use]
    pub fn link(&self) -> LoginLink {
        self.broker.login_link(self.name.as_str())
    }

    /// The file the session is kept in.
    #[must_use]
    pub fn session_file(&self) -> PathBuf {
        self.files.path(&self.name)
    }

    /// Turns the code into a session and keeps it.
    ///
    /// # Errors
    /// The broker's refusal; [`ErrorKind::Internal`] when the session cannot be kept on disk.
    pub async fn exchange(&self, code: &str) -> Result<MarketSession, Error> {
        let session = self.broker.exchange_code(code).await?;
        self.files.keep(&self.name, &session)?;
        Ok(session)
    }

    /// Ends the session kept on disk, here and at the broker.
    ///
    /// # Errors
    /// The broker's refusal; the session is forgotten here all the same.
    pub async fn end(&self) -> Result<(), Error> {
        let Some(session) = self.files.load(&self.name) else {
            return Ok(());
        };
        self.broker.resume(session);
        let ended = self.broker.log_out().await;
        if let Err(error) = self.files.forget(&self.name) {
            return Err(Error::refused(
                ErrorKind::Internal,
                format!(
                    "the session file {} cannot be removed: {error}",
                    self.session_file().display()
                ),
            ));
        }
        ended
    }
}

/// This process's own share of the account's budget: nobody else's is asked for one call.
fn budget(
    config: &Config,
    account: &AccountConfig,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<AccountBudgets>, StartError> {
    let plan = match &config.shared {
        Some(shared) => shares::base_plan(account, shared)?,
        None => account.limits.plan.clone(),
    };
    let folder = config.data_dir.join("limits");
    limits::journaled([(account, plan)], &folder, &config.data_dir, clock)
}
