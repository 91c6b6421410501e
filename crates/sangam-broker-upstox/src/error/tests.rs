//! Every code of the table at every status that matters: what it means and what it proves.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use sangam_broker::Refusal;

use super::*;

fn answer(status: u16, body: impl Into<String>) -> WireResponse {
    WireResponse {
        status: StatusCode::from_u16(status).expect("a status"),
        headers: HeaderMap::new(),
        body: Bytes::from(body.into()),
    }
}

fn with_code(status: u16, code: &str) -> WireResponse {
    answer(
        status,
        format!(
            r#"{{"status":"error","errors":[{{"errorCode":"{code}","message":"no","error_code":"{code}"}}]}}"#
        ),
    )
}

fn place(response: &WireResponse) -> (ErrorKind, Outcome) {
    let error = placed(response).expect_err("a failure");
    (error.kind(), error.outcome())
}

#[test]
fn every_code_means_its_kind_and_proves_only_at_its_status() {
    for rule in CODES {
        let listed: &[u16] = match rule.refusal {
            Refusal::At(statuses) => statuses,
            Refusal::NoProof => &[],
        };
        for status in [200, 302, 400, 401, 403, 404, 422, 423, 429, 500, 503] {
            let expected = if listed.contains(&status) {
                Outcome::Rejected
            } else {
                Outcome::Unknown
            };
            assert_eq!(
                place(&with_code(status, rule.code)),
                (rule.kind, expected),
                "{} {status}",
                rule.code
            );
        }
        assert!(!rule.source.is_empty(), "{}", rule.code);
    }
}

#[test]
fn codes_are_listed_once_and_rate_limits_never() {
    for (i, rule) in CODES.iter().enumerate() {
        assert!(
            CODES[..i].iter().all(|other| other.code != rule.code),
            "{}",
            rule.code
        );
        if matches!(rule.kind, ErrorKind::RateLimited | ErrorKind::Unavailable) {
            assert_eq!(rule.refusal, Refusal::NoProof, "{}", rule.code);
        }
    }
}

