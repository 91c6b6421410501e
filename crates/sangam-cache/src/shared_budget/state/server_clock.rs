//! The server's clock beside ours. It decides what is in a window; had it jumped ahead, calls would be forgotten too soon.

use sangam_core::Monotonic;

/// The server's time less ours, between two bounds in microseconds, and when that was found.
#[derive(Debug, Default)]
pub(in super::super) struct ServerClock(Option<(i64, i64, Monotonic)>);

impl ServerClock {
    /// Whether the server's clock went on as ours did since the last answer. A jump back only costs time.
    pub(in super::super) fn kept(&mut self, server_us: i64, asked: Monotonic, received: Monotonic) -> bool {
        let us =
            |at: Monotonic| i64::try_from(at.since(Monotonic::default()).as_micros()).unwrap_or(i64::MAX);
        let (low, high) = (
            server_us.saturating_sub(us(received)),
            server_us.saturating_sub(us(asked)),
        );
        let kept = self.0.is_none_or(|(_, before, at)| {
            let drift = i64::try_from(received.since(at).as_micros() / 1_000).unwrap_or(i64::MAX);
            low <= before.saturating_add(drift).saturating_add(1_000)
        });
        self.0 = Some((low, high, received));
        kept
    }

    pub(in super::super) fn forget(&mut self) {
        self.0 = None;
    }
}
