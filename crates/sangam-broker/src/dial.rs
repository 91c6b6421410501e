//! The port connections come through, so that a test can put its own network under a transport, and the real one over
//! TCP. It knows nothing of TLS or HTTP.

use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};

/// What a connection can do.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection, whatever it is made of. Dropping it closes it.
pub type BoxedStream = Box<dyn Stream>;

/// Makes connections.
///
/// An implementation owes: it writes nothing to what it returns; dropping the future gives up the attempt and closes
/// what was opened; it may try a host's addresses in turn, since no byte of a request has left yet; it leaves the whole
/// deadline to the caller.
#[async_trait]
pub trait Dial: Send + Sync + Debug {
    /// Connects to a host (a name, or an address without brackets), from this local address if one is given.
    ///
    /// # Errors
    /// Any error means that there is no connection.
    async fn connect(&self, host: &str, port: u16, local_addr: Option<IpAddr>) -> io::Result<BoxedStream>;
}

/// Connections over TCP.
#[derive(Debug, Clone)]
pub struct TcpDial {
    /// How long to wait for one address before the next is tried. 3 s by default.
    pub address_timeout: Duration,
    /// Whether to try a host's IPv4 addresses first. True by default: the addresses registered with brokers are IPv4,
    /// and a call from another one is refused.
    pub ipv4_first: bool,
    /// How many of a host's addresses to try. Four by default.
    pub addresses_max: usize,
}

impl Default for TcpDial {
    fn default() -> Self {
        Self {
            address_timeout: Duration::from_secs(3),
            ipv4_first: true,
            addresses_max: 4,
        }
    }
}

#[async_trait]
impl Dial for TcpDial {
    async fn connect(&self, host: &str, port: u16, local_addr: Option<IpAddr>) -> io::Result<BoxedStream> {
        let found = tokio::net::lookup_host((host, port)).await?.collect();
        let mut failure = None;
        for address in self.in_order(found, local_addr) {
            match tokio::time::timeout(self.address_timeout, connect_to(address, local_addr)).await {
                Ok(Ok(stream)) => return Ok(Box::new(stream)),
                Ok(Err(error)) => failure = Some(error),
                Err(_) => {
                    failure = Some(io::Error::new(
                        io::ErrorKind::TimedOut,
                        format!("no answer from {address} within {:?}", self.address_timeout),
                    ));
                }
            }
        }
        Err(failure.unwrap_or_else(|| {
            io::Error::new(
                io::ErrorKind::AddrNotAvailable,
                match local_addr {
                    Some(local) => format!("{host} has no address that can be reached from {local}"),
                    None => format!("{host} has no address"),
                },
            )
        }))
    }
}

impl TcpDial {
    /// The addresses worth trying, best first.
    fn in_order(&self, mut found: Vec<SocketAddr>, local_addr: Option<IpAddr>) -> Vec<SocketAddr> {
        if let Some(local) = local_addr {
            found.retain(|address| address.is_ipv4() == local.is_ipv4());
        }
        if self.ipv4_first {
            // Stable: within a family the resolver's order stays.
            found.sort_by_key(SocketAddr::is_ipv6);
        }
        found.truncate(self.addresses_max);
        found
    }
}

async fn connect_to(address: SocketAddr, local_addr: Option<IpAddr>) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    if let Some(local) = local_addr {
        socket.bind(SocketAddr::new(local, 0))?;
    }
    let stream = socket.connect(address).await?;
    // An order is one small write: waiting to fill a packet only delays it.
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn ipv4_comes_first_and_the_local_address_chooses_the_family() {
        let found = addresses(&["[::1]:1", "10.0.0.2:1", "10.0.0.1:1"]);
        let check = |dial: &TcpDial, local: Option<&str>, expected: &[&str]| {
            let local = local.map(|local| local.parse().unwrap());
            assert_eq!(dial.in_order(found.clone(), local), addresses(expected));
        };
        let dial = TcpDial::default();
        check(&dial, None, &["10.0.0.2:1", "10.0.0.1:1", "[::1]:1"]);
        check(&dial, Some("10.1.1.1"), &["10.0.0.2:1", "10.0.0.1:1"]);
        check(&dial, Some("::1"), &["[::1]:1"]);
        let as_found = TcpDial {
            ipv4_first: false,
            addresses_max: 2,
            ..TcpDial::default()
        };
        check(&as_found, None, &["[::1]:1", "10.0.0.2:1"]);
    }

    #[tokio::test]
    async fn binds_the_local_address() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        // All of 127.0.0.0/8 is loopback on Linux; elsewhere only the first is, which the bind then says.
        let local: IpAddr = if cfg!(target_os = "linux") {
            "127.0.0.2"
        } else {
            "127.0.0.1"
        }
        .parse()
        .unwrap();
        let dial = TcpDial::default();
        let (stream, accepted) =
            tokio::join!(dial.connect("127.0.0.1", port, Some(local)), listener.accept());
        stream.unwrap();
        assert_eq!(accepted.unwrap().1.ip(), local);
    }

    #[tokio::test]
    async fn a_local_address_of_the_other_family_is_no_connection() {
        let error = TcpDial::default()
            .connect("127.0.0.1", 9, Some("::1".parse().unwrap()))
            .await
            .err()
            .unwrap();
        assert_eq!(error.kind(), io::ErrorKind::AddrNotAvailable);
        assert_eq!(
            error.to_string(),
            "127.0.0.1 has no address that can be reached from ::1"
        );
    }
}
