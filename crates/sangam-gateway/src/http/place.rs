//! placeorder: parsed at the border, handed to the desk, answered by what became of it.

use axum::extract::State;
use axum::response::Response;

use super::body::RawBody;
use super::fields::Fields;
use super::one_order::{self, outcome};
use super::orders::answer;
use super::reply::{self, Refusal};
use super::state::Gateway;

/// Places an order.
pub(crate) async fn place(State(gateway): State<Gateway>, RawBody(body): RawBody) -> Response {
    answer(place_inner(&gateway, &body).await)
}

async fn place_inner(gateway: &Gateway, body: &[u8]) -> Result<Response, Refusal> {
    let body = reply::object(body)?;
    let mut fields = Fields::new(&body);
    let key = fields.text("apikey");
    let strategy = fields.text("strategy");
    let read = one_order::read(&mut fields);
    let group = fields.optional_text("group");
    let fine = fields.is_fine();
    let parsed = read.whole(strategy, fine, fields.finish());
    let parsed = parsed.map_err(|faults| Refusal::faults_text(&faults));
    let parsed = gateway.admit_then(key.as_deref(), parsed)?;
    let broker = parsed.broker;
    let draft = parsed.draft(gateway)?;
    let desk = gateway.desk(group.as_deref())?;
    let submitted = desk
        .submit(draft, broker)
        .await
        .map_err(|error| reply::desk_refusal(&error))?;
    outcome(submitted).map(|placed| gateway.success(placed))
}
