//! The machine's clocks: the one place where the stack reads them.

use std::time::Instant;

use sangam_core::{Clock, Monotonic, Timestamp};

/// Wall and monotonic time of this machine.
#[derive(Debug)]
pub struct SystemClock {
    origin: Instant,
}

impl SystemClock {
    /// A clock whose monotonic readings begin now.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the implementation everything else is given"
    )]
    pub fn new() -> Self {
        Self {
            origin: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the implementation everything else is given"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::from_origin(self.origin.elapsed())
    }
}
