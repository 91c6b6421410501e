//! Log-in, log-out, and how each service refuses a dead token.

use serde_json::{Value, json};

use super::{HASH, ORDERS, Session, refusal, text};

#[tokio::test]
async fn any_code_logs_in_and_a_wrong_secret_does_not() {
    let session = Session::start().await;
    for code in ["TEST-AUTH-CODE", "TEST-AUTH-CODE", "another"] {
        let answer = session.exchange(HASH, code).await.json();
        assert_eq!(
            (&answer["s"], &answer["code"], &answer["message"]),
            (&json!("ok"), &json!(200), &json!(""))
        );
        for token in ["access_token", "refresh_token"] {
            let token = text(&answer[token]);
            assert_eq!(
                token.split('.').filter(|part| !part.is_empty()).count(),
                3,
                "{token}"
            );
        }
    }
    assert_eq!(
        refusal(&session.exchange("0000", "TEST-AUTH-CODE").await),
        (
            400,
            -371,
            "Please provide sha256 hash of appId and app secret".to_owned()
        )
    );
    assert_eq!(
        refusal(&session.exchange(HASH, "").await),
        (400, -437, "invalid auth code".to_owned())
    );
    let path = "/api/v3/validate-authcode";
    for body in [
        "",
        "[]",
        r#"{"grant_type":"refresh_token","appIdHash":"x","code":"y"}"#,
        r#"{"code":"y"}"#,
    ] {
        let (status, code, _) = refusal(&session.raw("POST", path, &[], body).await);
        assert_eq!((status, code), (400, -50), "{body}");
    }
    let (status, code, message) = refusal(
        &session
            .raw("POST", "/api/v3/validate-refresh-token", &[], "{}")
            .await,
    );
    assert_eq!((status, code), (401, -16));
    assert!(message.contains("SEBI"), "{message}");
}

#[tokio::test]
async fn the_page_sends_back_a_code_that_works() {
    let session = Session::start().await;
    let page = "/api/v3/generate-authcode?client_id=TESTAPP-100&response_type=code&state=s%20t\
                &redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2Fcallback";
    let answer = session.raw("GET", page, &[], "").await;
    assert_eq!(answer.status, 302);
    let target = answer.headers["location"].clone();
    let rest = target
        .strip_prefix("http://127.0.0.1:8080/callback?s=ok&code=200&auth_code=")
        .expect(&target);
    let (code, state) = rest.split_once('&').expect("a state");
    assert_eq!(state, "state=s%20t");
    assert_eq!(session.exchange(HASH, code).await.status, 200);
    let other = page.replace("TESTAPP", "OTHERAPP");
    let (status, code, _) = refusal(&session.raw("GET", &other, &[], "").await);
    assert_eq!((status, code), (401, -352));
}

/// Method, path, and the codes for a token nobody issued and for one that has run out.
const SERVICES: [(&str, &str, i64, i64); 12] = [
    ("GET", "/api/v3/profile", -17, -8),
    ("GET", "/api/v3/funds", -16, -16),
    ("GET", "/api/v3/holdings", -16, -16),
    ("GET", "/api/v3/positions", -16, -16),
    ("GET", "/api/v3/orders", -16, -16),
    ("GET", "/api/v3/tradebook", -16, -16),
    ("POST", ORDERS, -16, -16),
    ("POST", "/api/v3/logout", -16, -16),
    ("GET", "/data/quotes?symbols=NSE:SBIN-EQ", -15, -15),
    ("GET", "/data/depth?symbol=NSE:SBIN-EQ&ohlcv_flag=1", -15, -15),
    ("GET", "/data/marketStatus", -15, -15),
    ("GET", "/data/history?symbol=NSE:SBIN-EQ", -16, -16),
];

#[tokio::test]
async fn each_service_refuses_a_dead_token_in_its_own_words() {
    let mut session = Session::start().await;
    for (method, path, unknown, _) in SERVICES {
        session.pass_ms(125);
        let (status, code, _) = refusal(&session.as_app("nobody.issued.this", method, path, "").await);
        assert_eq!((status, code), (401, unknown), "{method} {path}");
    }
    session.faults(&json!({ "sessions": "expire" })).await;
    for (method, path, _, expired) in SERVICES {
        let (status, code, _) = session.refused(method, path, &Value::Null).await;
        assert_eq!((status, code), (401, expired), "{method} {path}");
    }
    session.log_in().await;
    session.get("/api/v3/profile").await;
}

#[tokio::test]
async fn only_app_id_colon_token_is_taken() {
    let session = Session::start().await;
    let token = session.token.as_str();
    for (authorization, expected) in [
        (token.to_owned(), -15),
        (format!("Bearer {token}"), -15),
        (format!("TESTAPP-100: {token}"), -15),
        (format!("OTHERAPP-100:{token}"), -352),
    ] {
        let answer = session
            .raw("GET", "/api/v3/funds", &[("authorization", &authorization)], "")
            .await;
        let (status, code, _) = refusal(&answer);
        assert_eq!((status, code), (401, expected));
    }
    let (status, code, _) = refusal(&session.raw("GET", "/api/v3/funds", &[], "").await);
    assert_eq!((status, code), (401, -15));
    let bare = [("authorization", format!("TESTAPP-100:{token}"))];
    let bare = bare.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(
        session.raw("GET", "/api/v3/funds", &bare, "").await.status,
        200,
        "no other header is needed"
    );
}

#[tokio::test]
async fn log_out_ends_one_token_and_six_in_the_morning_all() {
    let mut session = Session::start().await;
    let first = session.token.clone();
    session.log_in().await;
    let answer = session
        .as_app(&first, "POST", "/api/v3/logout", "null")
        .await
        .json();
    assert_eq!(
        answer,
        json!({ "s": "ok", "code": 200, "message": "you are successfully logged out" })
    );
    let again = refusal(&session.as_app(&first, "POST", "/api/v3/logout", "").await);
    assert_eq!(again, (401, -16, "Token is Invalid or Expired".to_owned()));
    session.get("/api/v3/profile").await;
    // From 10:30 to just before and just after 06:00.
    session.pass_ms((19 * 60 + 29) * 60_000);
    session.get("/api/v3/profile").await;
    session.pass_ms(60_000);
    let (status, code, _) = session.refused("GET", "/api/v3/profile", &Value::Null).await;
    assert_eq!((status, code), (401, -8));
}

#[tokio::test]
async fn the_profile_hides_the_person() {
    let session = Session::start().await;
    let profile = session.get("/api/v3/profile").await;
    assert_eq!(profile["data"]["fy_id"], "XX00000");
    assert_eq!(
        (&profile["data"]["image"], &profile["data"]["totp"]),
        (&Value::Null, &json!(true))
    );
}
