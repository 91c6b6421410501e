//! What every handler shares: the system, the key, the inbound limiter; and the look-ups that need them.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use sangam::System;
use sangam::core::ports::OrderRecord;
use sangam::core::{AccountId, ClientOrderId, InstrumentId, OrderNumber};
use sangam::orders::{Desk, DeskError};
use serde::Serialize;
use subtle::ConstantTimeEq as _;

use super::limit::Inbound;
use super::reply::{self, Refusal};
use super::words;
use crate::api_key::ApiKey;

/// Shared by all handlers. Cheap to clone.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Gateway({:?})", self.0.system)
    }
}

struct Inner {
    system: System,
    key: ApiKey,
    inbound: Inbound,
    /// `analyze`, OpenAlgo's word for paper trading, when no account is real.
    mode: Option<&'static str>,
}

impl Gateway {
    /// A gateway over a system; one API key may make `per_second` calls a second and `burst` at once.
    #[must_use]
    pub fn new(system: System, key: ApiKey, per_second: u32, burst: u32) -> Self {
        let all_simulated = system.brokers().iter().all(|view| view.simulated);
        Self(Arc::new(Inner {
            mode: all_simulated.then_some("analyze"),
            system,
            key,
            inbound: Inbound::new(per_second, burst),
        }))
    }

    pub(crate) fn system(&self) -> &System {
        &self.0.system
    }

    /// `{"status":"success"}` with these fields.
    pub(crate) fn success(&self, fields: impl Serialize) -> Response {
        reply::success(self.0.mode, fields)
    }

    /// `{"status":"success","data":...}`.
    pub(crate) fn data(&self, data: impl Serialize) -> Response {
        #[derive(Serialize)]
        struct Data<T> {
            data: T,
        }
        self.success(Data { data })
    }

    /// The accounts whose rows a sum is made of: real ones where there are any, for simulated money is none.
    pub(crate) fn counts(&self, account: &AccountId) -> bool {
        self.0.mode.is_some() || !self.is_simulated(account)
    }

    /// Whether an account is simulated.
    pub(crate) fn is_simulated(&self, account: &AccountId) -> bool {
        let views = self.0.system.brokers();
        views
            .iter()
            .any(|view| view.account == *account && view.simulated)
    }

    /// Lets a call in: first what is wrong with its body, then whether its key is ours, then whether it came too fast.
    pub(crate) fn admit_then<T>(&self, key: Option<&str>, parsed: Result<T, Refusal>) -> Result<T, Refusal> {
        let parsed = parsed?;
        let given = key.unwrap_or_default().as_bytes();
        if !bool::from(given.ct_eq(self.0.key.expose().as_bytes())) {
            return Err(Refusal::new(StatusCode::FORBIDDEN, "Invalid openalgo apikey"));
        }
        if let Err(wait_ms) = self.0.inbound.admit(key.unwrap_or_default()) {
            let rule = self.0.inbound.rule();
            return Err(Refusal {
                status: StatusCode::TOO_MANY_REQUESTS,
                body: serde_json::json!({"status": "error", "message": rule, "retry_after_ms": wait_ms}),
            });
        }
        Ok(parsed)
    }

    /// The instrument a client means by exchange and symbol, in canonical or OpenAlgo form.
    pub(crate) fn instrument(&self, exchange: &str, symbol: &str) -> Result<InstrumentId, Refusal> {
        let unknown = || Refusal::new(StatusCode::BAD_REQUEST, reply::unknown_symbol(symbol, exchange));
        let exchange = words::exchange(exchange).ok_or_else(unknown)?;
        match self.system().resolve(exchange, symbol) {
            Ok(Some(id)) => Ok(id),
            Ok(None) => Err(unknown()),
            Err(ambiguous) => Err(Refusal::new(StatusCode::BAD_REQUEST, ambiguous.to_string())),
        }
    }

    /// The desk of a group; the only one when none is named.
    pub(crate) fn desk(&self, group: Option<&str>) -> Result<&Desk, Refusal> {
        let desks = self.system().desks();
        let names = || {
            desks
                .iter()
                .map(|desk| desk.group().as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        match (group, desks) {
            (None, [only]) => Ok(only),
            (None, _) => Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                format!("group: there are several groups; name one of {}", names()),
            )),
            (Some(name), _) => desks
                .iter()
                .find(|desk| desk.group().as_str() == name)
                .ok_or_else(|| {
                    Refusal::new(
                        StatusCode::BAD_REQUEST,
                        format!("group: unknown group {name}; known are {}", names()),
                    )
                }),
        }
    }

    /// The desk that has an order, and the order.
    pub(crate) async fn find(&self, number: OrderNumber) -> Result<(&Desk, OrderRecord), Refusal> {
        for desk in self.system().desks() {
            match desk.order(number).await {
                Ok(order) => return Ok((desk, order)),
                Err(DeskError::NotFound(_)) => {}
                Err(error) => return Err(reply::desk_refusal(&error)),
            }
        }
        Err(Refusal::new(
            StatusCode::NOT_FOUND,
            format!("Order {number} not found"),
        ))
    }

    /// The number of the order a client order id was used for.
    pub(crate) async fn number_of(&self, id: &ClientOrderId) -> Result<OrderNumber, Refusal> {
        match self.system().order_by_client_id(id).await {
            Ok(Some(order)) => Ok(order.number),
            Ok(None) => Err(Refusal::new(
                StatusCode::NOT_FOUND,
                format!("Order with client_order_id {id} not found"),
            )),
            Err(error) => Err(reply::desk_refusal(&DeskError::Ledger(error))),
        }
    }
}
