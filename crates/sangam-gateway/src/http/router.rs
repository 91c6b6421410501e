//! Which path goes where. OpenAlgo's paths take POST alone; anything else there is "not found", as with the original.

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Router, ServiceExt};
use serde_json::json;
use tokio::net::TcpListener;
use tower::Layer as _;
use tower::util::{MapRequest, MapRequestLayer};

use super::body::BODY_MAX;
use super::reply::Refusal;
use super::state::Gateway;
use super::{
    account, all_orders, basket, checks, history, market, open_position, orders, own, place, portfolio,
};

/// The routes behind the forgiving of a trailing slash.
pub type Application = MapRequest<Router, fn(Request) -> Request>;

/// The whole application, one trailing slash on any path forgiven.
pub fn router(gateway: Gateway) -> Application {
    let routes = Router::new()
        .route("/api/v1/ping", only_post(post(account::ping)))
        .route("/api/v1/placeorder", only_post(post(place::place)))
        .route("/api/v1/modifyorder", only_post(post(orders::modify)))
        .route("/api/v1/cancelorder", only_post(post(orders::cancel)))
        .route("/api/v1/basketorder", only_post(post(basket::basket)))
        .route("/api/v1/splitorder", only_post(post(basket::split)))
        .route("/api/v1/cancelallorder", only_post(post(all_orders::cancel_all)))
        .route(
            "/api/v1/closeposition",
            only_post(post(all_orders::close_positions)),
        )
        .route("/api/v1/orderstatus", only_post(post(orders::status)))
        .route(
            "/api/v1/openposition",
            only_post(post(open_position::open_position)),
        )
        .route("/api/v1/quotes", only_post(post(market::quotes)))
        .route("/api/v1/multiquotes", only_post(post(market::multiquotes)))
        .route("/api/v1/depth", only_post(post(market::depth)))
        .route("/api/v1/history", only_post(post(history::history)))
        .route("/api/v1/intervals", only_post(post(history::intervals)))
        .route("/api/v1/funds", only_post(post(account::funds)))
        .route("/api/v1/orderbook", only_post(post(account::order_book)))
        .route("/api/v1/tradebook", only_post(post(account::trade_book)))
        .route("/api/v1/positionbook", only_post(post(account::position_book)))
        .route("/api/v1/holdings", only_post(post(account::holdings)))
        .route("/api/v1/portfolio", only_post(post(portfolio::portfolio)))
        .route("/api/v1/brokers", only_post(post(own::brokers)))
        .route("/api/v1/limits", only_post(post(own::limits)))
        .route("/api/v1/checks", only_post(post(checks::checks)))
        .route("/api/v1/login", only_post(post(own::login)))
        .route("/api/v1/logout", only_post(post(own::logout)))
        .route("/api/v1/instruments/search", only_post(post(own::search)))
        .route("/api/v1/instruments/sync", only_post(post(own::sync)))
        .route("/healthz", get(own::alive))
        .route("/readyz", get(own::ready))
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(gateway);
    let strip: fn(Request) -> Request = without_trailing_slash;
    MapRequestLayer::new(strip).layer(routes)
}

/// Serves a gateway on a listener until `stop` resolves; calls under way are finished first.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    gateway: Gateway,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let service = ServiceExt::<Request>::into_make_service(router(gateway));
    axum::serve(listener, service).with_graceful_shutdown(stop).await
}

fn only_post(routes: MethodRouter<Gateway>) -> MethodRouter<Gateway> {
    routes.fallback(not_found)
}

async fn not_found(uri: Uri) -> Response {
    Refusal {
        status: StatusCode::NOT_FOUND,
        body: json!({"status": "error", "message": "Not found", "path": uri.path()}),
    }
    .into_response()
}

fn without_trailing_slash(mut request: Request) -> Request {
    let path = request.uri().path();
    let Some(shorter) = path
        .strip_suffix('/')
        .filter(|shorter| shorter.starts_with("/api/"))
    else {
        return request;
    };
    let text = match request.uri().query() {
        Some(query) => format!("{shorter}?{query}"),
        None => shorter.to_owned(),
    };
    if let Ok(uri) = text.parse::<Uri>() {
        *request.uri_mut() = uri;
    }
    request
}
