//! Log-in, session check, log-out over scripted answers.

use crate::common::{account, config, logged_out};
use sangam_broker::ScriptedTransport;
use sangam_core::ports::{Books as _, Login as _};
use sangam_core::{ErrorKind, Outcome};

const TOKEN: &str = r#"{"user_id":"AB1234","access_token":"granted-token","extended_token":"x","poa":false}"#;

#[tokio::test]
async fn a_code_becomes_a_session_until_half_past_three() {
    let reads = ScriptedTransport::answering([(200, TOKEN), (200, r#"{"status":"success","data":[]}"#)]);
    let upstox = logged_out(config(), &ScriptedTransport::silent(), &reads);
    let link = upstox.login_link("s 1").url;
    assert_eq!(
        link,
        "https://api.test/v2/login/authorization/dialog?client_id=the-key\
         &redirect_uri=https%3A%2F%2Fexample.test%2Fcallback%3Fx%3D1&response_type=code&state=s+1"
    );
    let session = upstox
        .exchange_code("https://example.test/callback?x=1&code=the-code&state=s")
        .await
        .expect("a session");
    assert_eq!(session.expires_at.to_string(), "2026-11-23T22:00:00Z");
    assert_eq!(session.user_id.as_deref(), Some("AB1234"));
    upstox.trades().await.expect("the session is in use");
    let sent = reads.sent();
    let body = sent[0].body.as_deref().expect("a form");
    assert_eq!(
        std::str::from_utf8(body).expect("text"),
        "code=the-code&client_id=the-key&client_secret=the-secret\
         &redirect_uri=https%3A%2F%2Fexample.test%2Fcallback%3Fx%3D1&grant_type=authorization_code"
    );
    assert!(!sent[0].headers.contains_key("authorization"));
    assert_eq!(sent[1].headers["authorization"], "Bearer granted-token");
}

#[tokio::test]
async fn another_users_session_is_not_taken() {
    let profile = r#"{"status":"success","data":{"user_id":"AB1234"}}"#;
    let reads = ScriptedTransport::answering([(200, TOKEN), (200, TOKEN), (200, profile)]);
    let mut mine = config();
    mine.user_id = Some("ZZ9999".into());
    let upstox = logged_out(mine, &reads, &reads);
    let error = upstox.exchange_code("c").await.expect_err("another user");
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert!(
        error.message().contains("AB1234") && error.message().contains("ZZ9999"),
        "{error}"
    );
    assert!(upstox.session().is_none());
    let mut mine = config();
    mine.user_id = Some("ab1234".into());
    let upstox = logged_out(mine, &reads, &reads);
    assert!(upstox.exchange_code("c").await.is_ok());
    assert_eq!(
        upstox.check_session().await.expect("alive").user_id.as_deref(),
        Some("AB1234")
    );
}

#[tokio::test]
async fn a_refused_code_makes_no_session_and_shows_no_secret() {
    let refusal =
        r#"{"status":"error","errors":[{"error_code":"UDAPI100057","message":"Invalid Auth code"}]}"#;
    for (status, body, kind) in [
        (401, refusal, ErrorKind::LoginRequired),
        (200, "{}", ErrorKind::UnexpectedAnswer),
        (200, r#"{"access_token":""}"#, ErrorKind::UnexpectedAnswer),
        (500, TOKEN, ErrorKind::Unavailable),
        (302, TOKEN, ErrorKind::UnexpectedAnswer),
    ] {
        let reads = ScriptedTransport::answering([(status, body)]);
        let upstox = logged_out(config(), &reads, &reads);
        let error = upstox.exchange_code("the-code").await.expect_err(body);
        assert_eq!(error.kind(), kind, "{status} {body}");
        let shown = format!("{error} {error:?} {upstox:?}");
        assert!(
            !shown.contains("the-code") && !shown.contains("the-secret") && !shown.contains("granted"),
            "{shown}"
        );
        assert!(upstox.session().is_none());
    }
}

#[tokio::test]
async fn a_log_out_forgets_whatever_is_answered() {
    for answer in [(200, r#"{"status":"success","data":true}"#), (500, ""), (401, "")] {
        let reads = ScriptedTransport::answering([answer]);
        let upstox = account(config(), &reads, &reads);
        let told = upstox.log_out().await;
        assert_eq!(told.is_ok(), answer.0 == 200);
        assert!(upstox.session().is_none());
        assert_eq!(reads.sent()[0].full_url(), "https://api.test/v2/logout");
        assert!(upstox.log_out().await.is_ok(), "there is nothing left to end");
        assert_eq!(reads.sent().len(), 1);
        let error = upstox.check_session().await.expect_err("no session");
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::LoginRequired, Outcome::NotSent)
        );
    }
}
