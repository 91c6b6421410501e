//! One account as the desk sees it.

use std::sync::Arc;

use sangam_core::ports::Broker;
use sangam_core::{AccountId, AlgoName, BrokerName};

/// An account the desk may place through.
#[derive(Debug, Clone)]
pub struct DeskAccount {
    /// The way to its broker.
    pub broker: Arc<dyn Broker>,
    /// The registered algorithm's name to send along.
    pub algo: Option<AlgoName>,
}

impl DeskAccount {
    /// The account's name.
    #[must_use]
    pub fn id(&self) -> &AccountId {
        self.broker.account()
    }

    /// Its broker's name.
    #[must_use]
    pub fn name(&self) -> BrokerName {
        self.broker.name()
    }
}
