//! The table of sentences, walked: each proves what it says at its statuses, for its commands, and nothing else does.

use sangam_broker::Refusal;
use sangam_broker_flattrade::error::{FRAGMENTS, SENTENCES, failure};
use sangam_broker_flattrade::translate::{accepted, placed};
use sangam_core::{Advice, BrokerOrderId, ErrorKind, Operation, Outcome};

const COMMANDS: [Operation; 3] = [Operation::Place, Operation::Modify, Operation::Cancel];

fn refusal(emsg: &str) -> Vec<u8> {
    serde_json::json!({"stat": "Not_Ok", "request_time": "10:48:04 01-12-2026", "emsg": emsg})
        .to_string()
        .into_bytes()
}

#[test]
fn every_sentence_proves_what_it_says_and_no_more() {
    for sentence in SENTENCES {
        let body = refusal(sentence.rule.code);
        let listed: &[u16] = match sentence.rule.refusal {
            Refusal::At(statuses) => statuses,
            Refusal::NoProof => &[],
        };
        for operation in COMMANDS {
            for status in [
                200, 201, 202, 301, 307, 400, 401, 403, 404, 408, 422, 429, 500, 502, 503,
            ] {
                let error = failure(operation, status, &body);
                let proven = listed.contains(&status) && sentence.proves.contains(&operation);
                let outcome = if proven {
                    Outcome::Rejected
                } else {
                    Outcome::Unknown
                };
                let case = format!("{} at {status} for {operation}", sentence.rule.code);
                assert_eq!(error.outcome(), outcome, "{case}");
                assert_eq!(error.kind(), sentence.rule.kind, "{case}");
                assert_eq!(error.code(), Some(sentence.rule.code), "{case}");
            }
        }
    }
}

#[test]
fn spacing_and_case_do_not_matter_but_the_rest_does() {
    let check = |emsg: &str, kind, outcome| {
        let error = failure(Operation::Place, 200, &refusal(emsg));
        assert_eq!((error.kind(), error.outcome()), (kind, outcome), "{emsg}");
    };
    check(
        "session expired :   invalid session key ",
        ErrorKind::LoginRequired,
        Outcome::Rejected,
    );
    check(
        "Session Expired : Invalid Session Key, retry",
        ErrorKind::LoginRequired,
        Outcome::Unknown,
    );
    check(
        "Rejected : ORA:Order not found",
        ErrorKind::NotFound,
        Outcome::Unknown,
    );
    check(
        "Trigger price invalid - 12.00",
        ErrorKind::InvalidRequest,
        Outcome::Unknown,
    );
    check(
        "Rejected : RED:Margin Shortfall",
        ErrorKind::OrderRejected,
        Outcome::Unknown,
    );
    check("something new", ErrorKind::UnexpectedAnswer, Outcome::Unknown);
    check("", ErrorKind::UnexpectedAnswer, Outcome::Unknown);
}

#[test]
fn rates_prove_nothing_and_say_when_to_come_back() {
    let emsg = "Invalid Input :  Order Recieved 133 in a current minute exceeds Limit 120 for user";
    let error = failure(Operation::Place, 200, &refusal(emsg));
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::RateLimited, Outcome::Unknown)
    );
    assert_eq!(
        error.advice(),
        Advice::Wait(Some(std::time::Duration::from_secs(60)))
    );
}

#[test]
fn no_sentence_that_proves_something_is_about_rates_time_or_faults() {
    for sentence in SENTENCES.iter().filter(|sentence| !sentence.proves.is_empty()) {
        assert!(
            !matches!(
                sentence.rule.kind,
                ErrorKind::RateLimited | ErrorKind::Timeout | ErrorKind::Unavailable | ErrorKind::Network
            ),
            "{}",
            sentence.rule.code
        );
        assert!(!sentence.rule.source.is_empty() && !sentence.told.is_empty());
    }
    for fragment in FRAGMENTS {
        assert_eq!(fragment.part, fragment.part.to_lowercase());
    }
}

