//! Every code at its status and elsewhere, and everything that must leave an order in doubt.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use sangam_broker::Refusal;
use sangam_core::ports::Placed;

use super::*;
use crate::error::{CODES, accepted, placed};

fn response(status: u16, body: &str) -> WireResponse {
    WireResponse {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: body.as_bytes().to_vec().into(),
    }
}

fn error_body(code: &str) -> String {
    format!(r#"{{"s":"error","code":{code},"message":"no"}}"#)
}

fn refused_placement(status: u16, body: &str) -> Error {
    placed(&response(status, body)).unwrap_err()
}

fn is_unknown(status: u16, body: &str) {
    let error = refused_placement(status, body);
    assert_eq!(error.outcome(), Outcome::Unknown, "{status} {body}: {error}");
}

/// Codes, what they mean for a placement, and the statuses at which they prove it refused.
const EXPECTED: &[(&str, ErrorKind, &[u16])] = &[
    ("-8", ErrorKind::LoginRequired, &[200, 401]),
    ("-15", ErrorKind::LoginRequired, &[200, 401]),
    ("-16", ErrorKind::LoginRequired, &[200, 401]),
    ("-17", ErrorKind::LoginRequired, &[200, 401]),
    ("-50", ErrorKind::InvalidRequest, &[200, 400]),
    ("-51", ErrorKind::NotFound, &[]),
    ("-52", ErrorKind::OrderNotOpen, &[]),
    ("-53", ErrorKind::NotFound, &[]),
    ("-96", ErrorKind::Unavailable, &[]),
    ("-99", ErrorKind::OrderRejected, &[]),
    ("-159", ErrorKind::NotFound, &[]),
    ("-161", ErrorKind::OrderNotOpen, &[]),
    ("-162", ErrorKind::OrderNotOpen, &[]),
    ("-164", ErrorKind::OrderNotOpen, &[]),
    ("-201", ErrorKind::Unavailable, &[]),
    ("-202", ErrorKind::Unavailable, &[]),
    ("-204", ErrorKind::Unavailable, &[]),
    ("-205", ErrorKind::Unavailable, &[]),
    ("-209", ErrorKind::NotFound, &[]),
    ("-300", ErrorKind::UnknownInstrument, &[200, 400]),
    ("-352", ErrorKind::LoginRequired, &[]),
    ("-353", ErrorKind::RateLimited, &[]),
    ("-371", ErrorKind::LoginRequired, &[]),
    ("-373", ErrorKind::Permission, &[403]),
    ("-392", ErrorKind::InvalidRequest, &[]),
    ("-397", ErrorKind::NotFound, &[]),
    ("-398", ErrorKind::NotFound, &[]),
    ("-399", ErrorKind::NotFound, &[]),
    ("-429", ErrorKind::RateLimited, &[]),
    ("-437", ErrorKind::LoginRequired, &[]),
    ("-501", ErrorKind::LoginRequired, &[]),
    ("201", ErrorKind::Timeout, &[]),
    ("400", ErrorKind::InvalidRequest, &[]),
    ("429", ErrorKind::RateLimited, &[]),
];

#[test]
fn every_code_proves_what_the_list_says_and_nothing_elsewhere() {
    let listed: Vec<&str> = CODES.iter().map(|rule| rule.code).collect();
    let expected: Vec<&str> = EXPECTED.iter().map(|(code, ..)| *code).collect();
    assert_eq!(listed, expected);
    for (code, kind, statuses) in EXPECTED {
        for status in [
            200, 202, 302, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504,
        ] {
            let error = refused_placement(status, &error_body(code));
            let outcome = if statuses.contains(&status) {
                Outcome::Rejected
            } else {
                Outcome::Unknown
            };
            assert_eq!(error.outcome(), outcome, "{code} at {status}");
            assert_eq!(error.code(), Some(*code));
            if !(*code == "-99" && status >= 500) {
                assert_eq!(error.kind(), *kind, "{code} at {status}");
            }
        }
    }
    assert!(CODES.iter().all(|rule| !rule.source.is_empty()));
}

#[test]
fn what_is_never_evidence_is_not_on_the_list() {
    for code in [-99, 201, -429, 429, -353, -352] {
        assert_eq!(
            crate::error::rule(code).unwrap().refusal,
            Refusal::NoProof,
            "{code}"
        );
    }
}

#[test]
fn an_unknown_number_proves_a_change_refused_and_nothing_else() {
    let id = "25092600001234".parse().unwrap();
    let outcome = |operation| {
        accepted(&response(400, &error_body("-51")), operation, &id)
            .unwrap_err()
            .outcome()
    };
    assert_eq!(outcome(Operation::Modify), Outcome::Rejected);
    assert_eq!(outcome(Operation::Cancel), Outcome::Unknown);
    is_unknown(400, &error_body("-51"));
}

#[test]
fn anything_but_the_brokers_whole_own_form_leaves_a_placement_in_doubt() {
    for status in [200, 204, 302, 307, 400, 401, 403, 429, 500, 502] {
        for body in [
            "",
            "null",
            "[]",
            "<html>Forbidden</html>",
            "\"no\"",
            "{}",
            "{\"s\":\"error\"}",
        ] {
            is_unknown(status, body);
        }
    }
    // A whole form cut short, followed by something, without its message, or with something beside it.
    is_unknown(400, r#"{"s":"error","code":-50,"message":"no""#);
    is_unknown(400, r#"{"s":"error","code":-50,"message":"no"} {}"#);
    is_unknown(400, r#"{"s":"error","code":-50}"#);
    is_unknown(400, r#"{"code":-50,"message":"no"}"#);
    is_unknown(400, r#"{"s":"ok","code":-50,"message":"no"}"#);
    is_unknown(
        400,
        r#"{"s":"error","code":-50,"message":"no","id_fyers":"c0ffee"}"#,
    );
    is_unknown(400, r#"{"s":"error","code":-50,"code":-50,"message":"no"}"#);
    is_unknown(400, r#"{"s":"error","code":"-50x","message":"no"}"#);
    is_unknown(400, r#"{"s":"error","code":-777,"message":"no"}"#);
    // The same form with empty extras is still the form.
    let error = refused_placement(
        400,
        r#"{"s":"error","code":-50,"message":"no","id":"","data":null}"#,
    );
    assert_eq!(error.outcome(), Outcome::Rejected);
}

#[test]
fn an_error_with_an_order_in_it_keeps_the_order_in_doubt() {
    for body in [
        r#"{"s":"error","code":-50,"message":"no","id":"25092600001260"}"#,
        r#"{"s":"error","code":-50,"message":"no","id":25092600001260}"#,
        r#"{"s":"error","code":-50,"message":"no","data":[{"statusCode":200,"body":{"s":"ok","id":"25092600001260"}}]}"#,
    ] {
        let error = refused_placement(400, body);
        assert_eq!(error.outcome(), Outcome::Unknown);
        let id = error.broker_order_id().map(BrokerOrderId::as_str);
        assert_eq!(id, Some("25092600001260"), "{body}");
    }
}

#[test]
fn an_acknowledgement_needs_ok_a_number_and_no_doubt() {
    let ok = |body: &str| placed(&response(200, body));
    let placed = ok(r#"{"s":"OK","code":1101,"message":" done ","id":25092600001234}"#).unwrap();
    let expected = Placed {
        broker_order_id: "25092600001234".parse().unwrap(),
        message: Some("done".into()),
    };
    assert_eq!(placed, expected);
    assert!(ok(r#"{"s":"ok","id":"25092600001234"}"#).is_ok());
    let error = ok(r#"{"s":"ok","code":201,"message":"sent","id":"25092600001234"}"#).unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Timeout, Outcome::Unknown)
    );
    assert!(error.broker_order_id().is_some());
    for body in [
        r#"{"s":"ok","code":201,"message":"sent"}"#,
        r#"{"s":"ok","code":"201","message":"sent","id":"1"}"#,
        r#"{"s":"ok","code":1101,"message":"queued","id_fyers":"c0ffee"}"#,
        r#"{"s":"ok","code":1101,"message":"queued","id":""}"#,
        r#"{"s":"ok","code":1101,"id":"é"}"#,
        r#"{"s":"ok","code":-99,"message":"no","id":"1"}"#,
        r#"{"s":"ok","code":{},"id":"1"}"#,
        r#"{"s":"no_data","id":"1"}"#,
        r#"{"code":1101,"id":"1"}"#,
    ] {
        is_unknown(200, body);
    }
    is_unknown(500, r#"{"s":"ok","code":1101,"id":"1"}"#);
    is_unknown(301, r#"{"s":"ok","code":1101,"id":"1"}"#);
}

#[test]
fn an_answer_for_another_order_is_no_answer() {
    let id = "1".parse().unwrap();
    let answer = |body| accepted(&response(200, body), Operation::Cancel, &id);
    assert!(answer(r#"{"s":"ok","code":1103,"id":1}"#).is_ok());
    let error = answer(r#"{"s":"ok","code":1103,"id":"2"}"#).unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
}

#[test]
fn a_cut_order_is_placed_when_every_slice_is() {
    let sliced = |slices: &str| {
        placed(&response(
            200,
            &format!(r#"{{"code":1101,"message":"","data":[{slices}]}}"#),
        ))
    };
    let one = r#"{"statusCode":200,"body":{"s":"ok","code":1101,"id":"1"}}"#;
    let two = r#"{"statusCode":200,"body":{"s":"ok","code":1101,"id":"2"}}"#;
    let whole = sliced(&format!("{one},{two}")).unwrap();
    assert_eq!(whole.broker_order_id.as_str(), "1");
    assert_eq!(
        whole.message.as_deref(),
        Some("cut by the broker into 2 orders: 1, 2")
    );
    for broken in [
        r#"{"statusCode":400,"body":{"s":"error","code":-50,"message":"no"}}"#,
        r#"{"statusCode":200,"body":{"s":"ok","code":201,"id":"2"}}"#,
        r#"{"statusCode":500,"body":{"s":"ok","code":1101,"id":"2"}}"#,
        r#"{"statusCode":200,"body":{"s":"ok","code":1101}}"#,
        r#"{"statusCode":200}"#,
    ] {
        let error = sliced(&format!("{one},{broken}")).unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown);
        assert_eq!(error.broker_order_id().map(BrokerOrderId::as_str), Some("1"));
        assert_eq!(sliced(broken).unwrap_err().outcome(), Outcome::Unknown);
    }
}

#[test]
fn a_rate_refusal_says_when_to_come_back() {
    let mut answer = response(429, "");
    let advice = |answer: &WireResponse| {
        let error = placed(answer).unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::RateLimited, Outcome::Unknown)
        );
        error.advice()
    };
    assert_eq!(advice(&answer), Advice::Wait(None));
    answer.headers.insert("Retry-After", "2".parse().unwrap());
    assert_eq!(advice(&answer), Advice::Wait(Some(Duration::from_secs(2))));
    answer.headers.insert("X-Retry-After-Ms", "150".parse().unwrap());
    assert_eq!(advice(&answer), Advice::Wait(Some(Duration::from_millis(150))));
    answer
        .headers
        .insert("X-Retry-After-Ms", "18446744073709551615".parse().unwrap());
    assert_eq!(advice(&answer), Advice::Wait(Some(Duration::from_hours(24))));
}

#[test]
fn texts_narrow_the_kind_and_never_the_proof() {
    let check = |code: &str, message: &str, operation, kind| {
        let body = format!(r#"{{"s":"error","code":{code},"message":"{message}"}}"#);
        let error = failure(&response(400, &body), operation);
        assert_eq!(error.kind(), kind, "{code} {message}");
    };
    check(
        "-50",
        "The input symbol is invalid.",
        Operation::Place,
        ErrorKind::UnknownInstrument,
    );
    check(
        "-50",
        "Request rejected: Order placement restricted. Algo orders are not allowed from this app TESTAPP-100",
        Operation::Place,
        ErrorKind::Permission,
    );
    check(
        "-50",
        "Invalid input",
        Operation::Place,
        ErrorKind::InvalidRequest,
    );
    check(
        "-352",
        "No open positions to exit",
        Operation::Place,
        ErrorKind::NotFound,
    );
    check(
        "-352",
        "Invalid app id",
        Operation::Login,
        ErrorKind::LoginRequired,
    );
    check(
        "-99",
        "RED:Margin Shortfall",
        Operation::Place,
        ErrorKind::OrderRejected,
    );
    check(
        "-99",
        "Something went wrong",
        Operation::Funds,
        ErrorKind::Unavailable,
    );
}

#[test]
fn a_read_is_refused_by_the_body_and_never_empty_by_failure() {
    let read = |status, body| {
        read(
            &response(status, body),
            Operation::Orders,
            |_| Ok::<(), Fault>(()),
        )
    };
    assert!(read(200, "{}").is_ok());
    let kind = |status, body| read(status, body).unwrap_err().kind();
    assert_eq!(kind(401, ""), ErrorKind::LoginRequired);
    assert_eq!(kind(403, "<html>"), ErrorKind::Permission);
    assert_eq!(kind(502, "<html>"), ErrorKind::Unavailable);
    assert_eq!(kind(301, ""), ErrorKind::UnexpectedAnswer);
    assert_eq!(kind(500, &error_body("-16")), ErrorKind::LoginRequired);
}
