//! Conditions that are waited for.

use std::time::Duration;

/// Longest a condition may take to come true.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Waits until something holds.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        let mut pace = tokio::time::interval(ms(5));
        while !holds() {
            pace.tick().await;
        }
    };
    assert!(
        tokio::time::timeout(PATIENCE, waiting).await.is_ok(),
        "waited in vain until {what}"
    );
}
