//! The one number the broker tells about its rate rules: `... 11 in a current second exceeds Limit 10 for user`.

use std::time::Duration;

use sangam_broker::{WireResponse, status_429};
use sangam_core::ports::BrokerRateRefusal;

use crate::translate::object;
use crate::wire::Envelope;

/// Refusals are short; nothing longer is looked through.
const REFUSAL_MAX: usize = 2_048;

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

/// Reads a reply as a refusal for the rate. They come with status 200 or 400 and that sentence; a 429 was never reported and
/// is taken for one all the same (docs/brokers/flattrade.md).
#[must_use]
pub fn rate_refusal(response: &WireResponse) -> Option<BrokerRateRefusal> {
    let body = &response.body;
    if body.len() > REFUSAL_MAX {
        return status_429(response);
    }
    let envelope = object::<Envelope>(body);
    let text = envelope
        .as_ref()
        .and_then(|envelope| envelope.emsg.get())
        .unwrap_or_default();
    if let Some(notice) = rate_notice(text) {
        return Some(BrokerRateRefusal {
            retry_after: response.retry_after(),
            window: Some(notice.window),
            limit: Some(notice.limit),
        });
    }
    if text.to_ascii_lowercase().contains("exceeds limit") {
        return Some(BrokerRateRefusal::default());
    }
    status_429(response)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn read(status: u16, body: &str) -> Option<BrokerRateRefusal> {
        rate_refusal(&WireResponse {
            status: StatusCode::from_u16(status).expect("a status"),
            headers: HeaderMap::new(),
            body: body.to_owned().into(),
        })
    }

    #[test]
    fn the_sentence_is_a_refusal_with_its_window_and_limit() {
        let minute = r#"{"stat":"Not_Ok","emsg":"Invalid Input :  Order Recieved 133 in a current minute exceeds Limit 120 for user"}"#;
        let told = read(200, minute).expect("a refusal");
        assert_eq!(
            (told.window, told.limit),
            (Some(Duration::from_secs(60)), Some(120))
        );
        assert_eq!(read(400, minute), Some(told));
        let vague = r#"{"stat":"Not_Ok","emsg":"Order exceeds Limit"}"#;
        assert_eq!(read(200, vague), Some(BrokerRateRefusal::default()));
        assert_eq!(
            read(429, "<html>slow down</html>"),
            Some(BrokerRateRefusal::default())
        );
    }

    #[test]
    fn other_answers_are_none() {
        for body in [
            r#"{"stat":"Ok","norenordno":"1"}"#,
            r#"{"stat":"Not_Ok","emsg":"Session Expired :  Invalid Session Key"}"#,
            r#"[{"stat":"Ok"}]"#,
            "",
            "exceeds Limit 10",
        ] {
            assert_eq!(read(200, body), None, "{body}");
        }
    }
}
