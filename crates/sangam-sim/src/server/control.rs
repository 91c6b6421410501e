//! `/__sim`: the tester's side door. Not part of any broker, never counted, never faulty.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use crate::world::World;

pub(super) fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/__sim/stats", get(stats))
        .route("/__sim/faults", post(faults).get(current_faults))
        .route("/__sim/market", get(market))
        .route("/__sim/clock", get(clock))
        .fallback(unknown)
        .with_state(world)
}

async fn stats(State(world): State<Arc<World>>) -> Response {
    Json(world.report()).into_response()
}

async fn current_faults(State(world): State<Arc<World>>) -> Response {
    Json(world.faults().settings()).into_response()
}

async fn faults(State(world): State<Arc<World>>, body: Bytes) -> Response {
    match world.faults().apply(&body) {
        Ok((settings, expire)) => {
            let expired = if expire { world.sessions().expire_all() } else { 0 };
            Json(json!({ "faults": settings, "sessions_expired": expired })).into_response()
        }
        Err(error) => {
            let body = json!({ "error": error.to_string(), "field": error.field });
            (StatusCode::BAD_REQUEST, Json(body)).into_response()
        }
    }
}

/// Last prices with the series each is replayed from; all but the recorded index are marked synthetic.
async fn market(State(world): State<Arc<World>>) -> Json<Value> {
    let (now, universe) = (world.now(), world.universe());
    let row = |contract: &Arc<crate::contracts::Contract>| {
        let (source, synthetic) = world.market().origin(contract);
        json!({
            "symbol": contract.names.fyers,
            "last": world.market().last(contract, now),
            "source": source.name(),
            "synthetic": synthetic,
        })
    };
    let rows: Vec<Value> = universe.contracts().iter().map(row).collect();
    Json(json!({ "at": now.format("%Y-%m-%dT%H:%M:%S%:z"), "prices": rows }))
}

/// The simulator's time, and whether it is in session at any hour.
async fn clock(State(world): State<Arc<World>>) -> Json<Value> {
    Json(json!({
        "now": world.now().format("%Y-%m-%dT%H:%M:%S%.6f%:z"),
        "always_open": world.config().always_open,
    }))
}

async fn unknown() -> Response {
    let known = "GET /__sim/stats, GET or POST /__sim/faults, GET /__sim/market, GET /__sim/clock";
    (
        StatusCode::NOT_FOUND,
        Json(json!({ "error": format!("no such path; there are {known}") })),
    )
        .into_response()
}
