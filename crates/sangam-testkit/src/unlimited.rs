//! A limiter that always has room, for tests of what stands behind it; it counts what became of its permits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use sangam_core::Monotonic;
use sangam_core::ports::{BrokerRateRefusal, Limiter, Permit, PermitRequest, RateRefusal, Scope, WindowUse};

/// A limiter that grants every wish at once.
#[derive(Debug, Clone, Default)]
pub struct Unlimited {
    held: Arc<AtomicUsize>,
}

impl Unlimited {
    /// Permits given that have not ended yet.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.load(Ordering::SeqCst)
    }
}

#[derive(Debug)]
struct Slip(Arc<AtomicUsize>);

impl Permit for Slip {
    fn sent(&mut self) {}

    fn answered(self: Box<Self>) {}

    fn not_sent(self: Box<Self>) {}
}

impl Drop for Slip {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Limiter for Unlimited {
    fn earliest(&self, _: &Scope, _: u32) -> Monotonic {
        Monotonic::default()
    }

    async fn acquire(&self, _: PermitRequest) -> Result<Box<dyn Permit>, RateRefusal> {
        self.held.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(Slip(Arc::clone(&self.held))))
    }

    fn fullness_permille(&self, _: &Scope) -> u32 {
        0
    }

    fn refused(&self, _: &Scope, _: BrokerRateRefusal) {}

    fn usage(&self) -> Vec<WindowUse> {
        Vec::new()
    }
}
