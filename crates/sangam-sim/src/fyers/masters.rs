//! The symbol files, in the CSV form.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;

use super::errors::not_routed;
use crate::masters::fyers_csv;
use crate::world::World;

/// The folder of the files on the broker's file host.
pub(super) const FOLDER: &str = "/sym_details/";

pub(super) async fn file(State(world): State<Arc<World>>, Path(name): Path<String>) -> Response {
    let csv = name
        .ends_with(".csv")
        .then(|| fyers_csv(&world.universe(), &name))
        .flatten();
    match csv {
        Some(text) => ([(CONTENT_TYPE, "text/csv")], text).into_response(),
        None => not_routed(),
    }
}
