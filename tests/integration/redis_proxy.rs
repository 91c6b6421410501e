//! A way to Redis that can be blocked for one process alone.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What becomes of what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// It is handed on.
    Open,
    /// Connections stay, nothing moves.
    Stalled,
    /// Connections are closed, new ones too.
    Closed,
}

/// The proxy, ended with the value.
pub(crate) struct Proxy {
    address: SocketAddr,
    way: watch::Sender<Way>,
    carried: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    pub(crate) async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (way, seen) = watch::channel(Way::Open);
        let carried = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&carried);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *seen.borrow() == Way::Closed {
                    continue;
                }
                let Ok(server) = TcpStream::connect(server).await else {
                    continue;
                };
                let ((client_in, client_out), (server_in, server_out)) =
                    (client.into_split(), server.into_split());
                tokio::spawn(carry(client_in, server_out, seen.clone(), Arc::clone(&count)));
                tokio::spawn(carry(server_in, client_out, seen.clone(), Arc::clone(&count)));
            }
        });
        Self {
            address,
            way,
            carried,
            task,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    pub(crate) fn set(&self, way: Way) {
        self.way.send_replace(way);
    }

    /// Bytes handed on.
    pub(crate) fn carried(&self) -> u64 {
        self.carried.load(Ordering::Relaxed)
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut way: watch::Receiver<Way>,
    carried: Arc<AtomicU64>,
) {
    let mut bytes = vec![0; 64 << 10];
    loop {
        let read = tokio::select! {
            read = from.read(&mut bytes) => read.unwrap_or(0),
            closed = way.wait_for(|way| *way == Way::Closed) => {
                drop(closed);
                return;
            }
        };
        if read == 0 {
            return;
        }
        let moves = way.wait_for(|way| *way != Way::Stalled).await;
        if !moves.is_ok_and(|way| *way == Way::Open) || to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
        carried.fetch_add(read as u64, Ordering::Relaxed);
    }
}
