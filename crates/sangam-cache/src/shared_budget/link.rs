//! The connection to Redis: one at a time, never repaired. Whatever goes wrong, the connection is given up and the next
//! [`open`](Link::open) makes a new one; so nothing is ever sent twice, and what two answers on one connection say comes
//! from one life of the server.
//!
//! The script of a pool is only run by its digest. A server that does not know it has been started since the pool was
//! begun, whatever a snapshot put into its memory; [`begin`](Link::begin) makes the pool count anew and only then, on the
//! same connection, hands the script over. That a server knows the script therefore says that the pool was begun there.

use std::fmt;
use std::time::Duration;

use fred::clients::Client;
use fred::error::{Error, ErrorKind};
use fred::interfaces::LuaInterface as _;
use fred::types::Value;
use fred::types::config::Config;
use parking_lot::Mutex;

use crate::connection::{self, Bounds, Connection};

use super::plan::Plan;
use super::wire::Garbage;

const BEGIN: &str = include_str!("begin.lua");
const SEAT: &str = include_str!("seat.lua");

/// Why Redis gave no answer that counts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum LinkError {
    #[error("is not connected")]
    Closed,
    #[error("did not answer within {} ms", .0.as_millis())]
    Late(Duration),
    /// It was started anew, or its scripts were flushed.
    #[error("does not know the script")]
    NoScript,
    /// Its clock, which decides what is in a window, did not go on as ours did.
    #[error("had its clock set forward")]
    Jumped,
    /// The text of an error, shortened.
    #[error("answered: {0}")]
    Refused(String),
    #[error("{0}")]
    Garbage(String),
}

impl From<Garbage> for LinkError {
    fn from(garbage: Garbage) -> Self {
        Self::Garbage(garbage.to_string())
    }
}

impl From<Error> for LinkError {
    fn from(error: Error) -> Self {
        let details: String = error.details().chars().take(200).collect();
        match error.kind() {
            _ if details.starts_with("NOSCRIPT") => Self::NoScript,
            ErrorKind::IO | ErrorKind::Canceled | ErrorKind::Routing => Self::Closed,
            ErrorKind::Protocol | ErrorKind::Parse => {
                Self::Garbage(format!("answered what is not its protocol: {details}"))
            }
            _ => Self::Refused(details),
        }
    }
}

pub(super) struct Link {
    config: Config,
    patience: Duration,
    open: Mutex<Option<Connection>>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

impl Link {
    /// Not connected yet.
    pub(super) fn new(url: &str, patience: Duration) -> Result<Self, Error> {
        let config = connection::address(url, "the account's keys")?;
        Ok(Self {
            config,
            patience,
            open: Mutex::new(None),
        })
    }

    /// Gives up the connection.
    pub(super) fn close(&self) {
        let open = self.open.lock().take();
        drop(open);
    }

    /// Makes a new connection in place of the one there may be.
    pub(super) async fn open(&self, within: Duration) -> Result<(), LinkError> {
        self.close();
        let opened = Connection::open(self.config.clone(), within, Bounds::default()).await;
        let open = opened.ok_or(LinkError::Late(within))??;
        *self.open.lock() = Some(open);
        Ok(())
    }

    fn client(&self) -> Result<Client, LinkError> {
        self.open
            .lock()
            .as_ref()
            .map(|open| open.client.clone())
            .ok_or(LinkError::Closed)
    }

    async fn within<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, LinkError> {
        match tokio::time::timeout(self.patience, answer).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(LinkError::Late(self.patience)),
        }
    }

    /// Runs the script of the pool by its digest.
    pub(super) async fn acquire(&self, plan: &Plan, arguments: Vec<Value>) -> Result<Value, LinkError> {
        let client = self.client()?;
        self.within(client.evalsha(plan.acquire_sha.as_str(), plan.keys.clone(), arguments))
            .await
    }

    /// Makes the pool count anew, then hands the script over.
    pub(super) async fn begin(&self, plan: &Plan) -> Result<(), LinkError> {
        let client = self.client()?;
        let now: Value = self
            .within(client.eval(BEGIN, plan.keys.clone(), Vec::<String>::new()))
            .await?;
        if !matches!(now, Value::Integer(now) if now > 0) {
            return Err(LinkError::Garbage(format!(
                "answered {:?} to the beginning of a pool",
                now.kind()
            )));
        }
        let sha: Value = self.within(client.script_load(plan.acquire.as_str())).await?;
        if sha.as_str().as_deref() != Some(plan.acquire_sha.as_str()) {
            return Err(LinkError::Garbage("gave the script another digest".to_owned()));
        }
        Ok(())
    }

    /// Takes or keeps the seat of a slot for so long. `identity` is this process.
    pub(super) async fn take_seat(
        &self,
        plan: &Plan,
        slot: u32,
        identity: &str,
        lease: Duration,
    ) -> Result<Seat, LinkError> {
        match self.seat(plan, slot, identity, lease, "1").await? {
            Value::Integer(1) => Ok(Seat::Ours),
            Value::Integer(0) => Ok(Seat::Taken),
            Value::Integer(-1) => Ok(Seat::OtherSettings),
            other => Err(LinkError::Garbage(format!(
                "answered {:?} to the question for a slot",
                other.kind()
            ))),
        }
    }

    /// Leaves the seat to whoever comes next.
    pub(super) async fn leave_seat(&self, plan: &Plan, slot: u32, identity: &str) -> Result<(), LinkError> {
        self.seat(plan, slot, identity, Duration::ZERO, "0")
            .await
            .map(drop)
    }

    async fn seat(
        &self,
        plan: &Plan,
        slot: u32,
        identity: &str,
        lease: Duration,
        take: &str,
    ) -> Result<Value, LinkError> {
        let client = self.client()?;
        let ours = &plan.seat_keys[slot as usize];
        let keys: Vec<String> = std::iter::once(ours).chain(&plan.seat_keys).cloned().collect();
        let lease_ms = lease.as_millis().to_string();
        let arguments = vec![
            identity.to_owned(),
            plan.fingerprint.clone(),
            lease_ms,
            take.to_owned(),
        ];
        self.within(client.eval(SEAT, keys, arguments)).await
    }
}

/// Whose a slot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seat {
    Ours,
    Taken,
    OtherSettings,
}
