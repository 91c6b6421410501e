//! Each fault of a configuration, its key and its way out; and that secrets do not show.

use super::super::limits::RawLimits;
use super::*;

fn account(name: &str, broker: &str) -> RawAccount {
    RawAccount {
        name: name.into(),
        broker: broker.into(),
        owner: "me".into(),
        group: "main".into(),
        simulated: true,
        user_id: Some("FT000000".into()),
        api_key: Some("test-key".into()),
        api_secret: Some(SecretString::from("test-secret")),
        redirect_uri: Some("http://127.0.0.1/".into()),
        base_url: Some("http://127.0.0.1:9101/".into()),
        order_base_url: None,
        data_base_url: None,
        auth_base_url: None,
        masters_base_url: None,
        algo: None,
        local_address: None,
        order_timeout_ms: None,
        read_timeout_ms: None,
        limits: RawLimits::default(),
    }
}

fn two() -> RawConfig {
    RawConfig {
        account: vec![account("a", "flattrade"), account("b", "upstox")],
        ..RawConfig::default()
    }
}

fn refused(change: impl FnOnce(&mut RawConfig), key: &str, word: &str) {
    let mut raw = two();
    change(&mut raw);
    let error = check(raw).expect_err("must be refused");
    assert_eq!(error.key, key, "{error}");
    assert!(error.what.contains(word), "{error}");
}

#[test]
fn a_right_configuration_passes_and_one_base_serves_all_hosts() {
    let config = check(two()).expect("nothing wrong");
    let hosts = &config.accounts[0].hosts;
    assert_eq!(hosts.orders.as_deref(), Some("http://127.0.0.1:9101"));
    assert_eq!(hosts.masters, hosts.base);
}

#[test]
fn no_secret_shows_in_debug() {
    let raw = two();
    assert!(!format!("{raw:?}").contains("test-secret"), "{raw:?}");
    let config = check(raw).expect("nothing wrong");
    assert!(!format!("{config:?}").contains("test-secret"), "{config:?}");
}

#[test]
fn each_fault_names_its_key() {
    refused(|c| c.listen = "5000".into(), "listen", "not an address");
    refused(|c| c.account.clear(), "account", "there is none");
    refused(|c| c.account[1].name = "a".into(), "account.a", "twice");
    refused(
        |c| c.account[0].broker = "zerodha".into(),
        "account.a.broker",
        "known are flattrade",
    );
    refused(
        |c| c.account[1].simulated = false,
        "group main",
        "simulated accounts (a) with real ones (b)",
    );
    refused(
        |c| c.account[1].owner = "you".into(),
        "group main",
        "several owners",
    );
    refused(
        |c| c.account[0].base_url = None,
        "account.a.base_url",
        "simulator",
    );
    refused(
        |c| c.account[0].base_url = Some("127.0.0.1".into()),
        "account.a.base_url",
        "not a base",
    );
    refused(|c| c.account[0].user_id = None, "account.a.user_id", "FT......");
    refused(|c| c.account[0].api_key = None, "account.a.api_key", "missing");
    refused(
        |c| c.account[0].api_secret = None,
        "account.a.api_secret",
        "SANGAM_ACCOUNT_A_API_SECRET",
    );
    refused(
        |c| c.account[0].api_secret = Some(SecretString::from(" ")),
        "account.a.api_secret",
        "missing",
    );
    refused(
        |c| c.account[1].redirect_uri = None,
        "account.b.redirect_uri",
        "missing",
    );
    refused(|c| c.orders.slippage_bp = 5_000, "orders.slippage_bp", "outside");
    refused(|c| c.inbound.per_second = 0, "inbound.per_second", "outside");
    refused(
        |c| c.routing.fallback = vec!["x".into()],
        "routing.fallback",
        "unknown broker",
    );
    refused(
        |c| {
            c.routing.rules.insert("buy".into(), vec![]);
        },
        "routing.rules.buy",
        "known are place",
    );
    refused(
        |c| c.account[0].local_address = Some("x".into()),
        "account.a.local_address",
        "IP",
    );
}
