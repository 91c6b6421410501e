//! A permit of the pool, and the permit a caller holds. Dropping one says what it must.

use std::fmt;
use std::sync::Arc;

use sangam_core::ports::Permit;

use super::pool::Pool;
use super::wire::EndKind;

/// A permit of the pool.
pub(super) struct PoolPermit {
    pool: Arc<Pool>,
    id: u64,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Granted,
    Sent,
    Over,
}

impl PoolPermit {
    pub(super) fn new(pool: Arc<Pool>, id: u64) -> Self {
        Self {
            pool,
            id,
            stage: Stage::Granted,
        }
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    fn end(&mut self, kind: EndKind) {
        self.stage = Stage::Over;
        self.pool.ended(self.id, kind);
    }
}

impl Permit for PoolPermit {
    fn sent(&mut self) {
        if self.stage == Stage::Granted {
            self.stage = Stage::Sent;
        }
    }

    fn answered(mut self: Box<Self>) {
        self.end(EndKind::Answered);
    }

    fn not_sent(mut self: Box<Self>) {
        self.end(EndKind::Back);
    }
}

impl Drop for PoolPermit {
    fn drop(&mut self) {
        match self.stage {
            Stage::Granted => self.end(EndKind::Back),
            Stage::Sent => self.end(EndKind::Unanswered),
            Stage::Over => {}
        }
    }
}

impl fmt::Debug for PoolPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PoolPermit({}, {:?})", self.id, self.stage)
    }
}

/// A permit that is charged to the windows a process has by itself and to those it shares.
#[derive(Debug)]
pub(super) struct Both {
    pub(super) long: Box<dyn Permit>,
    pub(super) short: Box<dyn Permit>,
}

impl Permit for Both {
    fn sent(&mut self) {
        self.long.sent();
        self.short.sent();
    }

    fn answered(self: Box<Self>) {
        self.long.answered();
        self.short.answered();
    }

    fn not_sent(self: Box<Self>) {
        self.long.not_sent();
        self.short.not_sent();
    }
}
