//! What happens to one request: faults, counting, the broker's handler, faults again.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use tower::ServiceExt;

use super::{connection, control};
use crate::broker::{BrokerApi, Call, Charge};
use crate::faults::{Afterwards, Instead, Plan};
use crate::world::World;

/// Put into a response's extensions, ends the connection in place of a whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sever {
    /// Close without an answer.
    Drop,
    /// Reset without an answer.
    Reset,
    /// Headers, this part of a body of that length, then close.
    CutBody(Bytes, usize),
}

/// Handles requests of one broker.
pub(super) struct Pipeline {
    api: Arc<dyn BrokerApi>,
    world: Arc<World>,
    broker: Router,
    control: Router,
}

impl Pipeline {
    pub(super) fn new(api: Arc<dyn BrokerApi>, world: Arc<World>) -> Self {
        let broker = api.router(Arc::clone(&world));
        let control = control::router(Arc::clone(&world));
        Self {
            api,
            world,
            broker,
            control,
        }
    }

    /// The answer to a request, with what is to happen to the connection in its extensions.
    pub(super) async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Response {
        let (parts, body) = request.into_parts();
        let limit = self.world.config().body_limit;
        let Ok(body) = Limited::new(body, limit)
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes)
        else {
            return too_large(limit);
        };
        let request = Request::from_parts(parts, body);
        if request.uri().path().starts_with("/__sim") {
            return route(&self.control, request).await;
        }
        self.broker_call(request).await
    }

    async fn broker_call(&self, request: Request<Bytes>) -> Response {
        let (parts, body) = request.into_parts();
        let call = Call {
            method: &parts.method,
            uri: &parts.uri,
            headers: &parts.headers,
            body: &body,
        };
        let charge = self.api.classify(&call);
        let plan = self.world.faults().plan(parts.uri.path(), charge.class);
        match plan.instead {
            // Lost on the way: the broker never saw it.
            Some(Instead::Drop) => return self.severed("drop_before", Sever::Drop),
            Some(Instead::Reset) => return self.severed("reset", Sever::Reset),
            _ => {}
        }
        // Counted when it arrives, before anything delays it.
        let verdict = self.arrive(&charge);
        self.wait(&plan).await;
        if let Err(excess) = verdict {
            return self.api.refusal(&call, &excess);
        }
        if let Some(response) = self.instead(&plan, &parts.uri.to_string()) {
            return response;
        }
        let handled = route(&self.broker, Request::from_parts(parts, body));
        let response = if plan.book_age_us > 0 {
            self.world.stats().fault("stale_book");
            World::with_book_age(plan.book_age_us, handled).await
        } else {
            handled.await
        };
        self.afterwards(&plan, response).await
    }

    fn arrive(&self, charge: &Charge) -> Result<(), crate::limits::Excess> {
        self.world.stats().request(charge.label.clone());
        self.world
            .limiter()
            .arrive(charge.rules, charge.weight, self.world.now())
    }

    async fn wait(&self, plan: &Plan) {
        if plan.delay_ms > 0 {
            self.world.stats().fault("delay");
        }
        let delay = plan.delay_ms + u64::from(self.world.config().latency_ms);
        if delay > 0 {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
    }

    fn instead(&self, plan: &Plan, uri: &str) -> Option<Response> {
        let stats = self.world.stats();
        match plan.instead.as_ref()? {
            Instead::Drop | Instead::Reset => None,
            Instead::Down => {
                stats.fault("down");
                Some(self.api.unavailable())
            }
            Instead::Redirect => {
                stats.fault("redirect");
                let location = HeaderValue::from_str(uri).expect("a request's address is a header value");
                let mut response = StatusCode::TEMPORARY_REDIRECT.into_response();
                response.headers_mut().insert(LOCATION, location);
                Some(response)
            }
            Instead::Status(code, body) => {
                stats.fault("status");
                Some(chosen(*code, body))
            }
        }
    }

    async fn afterwards(&self, plan: &Plan, response: Response) -> Response {
        let stats = self.world.stats();
        match &plan.afterwards {
            None => response,
            Some(Afterwards::Drop) => self.severed("drop_after_accept", Sever::Drop),
            Some(Afterwards::Reset) => self.severed("reset", Sever::Reset),
            Some(Afterwards::Status(code, body)) => {
                stats.fault("status");
                chosen(*code, body)
            }
            Some(Afterwards::CutBody) => {
                stats.fault("cut_body");
                let (mut parts, body) = response.into_parts();
                let whole = connection::in_memory(body).await;
                let half = whole.slice(..whole.len() / 2);
                parts.extensions.insert(Sever::CutBody(half, whole.len()));
                Response::from_parts(parts, Body::empty())
            }
        }
    }

    fn severed(&self, fault: &'static str, how: Sever) -> Response {
        self.world.stats().fault(fault);
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(how);
        response
    }
}

async fn route(router: &Router, request: Request<Bytes>) -> Response {
    let request = request.map(Body::from);
    match router.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// A body that looks like JSON is labelled so.
fn chosen(code: StatusCode, body: &str) -> Response {
    let json = serde_json::from_str::<serde_json::Value>(body).is_ok();
    let kind = HeaderValue::from_static(if json { "application/json" } else { "text/html" });
    (code, [(CONTENT_TYPE, kind)], body.to_owned()).into_response()
}

fn too_large(limit: usize) -> Response {
    let body = serde_json::json!({ "error": format!("the body is above {limit} bytes or broke off") });
    (StatusCode::PAYLOAD_TOO_LARGE, axum::Json(body)).into_response()
}
