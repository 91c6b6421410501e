//! Log-in, tokens, rate rules, statistics.

use super::{DIGEST, Session, emsg, escaped, limit, refusal, with_user};
use sangam_sim::SimConfig;
use serde_json::json;

const EXPIRED: &str = "Session Expired : Invalid Session Key";

#[tokio::test]
async fn the_exchange_gives_a_token_of_letters_and_digits() {
    let session = Session::start().await;
    let answer = session.exchange("test-request-code", DIGEST).await;
    let token = answer["token"].as_str().expect("a token");
    let expected = json!({ "token": token, "client": "FT000000", "stat": "Ok", "emsg": "" });
    assert_eq!(answer, expected);
    assert!(
        token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        "{token}"
    );
    assert_ne!(token, session.token, "each exchange gives another token");
    session.done("UserDetails", &json!({ "actid": null })).await;
}

#[tokio::test]
async fn a_wrong_secret_key_or_digest_is_refused_without_a_reason() {
    let session = Session::start().await;
    let refused = json!({ "token": "", "client": "", "stat": "Not_Ok", "emsg": "" });
    assert_eq!(
        session.exchange("test-request-code", &"0".repeat(64)).await,
        refused
    );
    assert_eq!(
        session.exchange("test-request-code", "test-secret").await,
        refused,
        "the raw secret"
    );
    assert_eq!(
        session.exchange("another-code", DIGEST).await,
        refused,
        "a digest over another code"
    );
    assert_eq!(
        session
            .exchange("test-request-code", &DIGEST.to_uppercase())
            .await,
        refused
    );
    for body in ["", "{}", "jData={}", "{\"api_key\": \"other\"}"] {
        assert_eq!(
            session.raw("POST", "/trade/apitoken", body).await.json(),
            refused,
            "{body}"
        );
    }
    // Any code with its own digest will do: key, code and secret hashed beforehand.
    let other = "35e6d19d0bd180c0fb7ceca1b756024e87182a05b9e667b2558423e95466eaad";
    assert_eq!(
        session.exchange("testcode0001.aaaabbbb", other).await["stat"],
        "Ok"
    );
}

#[tokio::test]
async fn the_page_leads_back_with_a_code() {
    let session = Session::start().await;
    let answer = session.raw("GET", "/?app_key=test-key", "").await;
    assert_eq!(answer.status, 302);
    let location = &answer.headers["location"];
    let rest = location.split_once("?code=").expect("a code").1;
    let (code, client) = rest.split_once('&').expect("a client");
    assert_eq!((code.len(), client), (16, "client=FT000000"));
    assert_eq!(session.raw("GET", location, "").await.status, 200);
    assert_eq!(session.raw("GET", "/?app_key=other", "").await.status, 400);
    assert_eq!(session.raw("GET", "/", "").await.status, 404);
}

#[tokio::test]
async fn tokens_unknown_expired_and_logged_out_are_refused_alike() {
    let mut session = Session::start().await;
    let good = std::mem::replace(&mut session.token, "0".repeat(64));
    for name in [
        "Limits",
        "OrderBook",
        "GetQuotes",
        "PlaceOrder",
        "EODChartData",
        "Logout",
    ] {
        assert_eq!(
            session.refused(name, &json!({})).await,
            refusal(EXPIRED),
            "{name}"
        );
    }
    let without = session
        .raw("POST", "/PiConnectAPI/Limits", "jData={\"uid\":\"FT000000\"}")
        .await;
    assert_eq!(emsg(&without), refusal(EXPIRED));
    session.token = good;
    let stranger = session
        .refused("SearchScrip", &json!({ "uid": "FT999999", "stext": "TCS" }))
        .await;
    assert_eq!(stranger, (401, "Session Expired : Invalid User Id".to_owned()));
    session.done("Logout", &json!({ "ordersource": "API" })).await;
    assert_eq!(session.refused("Limits", &json!({})).await, refusal(EXPIRED));
    session.log_in().await;
    session.faults(&json!({ "sessions": "expire" })).await;
    assert_eq!(
        session.refused("PlaceOrder", &limit("1400")).await,
        refusal(EXPIRED)
    );
    session.log_in().await;
    // From 10:30 to 05:00 of the next day.
    session.pass(18 * 3_600 + 1_799);
    session.done("Limits", &json!({})).await;
    session.pass(1);
    assert_eq!(session.refused("Limits", &json!({})).await, refusal(EXPIRED));
}

