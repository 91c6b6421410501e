//! The HTTP server under every simulated broker.
//!
//! It owns the connections (not axum's `serve`), because faults act there: a dropped or reset connection and a body
//! cut in half cannot be made from inside a handler. One server, one base address for all hosts of a broker.

mod connection;
mod control;
mod names;
mod pipeline;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::broker::BrokerApi;
use crate::clock::SimClock;
use crate::config::SimConfig;
use crate::world::World;
use pipeline::Pipeline;

pub use pipeline::Sever;

/// How often open orders are matched while nobody reads.
const MATCH_EVERY: Duration = Duration::from_millis(100);
/// How long running requests may take after a shutdown.
const GRACE: Duration = Duration::from_secs(2);

/// Starts simulated brokers.
#[derive(Debug)]
pub struct SimServer;

impl SimServer {
    /// Binds and serves a broker with the clock its configuration asks for. Port 0 takes a free port.
    ///
    /// # Errors
    /// The address is in use or not allowed, or the configuration names a rule or symbol that does not exist.
    pub async fn bind(
        api: Arc<dyn BrokerApi>,
        config: SimConfig,
        addr: SocketAddr,
    ) -> io::Result<RunningSim> {
        let clock = config.clock();
        Self::bind_with(api, config, clock, addr).await
    }

    /// The same with a clock of the caller's, shared by several simulators so that scripted moves begin together.
    ///
    /// # Errors
    /// The address is in use or not allowed, or the configuration names a rule or symbol that does not exist.
    pub async fn bind_with(
        api: Arc<dyn BrokerApi>,
        config: SimConfig,
        clock: SimClock,
        addr: SocketAddr,
    ) -> io::Result<RunningSim> {
        let listener = TcpListener::bind(addr).await?;
        let local_addr = listener.local_addr()?;
        let world = World::new(Arc::clone(&api), config, clock);
        names::check(world.config(), &api.rules(), &world)?;
        let (stop, stopped) = watch::channel(false);
        let pipeline = Arc::new(Pipeline::new(api, Arc::clone(&world)));
        let serving = tokio::spawn(accept(listener, pipeline, stopped.clone()));
        let matching = tokio::spawn(match_orders(Arc::clone(&world), stopped));
        Ok(RunningSim {
            local_addr,
            world,
            stop,
            serving: Some(serving),
            matching: Some(matching),
        })
    }
}

/// A simulated broker that is being served. Dropping it stops it.
#[derive(Debug)]
pub struct RunningSim {
    local_addr: SocketAddr,
    world: Arc<World>,
    stop: watch::Sender<bool>,
    serving: Option<JoinHandle<()>>,
    matching: Option<JoinHandle<()>>,
}

impl RunningSim {
    /// The address it listens on.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// `http://127.0.0.1:9103`, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.local_addr)
    }

    /// The world behind it.
    #[must_use]
    pub const fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Stops accepting, lets running requests end (two seconds at most) and waits for it.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        for task in [self.serving.take(), self.matching.take()].into_iter().flatten() {
            if let Err(error) = task.await {
                tracing::warn!(%error, "a task of the simulator ended badly");
            }
        }
    }
}

impl Drop for RunningSim {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// Returns once a shutdown was asked for, or the handle is gone.
pub(crate) async fn told_to_stop(stopped: &mut watch::Receiver<bool>) {
    if stopped.wait_for(|stop| *stop).await.is_err() {
        tracing::debug!("the simulator's handle is gone");
    }
}

async fn match_orders(world: Arc<World>, mut stopped: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(MATCH_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => world.tick(),
            () = told_to_stop(&mut stopped) => return,
        }
    }
}

async fn accept(listener: TcpListener, pipeline: Arc<Pipeline>, mut stopped: watch::Receiver<bool>) {
    let mut connections = tokio::task::JoinSet::new();
    let for_connections = stopped.clone();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection::serve(stream, Arc::clone(&pipeline), for_connections.clone()));
                }
                Err(error) => {
                    // Out of descriptors, most likely: give connections a moment to close.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(MATCH_EVERY).await;
                }
            },
            Some(ended) = connections.join_next() => {
                if let Err(error) = ended {
                    tracing::warn!(%error, "a connection ended badly");
                }
            }
            () = told_to_stop(&mut stopped) => break,
        }
    }
    drop(listener);
    let all_done = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, all_done).await.is_err() {
        connections.shutdown().await;
    }
}
