//! The portfolio over all accounts. An endpoint of our own: amounts and prices are decimals written as texts, so that no
//! client takes them through binary fractions.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use rust_decimal::prelude::ToPrimitive as _;
use sangam::core::AccountId;
use sangam::portfolio::{BooksRead, Portfolio, PortfolioFailed, PortfolioQuery};
use serde::Serialize;

use super::body::RawBody;
use super::fields::Fields;
use super::orders::answer;
use super::reply::{self, Refusal};
use super::state::Gateway;

/// A price older than a day is stale to everybody.
const STALE_AFTER_MAX_S: u64 = 86_400;

#[derive(Serialize)]
struct Answer {
    data: Data,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    incomplete: Vec<Incomplete>,
}

#[derive(Serialize)]
struct Data {
    #[serde(flatten)]
    portfolio: Portfolio,
    books: Vec<BooksRead>,
    left_out: Vec<AccountId>,
}

#[derive(Serialize)]
struct Incomplete {
    account: AccountId,
    error: String,
}

/// Positions and holdings with what they are worth and what they brought.
pub(crate) async fn portfolio(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(inner(&gateway, &body).await)
}

async fn inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    let query = query(gateway, body)?;
    let view = gateway
        .system()
        .portfolio(query)
        .await
        .map_err(|error| refusal(&error))?;
    Ok(gateway.success(Answer {
        data: Data {
            portfolio: view.portfolio,
            books: view.books,
            left_out: view.left_out,
        },
        incomplete: view
            .failed
            .into_iter()
            .map(|(account, error)| Incomplete {
                account,
                error: error.to_string(),
            })
            .collect(),
    }))
}

fn query(gateway: &Gateway, body: &[u8]) -> Result<PortfolioQuery, Refusal> {
    let body = reply::object(body)?;
    let mut fields = Fields::new(&body);
    let key = fields.text("apikey");
    let refresh = fields.flag("refresh");
    let range = format!("Must be whole seconds from 0 to {STALE_AFTER_MAX_S}.");
    let stale_after = fields.decimal("stale_after_s", false, &range);
    let seconds = stale_after.map(|seconds| {
        seconds
            .to_u64()
            .filter(|whole| seconds.is_integer() && *whole <= STALE_AFTER_MAX_S)
    });
    if seconds == Some(None) {
        fields.fault("stale_after_s", range);
    }
    gateway.admit_then(
        key.as_deref(),
        fields.finish().map_err(|faults| Refusal::faults_object(&faults)),
    )?;
    let usual = PortfolioQuery::default();
    Ok(PortfolioQuery {
        refresh,
        stale_after: seconds.flatten().map_or(usual.stale_after, Duration::from_secs),
    })
}

fn refusal(error: &PortfolioFailed) -> Refusal {
    tracing::error!(%error, "no portfolio");
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}
