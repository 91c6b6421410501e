//! Letting time pass. Every test here runs on paused time, so nothing really waits.

use std::time::Duration;

/// Lets so much paused time pass, with everything that falls due in it.
pub(crate) async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}
