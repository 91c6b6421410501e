//! Refusals for the rate: the status 429, or UDAPI10005 and UDAPI100099 in a body of any status. Neither says for how long,
//! and the broker documents no header for it; one that comes all the same is read.

use sangam_broker::{WireResponse, status_429};
use sangam_core::ErrorKind;
use sangam_core::ports::BrokerRateRefusal;

use super::codes::rule;
use super::errors;
use crate::wire::Envelope;

/// Refusals are short; nothing longer is looked through.
const REFUSAL_MAX: usize = 2_048;

/// Reads a reply as a refusal for the rate.
#[must_use]
pub fn rate_refusal(response: &WireResponse) -> Option<BrokerRateRefusal> {
    let by_status = status_429(response);
    if by_status.is_some() || response.body.len() > REFUSAL_MAX {
        return by_status;
    }
    let envelope = serde_json::from_slice::<Envelope<'_>>(&response.body).ok()?;
    let reasons = envelope.errors.and_then(errors)?;
    let limited = reasons
        .iter()
        .filter_map(|reason| rule(reason.code()?))
        .any(|rule| rule.kind == ErrorKind::RateLimited);
    limited.then(|| BrokerRateRefusal {
        retry_after: response.retry_after(),
        ..BrokerRateRefusal::default()
    })
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

    fn with_code(code: &str) -> String {
        format!(
            r#"{{"status":"error","errors":[{{"errorCode":"{code}","message":"Too Many Request Sent"}}]}}"#
        )
    }

    #[test]
    fn the_status_or_the_code_is_enough() {
        let plain = Some(BrokerRateRefusal::default());
        assert_eq!(read(429, ""), plain);
        assert_eq!(read(429, &with_code("UDAPI10005")), plain);
        assert_eq!(read(200, &with_code("UDAPI10005")), plain);
        assert_eq!(read(400, &with_code("UDAPI100099")), plain);
    }

    #[test]
    fn other_answers_are_none() {
        for body in [
            with_code("UDAPI100050").as_str(),
            r#"{"status":"success","data":{}}"#,
            "",
            "UDAPI10005",
        ] {
            assert_eq!(read(401, body), None, "{body}");
        }
    }
}