#[test]
fn only_a_whole_answer_in_the_brokers_own_form_counts() {
    let whole = String::from_utf8(refusal("Invalid AMO")).expect("text");
    let check = |body: &str, status, kind, outcome| {
        let error = failure(Operation::Place, status, body.as_bytes());
        assert_eq!(
            (error.kind(), error.outcome()),
            (kind, outcome),
            "{status} {body}"
        );
    };
    check(&whole, 200, ErrorKind::InvalidRequest, Outcome::Rejected);
    check(
        &whole[..whole.len() - 1],
        200,
        ErrorKind::UnexpectedAnswer,
        Outcome::Unknown,
    );
    check(
        &format!("{whole}x"),
        200,
        ErrorKind::UnexpectedAnswer,
        Outcome::Unknown,
    );
    check(
        &format!("[{whole}]"),
        200,
        ErrorKind::UnexpectedAnswer,
        Outcome::Unknown,
    );
    check(
        "<html>forbidden</html>",
        403,
        ErrorKind::Permission,
        Outcome::Unknown,
    );
    check(
        "<html>who are you</html>",
        401,
        ErrorKind::LoginRequired,
        Outcome::Unknown,
    );
    check(
        r#"{"message":"slow down"}"#,
        429,
        ErrorKind::RateLimited,
        Outcome::Unknown,
    );
    check("", 502, ErrorKind::Unavailable, Outcome::Unknown);
    check("", 307, ErrorKind::UnexpectedAnswer, Outcome::Unknown);
    check(
        r#"{"emsg":"Invalid AMO"}"#,
        200,
        ErrorKind::UnexpectedAnswer,
        Outcome::Unknown,
    );
}

#[test]
fn a_refusal_that_carries_an_order_number_is_in_doubt_and_keeps_it() {
    for key in ["norenordno", "result"] {
        let body =
            serde_json::json!({"stat": "Not_Ok", "emsg": "Invalid AMO", key: "26120100000011"}).to_string();
        let error = placed(200, body.as_bytes()).expect_err("a refusal");
        assert_eq!(error.outcome(), Outcome::Unknown);
        assert_eq!(
            error.broker_order_id().map(BrokerOrderId::as_str),
            Some("26120100000011")
        );
    }
}

#[test]
fn a_placement_is_acknowledged_only_by_a_whole_2xx_ok_with_its_number() {
    let check = |status, body: &str, id: Option<&str>| {
        let error = placed(status, body.as_bytes()).expect_err(body);
        assert_eq!(error.outcome(), Outcome::Unknown, "{body}");
        assert_eq!(error.broker_order_id().map(BrokerOrderId::as_str), id, "{body}");
    };
    let fine = r#"{"request_time":"10:48:03 01-12-2026","stat":"Ok","norenordno":"26120100000011"}"#;
    assert_eq!(
        placed(200, fine.as_bytes())
            .map(|p| p.broker_order_id.to_string())
            .ok()
            .as_deref(),
        Some("26120100000011")
    );
    check(500, fine, Some("26120100000011"));
    check(302, fine, Some("26120100000011"));
    check(200, r#"{"stat":"Ok"}"#, None);
    check(200, r#"{"stat":"Ok","norenordno":""}"#, None);
    check(200, r#"{"stat":"Ok","norenordno":null,"result":"7"}"#, Some("7"));
    check(
        200,
        r#"{"stat":"Ok","norenordno":"7","emsg":"Server Timeout"}"#,
        Some("7"),
    );
    check(200, r#"{"norenordno":"7"}"#, Some("7"));
    check(200, r#"{"stat":"Maybe","norenordno":"7"}"#, Some("7"));
    check(200, &fine[..fine.len() - 2], None);
    check(200, "", None);
}

#[test]
fn a_change_must_name_the_order_asked_about() {
    let asked = BrokerOrderId::new("26120100000011").expect("an id");
    let check = |body: &str| accepted(Operation::Cancel, 200, body.as_bytes(), &asked);
    assert!(check(r#"{"stat":"Ok","result":"26120100000011"}"#).is_ok());
    for body in [r#"{"stat":"Ok","result":"26120100000012"}"#, r#"{"stat":"Ok"}"#] {
        let error = check(body).expect_err(body);
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::UnexpectedAnswer, Outcome::Unknown)
        );
    }
}

#[test]
fn errors_read_well() {
    let error = failure(
        Operation::Orders,
        200,
        &refusal("Session Expired : Invalid Session Key"),
    );
    assert_eq!(
        error.to_string(),
        "flattrade: the session is over; log in again (Session Expired : Invalid Session Key)"
    );
    let error = failure(Operation::Place, 400, &refusal("something  new"));
    assert_eq!(
        error.to_string(),
        "flattrade: the broker says \"something new\" (http 400)"
    );
}
