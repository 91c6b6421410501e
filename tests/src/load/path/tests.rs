//! What a path does to calls, over loopback: the echo behind it notes when each byte came.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sangam::SystemClock;
use sangam_core::{BrokerName, Clock, Monotonic};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{Delay, Path, Sightings};

const DELAY: Delay = Delay {
    min_ms: 20,
    max_ms: 120,
};
/// A timer wakes late, later on a busy machine; what is checked above is that nothing else is added.
const SLACK: Duration = Duration::from_millis(60);

/// A server that notes when each byte comes and sends it back.
async fn echo(clock: Arc<SystemClock>) -> (std::net::SocketAddr, Arc<Mutex<Vec<(u8, Monotonic)>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard: Arc<Mutex<Vec<(u8, Monotonic)>>> = Arc::default();
    let noted = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (noted, clock) = (Arc::clone(&noted), Arc::clone(&clock));
            tokio::spawn(async move {
                let mut byte = [0];
                while stream.read_exact(&mut byte).await.is_ok() {
                    noted.lock().push((byte[0], clock.monotonic()));
                    stream.write_all(&byte).await.unwrap();
                }
            });
        }
    });
    (address, heard)
}

async fn path(delay: Delay) -> (Path, Arc<Mutex<Vec<(u8, Monotonic)>>>, Arc<SystemClock>) {
    let clock = Arc::new(SystemClock::new());
    let (address, heard) = echo(Arc::clone(&clock)).await;
    let sightings = Arc::new(Sightings::new(Arc::<SystemClock>::clone(&clock)));
    let path = Path::open(BrokerName::Upstox, address, delay, 3, sightings)
        .await
        .unwrap();
    (path, heard, clock)
}

#[tokio::test]
async fn each_way_takes_what_was_drawn_and_calls_overtake_each_other() {
    let (path, heard, clock) = path(DELAY).await;
    let mut streams = Vec::new();
    for _ in 0..30 {
        streams.push(TcpStream::connect(path.address).await.unwrap());
    }
    let calls = (0_u8..).zip(streams).map(|(number, mut stream)| {
        let clock = Arc::clone(&clock);
        async move {
            let sent = clock.monotonic();
            stream.write_all(&[number]).await.unwrap();
            stream.read_exact(&mut [0]).await.unwrap();
            (sent, clock.monotonic())
        }
    });
    let calls = futures::future::join_all(calls).await;
    let heard = heard.lock().clone();
    let (least, most) = (Duration::from_millis(10), Duration::from_millis(60));
    for (number, arrived) in &heard {
        let (sent, answered) = calls[usize::from(*number)];
        for way in [arrived.since(sent), answered.since(*arrived)] {
            assert!(way >= least && way <= most + SLACK, "{number} took {way:?}");
        }
    }
    assert_eq!(heard.len(), 30);
    assert!(
        !heard.is_sorted_by_key(|(number, _)| *number),
        "nothing overtook: {heard:?}"
    );
}

#[tokio::test]
async fn a_kept_connection_waits_anew_for_each_request() {
    let (path, heard, clock) = path(DELAY).await;
    let mut stream = TcpStream::connect(path.address).await.unwrap();
    for number in 0..4 {
        let sent = clock.monotonic();
        stream.write_all(&[number]).await.unwrap();
        stream.read_exact(&mut [0]).await.unwrap();
        let took = clock.monotonic().since(sent);
        assert!(took >= Duration::from_millis(20), "{number} took {took:?}");
    }
    assert_eq!(heard.lock().len(), 4);
}

#[tokio::test]
async fn a_cut_path_breaks_what_is_under_way_and_takes_no_more() {
    let (path, ..) = path(Delay {
        min_ms: 60_000,
        max_ms: 60_000,
    })
    .await;
    let address = path.address;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&[1]).await.unwrap();
    path.cut().await;
    assert!(!matches!(stream.read(&mut [0]).await, Ok(1..)));
    assert!(TcpStream::connect(address).await.is_err());
}