#[test]
fn what_is_not_the_brokers_form_proves_nothing() {
    let unknown = |status, body: &str, kind| {
        assert_eq!(
            place(&answer(status, body)),
            (kind, Outcome::Unknown),
            "{status} {body}"
        );
    };
    unknown(400, "", ErrorKind::InvalidRequest);
    unknown(401, "<html>denied</html>", ErrorKind::LoginRequired);
    unknown(403, "<html>error code: 1010</html>", ErrorKind::Permission);
    unknown(429, "{}", ErrorKind::RateLimited);
    unknown(302, "", ErrorKind::UnexpectedAnswer);
    unknown(
        307,
        r#"{"status":"success","data":{"order_ids":["1"]}}"#,
        ErrorKind::UnexpectedAnswer,
    );
    unknown(504, "<html>", ErrorKind::Timeout);
    unknown(200, "", ErrorKind::UnexpectedAnswer);
    unknown(
        200,
        r#"{"status":"success","data":{"order_ids":["#,
        ErrorKind::UnexpectedAnswer,
    );
    unknown(
        200,
        r#"{"status":"success","data":{}}"#,
        ErrorKind::UnexpectedAnswer,
    );
    unknown(
        200,
        r#"{"status":"success","data":{"order_ids":[]}}"#,
        ErrorKind::UnexpectedAnswer,
    );
    unknown(
        200,
        r#"{"status":"success","data":{"order_ids":[""]}}"#,
        ErrorKind::UnexpectedAnswer,
    );
    unknown(200, r#"{"status":"success"}"#, ErrorKind::UnexpectedAnswer);
    unknown(
        200,
        r#"{"data":{"order_ids":["1"]}}"#,
        ErrorKind::UnexpectedAnswer,
    );
    unknown(
        400,
        r#"{"status":"error","errors":[]}"#,
        ErrorKind::InvalidRequest,
    );
    unknown(
        400,
        r#"{"status":"error","errors":"x"}"#,
        ErrorKind::InvalidRequest,
    );
    unknown(
        400,
        r#"{"status":"error","errors":[{"message":"no code"}]}"#,
        ErrorKind::InvalidRequest,
    );
    unknown(
        400,
        r#"{"errors":[{"error_code":"UDAPI1004"}]}"#,
        ErrorKind::InvalidRequest,
    );
    unknown(
        200,
        r#"{"status":"success","data":{"order_ids":["1"]},"errors":[{"error_code":"UDAPI1004"}]}"#,
        ErrorKind::UnexpectedAnswer,
    );
}

#[test]
fn several_reasons_prove_only_together() {
    let two = |second: &str| {
        format!(
            r#"{{"status":"error","errors":[{{"error_code":"UDAPI1004","message":"quantity"}},{{"error_code":"{second}","message":"key"}}]}}"#
        )
    };
    assert_eq!(
        place(&answer(400, two("UDAPI1007"))),
        (ErrorKind::InvalidRequest, Outcome::Rejected)
    );
    assert_eq!(
        place(&answer(400, two("UDAPI100500"))),
        (ErrorKind::InvalidRequest, Outcome::Unknown)
    );
    let error = placed(&answer(400, two("UDAPI1007"))).expect_err("refused");
    assert_eq!(error.to_string(), "upstox: quantity; key (UDAPI1004)");
}

#[test]
fn an_order_id_in_a_failure_is_kept_and_doubted() {
    for body in [
        r#"{"status":"error","errors":[{"error_code":"UDAPI1004","order_id":"24010"}]}"#,
        r#"{"status":"error","errors":[{"error_code":"UDAPI1004"}],"data":{"order_ids":["24010"]}}"#,
        r#"{"status":"partial_success","data":{"order_id":"24010"}}"#,
    ] {
        let error = placed(&answer(400, body)).expect_err("a failure");
        assert_eq!(error.outcome(), Outcome::Unknown, "{body}");
        assert_eq!(
            error.broker_order_id().map(BrokerOrderId::as_str),
            Some("24010"),
            "{body}"
        );
    }
}

#[test]
fn ids_are_read_in_both_forms() {
    let id = |body: &str| {
        placed(&answer(200, body))
            .map(|placed| placed.broker_order_id.to_string())
            .ok()
    };
    assert_eq!(
        id(r#"{"status":"success","data":{"order_id":"A-1"}}"#),
        Some("A-1".into())
    );
    assert_eq!(
        id(r#"{"status":"Success","data":{"order_ids":["A-1"]}}"#),
        Some("A-1".into())
    );
    assert_eq!(
        id(r#"{"status":"success","data":{"order_ids":[24010]},"new":1}"#),
        Some("24010".into())
    );
    let sliced = placed(&answer(
        200,
        r#"{"status":"success","data":{"order_ids":["1","2"]}}"#,
    ))
    .expect("placed");
    assert_eq!(
        sliced.message.as_deref(),
        Some("upstox made 2 orders of it: 1, 2")
    );
}

#[test]
fn a_change_must_be_of_the_order_asked_about() {
    let asked = BrokerOrderId::new("1").expect("an id");
    let body = |id: &str| {
        answer(
            200,
            format!(r#"{{"status":"success","data":{{"order_id":"{id}"}}}}"#),
        )
    };
    assert!(accepted(Operation::Cancel, &body("1"), &asked).is_ok());
    let error = accepted(Operation::Cancel, &body("2"), &asked).expect_err("another order");
    assert_eq!(error.outcome(), Outcome::Unknown);
}

#[test]
fn reads_fail_by_kind_and_say_where_to_go() {
    let read = |response: &WireResponse| data(Operation::Orders, response).expect_err("a failure");
    assert_eq!(read(&with_code(401, "UDAPI100050")).advice(), Advice::LogIn);
    assert_eq!(read(&answer(200, "<html>")).advice(), Advice::Elsewhere);
    assert_eq!(read(&answer(503, "<html>")).kind(), ErrorKind::Unavailable);
    assert_eq!(read(&with_code(404, "UDAPI100060")).kind(), ErrorKind::NotOffered);
}

#[test]
fn a_told_wait_is_kept() {
    let told = |name: &'static str, value: &'static str| {
        let mut response = with_code(429, "UDAPI10005");
        response
            .headers
            .insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        placed(&response).expect_err("limited").advice()
    };
    assert_eq!(
        told("retry-after", "7"),
        Advice::Wait(Some(Duration::from_secs(7)))
    );
    assert_eq!(
        told("retry-after-ms", "250"),
        Advice::Wait(Some(Duration::from_millis(250)))
    );
    assert_eq!(told("retry-after", "soon"), Advice::Wait(None));
}

#[test]
fn the_code_with_two_meanings_follows_the_call() {
    let response = with_code(401, "UDAPI100057");
    assert_eq!(
        data(Operation::Login, &response).expect_err("refused").kind(),
        ErrorKind::LoginRequired
    );
    assert_eq!(place(&response), (ErrorKind::Closed, Outcome::Unknown));
}
