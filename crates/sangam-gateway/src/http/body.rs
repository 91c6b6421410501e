//! The body of a request as it came. What is too large or never came whole is answered in JSON like every other fault.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;

use super::reply::Refusal;

/// Largest body taken, in bytes.
pub(crate) const BODY_MAX: usize = 1024 * 1024;

/// The bytes of a body, whatever its content type says: clients forget it, and only JSON is understood anyway.
#[derive(Debug)]
pub(crate) struct RawBody(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        match Bytes::from_request(request, state).await {
            Ok(bytes) => Ok(Self(bytes)),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Refusal::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("The request body is larger than {BODY_MAX} bytes. Nothing was done."),
            )),
            Err(_) => Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "The request body did not arrive whole. Nothing was done.",
            )),
        }
    }
}