#[tokio::test]
async fn the_users_details() {
    let session = Session::start().await;
    let details = session.done("UserDetails", &json!({})).await;
    assert_eq!(
        (&details["actid"], &details["orarr"]),
        (&json!("FT000000"), &json!(["LMT", "SL-LMT"]))
    );
    assert_eq!(details["exarr"], json!(["NSE", "NFO", "BSE", "BFO"]));
    let normal = json!({ "prd": "M", "s_prdt_ali": "Normal", "exch": ["NFO", "BFO"] });
    assert_eq!(details["prarr"][2], normal);
    assert_eq!(
        session.refused("UserDetails", &json!({ "uid": null })).await,
        refusal("Invalid Input : uid is Missing.")
    );
}

#[tokio::test]
async fn calls_beyond_a_rate_rule_get_the_brokers_text() {
    let session = Session::start().await;
    let order = limit(&session.around(97).await);
    for _ in 0..10 {
        session.done("PlaceOrder", &order).await;
    }
    let beyond = escaped(&with_user(&order));
    let answer = session.text("PlaceOrder", &beyond.to_string()).await;
    assert_eq!(answer.status, 200);
    let expected = json!({
        "stat": "Not_Ok",
        "emsg": "Invalid Input :  Order Recieved 11 in a current second exceeds Limit 10 for user",
    });
    assert_eq!(answer.json(), expected);
    assert!(!answer.headers.contains_key("retry-after"));
    let (_, text) = session
        .refused("CancelOrder", &json!({ "norenordno": "1" }))
        .await;
    assert!(text.contains("exceeds Limit 10"), "orders share a band: {text}");
    session.done("Limits", &json!({})).await;
    for _ in 0..3 {
        session.pass(1);
        for _ in 0..10 {
            session.done("PlaceOrder", &order).await;
        }
    }
    session.pass(1);
    let minute = "Invalid Input :  Order Recieved 41 in a current minute exceeds Limit 40 for user";
    assert_eq!(session.refused("PlaceOrder", &order).await, refusal(minute));
    session.pass(60);
    session.done("PlaceOrder", &order).await;
    let stats = session.stats().await;
    assert_eq!(
        (&stats["violations"], &stats["orders_accepted"]),
        (&json!(3), &json!(41))
    );
    assert_eq!(stats["duplicate_tags"], json!(["oms-1"]));
    assert_eq!(stats["requests"]["POST /PiConnectAPI/PlaceOrder"], 43);
    assert_eq!(stats["requests"]["POST /trade/apitoken"], 1);
    let orders = &stats["rules"][0];
    assert_eq!(
        (&orders["rule"], &orders["windows"][0]["worst_rolling"]),
        (&json!("orders"), &json!(12))
    );
}

#[tokio::test]
async fn reads_and_orders_share_the_wide_band() {
    let session = Session::start().await;
    for _ in 0..40 {
        session.done("Limits", &json!({})).await;
    }
    let text = "Invalid Input :  Order Recieved 41 in a current second exceeds Limit 40 for user";
    assert_eq!(session.refused("GetQuotes", &json!({})).await, refusal(text));
    assert_eq!(session.refused("PlaceOrder", &json!({})).await, refusal(text));
    // Log-in and files are not counted.
    assert_eq!(session.exchange("test-request-code", DIGEST).await["stat"], "Ok");
    let file = session.raw("GET", "/scripmaster/NSE_Equity.csv", "").await;
    assert_eq!(file.status, 200);
}

#[tokio::test]
async fn other_windows_are_told_in_seconds() {
    let config = SimConfig::from_toml("[[rules]]\nname = \"all\"\nwindows = [[2, 30]]").expect("it is read");
    let session = Session::with(config, (23, 10, 30)).await;
    session.done("Limits", &json!({})).await;
    session.done("Limits", &json!({})).await;
    let text = "Invalid Input :  Order Recieved 3 in a current 30 seconds exceeds Limit 2 for user";
    assert_eq!(session.refused("Limits", &json!({})).await, refusal(text));
}
