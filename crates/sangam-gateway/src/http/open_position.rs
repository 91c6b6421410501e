//! openposition: the net quantity of one position over all accounts that count.

use axum::extract::State;
use axum::response::Response;
use sangam::core::Product;
use serde::Serialize;

use super::body::RawBody;
use super::fields::Fields;
use super::orders::answer;
use super::reply::{self, Refusal};
use super::state::Gateway;
use super::words::{EXCHANGES, PRODUCTS};

/// The net quantity of one position over all accounts.
pub(crate) async fn open_position(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(open_position_inner(&gateway, &body).await)
}

async fn open_position_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    #[derive(Serialize)]
    struct OpenPosition {
        quantity: i64,
    }
    let body = reply::object(body)?;
    let mut fields = Fields::new(&body);
    let key = fields.text("apikey");
    fields.text("strategy");
    let symbol = fields.text("symbol");
    let exchange = fields.one_of("exchange", &EXCHANGES, None);
    let product = fields.one_of("product", &PRODUCTS, None);
    gateway.admit_then(
        key.as_deref(),
        fields.finish().map_err(|faults| Refusal::faults_text(&faults)),
    )?;
    let id = gateway.instrument(
        exchange.unwrap_or_default(),
        symbol.as_deref().unwrap_or_default(),
    )?;
    let positions = gateway.system().positions().await;
    let unread = positions
        .failed
        .iter()
        .find(|(account, _)| gateway.counts(account));
    if let Some((account, error)) = unread {
        // A sum without one account is no position: better no answer than a wrong one.
        return Err(reply::broker_refusal(error).with("account", account.as_str()));
    }
    let quantity = positions
        .rows
        .iter()
        .filter(|row| gateway.counts(&row.account))
        .filter(|row| row.value.instrument.id.as_ref() == Some(&id))
        .filter(|row| row.value.product.as_ref().map(Product::as_str) == product)
        .map(|row| row.value.net.units())
        .sum();
    Ok(gateway.success(OpenPosition { quantity }))
}
