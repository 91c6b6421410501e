//! Endpoints of our own: brokers and their health, log-in, instruments, liveness and readiness.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sangam::core::AccountId;
use serde::Serialize;
use serde_json::json;

use super::body::RawBody;
use super::fields::Fields;
use super::orders::answer;
use super::reply::{self, Refusal};
use super::state::Gateway;
use super::words;

/// Most hits of one search.
const HITS_MAX: usize = 100;

#[derive(Serialize)]
struct BrokerRow {
    account: String,
    broker: &'static str,
    group: String,
    owner: String,
    simulated: bool,
    healthy: bool,
    reason: Option<String>,
    session: &'static str,
    session_expires: Option<String>,
    base_url: String,
}

/// Every account with its health and session.
pub(crate) async fn brokers(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(super::account::key_only(&gateway, &body).map(|()| {
        let rows: Vec<_> = gateway
            .system()
            .brokers()
            .into_iter()
            .map(|view| BrokerRow {
                account: view.account.to_string(),
                broker: view.broker.as_str(),
                group: view.group.to_string(),
                owner: view.owner.to_string(),
                simulated: view.simulated,
                healthy: view.unhealthy.is_none(),
                reason: view.unhealthy,
                session: if view.session_expires.is_some_and(|at| at > gateway.system().now()) {
                    "alive"
                } else {
                    "none"
                },
                session_expires: view.session_expires.map(words::timestamp),
                base_url: view.base_url,
            })
            .collect();
        gateway.data(rows)
    }))
}

/// How full every rate window is.
pub(crate) async fn limits(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(super::account::key_only(&gateway, &body).map(|()| gateway.data(gateway.system().limits())))
}

/// Without a code: where to log in. With one: logs in.
pub(crate) async fn login(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(login_inner(&gateway, &body).await)
}

async fn login_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    #[derive(Serialize)]
    struct Link {
        url: String,
        instructions: String,
    }
    #[derive(Serialize)]
    struct LoggedIn {
        account: String,
        user_id: Option<String>,
        expires: String,
        token_file: String,
    }
    let body = reply::object(body)?;
    let mut fields = Fields::new(&body);
    let key = fields.text("apikey");
    let account = fields.text("account");
    let code = fields.optional_text("code");
    gateway.admit_then(
        key.as_deref(),
        fields.finish().map_err(|faults| Refusal::faults_object(&faults)),
    )?;
    let account = account_id(gateway, account.as_deref().unwrap_or_default())?;
    let system = gateway.system();
    let Some(code) = code.filter(|code| !code.trim().is_empty()) else {
        let link = system
            .login_link(&account)
            .map_err(|error| reply::broker_refusal(&error))?;
        return Ok(gateway.data(Link {
            url: link.url,
            instructions: link.instructions,
        }));
    };
    let session = system
        .log_in(&account, code.trim())
        .await
        .map_err(|error| reply::broker_refusal(&error))?;
    Ok(gateway.data(LoggedIn {
        account: account.to_string(),
        user_id: session.user_id.clone(),
        expires: words::timestamp(session.expires_at),
        token_file: system.session_file(&account).display().to_string(),
    }))
}

/// Ends an account's session.
pub(crate) async fn logout(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(logout_inner(&gateway, &body).await)
}

async fn logout_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    let body = reply::object(body)?;
    let mut fields = Fields::new(&body);
    let key = fields.text("apikey");
    let account = fields.text("account");
    gateway.admit_then(
        key.as_deref(),
        fields.finish().map_err(|faults| Refusal::faults_object(&faults)),
    )?;
    let account = account_id(gateway, account.as_deref().unwrap_or_default())?;
    gateway
        .system()
        .log_out(&account)
        .await
        .map_err(|error| reply::broker_refusal(&error))?;
    Ok(gateway.data(json!({"account": account, "session": "none"})))
}

fn account_id(gateway: &Gateway, name: &str) -> Result<AccountId, Refusal> {
    let views = gateway.system().brokers();
    views
        .iter()
        .find(|view| view.account.as_str() == name)
        .map(|view| view.account.clone())
        .ok_or_else(|| {
            let known: Vec<_> = views.iter().map(|view| view.account.as_str()).collect();
            Refusal::new(
                StatusCode::NOT_FOUND,
                format!(
                    "account {name:?} is not configured; known are {}",
                    known.join(", ")
                ),
            )
        })
}

/// Looks instruments up by words.
pub(crate) async fn search(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(search_inner(&gateway, &body))
}

fn search_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    let body = reply::object(body)?;
    let mut fields = Fields::new(&body);
    let key = fields.text("apikey");
    let query = fields.text("query");
    let limit = fields.decimal("limit", false, "Limit must be a positive number.");
    gateway.admit_then(
        key.as_deref(),
        fields.finish().map_err(|faults| Refusal::faults_object(&faults)),
    )?;
    let limit = limit
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(20)
        .min(HITS_MAX);
    Ok(gateway.data(
        gateway
            .system()
            .search(query.as_deref().unwrap_or_default(), limit),
    ))
}

/// Fetches today's masters again.
pub(crate) async fn sync(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(sync_inner(&gateway, &body).await)
}

async fn sync_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    super::account::key_only(gateway, body)?;
    let report = gateway.system().sync_instruments().await;
    Ok(gateway.data(report))
}

/// The process answers.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// Orders can be taken: at least one account is healthy with a live session.
pub(crate) async fn ready(State(gateway): State<Gateway>) -> (StatusCode, String) {
    let now = gateway.system().now();
    let views = gateway.system().brokers();
    let open = views
        .iter()
        .filter(|view| view.unhealthy.is_none() && view.session_expires.is_some_and(|at| at > now))
        .count();
    let status = if open > 0 {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (
        status,
        format!(
            "{open} of {} accounts can trade on {}\n",
            views.len(),
            super::account::today(&gateway)
        ),
    )
}
