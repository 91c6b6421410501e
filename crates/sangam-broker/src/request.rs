//! A request as an adapter builds it and a response as it reads it: plain values, so that translation can be tested
//! without a network. `Debug` shows neither header values, query nor body: they may hold secrets.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sangam_core::{Error, ErrorKind, Operation, Outcome};
use secrecy::SecretString;

use crate::redact::ShownUrl;

/// Characters left alone in a query value: RFC 3986's unreserved ones.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The longest wait a header is believed.
const WAIT_MAX: Duration = Duration::from_hours(24);

/// One request, whole.
#[derive(Clone)]
pub struct WireRequest {
    /// What it does, for limits, health and logs.
    pub operation: Operation,
    /// The method.
    pub method: Method,
    /// Scheme, host and path, without query.
    pub url: String,
    /// Query pairs, not yet encoded, in order.
    pub query: Vec<(&'static str, String)>,
    /// Headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Option<Bytes>,
    /// How long to wait for the whole answer, connecting included.
    pub timeout: Duration,
    /// What in it is secret: blotted out in the answer, which may repeat it.
    pub secrets: Vec<SecretString>,
}

impl WireRequest {
    /// A request without query, headers or body, and ten seconds of patience.
    #[must_use]
    pub fn new(operation: Operation, method: Method, url: impl Into<String>) -> Self {
        Self {
            operation,
            method,
            url: url.into(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: None,
            timeout: Duration::from_secs(10),
            secrets: Vec::new(),
        }
    }

    /// Adds a query pair; the value is encoded when the request is sent.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Adds a header with a value that is no secret.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the value cannot stand in a header.
    pub fn header(mut self, name: HeaderName, value: &str) -> Result<Self, Error> {
        let value = header_value(&name, value)?;
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Adds a header whose value must never be shown.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the value cannot stand in a header; the error does not show it.
    pub fn secret_header(mut self, name: HeaderName, value: &str) -> Result<Self, Error> {
        let mut value = header_value(&name, value)?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Names a text it carries that must never be shown: a token, an app's secret, a log-in code. Answers to it are read
    /// without that text ([`crate::calls::answer`]). Texts of less than eight characters are not looked for.
    #[must_use]
    pub fn hiding(mut self, secret: &str) -> Self {
        self.secrets.push(SecretString::from(secret));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sets the patience.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The address with its encoded query.
    #[must_use]
    pub fn full_url(&self) -> String {
        let mut url = self.url.clone();
        for (i, (name, value)) in self.query.iter().enumerate() {
            url.push(if i == 0 { '?' } else { '&' });
            url.push_str(name);
            url.push('=');
            url.extend(utf8_percent_encode(value, QUERY));
        }
        url
    }
}

fn header_value(name: &HeaderName, value: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(value).map_err(|_| {
        Error::new(
            ErrorKind::InvalidRequest,
            Outcome::NotSent,
            format!("the value of header {name} has characters a header cannot carry"),
        )
    })
}

impl fmt::Debug for WireRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.operation, self.method, ShownUrl(&self.url))
    }
}

/// One response, read whole.
#[derive(Clone)]
pub struct WireResponse {
    /// The status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The body, whatever its type.
    pub body: Bytes,
}

impl WireResponse {
    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// How long to wait before calling again, where the broker or what stands before it says so: a header in
    /// milliseconds, which is the more exact, before `Retry-After` in seconds. At most a day is believed. A date in
    /// `Retry-After` is not read: no broker here sends one.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let number = |name| self.header(name)?.trim().parse::<u64>().ok();
        ["retry-after-ms", "x-retry-after-ms"]
            .into_iter()
            .find_map(|name| number(name).map(Duration::from_millis))
            .or_else(|| number("retry-after").map(Duration::from_secs))
            .map(|wait| wait.min(WAIT_MAX))
    }
}

impl fmt::Debug for WireResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {} bytes", self.status, self.body.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_encoded_and_debug_is_silent() {
        let request = WireRequest::new(Operation::Quotes, Method::GET, "http://x/data/quotes")
            .query("symbols", "NSE:M&M-EQ,NSE_INDEX|Nifty 50");
        assert_eq!(
            request.full_url(),
            "http://x/data/quotes?symbols=NSE%3AM%26M-EQ%2CNSE_INDEX%7CNifty%2050"
        );
        let mut request = request.body("jKey=test-token");
        assert!(!format!("{request:?}").contains("test-token"));
        request.url = "http://user:test-token@x/y?code=test-token".to_owned();
        assert_eq!(format!("{request:?}"), "quotes GET http://x/y");
    }

    #[test]
    fn the_more_exact_wait_wins_and_none_is_beyond_a_day() {
        let check = |headers: &[(&'static str, &str)], expected: Option<Duration>| {
            let mut response = WireResponse {
                status: StatusCode::TOO_MANY_REQUESTS,
                headers: HeaderMap::new(),
                body: Bytes::new(),
            };
            for (name, value) in headers {
                let value = HeaderValue::from_str(value).expect("a header value");
                response.headers.insert(HeaderName::from_static(name), value);
            }
            assert_eq!(response.retry_after(), expected, "{headers:?}");
        };
        check(&[], None);
        check(&[("retry-after", " 2 ")], Some(Duration::from_secs(2)));
        check(
            &[("retry-after", "2"), ("x-retry-after-ms", "1250")],
            Some(Duration::from_millis(1_250)),
        );
        check(
            &[("retry-after", "2"), ("retry-after-ms", "1")],
            Some(Duration::from_millis(1)),
        );
        check(
            &[("retry-after", "2"), ("retry-after-ms", "soon")],
            Some(Duration::from_secs(2)),
        );
        check(&[("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")], None);
        check(&[("retry-after", "-1")], None);
        check(&[("retry-after", "999999999999")], Some(Duration::from_hours(24)));
    }
}
