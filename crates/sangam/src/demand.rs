//! How many calls each account makes, counted as they leave: what the forecast is fed with. A limiter around another; it
//! changes nothing of what that one grants.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use sangam_core::ports::{BrokerRateRefusal, Limiter, Permit, PermitRequest, RateRefusal, Scope, WindowUse};
use sangam_core::{AccountId, Monotonic};

/// Counts the calls that leave under the permits of another limiter.
#[derive(Debug)]
pub(crate) struct Demand {
    inner: Arc<dyn Limiter>,
    calls: HashMap<AccountId, Arc<AtomicU64>>,
}

impl Demand {
    /// Counts for these accounts.
    pub(crate) fn of(inner: Arc<dyn Limiter>, accounts: impl IntoIterator<Item = AccountId>) -> Self {
        Self {
            inner,
            calls: accounts
                .into_iter()
                .map(|account| (account, Arc::default()))
                .collect(),
        }
    }

    /// Calls an account has made since the start.
    pub(crate) fn calls(&self, account: &AccountId) -> u64 {
        self.calls
            .get(account)
            .map_or(0, |calls| calls.load(Ordering::Relaxed))
    }
}

#[derive(Debug)]
struct Counted {
    inner: Box<dyn Permit>,
    calls: Option<Arc<AtomicU64>>,
}

impl Permit for Counted {
    fn sent(&mut self) {
        if let Some(calls) = self.calls.take() {
            calls.fetch_add(1, Ordering::Relaxed);
        }
        self.inner.sent();
    }

    fn answered(self: Box<Self>) {
        self.inner.answered();
    }

    fn not_sent(self: Box<Self>) {
        self.inner.not_sent();
    }
}

#[async_trait]
impl Limiter for Demand {
    fn earliest(&self, scope: &Scope, weight: u32) -> Monotonic {
        self.inner.earliest(scope, weight)
    }

    async fn acquire(&self, request: PermitRequest) -> Result<Box<dyn Permit>, RateRefusal> {
        let calls = self.calls.get(&request.scope.account).cloned();
        let inner = self.inner.acquire(request).await?;
        Ok(Box::new(Counted { inner, calls }))
    }

    fn fullness_permille(&self, scope: &Scope) -> u32 {
        self.inner.fullness_permille(scope)
    }

    fn refused(&self, scope: &Scope, refusal: BrokerRateRefusal) {
        self.inner.refused(scope, refusal);
    }

    fn usage(&self) -> Vec<WindowUse> {
        self.inner.usage()
    }
}

#[cfg(test)]
mod tests {
    use sangam_core::{CallClass, Priority};
    use sangam_testkit::Unlimited;

    use super::*;

    #[tokio::test]
    async fn what_leaves_is_counted_once_and_what_does_not_is_not() {
        let account: AccountId = "main".parse().unwrap();
        let demand = Demand::of(Arc::new(Unlimited::default()), [account.clone()]);
        let permit = async || {
            let request = PermitRequest {
                scope: Scope {
                    account: account.clone(),
                    class: CallClass::MarketData,
                },
                weight: 1,
                priority: Priority::Read,
                deadline: Monotonic::default(),
            };
            demand.acquire(request).await.unwrap()
        };
        drop(permit().await);
        assert_eq!(demand.calls(&account), 0);
        let mut sent = permit().await;
        sent.sent();
        sent.sent();
        sent.answered();
        assert_eq!(demand.calls(&account), 1);
        assert_eq!(demand.calls(&"other".parse().unwrap()), 0);
    }
}
