//! What log-in, its refusals and log-out do to the session.

use sangam_broker::ScriptedTransport;
use sangam_core::ports::{Books as _, Broker as _, Login as _};
use sangam_core::{Advice, ErrorKind, OrderKind, Outcome, Tag};

use crate::support::{DEAD, NOTHING, account, stranger};

#[tokio::test]
async fn a_code_becomes_a_session_until_five_in_the_morning() {
    let orders = ScriptedTransport::silent();
    let reads = ScriptedTransport::answering([
        (
            200,
            r#"{"token":"fresh","client":"FT000000","status":"Ok","emsg":""}"#,
        ),
        (200, NOTHING),
    ]);
    let account = stranger(&orders, &reads);
    let session = account
        .exchange_code("https://127.0.0.1/cb?code=testcode0001.aaaabbbb&client=FT000000")
        .await
        .expect("granted");
    assert_eq!(session.expires_at.to_string(), "2026-12-01T23:30:00Z");
    assert_eq!(session.user_id.as_deref(), Some("FT000000"));
    assert_eq!(account.order_book().await.expect("an empty book"), []);
    let sent = reads.sent();
    assert_eq!(sent[0].url, "http://broker.test/trade/apitoken");
    let body = String::from_utf8_lossy(sent[0].body.as_deref().unwrap_or_default()).into_owned();
    assert!(
        body.contains("35e6d19d0bd180c0fb7ceca1b756024e87182a05b9e667b2558423e95466eaad")
            && !body.contains("test-secret")
    );
    let body = String::from_utf8_lossy(sent[1].body.as_deref().unwrap_or_default()).into_owned();
    assert!(body.ends_with("&jKey=fresh"), "{body}");
}

#[tokio::test]
async fn a_session_of_another_user_is_not_kept() {
    let reads = ScriptedTransport::answering([(200, r#"{"token":"fresh","client":"FT999999","stat":"Ok"}"#)]);
    let account = stranger(&ScriptedTransport::silent(), &reads);
    let error = account.exchange_code("abc").await.expect_err("another user");
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert!(account.session().is_none());
}

#[tokio::test]
async fn a_refused_log_in_says_why() {
    for (body, kind) in [
        (
            r#"{"token":"","client":"","stat":"Not_Ok","emsg":""}"#,
            ErrorKind::LoginRequired,
        ),
        (
            r#"{"stat":"Not_Ok","emsg":"Invalid Input : INVALID_IP"}"#,
            ErrorKind::StaticAddress,
        ),
        (
            r#"{"stat":"Not_Ok","emsg":"Invalid Input : code used"}"#,
            ErrorKind::LoginRequired,
        ),
    ] {
        let account = stranger(
            &ScriptedTransport::silent(),
            &ScriptedTransport::answering([(200, body)]),
        );
        let error = account.exchange_code("abc").await.expect_err("refused");
        assert_eq!(
            (error.kind(), error.outcome()),
            (kind, Outcome::Rejected),
            "{error}"
        );
        assert!(account.session().is_none());
    }
}

#[tokio::test]
async fn log_out_forgets_whatever_the_broker_answers() {
    for (status, body, fine) in [
        (200, r#"{"stat":"Ok","request_time":"18:10:00 01-12-2026"}"#, true),
        (200, DEAD, true),
        (404, "not here", false),
    ] {
        let account = account(
            &ScriptedTransport::silent(),
            &ScriptedTransport::answering([(status, body)]),
        );
        assert_eq!(account.log_out().await.is_ok(), fine, "{body}");
        assert!(account.session().is_none());
    }
}

#[tokio::test]
async fn a_session_check_names_the_user() {
    let reads = ScriptedTransport::answering([
        (200, r#"{"stat":"Ok","actid":"FT000000","prarr":[{"prd":"C"}]}"#),
        (401, DEAD),
    ]);
    let account = account(&ScriptedTransport::silent(), &reads);
    assert_eq!(
        account.check_session().await.expect("alive").user_id.as_deref(),
        Some("FT000000")
    );
    let error = account.check_session().await.expect_err("dead");
    assert_eq!(
        (error.kind(), error.advice()),
        (ErrorKind::LoginRequired, Advice::LogIn)
    );
}

#[tokio::test]
async fn what_the_account_says_of_itself() {
    let account = stranger(&ScriptedTransport::silent(), &ScriptedTransport::silent());
    let can = account.capabilities();
    assert!(
        can.order_kinds.contains(OrderKind::StopLossLimit) && !can.order_kinds.contains(OrderKind::Market)
    );
    assert!(can.carries_tag(&Tag::new("S1A2B3C4D5E6F1").expect("a tag")));
    assert_eq!(account.account().as_str(), "mine");
    assert_eq!(
        account.login_link("state").url,
        "http://broker.test/?app_key=test-key"
    );
    assert!(!format!("{account:?}").contains("test-"));
}
