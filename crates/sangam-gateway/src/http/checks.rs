//! `checks`: what left today, and how that stands to the limits of the day.

use axum::extract::State;
use axum::response::Response;
use sangam::core::{BrokerName, Money};
use sangam::orders::checks::{AccountChecks, ChecksView, RatioState};
use serde::Serialize;

use super::body::RawBody;
use super::num::Num;
use super::orders::answer;
use super::reply::{self, Refusal};
use super::state::Gateway;
use super::words;

#[derive(Serialize)]
struct GroupRow {
    group: String,
    simulated: bool,
    market_time: Option<String>,
    unknown_year: bool,
    day_value: Num,
    day_value_max: Option<Num>,
    order_value_max: Option<Num>,
    accounts: Vec<AccountRow>,
}

#[derive(Serialize)]
struct AccountRow {
    account: String,
    broker: BrokerName,
    orders: u64,
    modifies: u64,
    cancels: u64,
    trades: u64,
    ratio: Num,
    ratio_warning: Option<u32>,
    ratio_max: Option<u32>,
    state: RatioState,
    session: Option<String>,
}

/// Every group with its accounts.
pub(crate) async fn checks(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(checks_inner(&gateway, &body).await)
}

async fn checks_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    super::account::key_only(gateway, body)?;
    let views = gateway.system().checks().await;
    let views = views.map_err(|error| reply::desk_refusal(&error))?;
    Ok(gateway.data(views.into_iter().map(group).collect::<Vec<_>>()))
}

fn group(view: ChecksView) -> GroupRow {
    let amount = |most: Option<Money>| most.map(Num::money);
    GroupRow {
        group: view.group.to_string(),
        simulated: view.simulated,
        market_time: view.market_time.map(words::timestamp),
        unknown_year: view.unknown_year,
        day_value: Num::money(view.day_value),
        day_value_max: amount(view.day_value_max),
        order_value_max: amount(view.order_value_max),
        accounts: view.accounts.into_iter().map(account).collect(),
    }
}

fn account(view: AccountChecks) -> AccountRow {
    AccountRow {
        account: view.account.to_string(),
        broker: view.broker,
        orders: view.orders,
        modifies: view.modifies,
        cancels: view.cancels,
        trades: view.trades,
        ratio: Num(view.ratio),
        // A level that is never reached is none.
        ratio_warning: view.ratio_warning.filter(|level| *level < u32::MAX),
        ratio_max: view.ratio_max.filter(|level| *level < u32::MAX),
        state: view.state,
        session: view.session,
    }
}
