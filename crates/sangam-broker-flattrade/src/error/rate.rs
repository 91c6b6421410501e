//! The one number the broker tells about its rate rules: `... 11 in a current second exceeds Limit 10 for user`.

use std::time::Duration;

/// A limit as the broker stated it while refusing a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateNotice {
    /// Most calls in the window.
    pub limit: u32,
    /// The window's length.
    pub window: Duration,
}

/// Reads the limit and its window out of a refusal; `None` when it says neither a second nor a minute, or no number.
///
/// ```
/// use std::time::Duration;
/// use sangam_broker_flattrade::error::rate_notice;
/// let notice = rate_notice("Invalid Input :  Order Recieved 11 in a current second exceeds Limit 10 for user");
/// assert_eq!(notice.map(|n| (n.limit, n.window)), Some((10, Duration::from_secs(1))));
/// ```
#[must_use]
pub fn rate_notice(text: &str) -> Option<RateNotice> {
    let text = text.to_ascii_lowercase();
    let (before, after) = text.split_once("exceeds limit")?;
    let limit = after.split_whitespace().next()?.parse().ok()?;
    let window = if before.contains("second") {
        1
    } else if before.contains("minute") {
        60
    } else {
        return None;
    };
    Some(RateNotice {
        limit,
        window: Duration::from_secs(window),
    })
}
