//! The request as it goes on the wire: which headers are ours to set.

use bytes::Bytes;
use http::header::{
    ACCEPT, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderValue, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
    USER_AGENT,
};
use http::{Method, Request, Uri};
use http_body_util::Full;

use crate::AGENT;
use crate::request::WireRequest;
use crate::target::Target;

/// Builds the request. How a message is framed and how long a connection lives is the transport's to say, so those
/// headers are replaced; `Host`, `User-Agent` and `Accept` are set unless the adapter did.
pub(super) fn build(request: WireRequest, target: &Target) -> Request<Full<Bytes>> {
    let body = request.body.unwrap_or_default();
    let takes_body = matches!(request.method, Method::POST | Method::PUT | Method::PATCH);
    let mut wire = Request::new(Full::new(body.clone()));
    *wire.uri_mut() = Uri::from(target.path_and_query.clone());
    let headers = wire.headers_mut();
    *headers = request.headers;
    // In particular `Expect: 100-continue` and chunked bodies: both stretch the time in which it is not known whether
    // the order was read.
    for name in [
        CONNECTION,
        EXPECT,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
        CONTENT_LENGTH,
    ] {
        headers.remove(name);
    }
    // Also on a DELETE with a body, where some clients leave it out and some servers then read none.
    if takes_body || !body.is_empty() {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    headers.entry(HOST).or_insert_with(|| target.authority.clone());
    headers
        .entry(USER_AGENT)
        .or_insert(HeaderValue::from_static(AGENT));
    headers
        .entry(ACCEPT)
        .or_insert(HeaderValue::from_static("application/json"));
    *wire.method_mut() = request.method;
    wire
}

#[cfg(test)]
mod tests {
    use super::*;
    use sangam_core::Operation;

    fn built(request: WireRequest) -> Request<Full<Bytes>> {
        let target = Target::parse(&request.full_url(), false).unwrap();
        build(request, &target)
    }

    #[test]
    fn sets_what_is_missing_and_keeps_what_is_there() {
        let request = WireRequest::new(Operation::Place, Method::POST, "https://api.example/v2/order")
            .query("a", "b c")
            .header(ACCEPT, "text/csv")
            .unwrap()
            .body("{}");
        let wire = built(request);
        assert_eq!(wire.uri(), "/v2/order?a=b%20c");
        let header = |name| wire.headers()[name].to_str().unwrap();
        assert_eq!(header("host"), "api.example");
        assert_eq!(header("accept"), "text/csv");
        assert_eq!(header("user-agent"), AGENT);
        assert_eq!(header("content-length"), "2");
    }

    #[test]
    fn framing_is_ours() {
        let check = |method: Method, body: Option<&'static str>, length: Option<&str>| {
            let mut request = WireRequest::new(Operation::Cancel, method.clone(), "https://api.example/");
            for (name, value) in [
                (CONTENT_LENGTH, "7"),
                (TRANSFER_ENCODING, "chunked"),
                (EXPECT, "100-continue"),
                (CONNECTION, "close"),
            ] {
                request = request.header(name, value).unwrap();
            }
            request.body = body.map(Bytes::from);
            let wire = built(request);
            let found = wire
                .headers()
                .get(CONTENT_LENGTH)
                .map(|value| value.to_str().unwrap());
            assert_eq!(found, length, "{method}");
            for name in [TRANSFER_ENCODING, EXPECT, CONNECTION] {
                assert!(!wire.headers().contains_key(name));
            }
        };
        check(Method::DELETE, Some("{\"id\":\"1\"}"), Some("10"));
        check(Method::DELETE, None, None);
        check(Method::GET, None, None);
        check(Method::POST, None, Some("0"));
        check(Method::PUT, Some("x"), Some("1"));
    }
}
