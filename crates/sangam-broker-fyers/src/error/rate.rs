//! Refusals for the rate: the status 429, or the codes -429, 429 and -353 in a body of any status.

use std::time::Duration;

use sangam_broker::{WireResponse, status_429};
use sangam_core::ErrorKind;
use sangam_core::ports::BrokerRateRefusal;

use super::codes::rule;
use crate::wire::envelope::Head;

/// Refusals are short; nothing longer is looked through.
const REFUSAL_MAX: usize = 2_048;
const SECOND: Duration = Duration::from_secs(1);

/// Reads a reply as a refusal for the rate. Order calls are told the time to wait (API v3 documents of 2026-07-09): where
/// it is a second at most, the window of a second was full, which is not among the breaches that block the day.
#[must_use]
pub fn rate_refusal(response: &WireResponse) -> Option<BrokerRateRefusal> {
    let by_status = status_429(response);
    if by_status.is_none() && !has_code(response) {
        return None;
    }
    let retry_after = response.retry_after();
    Some(BrokerRateRefusal {
        retry_after,
        window: retry_after.filter(|wait| *wait <= SECOND).map(|_| SECOND),
        limit: None,
    })
}

fn has_code(response: &WireResponse) -> bool {
    if response.body.len() > REFUSAL_MAX {
        return false;
    }
    let Ok(head) = serde_json::from_slice::<Head<'_>>(&response.body) else {
        return false;
    };
    let code = head.code.integer().and_then(rule);
    head.says("error") && code.is_some_and(|rule| rule.kind == ErrorKind::RateLimited)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn read(status: u16, body: &str, wait_ms: Option<&str>) -> Option<BrokerRateRefusal> {
        let mut headers = HeaderMap::new();
        if let Some(wait) = wait_ms {
            headers.insert("X-Retry-After-Ms", wait.parse().expect("a number"));
        }
        rate_refusal(&WireResponse {
            status: StatusCode::from_u16(status).expect("a status"),
            headers,
            body: body.to_owned().into(),
        })
    }

    #[test]
    fn the_status_or_the_code_is_enough_and_the_wait_names_the_window() {
        let body = r#"{"s":"error","code":-429,"message":"request limit reached"}"#;
        assert_eq!(read(200, body, None), Some(BrokerRateRefusal::default()));
        assert_eq!(read(429, "<html>", None), Some(BrokerRateRefusal::default()));
        let second = read(429, body, Some("420")).expect("a refusal");
        assert_eq!(second.window, Some(SECOND));
        let minute = read(429, body, Some("31000")).expect("a refusal");
        assert_eq!((minute.window, minute.retry_after), (None, Some(31 * SECOND)));
    }

    #[test]
    fn other_answers_are_none() {
        for body in [
            r#"{"s":"ok","code":200}"#,
            r#"{"s":"ok","code":-429}"#,
            r#"{"s":"error","code":-8,"message":"expired"}"#,
            "",
            "-429",
        ] {
            assert_eq!(read(200, body, Some("5")), None, "{body}");
        }
    }
}
