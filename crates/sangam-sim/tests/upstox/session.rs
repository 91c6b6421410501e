//! Log-in, tokens, service hours, rate rules, statistics.

use super::{FORM, Session, TOKEN_PATH, code, limit, refusal, rupees};
use sangam_sim::SimConfig;
use serde_json::json;

const PROFILE: &str = "/v2/user/profile";
const DIALOG: &str = "/v2/login/authorization/dialog?client_id=test-client-id&response_type=code";

#[tokio::test]
async fn the_exchange_answers_profile_and_token_without_an_envelope() {
    let session = Session::start().await;
    let answer = session.exchange("test-code", "test-client-secret").await.json();
    assert!(answer.get("status").is_none() && answer.get("data").is_none());
    assert_eq!(
        (&answer["user_id"], &answer["is_active"]),
        (&json!("TEST01"), &json!(true))
    );
    let token = answer["access_token"].as_str().expect("a token");
    assert_eq!(token.split('.').count(), 3, "{token}");
    assert!(token.starts_with("eyJ"), "{token}");
    assert_ne!(token, session.token, "each exchange gives another token");
    let profile = session.get(PROFILE).await;
    assert_eq!(
        (&profile["broker"], &profile["ddpi"]),
        (&json!("UPSTOX"), &json!(false))
    );
}

#[tokio::test]
async fn wrong_credentials_and_forms_are_refused() {
    let session = Session::start().await;
    assert_eq!(
        code(&session.exchange("test-code", "wrong").await),
        refusal(401, "UDAPI100069")
    );
    let form = "code=test-code&client_id=test-client-id&client_secret=test-client-secret&grant_type=authorization_code";
    let answer = session
        .raw("POST", TOKEN_PATH, &[("content-type", FORM)], form)
        .await;
    assert_eq!(code(&answer), refusal(400, "UDAPI1018"));
    let answer = session
        .raw("POST", TOKEN_PATH, &[("content-type", "application/json")], "{}")
        .await;
    assert_eq!(code(&answer), refusal(400, "UDAPI100036"));
}

#[tokio::test]
async fn the_page_redirects_with_a_code() {
    let session = Session::start().await;
    let path = format!("{DIALOG}&redirect_uri=https%3A%2F%2Fexample.test%2Fback%3Fx%3D1&state=a%20b");
    let answer = session.raw("GET", &path, &[], "").await;
    assert_eq!(answer.status, 302);
    let location = &answer.headers["location"];
    let rest = location
        .strip_prefix("https://example.test/back?x=1&code=")
        .expect("the address with a code");
    let (given, state) = rest.split_once('&').expect("a state");
    assert_eq!(state, "state=a%20b");
    let answer = session.exchange(given, "test-client-secret").await;
    assert_eq!(answer.status, 200);
    let again = session.exchange(given, "test-client-secret").await;
    assert_eq!(again.status, 200, "any code will do, any number of times");
    let stranger = "/v2/login/authorization/dialog?client_id=other&redirect_uri=https%3A%2F%2Fexample.test";
    assert_eq!(
        code(&session.raw("GET", stranger, &[], "").await),
        refusal(401, "UDAPI100068")
    );
}

#[tokio::test]
async fn tokens_unknown_expired_and_logged_out_are_refused_alike() {
    let mut session = Session::start().await;
    let good = std::mem::replace(&mut session.token, "nobody.issued.this".to_owned());
    let answer = session.call("GET", PROFILE, "").await;
    assert_eq!(answer.status, 401);
    let expected = json!({
        "status": "error",
        "errors": [{
            "errorCode": "UDAPI100050", "message": "Invalid token used to access API", "propertyPath": null,
            "invalidValue": null, "error_code": "UDAPI100050", "property_path": null, "invalid_value": null,
        }],
    });
    assert_eq!(answer.json(), expected);
    assert_eq!(
        code(&session.raw("GET", PROFILE, &[], "").await),
        refusal(401, "UDAPI100050")
    );
    session.token = good;
    assert_eq!(
        session.data("DELETE", "/v2/logout", &json!({})).await,
        json!(true)
    );
    assert_eq!(
        session.refused("GET", PROFILE, "").await,
        refusal(401, "UDAPI100050")
    );
    session.log_in().await;
    session.faults(&json!({ "sessions": "expire" })).await;
    assert_eq!(
        session.refused("POST", "/v3/order/place", "{}").await,
        refusal(401, "UDAPI100050")
    );
    session.log_in().await;
    // From 10:30 to 03:30 of the next day.
    session.pass(17 * 3_600 - 1);
    assert_eq!(session.get(PROFILE).await["user_id"], "TEST01");
    session.pass(1);
    assert_eq!(
        session.refused("GET", PROFILE, "").await,
        refusal(401, "UDAPI100050")
    );
}

#[tokio::test]
async fn orders_and_funds_sleep_at_night() {
    let config = SimConfig {
        always_open: false,
        ..SimConfig::default()
    };
    let session = Session::with(config, (23, 5, 29)).await;
    assert_eq!(
        session.refused("GET", "/v3/user/get-funds-and-margin", "").await,
        refusal(423, "UDAPI100072")
    );
    let order = limit(&json!(1400)).to_string();
    assert_eq!(
        session.refused("POST", "/v3/order/place", &order).await,
        refusal(423, "UDAPI100074")
    );
    assert_eq!(session.get(PROFILE).await["user_id"], "TEST01");
    session.pass(60);
    assert_eq!(
        session.get("/v2/user/get-funds-and-margin").await["equity"]["used_margin"],
        json!(0.0)
    );
}

#[tokio::test]
async fn calls_beyond_a_rate_rule_get_the_brokers_body() {
    let session = Session::start().await;
    let low = rupees(session.last().await * 97 / 100);
    let order = limit(&low).to_string();
    for _ in 0..10 {
        assert_eq!(session.call("POST", "/v3/order/place", &order).await.status, 200);
    }
    let answer = session.call("DELETE", "/v2/order/cancel?order_id=1", "").await;
    assert_eq!(
        answer.status, 429,
        "place, modify and cancel of both versions share a band"
    );
    let expected = json!({
        "status": "error",
        "errors": [{
            "errorCode": "UDAPI10005", "message": "Too Many Request Sent", "propertyPath": null,
            "invalidValue": null, "error_code": "UDAPI10005", "property_path": null, "invalid_value": null,
        }],
    });
    assert_eq!(answer.json(), expected);
    assert!(!answer.headers.contains_key("retry-after"));
    assert_eq!(
        session.get(PROFILE).await["user_id"],
        "TEST01",
        "reads have their own band"
    );
    for _ in 0..4 {
        session
            .call("DELETE", "/v2/order/multi/cancel?tag=none", "{}")
            .await;
    }
    let bulk = session
        .refused("DELETE", "/v2/order/multi/cancel?tag=none", "{}")
        .await;
    assert_eq!(bulk, refusal(429, "UDAPI10005"));
    session.pass(1);
    assert_eq!(session.call("POST", "/v3/order/place", &order).await.status, 200);
    let stats = session.stats().await;
    assert_eq!(stats["violations"], 2);
    assert_eq!(stats["orders_accepted"], 11);
    assert_eq!(stats["duplicate_tags"], json!(["oms-1"]));
    assert_eq!(stats["requests"]["POST /v3/order/place"], 11);
    assert_eq!(stats["requests"]["POST /v2/login/authorization/token"], 1);
    let orders = &stats["rules"][0];
    assert_eq!(
        (&orders["rule"], &orders["windows"][0]["worst_rolling"]),
        (&json!("orders"), &json!(11))
    );
}
