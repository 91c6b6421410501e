//! The connections that wait for their next request. Nothing runs here: a connection is looked at when it is wanted,
//! and what has lain too long is dropped whenever another is put by.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::connection::Connection;
use super::timer_now;
use crate::target::Host;

/// Idle connections by host, newest last.
pub(super) struct Idle {
    limit: Duration,
    per_host_max: usize,
    hosts: Mutex<HashMap<Host, Vec<Resting>>>,
}

struct Resting {
    connection: Connection,
    since: Instant,
}

impl Idle {
    pub(super) fn new(limit: Duration, per_host_max: usize) -> Self {
        Self {
            limit,
            per_host_max,
            hosts: Mutex::default(),
        }
    }

    /// A connection to this host that is open as far as can be known, the one used last.
    pub(super) async fn take_alive(&self, host: &Host) -> Option<Connection> {
        if !self.has(host) {
            return None;
        }
        // Lets the runtime look at its sockets, so that a hang-up that has reached this machine is seen below.
        tokio::task::yield_now().await;
        while let Some(mut connection) = self.take(host) {
            if connection.is_alive().await {
                return Some(connection);
            }
        }
        None
    }

    /// Puts a connection by, and drops what is over the bounds.
    pub(super) fn put(&self, host: &Host, connection: Connection) {
        if self.per_host_max == 0 || self.limit.is_zero() {
            return;
        }
        let since = timer_now();
        let mut hosts = self.hosts.lock();
        hosts.retain(|_, resting| {
            resting.retain(|one| since.duration_since(one.since) < self.limit);
            !resting.is_empty()
        });
        let resting = hosts.entry(host.clone()).or_default();
        if resting.len() == self.per_host_max {
            resting.remove(0);
        }
        resting.push(Resting { connection, since });
    }

    /// How long the newest connection to this host has lain idle.
    pub(super) fn newest_age(&self, host: &Host) -> Option<Duration> {
        let now = timer_now();
        let hosts = self.hosts.lock();
        hosts
            .get(host)?
            .last()
            .map(|newest| now.duration_since(newest.since))
    }

    fn has(&self, host: &Host) -> bool {
        self.hosts.lock().contains_key(host)
    }

    fn take(&self, host: &Host) -> Option<Connection> {
        let now = timer_now();
        let mut hosts = self.hosts.lock();
        let resting = hosts.get_mut(host)?;
        // The newest is the likeliest to live; if it is too old, so are the others.
        let newest = resting
            .pop()
            .filter(|one| now.duration_since(one.since) < self.limit);
        if newest.is_none() || resting.is_empty() {
            hosts.remove(host);
        }
        newest.map(|one| one.connection)
    }
}
