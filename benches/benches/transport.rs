//! What the one-shot transport costs over the network it uses: an order and its answer over a connection kept alive on
//! loopback, against the same bytes written and read by hand.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use http::Method;
use sangam_broker::{OneShot, OneShotSettings, Transport as _, WireRequest};
use sangam_core::Operation;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Mutex;

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 41\r\n\r\n{\"status\":\"success\",\"order_id\":\"1234567\"}";
const BODY: &str = r#"{"symbol":"NSE:SBIN-EQ","qty":1,"type":2,"side":1,"productType":"INTRADAY"}"#;

/// Answers every request on every connection; a request here is one write, so one read.
async fn serve(listener: TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        stream.set_nodelay(true).expect("a fresh socket takes options");
        tokio::spawn(async move {
            let mut request = [0; 4096];
            while stream.read(&mut request).await.is_ok_and(|n| n > 0) {
                if stream.write_all(ANSWER).await.is_err() {
                    return;
                }
            }
        });
    }
}

fn request(url: &str) -> WireRequest {
    WireRequest::new(Operation::Place, Method::POST, url).body(BODY)
}

fn round_trips(c: &mut Criterion) {
    let runtime: Runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the machine has a runtime's worth of resources");
    let listener = runtime
        .block_on(TcpListener::bind("127.0.0.1:0"))
        .expect("loopback has a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    runtime.spawn(serve(listener));
    let url = format!("http://{address}/api/v3/orders/sync");
    let mut group = c.benchmark_group("transport");

    let one_shot = OneShot::new(OneShotSettings::default());
    group.bench_function("one_shot_kept_alive", |b| {
        b.iter(|| {
            let answer = runtime.block_on(one_shot.send(request(&url)));
            black_box(answer.expect("the server answers"))
        });
    });

    let fresh = OneShot::new(OneShotSettings {
        idle_per_host_max: 0,
        ..OneShotSettings::default()
    });
    group.bench_function("one_shot_new_connection", |b| {
        b.iter(|| {
            let answer = runtime.block_on(fresh.send(request(&url)));
            black_box(answer.expect("the server answers"))
        });
    });

    let head = format!(
        "POST /api/v3/orders/sync HTTP/1.1\r\ncontent-length: {}\r\nhost: {address}\r\nuser-agent: sangam/0.1.0\r\n\
         accept: application/json\r\n\r\n{BODY}",
        BODY.len()
    );
    let stream = runtime
        .block_on(TcpStream::connect(address))
        .expect("the server listens");
    stream.set_nodelay(true).expect("a fresh socket takes options");
    let stream = Arc::new(Mutex::new(stream));
    group.bench_function("bare_tcp", |b| {
        b.iter(|| {
            runtime.block_on(async {
                let mut stream = stream.lock().await;
                stream.write_all(head.as_bytes()).await.expect("the server reads");
                let mut answer = [0; ANSWER.len()];
                stream.read_exact(&mut answer).await.expect("the server answers");
                black_box(answer)
            })
        });
    });
    group.finish();
}

criterion_group!(benches, round_trips);
criterion_main!(benches);
