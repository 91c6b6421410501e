//! Contract files, wherever their folder lies, and the answer to any path the broker does not route.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{Method, StatusCode, Uri};

use super::errors;
use crate::masters::flattrade_csv;
use crate::world::World;

/// The folder of the files on the broker's file host.
const FOLDER: &str = "scripmaster";

/// The name of the contract file a path leads to.
pub(super) fn name(path: &str) -> Option<&str> {
    let (folder, name) = path.rsplit_once('/')?;
    let in_folder = folder.rsplit('/').next() == Some(FOLDER);
    (in_folder && name.ends_with(".csv")).then_some(name)
}

pub(super) async fn file(State(world): State<Arc<World>>, method: Method, uri: Uri) -> Response {
    let Some(name) = name(uri.path()).filter(|_| method == Method::GET || method == Method::HEAD) else {
        return errors::page(StatusCode::NOT_FOUND);
    };
    match flattrade_csv(&world.universe(), name) {
        Some(text) => ([(CONTENT_TYPE, "text/csv")], text).into_response(),
        None => missing(),
    }
}

/// The file host is an object store and answers like one.
fn missing() -> Response {
    let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code>\
                <Message>The specified key does not exist.</Message></Error>";
    (StatusCode::NOT_FOUND, [(CONTENT_TYPE, "application/xml")], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn files_are_known_by_their_folder() {
        for (path, expected) in [
            ("/scripmaster/NSE_Equity.csv", Some("NSE_Equity.csv")),
            ("/any/where/scripmaster/x.csv", Some("x.csv")),
            ("/scripmaster/x.txt", None),
            ("/notscripmaster/x.csv", None),
            ("/x.csv", None),
        ] {
            assert_eq!(name(path), expected, "{path}");
        }
    }
}
