//! A path to a simulator that takes time: what a request brings waits before it is passed on, and so does its answer, each
//! for as long as a fresh draw says. Connections are independent, so calls overtake each other.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use sangam_core::BrokerName;
use sangam_sim::rng::SplitMix;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::settings::Delay;
use super::sightings::Sightings;

/// Bytes taken at a time; a request is smaller.
const CHUNK: usize = 16 << 10;

/// A way to a simulator. It ends when dropped.
#[derive(Debug)]
pub(super) struct Path {
    address: SocketAddr,
    carrying: JoinHandle<()>,
}

#[derive(Debug)]
struct Way {
    broker: BrokerName,
    upstream: SocketAddr,
    delay: Delay,
    random: Mutex<SplitMix>,
    sightings: Arc<Sightings>,
}

impl Path {
    /// Opens a path to an address on a free port of loopback.
    ///
    /// # Errors
    /// When no port can be had.
    pub(super) async fn open(
        broker: BrokerName,
        upstream: SocketAddr,
        delay: Delay,
        seed: u64,
        sightings: Arc<Sightings>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let way = Arc::new(Way {
            broker,
            upstream,
            delay,
            random: Mutex::new(SplitMix::new(seed)),
            sightings,
        });
        Ok(Self {
            address,
            carrying: tokio::spawn(accept(listener, way)),
        })
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub(super) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Cuts it: no connection is taken any more, those there are break, and what was under way is lost.
    pub(super) async fn cut(mut self) {
        self.carrying.abort();
        // Being aborted is what it ends with.
        let _aborted = (&mut self.carrying).await;
    }
}

impl Drop for Path {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}

impl Way {
    /// Waits for one way's draw.
    async fn wait(&self) {
        let Delay { min_ms, max_ms } = self.delay;
        let us = self.random.lock().between(min_ms * 500, max_ms * 500);
        if us > 0 {
            tokio::time::sleep(Duration::from_micros(us)).await;
        }
    }
}

async fn accept(listener: TcpListener, way: Arc<Way>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    connections.spawn(carry(client, Arc::clone(&way)));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection to its end. A side that goes away takes the other with it.
async fn carry(client: TcpStream, way: Arc<Way>) {
    let Ok(server) = TcpStream::connect(way.upstream).await else {
        return;
    };
    // Without it a delay of the machine's own would be added to ours.
    if let Err(error) = client.set_nodelay(true).and_then(|()| server.set_nodelay(true)) {
        tracing::debug!(%error, "could not switch off delayed sending");
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // True from the first byte of a request to the first byte of its answer: HTTP/1.1 has one at a time.
    let asking = AtomicBool::new(false);
    let ended = tokio::select! {
        ended = there(from_client, to_server, &way, &asking) => ended,
        ended = back(from_server, to_client, &way, &asking) => ended,
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

async fn there(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    way: &Way,
    asking: &AtomicBool,
) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    let (mut request, mut began, mut known) = (Vec::new(), way.sightings.now(), false);
    loop {
        let read = from.read(&mut chunk).await?;
        if read == 0 {
            return Ok(());
        }
        let new = !asking.swap(true, Ordering::AcqRel);
        if new {
            (began, known) = (way.sightings.now(), false);
            request.clear();
        }
        if !known {
            request.extend_from_slice(&chunk[..read]);
            known = way.sightings.show(way.broker, &request, began);
        }
        if new {
            way.wait().await;
        }
        to.write_all(&chunk[..read]).await?;
    }
}

async fn back(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    way: &Way,
    asking: &AtomicBool,
) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = from.read(&mut chunk).await?;
        if read == 0 {
            return Ok(());
        }
        if asking.swap(false, Ordering::AcqRel) {
            way.wait().await;
        }
        to.write_all(&chunk[..read]).await?;
    }
}

#[cfg(test)]
mod tests;
