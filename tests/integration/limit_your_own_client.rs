//! The README of `sangam-ratelimit` shows how to limit one's own reqwest client. What it shows is here, word for word, and
//! runs against a simulated broker that counts.

use std::sync::Arc;
use std::time::Duration;

use sangam_core::BrokerName;
use sangam_ratelimit::{
    Ask, BrokerRefusal, Budget, MachineTime, Priority, Rules, ScopeId, ScopeRules, Window,
};

use crate::support::Stack;

const README: &str = include_str!("../../crates/sangam-ratelimit/README.md");
const THIS: &str = include_str!("limit_your_own_client.rs");

// README begins
async fn get(
    client: &reqwest::Client,
    budget: &Budget,
    scope: ScopeId,
    url: &str,
) -> Result<reqwest::Response, Box<dyn std::error::Error + Send + Sync>> {
    let ask = Ask {
        scope,
        weight: 1,
        priority: Priority::Read,
        deadline: budget.now().after(Duration::from_secs(30)),
    };
    let mut permit = budget.acquire(ask, &tokio::time::sleep).await?;
    permit.sent(); // before the first byte leaves
    let response = client.get(url).timeout(Duration::from_secs(10)).send().await?; // or it may still arrive: 30 s
    let status = response.status();
    if !status.is_server_error() && status != reqwest::StatusCode::REQUEST_TIMEOUT {
        permit.answered(); // the party that counts has counted it
    }
    if status == reqwest::StatusCode::TOO_MANY_REQUESTS {
        budget.refused(scope, BrokerRefusal::default());
    }
    Ok(response)
}
// README ends

fn shown() -> &'static str {
    let from = THIS.find("// README begins\n").expect("the mark") + "// README begins\n".len();
    let to = THIS.find("// README ends").expect("the mark");
    &THIS[from..to]
}

#[test]
fn the_readme_shows_what_runs_here() {
    assert!(
        README.contains(shown()),
        "copy the part between the marks into the README:\n{}",
        shown()
    );
}

#[tokio::test]
async fn thirty_calls_at_once_stay_inside_the_receivers_window() {
    let stack = Stack::with_sims(&[BrokerName::Fyers], |_| ()).await;
    // What the stack called before has left the windows.
    stack.quiet(BrokerName::Fyers).await;
    stack.system.stop().await;
    let rules = Rules::new(vec![ScopeRules::new("all", &[Window::per_second(10)])]);
    let budget = Budget::new(&rules.check().expect("right"), Arc::new(MachineTime::start()));
    let all = budget.scope("all").expect("it is there");
    let before = stack.stats(BrokerName::Fyers).await;
    sangam_broker::install_crypto_provider();
    let client = reqwest::Client::builder()
        .retry(reqwest::retry::never())
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .expect("a client");
    let url = format!("{}/api/v3/profile", stack.base_url(BrokerName::Fyers));
    let began = budget.now();
    let calls = (0..30).map(|_| get(&client, &budget, all, &url));
    let answers = futures::future::join_all(calls).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");

    assert!(
        budget.now().since(began) >= Duration::from_secs(2),
        "thirty do not fit into two seconds of ten"
    );
    let after = stack.stats(BrokerName::Fyers).await;
    assert_eq!(before["violations"], after["violations"], "{after}");
    let requests = |stats: &serde_json::Value| stats["requests_total"].as_u64().expect("a count");
    assert_eq!(requests(&after) - requests(&before), 30);
}
